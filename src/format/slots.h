/* Slots: which property of one version of a component is which of another.  For whoever tells what differs
 * (diff.c) and whoever merges (merge.c). */
#ifndef KOC_FORMAT_SLOTS_H
#define KOC_FORMAT_SLOTS_H

#include "format/diff.h"
#include "format/normal.h"

#define SLOTS_ALIKE 200 /* of one name in one version: more are not paired one by one */

/* Properties of one version of a component, as they are in struct normal: those of one name together. */
struct slot_list {
	const struct normal_entry *entries;
	size_t count;
};

/* One property in all versions that have it. */
struct slot {
	const struct normal_entry *of[DIFF_VERSIONS];
};

/* Do they say the same? */
bool slot_equal(const struct normal_entry *a, const struct normal_entry *b);
bool slot_lists_equal(const struct slot_list *a, const struct slot_list *b);

/* The next name (group names aside), in the order of names, that any version still has: what each has of it.
 * `at` is {0} at first.  False at the end. */
bool slots_next(const struct slot_list lists[DIFF_VERSIONS], size_t at[DIFF_VERSIONS],
		struct slot_list named[DIFF_VERSIONS]);

/* Pairs what is of one name, at most SLOTS_ALIKE in each version: what is equal first, then what has the
 * same value, then the same parameters, then what is left (of a set: nothing).  Returns how many slots there
 * are; `slots` has room for DIFF_VERSIONS * SLOTS_ALIKE. */
size_t slots_fill(struct slot *slots, const struct slot_list named[DIFF_VERSIONS]);

#endif
