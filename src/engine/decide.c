/* Decide: from matches to the plan of the round. */
#include "base/map.h"
#include "base/memory.h"
#include "core/moves.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

#define LOOKS 4 /* times that the planner may ask for a body of one item */

const char *match_handle(const struct match *match, enum side *side)
{
	for (int s = 0; s < SIDES; s++)
		if (match->now[s]) {
			*side = (enum side)s;
			return match->now[s]->ref;
		}
	*side = match->row->side[SERVER].ref ? SERVER : LOCAL;
	return match->row->side[*side].ref;
}

/* Was the file changed or removed since it was set aside? */
static bool changed_since(const struct match *match, const struct pending *pending)
{
	const struct version *now = match->now[LOCAL];

	if (!*pending->revision)
		return false;
	return !now || !now->revision || strcmp(now->revision, pending->revision) != 0;
}

/* Is the item set aside, and its time not yet come?  One that was changed since is taken up now. */
static bool waits(const struct run *run, const struct match *match)
{
	struct folder *folder = &run->folders[match->folder];
	enum side side = SERVER;
	const char *ref = NULL;

	if (!folder->pending_count)
		return false;
	ref = match_handle(match, &side);
	for (size_t i = 0; ref && i < folder->pending_count; i++) {
		struct pending *pending = &folder->pending[i];

		if (pending->why != PENDING_SET_ASIDE || pending->next <= run->engine->now ||
		    pending->side != side || strcmp(pending->ref, ref) != 0)
			continue;
		if (!changed_since(match, pending))
			return true;
		pending->next = 0;
	}
	return false;
}

static bool carried_out(const struct folder *folder)
{
	return folder->policy.in_scope && folder->policy.mode != MODE_OFF && !folder->fail;
}

/* Of a folder that is missing on a side only what leaves it can be carried out. */
static bool possible(const struct folder *folder, const struct op *op)
{
	if (!folder->missing[SERVER] && !folder->missing[LOCAL])
		return true;
	return op->verb == VERB_REMOVE || op->verb == VERB_FORGET || op->verb == VERB_LOOK ||
	       (op->verb == VERB_CONFLICT && !op->match->now[SERVER]);
}

/* A real run sees from the body it reads whether the server's item changed; a dry run must look to tell. */
static void look_first(struct op *op)
{
	if (op->verb == VERB_UPDATE && op->side == LOCAL &&
	    match_change(op->match, SERVER) == CHANGE_UNSURE) {
		op->verb = VERB_LOOK;
		op->side = SERVER;
		op->compare = false;
	}
}

static void plan_one(struct run *run, struct match *match, struct op *op)
{
	const struct folder *folder = &run->folders[match->folder];

	if (carried_out(folder) && !match->absorbed && !waits(run, match)) {
		plan_match(run->round, match, folder->traits, &folder->policy, op);
		if (run->request->dry_run)
			look_first(op);
		if (possible(folder, op))
			return;
	}
	memset(op, 0, sizeof *op);
	op->match = match;
	op->folder = op->to = match->folder;
	match->op = op;
}

/* Plans every match, looking at bodies as long as the planner asks for them. */
static const struct fail *plan_all(struct run *run)
{
	struct op **looks = memory_alloc((run->matches.count + 1) * sizeof(struct op *));
	const struct fail *f = NULL;
	size_t count = 0;

	for (size_t i = 0; i < run->op_count; i++)
		plan_one(run, run->matches.items[i], &run->ops[i]);
	for (int turn = 0; !f && turn <= LOOKS; turn++) {
		count = 0;
		for (size_t i = 0; i < run->op_count; i++)
			if (run->ops[i].verb == VERB_LOOK)
				looks[count++] = &run->ops[i];
		if (!count)
			break;
		if (turn == LOOKS)
			f = fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "an item that cannot be decided");
		else
			f = content_look(run, looks, count);
		for (size_t i = 0; !f && i < count; i++)
			plan_one(run, looks[i]->match, looks[i]);
	}
	free(looks);
	return f;
}

static void find_moves(struct run *run)
{
	struct move_folder *folders = memory_alloc((run->folder_count + 1) * sizeof *folders);

	for (size_t i = 0; i < run->folder_count; i++)
		folders[i] = (struct move_folder){ .policy = &run->folders[i].policy,
						   .keyed = run->folders[i].traits->keyed };
	moves_find(run->round, run->ops, run->op_count, folders,
		   run->engine->side[SERVER]->traits & STORE_TRANSFERS);
	free(folders);
}

/* While the local folders do not come to rest, what seems gone or copied may only have moved. */
static void hold(struct run *run)
{
	if (!run->hold_removals && !run->restless)
		return;
	for (size_t i = 0; i < run->op_count; i++) {
		struct op *op = &run->ops[i];

		if ((op->verb == VERB_FORGET && run->restless) ||
		    (op->side == SERVER && (op->verb == VERB_REMOVE || op->verb == VERB_DUPLICATE))) {
			op->verb = VERB_LEAVE;
			op->leave = LEAVE_RACED;
			op->why = "the local folders are being changed";
		}
	}
}

static void tell_held(struct run *run, struct folder *folder, const struct guard_folder *guard)
{
	uint64_t held = guard->held[SERVER] + guard->held[LOCAL] + guard->held_flags;

	if (held == folder->held)
		return; /* said already in this run */
	/* A later round looks at what the one before did; what is held it sees only where it is taken up. */
	if (held < folder->held && !folder->taken_up)
		return;
	folder->held = held;
	for (int s = 0; s < SIDES; s++) {
		if (!guard->held[s])
			continue;
		run_tell(run, "%s: %llu removals %s held (%s); koc sync --allow-removals %s lets them pass",
			 folder->path, (unsigned long long)guard->held[s],
			 s == SERVER ? "on the server" : "here", guard->why, folder->path);
	}
	if (guard->held_flags)
		run_tell(run,
			 "%s: the loss of a flag on %llu items held; "
			 "koc sync --allow-removals %s lets it pass",
			 folder->path, (unsigned long long)guard->held_flags, folder->path);
}

static void brake(struct run *run)
{
	struct guard_folder *folders = memory_alloc((run->folder_count + 1) * sizeof *folders);

	for (size_t i = 0; i < run->folder_count; i++) {
		const struct folder *folder = &run->folders[i];

		folders[i] = (struct guard_folder){ .policy = &folder->policy, .items = folder->items };
		memcpy(folders[i].missing, folder->missing, sizeof folders[i].missing);
		memcpy(folders[i].emptied, folder->emptied, sizeof folders[i].emptied);
	}
	guard_check(run->ops, run->op_count, folders, run->folder_count);
	for (size_t i = 0; i < run->folder_count; i++)
		if (run->folders[i].looked[SERVER] || run->folders[i].looked[LOCAL] ||
		    run->folders[i].missing[SERVER] || run->folders[i].missing[LOCAL])
			tell_held(run, &run->folders[i], &folders[i]);
	free(folders);
}

const struct fail *decide_all(struct run *run)
{
	const struct fail *f = NULL;

	run->op_count = run->matches.count;
	run->ops = memory_alloc((run->op_count + 1) * sizeof *run->ops);
	f = plan_all(run);
	if (f)
		return f;
	find_moves(run);
	f = copies_find(run);
	if (f)
		return f;
	turns_left(run);
	budget_settle(run);
	hold(run);
	brake(run);
	return NULL;
}
