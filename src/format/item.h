/* Item: what koc must know of an event, task, note (iCalendar, RFC 5545) or contact (vCard, RFC 6350,
 * RFC 2426) from its bytes: its UID, the fields that people and scripts ask for, and its normalised form.
 * Never changes a byte. */
#ifndef KOC_FORMAT_ITEM_H
#define KOC_FORMAT_ITEM_H

#include "base/digest.h"

#include <stdbool.h>
#include <stddef.h>

/* Larger ones are not looked into. */
#define ITEM_MOST ((size_t)16 << 20)

enum item_component {
	ITEM_EVENT = 1,
	ITEM_TODO = 2,
	ITEM_JOURNAL = 4,
	ITEM_CARD = 8
};

struct item_facts {
	char *uid;            /* UTF-8, control characters taken out; NULL none.  The first, if several */
	char *summary;        /* SUMMARY or FN, decoded, one line; NULL none */
	char *fields;         /* a JSON object with what the views of dav.db show (koc-state(5)) */
	struct digest normal; /* SHA-256 of the normalised form: equal where two versions differ only in what
			       * servers and programs change without a meaning: order, folding, line ends,
			       * case of names, PRODID, DTSTAMP … */
	unsigned components;  /* enum item_component */
	bool scheduled;       /* has ORGANIZER or ATTENDEE: a removal on the server may send mail */
	const char *wrong;    /* static text: why no server will take it as one item (no UID, several UIDs,
			       * nothing in it, not iCalendar at all); NULL it can be sent */
};

/* Reads one item, of `size` bytes.  Never fails: what cannot be read has `wrong`, a `normal` of its raw bytes
 * (line ends aside), and empty fields "{}".  The caller frees the strings with item_facts_free. */
void item_read(const char *data, size_t size, bool card, struct item_facts *facts);
/* Only the UID, as in item_facts, for a tenth of the time; the caller frees it. */
char *item_uid(const char *data, size_t size, bool card);
void item_facts_free(struct item_facts *facts); /* frees the strings, not the struct */

#endif
