/* Perform: carries out the plan of a round, the folder in use first. */
#include "base/memory.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 1000 /* alterations in one flight */

/* What an operation needs. */
enum sort { SORT_NOTHING, SORT_RECORD, SORT_ALTER, SORT_PULL, SORT_PUSH };

static enum sort sort_of(const struct op *op)
{
	switch (op->verb) {
	case VERB_NONE:
	case VERB_LOOK:
		return SORT_NOTHING;
	case VERB_AGREE:
	case VERB_FLAG:
		return op->flags ? SORT_ALTER : SORT_RECORD;
	case VERB_FORGET:
	case VERB_KEEP:
	case VERB_LEAVE:
		return SORT_RECORD;
	case VERB_MOVE:
	case VERB_DUPLICATE:
	case VERB_REMOVE:
		return SORT_ALTER;
	case VERB_COPY:
	case VERB_UPDATE:
		return op->side == LOCAL ? SORT_PULL : SORT_PUSH;
	case VERB_CONFLICT:
		return op->match->now[SERVER] ? SORT_PULL : SORT_ALTER;
	}
	return SORT_NOTHING;
}

/* Operations of one sort, in the order of the folders; within a folder the newest (highest) refs first for
 * bodies from the server. */
struct list {
	struct op **ops;
	size_t count;
};

static int pull_order(const void *a, const void *b)
{
	const struct op *left = *(struct op *const *)a, *right = *(struct op *const *)b;

	if (left->folder != right->folder)
		return left->folder < right->folder ? -1 : 1;
	return strcmp(right->match->now[SERVER]->ref, left->match->now[SERVER]->ref);
}

static int folder_order(const void *a, const void *b)
{
	const struct op *left = *(struct op *const *)a, *right = *(struct op *const *)b;

	if (left->match->folder != right->match->folder)
		return left->match->folder < right->match->folder ? -1 : 1;
	return strcmp(match_name(left->match), match_name(right->match));
}

static struct list list_of(struct run *run, enum sort sort)
{
	struct list list = { NULL, 0 };

	for (size_t i = 0; i < run->op_count; i++)
		list.count += sort_of(&run->ops[i]) == sort;
	list.ops = memory_alloc((list.count + 1) * sizeof(struct op *));
	list.count = 0;
	for (size_t i = 0; i < run->op_count; i++)
		if (sort_of(&run->ops[i]) == sort)
			list.ops[list.count++] = &run->ops[i];
	qsort(list.ops, list.count, sizeof(struct op *), sort == SORT_PULL ? pull_order : folder_order);
	return list;
}

/* ---- what only needs to be written down ------------------------------------------------------ */

/* Is what both sides now agree on something else than the base? */
static bool base_is_old(const struct match *match, const struct row *row)
{
	return !row->id || !digest_known(&row->normal) ||
	       (digest_known(&match->normal[LOCAL]) && !digest_equal(&match->normal[LOCAL], &row->normal));
}

static const struct fail *record_agree(struct run *run, struct op *op)
{
	struct folder *folder = &run->folders[op->match->folder];
	struct row *row = row_for(run->round, op->match, folder);
	struct flags done[SIDES];

	for (int s = 0; s < SIDES; s++) {
		struct digest digest = row->side[s].digest;
		struct flags base = row->side[s].flags;

		done[s] = op->match->now[s]->flags;
		row->side[s] = *op->match->now[s];
		row->side[s].flags = base;
		if (!digest_known(&row->side[s].digest))
			row->side[s].digest = digest;
	}
	row_flags(run, row, op, done);
	row_form(row, op->match);
	if (!op->match->row || !op->match->row->side[SERVER].ref)
		run->outcome->adopted++;
	row->marks &= ~(uint32_t)ROW_KEPT;
	if (folder->traits->keyed && base_is_old(op->match, row))
		return base_of_local(run, op, row);
	return state_row_put(run->engine->state, row);
}

/* One side keeps it: the row forgets the side on which it vanished. */
static const struct fail *record_keep(struct run *run, struct op *op)
{
	struct row *row = row_for(run->round, op->match, &run->folders[op->match->folder]);
	enum side lost = side_other(op->side);

	memset(&row->side[lost], 0, sizeof row->side[lost]);
	if (op->match->now[op->side])
		row->side[op->side] = *op->match->now[op->side];
	row->marks |= ROW_KEPT;
	return state_row_put(run->engine->state, row);
}

static const struct fail *record_one(struct run *run, struct op *op)
{
	const struct fail *f = NULL;

	if (op->verb == VERB_AGREE || op->verb == VERB_FLAG)
		f = record_agree(run, op);
	else if (op->verb == VERB_KEEP)
		f = record_keep(run, op);
	else if (op->verb == VERB_FORGET && op->match->row)
		f = state_row_remove(run->engine->state, op->match->row->id);
	if (!f && (op->verb == VERB_KEEP || op->verb == VERB_FORGET))
		f = op_history(run, op);
	if (op->verb == VERB_FORGET)
		run->folders[op->match->folder].gave_rows = true;
	return f ? f : op_end(run, op, NULL);
}

static const struct fail *record_list(struct run *run, const struct list *list)
{
	const struct fail *f = list->count ? tx_begin(run) : NULL;

	if (f || !list->count)
		return f;
	for (size_t i = 0; !f && i < list->count; i++)
		f = record_one(run, list->ops[i]);
	return tx_end(run, f);
}

/* ---- all -------------------------------------------------------------------------------------- */

/* Alterations in chunks.  The bodies from the server come in the first one's flight, and the first bodies
 * to the server go in it; but those of keyed kinds only when all that moves and goes there has done so,
 * since a server may take a UID but once. */
static const struct fail *perform_lists(struct run *run, const struct list *alters, const struct list *pulls,
					const struct list *pushes)
{
	bool apart = pushes->count && run->folders[pushes->ops[0]->match->folder].traits->keyed;
	struct push *push = NULL;
	const struct fail *f = NULL;

	for (size_t from = 0; !f && (!from || from < alters->count); from += CHUNK) {
		size_t left = alters->count - from, count = left < CHUNK ? left : CHUNK;
		struct alter *alter = NULL;

		if (count)
			f = alter_begin(run, alters->ops + from, count, &alter);
		if (!f && !from && !apart)
			f = push_begin(run, pushes->ops, pushes->count, &push);
		if (!f && !from)
			f = pull_items(run, pulls->ops, pulls->count);
		if (f)
			alter_drop(alter);
		else if (alter)
			f = alter_end(alter);
		if (!f)
			f = run_check(run);
	}
	if (!f && apart)
		f = push_begin(run, pushes->ops, pushes->count, &push);
	if (!f)
		return push_end(push);
	push_drop(push);
	return f;
}

const struct fail *perform_all(struct run *run)
{
	struct list records = list_of(run, SORT_RECORD), alters = list_of(run, SORT_ALTER);
	struct list pulls = list_of(run, SORT_PULL), pushes = list_of(run, SORT_PUSH);
	const struct fail *f = NULL;

	run->progress.items_all += pulls.count + pushes.count;
	for (size_t i = 0; i < run->op_count; i++) {
		const struct op *op = &run->ops[i];

		if (sort_of(op) == SORT_NOTHING)
			continue;
		op_open(run, op);
	}
	if (records.count || alters.count || pulls.count || pushes.count)
		f = run_begin(run);
	if (!f)
		f = record_list(run, &records);
	if (!f)
		f = perform_lists(run, &alters, &pulls, &pushes);
	free(records.ops);
	free(alters.ops);
	free(pulls.ops);
	free(pushes.ops);
	return f;
}
