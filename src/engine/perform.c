/* Perform: carries out the plan of a round, the folder in use first. */
#include "base/memory.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 1000     /* alterations in one flight */
#define STAGE_MOST 1000 /* bodies of more than one folder that are not kept apart */

/* What an operation needs. */
enum sort { SORT_NOTHING, SORT_RECORD, SORT_ALTER, SORT_PULL, SORT_PUSH, SORT_MERGE };

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
	case VERB_MERGE:
		return SORT_MERGE;
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

/* ---- in the order of work ------------------------------------------------------------------- */

/* The operations of some folders that follow each other in the order of work. */
struct stage {
	struct list alters, pulls, pushes, merges;
};

/* The first folder that the operation touches: with that one it is done.  So nothing leaves a folder before
 * what is copied from it. */
static size_t op_turn(const struct run *run, const struct op *op)
{
	size_t turn = op->match->folder;
	const struct folder *source = op->source ? folders_by_id(run, op->source->folder) : NULL;

	turn = op->folder < turn ? op->folder : turn;
	turn = op->to < turn ? op->to : turn;
	if (op->other && op->other->folder < turn)
		turn = op->other->folder;
	return source && (size_t)(source - run->folders) < turn ? (size_t)(source - run->folders) : turn;
}

/* How many bodies each folder is to send or to get. */
static void count_bodies(const struct run *run, const struct list *list, size_t *bodies)
{
	for (size_t i = 0; i < list->count; i++)
		bodies[op_turn(run, list->ops[i])]++;
}

/* The end of the stage that begins with this folder: as many folders as have no more bodies than go together
 * in one flight anyway, at least one. */
static size_t stage_end(const struct run *run, size_t first, const size_t *bodies)
{
	size_t most = run->engine->round_most ? run->engine->round_most : STAGE_MOST;
	size_t end = first, sum = 0;

	while (end < run->folder_count && (sum == 0 || sum + bodies[end] <= most))
		sum += bodies[end++];
	return end;
}

/* Of a list the operations whose turn it is, in their order. */
static struct list list_stage(const struct run *run, const struct list *list, size_t first, size_t end)
{
	struct list stage = { memory_alloc((list->count + 1) * sizeof(struct op *)), 0 };

	for (size_t i = 0; i < list->count; i++) {
		size_t turn = op_turn(run, list->ops[i]);

		if (turn >= first && turn < end)
			stage.ops[stage.count++] = list->ops[i];
	}
	return stage;
}

static struct stage stage_of(const struct run *run, const struct stage *all, size_t first, size_t end)
{
	struct stage stage = {
		.pulls = list_stage(run, &all->pulls, first, end),
		.pushes = list_stage(run, &all->pushes, first, end),
		.merges = list_stage(run, &all->merges, first, end),
	};
	bool keyed = run->folder_count && run->folders[0].traits->keyed;

	/* Of keyed kinds all that moves and goes does so first: a server may take a UID but once. */
	if (!keyed)
		stage.alters = list_stage(run, &all->alters, first, end);
	else
		stage.alters = list_stage(run, &all->alters, 0, first ? 0 : run->folder_count);
	return stage;
}

static void stage_free(struct stage *stage)
{
	free(stage->alters.ops);
	free(stage->pulls.ops);
	free(stage->pushes.ops);
	free(stage->merges.ops);
}

/* Alterations in chunks.  The bodies from the server come in the first one's flight, and the first bodies
 * to the server go in it; but those of keyed kinds only when all that moves and goes there has done so. */
static const struct fail *perform_stage(struct run *run, const struct stage *stage)
{
	const struct list *alters = &stage->alters, *pushes = &stage->pushes;
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
			f = pull_items(run, stage->pulls.ops, stage->pulls.count);
		if (f)
			alter_drop(alter);
		else if (alter)
			f = alter_end(alter);
		if (!f)
			f = run_check(run);
	}
	if (!f && apart)
		f = push_begin(run, pushes->ops, pushes->count, &push);
	if (f)
		push_drop(push);
	else
		f = push_end(push);
	return f ? f : merge_perform(run, stage->merges.ops, stage->merges.count);
}

/* Folder by folder, if there is much to do: a run that is ended leaves finished the folders that it had come
 * to.  What little there is to do goes together. */
static const struct fail *perform_stages(struct run *run, const struct stage *all)
{
	size_t *bodies = memory_alloc((run->folder_count + 1) * sizeof *bodies);
	const struct fail *f = NULL;

	count_bodies(run, &all->pulls, bodies);
	count_bodies(run, &all->pushes, bodies);
	count_bodies(run, &all->merges, bodies);
	for (size_t first = 0, end; !f && first < run->folder_count; first = end) {
		struct stage stage;

		end = stage_end(run, first, bodies);
		stage = stage_of(run, all, first, end);
		f = perform_stage(run, &stage);
		stage_free(&stage);
		if (!f && end < run->folder_count)
			f = mark_folders(run);
	}
	free(bodies);
	return f;
}

const struct fail *perform_all(struct run *run)
{
	struct list records = list_of(run, SORT_RECORD);
	struct stage all = { list_of(run, SORT_ALTER), list_of(run, SORT_PULL), list_of(run, SORT_PUSH),
			     list_of(run, SORT_MERGE) };
	const struct fail *f = NULL;

	run->progress.items_all += all.pulls.count + all.pushes.count + all.merges.count;
	for (size_t i = 0; i < run->op_count; i++) {
		const struct op *op = &run->ops[i];

		if (sort_of(op) == SORT_NOTHING)
			continue;
		op_open(run, op);
	}
	if (records.count || all.alters.count || all.pulls.count || all.pushes.count || all.merges.count)
		f = run_begin(run);
	if (!f)
		f = record_list(run, &records);
	if (!f)
		f = perform_stages(run, &all);
	free(records.ops);
	stage_free(&all);
	return f;
}
