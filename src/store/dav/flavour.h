/* Flavour: all that tells calendars (RFC 4791) and address books (RFC 6352) apart for the driver, in one
 * table of two lines. */
#ifndef KOC_STORE_DAV_FLAVOUR_H
#define KOC_STORE_DAV_FLAVOUR_H

#include "core/item.h"

#include <stdbool.h>

enum flavour { CALENDAR, BOOK, FLAVOURS };

/* Components of iCalendar that a collection takes; a set. */
enum components { TAKES_EVENTS = 1, TAKES_TASKS = 2, TAKES_NOTES = 4 };

struct flavour_traits {
	const char *word;           /* in the memo */
	const char *space;          /* XML namespace of all names below */
	const char *type;           /* child of resourcetype */
	const char *multiget;       /* REPORT */
	const char *multiget_depth; /* its Depth header: RFC 4791 7.9 ignores it, RFC 6352 8.7 wants 0 */
	const char *data;           /* property with the item */
	const char *data_wanted;    /* the element that asks for it; prefix F is `space` */
	const char *data_wanted4;   /* the same, in vCard 4.0 */
	const char *size_most;      /* property */
	const char *mime;           /* Content-Type of a PUT */
	const char *accept;         /* of a GET */
	const char *accept4;
	const char *suffix;       /* of new names */
	const char *const *types; /* getcontenttype of items; NULL-terminated */
};

const struct flavour_traits *flavour_traits(enum flavour flavour);

/* Of a folder's kind, or path's root. */
enum flavour flavour_of(enum kind kind);

/* The kind of a calendar that takes these components (enum components); `told`: the server said. */
enum kind flavour_kind(enum flavour flavour, unsigned components, bool told);

/* The component of a kind's items: "VEVENT"; NULL for contacts. */
const char *flavour_component(enum kind kind);

#endif
