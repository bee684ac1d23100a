/* Merge: what its files share.  merge.c reads the versions and judges the result; merge_parts.c pairs
 * components and decides about each; merge_lines.c decides about the properties of one, name by name, with
 * merge_several.c where both sides changed what there may be several of; merge_params.c is about one
 * property; merge_rules.c knows what hangs together; merge_zones.c brings the time zones; merge_words.c tells
 * it. */
#ifndef KOC_FORMAT_MERGE_ROOM_H
#define KOC_FORMAT_MERGE_ROOM_H

#include "base/vec.h"
#include "format/merge.h"
#include "format/normal.h"
#include "format/slots.h"

struct map;

/* One version, read. */
struct merge_side {
	struct lines lines;
	struct part *first;
	struct normal normal;
};

struct merge {
	bool card;
	struct arena *arena; /* all that is made lives there */
	struct merge_side sides[DIFF_VERSIONS];
	bool clash;      /* it cannot be merged */
	const char *why; /* … as both changed one property, if NULL */
};

/* It cannot be merged: notes the first reason.  Returns false. */
bool merge_clash(struct merge *merge, const char *why);

/* One component in all versions that have it. */
struct merge_pair {
	const struct normal_node *of[DIFF_VERSIONS];
	bool guessed; /* they have nothing in common but that there was no other */
};

/* ---- merge_rules.c ---- */

/* What hangs together is taken from one side as a whole. */
enum merge_group {
	GROUP_NONE,
	GROUP_TIMES,    /* DTSTART and all that says when */
	GROUP_PROGRESS, /* of a task */
	GROUP_PLACE,
	GROUP_TEXT,
	GROUP_TRIGGER, /* of an alarm */
	GROUP_NAME,    /* of a contact */
	MERGE_GROUPS
};

enum merge_group merge_group(const char *kind, const char *label);

/* May one more property of this name be added beside the others? */
bool merge_several(const struct property *property, const char *label);

/* By value, parameters, name: as the entries of a set are sorted (normal.h). */
int merge_order(const struct normal_entry *a, const struct normal_entry *b);

/* Of what is noise: the value that counts, if not the server's: the later one of two. */
bool merge_is_stamp(struct slice name);
bool merge_is_later(struct slice a, struct slice b);

/* The times of the whole and single dates of it: changed on different sides they may no longer belong
 * together. False: so they are (merge_clash).  `whole` is NULL if there is none. */
bool merge_dates_fit(struct merge *merge, const struct merge_pair *whole, const struct merge_pair *pairs,
		     size_t count);

/* ---- merge_params.c ---- */

/* One property that both sides changed: parameter by parameter.  Both have the same value, and neither is in
 * a group.  False: a clash, not noted. */
bool merge_params(struct merge *merge, const struct slot *slot, struct line *line);

/* ---- merge_lines.c ---- */

/* The properties of a component that all versions have, as a list.  False: merge_clash. */
bool merge_lines(struct merge *merge, const struct merge_pair *pair, struct line **lines);

/* ---- merge_several.c ---- */

/* A property that goes into the result, as it stands in one version, or as `line`. */
struct merge_chosen {
	const struct normal_entry *entry;
	enum diff_version from; /* the server's if both have it */
	struct line *line;      /* NULL: as it is in the entry */
	/* where it stood; NULL: it was not there */
	const struct normal_entry *of[DIFF_VERSIONS];
};

struct merge_list {
	VEC(struct merge_chosen)
};

/* What is to be there of one name, of which both sides changed what they had, in order.  False:
 * merge_clash. */
bool merge_choose(struct merge *merge, const struct slot_list named[DIFF_VERSIONS], struct merge_list *list);

/* The same of a set (CATEGORIES), or of what are too many to be paired; in the order of the files. */
bool merge_choose_set(struct merge *merge, const struct slot_list named[DIFF_VERSIONS],
		      struct merge_list *list);

/* ---- merge_parts.c ---- */

/* A component that all versions have; NULL: merge_clash. */
struct part *merge_part(struct merge *merge, const struct merge_pair *pair);

/* A copy that may go into another list; what is in it stays where it is. */
struct part *merge_part_copy(struct merge *merge, const struct part *part);

/* ---- merge_zones.c ---- */

/* Puts the VTIMEZONEs of the calendar before the parts: those that their values name, and those that nobody
 * took away.  False: merge_clash. */
bool merge_zones(struct merge *merge, const struct merge_pair *calendar, struct part *result);

/* ---- merge_words.c ---- */

const char *merge_said(const struct merge *merge, enum merged merged,
		       const struct diff_input inputs[DIFF_VERSIONS]);

#endif
