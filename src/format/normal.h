/* Normal: the normalised form of an event, task, note or contact: equal for two versions that mean
 * the same although programs and servers wrote them differently, different for any change of
 * meaning.  Where that is in doubt the difference stays: one that means nothing costs a transfer,
 * one that is not seen costs a user's edit.
 *
 * What means nothing: the order of properties of different names, and of components; folding, line
 * ends, blanks at the end of a value; the case of names and of enumerated values; the order of
 * parameters, their quotes, TYPE given once or several times; escapes that are not needed; the
 * order of a rule's parts and of their values; how a duration is written; lists that are split over
 * several properties; values that are the default anyway; what a card's groups are called ("item1"); and
 * what format/property.c lists as noise, with the reasons.
 *
 * What stays: the order of properties of one name (the first telephone number is the one that
 * programs show), unless property.c says that they are a set; CREATED, SEQUENCE; DTEND
 * against DURATION; a time in UTC against the same time in a zone.
 *
 * A VTIMEZONE whose TZID ends in a name of the tz database ("Europe/Prague",
 * "/vendor/Europe/Prague") is left out: every program has that zone and takes its own, servers drop
 * it, add it, cut its past off; which zone an event is in stays, as its TZID.  Any other
 * ("Customized Time Zone") counts: nobody else knows what it means. */
#ifndef KOC_FORMAT_NORMAL_H
#define KOC_FORMAT_NORMAL_H

#include "base/digest.h"
#include "format/parts.h"

#include <stdint.h>

/* One property, for comparing versions property by property.  Its strings are NUL-terminated, but bytes
 * of somebody else's: not checked, not safe for a terminal. */
struct normal_entry {
	const char *path;   /* the component: "VEVENT", "VEVENT 20250105T100000", "VEVENT/VALARM #2" */
	const char *name;   /* in capitals: "SUMMARY"; in a group of a card "….TEL", with a digest of all
			     * that is in the group */
	const char *params; /* ";LANGUAGE=DE", sorted; "" none */
	struct slice value; /* of a large or binary one only "… bytes, SHA-256 …" */
	bool hashed;        /* that is so */
	struct slice raw;   /* the value as it stands in the line; of a list that was split this one */
	const struct line *line; /* what it was made of, maybe together with others (a list) */
	/* how it is sorted: */
	const struct property *property;
	const char *label; /* `name` without the group */
	size_t number;
};

/* A component, with all in it sorted: by kind, UID, instance, content. */
struct normal_node {
	const char *kind;           /* name, in capitals */
	const char *uid, *instance; /* UID (of a time zone: TZID) and RECURRENCE-ID; "" none */
	const char *path;           /* as in its entries; "" of the whole */
	const struct part *part;    /* what it was made of; NULL of the whole */
	struct normal_entry *entries;
	size_t entry_count;
	struct normal_node *nodes;
	size_t node_count;
	struct digest digest; /* of all in it */
};

struct normal {
	struct digest digest;
	struct normal_node top;       /* the whole: its nodes are the parts that were given */
	struct normal_entry *entries; /* of one component after another; by name in each */
	size_t count;
	uint64_t work; /* bytes written, compared and digested: what it cost */
};

/* Makes the normalised form of all parts of an item.  False if there is too much in it.  All of it,
 * and all strings, are in the arena. */
bool normal_make(const struct part *parts, bool card, struct arena *arena, struct normal *normal);

#endif
