/* Guard: the brake.  It only counts. */
#include "core/guard.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define LEAST 10   /* removals that always pass */
#define SHARE 4    /* a quarter of the folder's items */
#define BITS 6     /* flags with a letter */

uint64_t guard_limit(uint64_t items)
{
	uint64_t share = items / SHARE;

	return share > LEAST ? share : LEAST;
}

struct count {
	uint64_t removals[SIDES];
	uint64_t flags[SIDES][BITS];
	uint64_t keywords[SIDES];
};

/* Does this operation take an item away from `op->side`? */
static bool removes(const struct op *op)
{
	if (op->verb == VERB_REMOVE)
		return true;
	/* A conflict whose server side is gone removes the local file too, though into Conflicts. */
	return op->verb == VERB_CONFLICT && !op->match->now[SERVER];
}

static void count_op(struct count *count, const struct op *op)
{
	if (removes(op))
		count->removals[op->side]++;
	for (int s = 0; op->flags && s < SIDES; s++) {
		const struct flags *lost = &op->flags[s].remove;

		for (int bit = 0; bit < BITS; bit++)
			if (lost->bits & (1u << bit))
				count->flags[s][bit]++;
		if (lost->keywords && *lost->keywords)
			count->keywords[s]++;
	}
}

/* Must removals towards `side` in this folder be held?  *why says so in words. */
static bool holds(const struct guard_folder *folder, const struct count *count, enum side side,
		  const char **why)
{
	enum side other = side_other(side);

	if (folder->policy->allow_removals || !count->removals[side])
		return false;
	if (folder->missing[other]) {
		*why = other == LOCAL ? "its directory is missing here" : "the server no longer lists it";
		return true;
	}
	if (side == SERVER && folder->policy->expunge)
		return false;
	if (folder->emptied[other] && folder->items > LEAST) {
		*why = other == LOCAL ? "it is empty here" : "it is empty on the server";
		return true;
	}
	if (count->removals[side] > guard_limit(folder->items)) {
		*why = "too many at once";
		return true;
	}
	return false;
}

static void hold_flags(struct op *op, const struct guard_folder *folder, const struct count *count,
		       uint64_t *held)
{
	uint64_t limit = guard_limit(folder->items);

	for (int s = 0; op->flags && s < SIDES; s++) {
		struct flags *lost = &op->flags[s].remove;
		uint32_t over = 0;
		bool words = lost->keywords && *lost->keywords && count->keywords[s] > limit;

		for (int bit = 0; bit < BITS; bit++)
			if (count->flags[s][bit] > limit)
				over |= 1u << bit;
		if (!(lost->bits & over) && !words)
			continue;
		lost->bits &= ~over;
		if (words)
			lost->keywords = NULL;
		op->flags_left = true;
		(*held)++;
	}
}

void guard_check(struct op *ops, size_t count, struct guard_folder *folders, size_t folder_count)
{
	struct count *counts = memory_alloc((folder_count + 1) * sizeof *counts);

	for (size_t i = 0; i < count; i++)
		count_op(&counts[ops[i].folder], &ops[i]);
	for (size_t i = 0; i < count; i++) {
		struct op *op = &ops[i];
		struct guard_folder *folder = &folders[op->folder];
		struct count *sums = &counts[op->folder];

		if (removes(op) && holds(folder, sums, op->side, &folder->why)) {
			folder->held[op->side]++;
			op->verb = VERB_LEAVE;
			op->leave = LEAVE_HELD;
			op->why = folder->why;
			op->flags = NULL;
		} else if (op->flags && !folder->policy->allow_removals) {
			hold_flags(op, folder, sums, &folder->held_flags);
		}
	}
	free(counts);
}
