/* Lists: what lists.c and renames.c share.  Private to them. */
#ifndef KOC_ENGINE_LISTS_H
#define KOC_ENGINE_LISTS_H

#include "engine/run.h"

/* The lists of one pass, and what became of them. */
struct lists {
	struct run *run;
	struct state_folder *known;
	size_t known_count;
	struct folder_list list[SIDES];
	struct {
		VEC(const char *)
	} touched; /* paths below which nothing in run->folders is true any more */
};

/* renames.c: carries renames of one side to the other.  *any: the lists must be read again. */
const struct fail *renames_carry(struct lists *lists, bool *any) MUST_CHECK;
/* The same for a dry run: as if it had been done, in run->folders alone. */
const struct fail *renames_pretend(struct lists *lists) MUST_CHECK;

#endif
