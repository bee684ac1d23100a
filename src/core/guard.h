/* Guard: the brake (SPEC 3).  Holds removals that look like an accident.  Pure. */
#ifndef KOC_CORE_GUARD_H
#define KOC_CORE_GUARD_H

#include "core/plan.h"

struct guard_folder {
	const struct policy *policy;
	uint64_t items;         /* rows that both sides held before this run */
	bool missing[SIDES];    /* the folder's directory, or the server's folder, is not there any more */
	bool emptied[SIDES];    /* the side was listed in full and holds nothing */
	/* outcome: */
	uint64_t held[SIDES];   /* removals towards this side that were held */
	uint64_t held_flags;    /* flag removals held */
	const char *why;        /* in words */
};

/* Turns removals beyond the limits into VERB_LEAVE (LEAVE_HELD), and takes flag removals out. */
void guard_check(struct op *ops, size_t count, struct guard_folder *folders, size_t folder_count);

/* More removals than this of a folder with that many items are held. */
uint64_t guard_limit(uint64_t items);

#endif
