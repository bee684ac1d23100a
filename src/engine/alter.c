/* Alter: all that travels without a body: flags, moves, copies, removals.  The server's part is queued
 * first, so that it shares a flight with the bodies that are read; then the local part; then all is written
 * down in one transaction.  What cannot be repeated safely (a copy) has an intent before it starts. */
#include "base/memory.h"
#include "core/flags.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

/* One operation's requests; NULL: it has none of that sort. */
struct work {
	struct op *op;
	struct flag_change *flag[SIDES];
	struct transfer *transfer;
	struct removal *removal;
	struct row *half;      /* DUPLICATE: the row that waits for its ref on the server */
	int64_t intent;
	bool lost;             /* done on the server, but its new ref was not found */
	const struct fail *stopped; /* why nothing of it is asked for */
};

struct alter {
	struct run *run;
	struct arena *arena;
	struct work *works;
	size_t count;
	/* Arrays for the stores, by side; room for all. */
	struct flag_change *flags[SIDES];
	struct transfer *transfers[SIDES];
	struct removal *removals[SIDES];
	size_t flag_count[SIDES], transfer_count[SIDES], removal_count[SIDES];
};

void alter_drop(struct alter *alter)
{
	if (!alter)
		return;
	for (int s = 0; s < SIDES; s++) {
		free(alter->flags[s]);
		free(alter->transfers[s]);
		free(alter->removals[s]);
	}
	free(alter->works);
	arena_free(alter->arena);
	free(alter);
}

static struct alter *alter_new(struct run *run, struct op **ops, size_t count)
{
	struct alter *alter = memory_alloc(sizeof *alter);

	alter->run = run;
	alter->arena = arena_new();
	alter->works = memory_alloc((count + 1) * sizeof *alter->works);
	for (int s = 0; s < SIDES; s++) {
		alter->flags[s] = memory_alloc((count + 1) * sizeof *alter->flags[s]);
		alter->transfers[s] = memory_alloc((count + 1) * sizeof *alter->transfers[s]);
		alter->removals[s] = memory_alloc((count + 1) * sizeof *alter->removals[s]);
	}
	for (size_t i = 0; i < count; i++)
		alter->works[alter->count++].op = ops[i];
	return alter;
}

/* ---- requests ----------------------------------------------------------------------------- */

static void ask_flags(struct alter *alter, struct work *work, enum side side)
{
	struct op *op = work->op;
	struct folder *folder = NULL;
	const struct version *item = NULL;
	struct flag_change *change = NULL;

	if (!op->flags || flag_delta_none(&op->flags[side]))
		return;
	item = op_place(alter->run, op, side, &folder);
	if (!item || !folder->seen[side])
		return;
	change = &alter->flags[side][alter->flag_count[side]++];
	*change = (struct flag_change){ .folder = folder->seen[side],
					.ref = item->ref,
					.hint = item->flags,
					.add = op->flags[side].add,
					.remove = op->flags[side].remove };
	work->flag[side] = change;
}

static struct transfer *ask_transfer(struct alter *alter, struct work *work, enum side side,
				     const struct folder *from, const struct folder *to,
				     const struct version *item, bool copy)
{
	struct transfer *transfer = &alter->transfers[side][alter->transfer_count[side]++];

	*transfer = (struct transfer){ .folder = from->seen[side],
				       .to = to->seen[side],
				       .ref = item->ref,
				       .if_revision = from->traits->keyed ? item->revision : NULL,
				       .hint = item->flags,
				       .copy = copy };
	work->transfer = transfer;
	return transfer;
}

static struct removal *ask_removal(struct alter *alter, struct work *work, enum side side,
				   const struct folder *folder, const struct version *item)
{
	struct removal *removal = &alter->removals[side][alter->removal_count[side]++];

	*removal = (struct removal){ .folder = folder->seen[side],
				     .ref = item->ref,
				     .if_revision = item->revision,
				     .hint = item->flags };
	work->removal = removal;
	return removal;
}

/* Is a removal on the server a move to the Trash? */
static bool to_trash(const struct run *run, const struct folder *folder)
{
	return folder->policy.remove == DELETE_TRASH && !folder->policy.expunge && run->trash &&
	       run->trash != folder && !folder->traits->keyed && run->trash->seen[SERVER] &&
	       run->engine->side[SERVER]->traits & STORE_TRANSFERS;
}

static const struct fail *intend(struct alter *alter, struct work *work, enum intent_verb verb,
				 const struct folder *from, const struct folder *to, const struct row *row,
				 const char *local_ref)
{
	struct intent intent = { .verb = verb,
				 .folder = from->saved.id,
				 .to = to->saved.id,
				 .from_ref = work->transfer->ref,
				 .epoch = from->seen[SERVER]->identity,
				 .next = to->seen[SERVER]->next,
				 .local_ref = local_ref,
				 .row = work->half ? work->half->id : row->id,
				 .print = row->print,
				 .message_id = row->message_id,
				 .flags = row->side[SERVER].flags,
				 .tries = 1 };
	const struct fail *f = state_intent_put(alter->run->engine->state, &intent);

	work->intent = intent.id;
	return f;
}

/* An item whose name is still in use here is not gone, whatever lies there: a link, a directory, a file
 * that is just being written. */
static const struct fail *check_gone(const struct run *run, const struct op *op, const struct fail **stopped)
{
	const struct store_folder *here = run->folders[op->match->folder].seen[LOCAL];
	const char *ref = op->match->row->side[LOCAL].ref;
	bool there = false;
	const struct fail *f = NULL;

	if (here && !name_is_nobodys(ref))
		f = store_exists(run->engine->side[LOCAL], here, ref, &there);
	if (!f && there)
		*stopped = fail_make(FAIL_DATA, FAIL_ITEM, "something that is no item has its name here");
	return f;
}

static const struct fail *ask_server(struct alter *alter, struct work *work)
{
	struct run *run = alter->run;
	struct op *op = work->op;
	struct folder *folder = &run->folders[op->match->folder], *to = &run->folders[op->to];
	const struct version *item = op->match->now[SERVER];
	const struct fail *f = NULL;

	ask_flags(alter, work, SERVER);
	if (op->side != SERVER)
		return NULL;
	if (op->verb == VERB_MOVE) {
		ask_transfer(alter, work, SERVER, folder, to, item, false);
		if (folder->traits->keyed) /* its UID tells where it is */
			return NULL;
		return intend(alter, work, INTENT_MOVE, folder, to, op->match->row,
			      op->other->now[LOCAL]->ref);
	}
	if (op->verb == VERB_DUPLICATE) {
		struct folder *from = folders_by_id(run, op->source->folder);

		work->half = row_for(alter->arena, op->match, folder);
		work->half->side[LOCAL] = *op->match->now[LOCAL];
		if (op->match->stub) /* of which only the source tells what it is */
			work->half->print = op->source->print;
		/* Nothing is agreed yet: should another message become its counterpart, flags are joined. */
		work->half->side[LOCAL].flags = (struct flags){ 0 };
		f = state_row_put(run->engine->state, work->half);
		if (f)
			return f;
		ask_transfer(alter, work, SERVER, from, folder, &op->source->side[SERVER], true);
		return intend(alter, work, INTENT_COPY, from, folder, op->source, op->match->now[LOCAL]->ref);
	}
	if (op->verb == VERB_REMOVE && to_trash(run, folder)) {
		ask_transfer(alter, work, SERVER, folder, run->trash, item, false);
		return intend(alter, work, INTENT_MOVE, folder, run->trash, op->match->row, NULL);
	}
	if (op->verb == VERB_REMOVE && folder->traits->keyed)
		f = check_gone(run, op, &work->stopped);
	if (op->verb == VERB_REMOVE && !f && !work->stopped)
		ask_removal(alter, work, SERVER, folder, item);
	return f;
}

static const struct fail *ask_local(struct alter *alter, struct work *work)
{
	struct run *run = alter->run;
	struct op *op = work->op;
	struct folder *folder = &run->folders[op->folder];
	const struct version *item = op->match->now[LOCAL];
	struct removal *removal = NULL;
	const struct fail *f = NULL;

	ask_flags(alter, work, LOCAL);
	if (op->side != LOCAL)
		return NULL;
	if (op->verb == VERB_MOVE)
		ask_transfer(alter, work, LOCAL, folder, &run->folders[op->to], item, false);
	if (op->verb == VERB_REMOVE || (op->verb == VERB_CONFLICT && !op->match->now[SERVER])) {
		removal = ask_removal(alter, work, LOCAL, folder, item);
		if (op->verb == VERB_CONFLICT)
			f = conflict_take(run, op, &removal->into);
		if (!f && !removal->into)
			f = vault_take(run, folder, item->ref, "removed on the server", &removal->into);
	}
	return f;
}

const struct fail *alter_begin(struct run *run, struct op **ops, size_t count, struct alter **out)
{
	struct alter *alter = alter_new(run, ops, count);
	struct store *server = run->engine->side[SERVER];
	const struct fail *f = tx_begin(run);

	*out = alter;
	for (size_t i = 0; !f && i < alter->count; i++) {
		f = ask_server(alter, &alter->works[i]);
		if (!f)
			f = ask_local(alter, &alter->works[i]);
	}
	f = tx_end(run, f);
	/* Flags first: a message that moves takes them along. */
	if (!f && alter->flag_count[SERVER])
		f = store_flag(server, alter->flags[SERVER], alter->flag_count[SERVER], alter->arena);
	if (!f && alter->transfer_count[SERVER])
		f = store_transfer(server, alter->transfers[SERVER], alter->transfer_count[SERVER],
				   alter->arena);
	if (!f && alter->removal_count[SERVER])
		f = store_remove(server, alter->removals[SERVER], alter->removal_count[SERVER], alter->arena);
	return f;
}

/* ---- the end ------------------------------------------------------------------------------ */

/* Did the server move or copy its item without telling where it is now? */
static bool is_lost(const struct work *work)
{
	return work->transfer && !work->transfer->fail && !work->transfer->now.ref &&
	       work->op->side == SERVER && work->op->verb != VERB_REMOVE;
}

/* Looks for what the server moved or copied without telling its new ref. */
static const struct fail *find_lost(struct alter *alter)
{
	struct run *run = alter->run;
	struct find *finds = memory_alloc((alter->count + 1) * sizeof *finds);
	const struct fail *f = NULL;
	size_t count = 0, k = 0;

	for (size_t i = 0; i < alter->count; i++) {
		const struct work *work = &alter->works[i];
		const struct row *row = work->half ? work->op->source : work->op->match->row;

		if (is_lost(work))
			finds[count++] = (struct find){ .folder = work->transfer->to,
							.next = work->transfer->to->next,
							.print = row->print,
							.message_id = row->message_id };
		else if (work->op->side == SERVER && work->op->verb != VERB_REMOVE && work->transfer &&
			 !work->transfer->fail)
			ref_claim(run, &run->folders[work->op->to], work->transfer->now.ref);
	}
	if (count)
		f = store_find(run->engine->side[SERVER], finds, count, alter->arena);
	for (size_t i = 0; !f && i < alter->count; i++) {
		struct work *work = &alter->works[i];
		const struct find *find = NULL;

		if (!is_lost(work))
			continue;
		find = &finds[k++];
		if (!find->fail)
			f = ref_unclaimed(run, &run->folders[work->op->to], find->refs, find->count,
					  &work->transfer->now.ref);
		work->lost = !work->transfer->now.ref;
	}
	free(finds);
	return f;
}

static const struct fail *do_local(struct alter *alter)
{
	struct store *local = alter->run->engine->side[LOCAL];
	const struct fail *f = NULL;

	if (!alter->flag_count[LOCAL] && !alter->transfer_count[LOCAL] && !alter->removal_count[LOCAL])
		return NULL;
	if (alter->flag_count[LOCAL])
		f = store_flag(local, alter->flags[LOCAL], alter->flag_count[LOCAL], alter->arena);
	if (!f && alter->transfer_count[LOCAL])
		f = store_transfer(local, alter->transfers[LOCAL], alter->transfer_count[LOCAL],
				   alter->arena);
	if (!f && alter->removal_count[LOCAL])
		f = store_remove(local, alter->removals[LOCAL], alter->removal_count[LOCAL], alter->arena);
	return f ? f : store_sync(local);
}

/* The first of the operation's requests that failed. */
static const struct fail *work_fail(const struct work *work)
{
	if (work->stopped)
		return work->stopped;
	for (int s = 0; s < SIDES; s++)
		if (work->flag[s] && work->flag[s]->fail)
			return work->flag[s]->fail;
	if (work->transfer && work->transfer->fail)
		return work->transfer->fail;
	if (work->removal && work->removal->fail && !fail_is(work->removal->fail, FAIL_MISSING))
		return work->removal->fail;
	if (work->lost)
		return fail_make(FAIL_STALE, FAIL_ITEM, "done, but not found again yet");
	return NULL;
}

/* Of the flags that were to be changed, what the side has now; of all others, what was seen.  What
 * another program changed since the look is not dealt with yet, and must be found by the next one. */
static struct flags flags_changed(struct arena *arena, struct flags seen, const struct flag_change *change)
{
	struct flags asked = flags_union(arena, change->add, change->remove);

	return flags_union(arena, flags_minus(arena, seen, asked), flags_both(arena, change->now, asked));
}

/* What both sides have of flags after the work. */
static void flags_after(struct alter *alter, const struct work *work, struct flags done[SIDES])
{
	for (int s = 0; s < SIDES; s++) {
		struct folder *folder = NULL;
		const struct version *item = op_place(alter->run, work->op, (enum side)s, &folder);

		done[s] = item ? item->flags : (struct flags){ 0 };
		if (work->flag[s] && !work->flag[s]->fail)
			done[s] = flags_changed(alter->arena, done[s], work->flag[s]);
	}
}

/* Copies what a side has now into the row; what was known of its content stays known. */
static void row_side(struct row *row, enum side side, const struct version *now)
{
	struct digest digest = row->side[side].digest;

	row->side[side] = *now;
	if (!digest_known(&row->side[side].digest))
		row->side[side].digest = digest;
}

static const struct fail *record_same(struct alter *alter, struct work *work)
{
	struct run *run = alter->run;
	struct op *op = work->op;
	struct row *row = row_for(alter->arena, op->match, &run->folders[op->match->folder]);
	struct flags done[SIDES];

	flags_after(alter, work, done);
	row_flags(run, row, op, done);
	for (int s = 0; s < SIDES; s++) {
		struct flags flags = row->side[s].flags;

		if (op->match->now[s])
			row_side(row, (enum side)s, op->match->now[s]);
		row->side[s].flags = flags;
		if (work->flag[s])
			run->outcome->flagged[s]++;
	}
	row_form(row, op->match);
	if (!op->match->row || !op->match->row->side[SERVER].ref)
		run->outcome->adopted++;
	return state_row_put(run->engine->state, row);
}

/* A body that can change on both sides may have changed where it was moved, too: the row keeps what it
 * knew, and the next look finds that. */
static void edited_on_the_way(struct op *op, struct row *row)
{
	const struct row *base = op->match->row;

	if (op->side == LOCAL) {
		row->side[SERVER].revision = base->side[SERVER].revision;
		op->again = true;
		return;
	}
	row->side[LOCAL].revision = base->side[LOCAL].revision;
	op->again = strcmp(base->side[LOCAL].revision, op->other->now[LOCAL]->revision) != 0;
	/* QUIRK(radicale): If-Match means nothing to its MOVE, so what was edited since the look may have
	 * moved. */
	if (match_change(op->match, SERVER) != CHANGE_SAME || !row->side[SERVER].revision ||
	    strcmp(row->side[SERVER].revision, op->match->now[SERVER]->revision) != 0) {
		row->side[SERVER].revision = "";
		op->again = true;
	}
}

/* What moved here may have been written anew: a text form with another header, or one that is whole now. */
static void moved_file(const struct match *here, struct row *row)
{
	row_form(row, here);
	if (here->looked[LOCAL] && digest_known(&here->now[LOCAL]->digest))
		row->side[LOCAL].digest = here->now[LOCAL]->digest;
}

static const struct fail *record_move(struct alter *alter, struct work *work)
{
	struct run *run = alter->run;
	struct op *op = work->op;
	struct folder *from = &run->folders[op->match->folder], *to = &run->folders[op->to];
	enum side moved = op->side, other = side_other(op->side);
	struct row *row = row_for(alter->arena, op->match, to);
	struct flags done[SIDES];
	const struct fail *f = NULL;

	flags_after(alter, work, done);
	row_flags(run, row, op, done);
	row->side[other].ref = op->other->now[other]->ref;
	row->side[other].revision = op->other->now[other]->revision;
	row->side[moved].ref = work->transfer->now.ref;
	/* Here the row keeps its revision: an edit that is still to be sent, also one made since the
	 * look, must be seen as one. */
	if (moved == LOCAL)
		op->again = match_change(op->match, LOCAL) != CHANGE_SAME;
	else
		row->side[SERVER].revision = work->transfer->now.revision;
	if (to->traits->server_edits)
		edited_on_the_way(op, row);
	else if (moved == SERVER)
		moved_file(op->other, row);
	run->outcome->moved[moved]++;
	from->gave_rows = true;
	if (moved == SERVER)
		from->again[SERVER] = to->again[SERVER] = true;
	if (op->other->lasting)
		row->lasting = op->other->lasting;
	f = row_displace(run, row);
	if (!f && moved == SERVER) /* it may have been set aside */
		f = state_pending_remove(run->engine->state, to->saved.id, LOCAL,
					 op->other->now[LOCAL]->ref);
	return f ? f : state_row_put(run->engine->state, row);
}

static const struct fail *record_removal(struct alter *alter, struct work *work)
{
	struct run *run = alter->run;
	struct op *op = work->op;
	struct folder *folder = &run->folders[op->match->folder];

	folder->gave_rows = true;
	if (op->side == SERVER && work->transfer)
		run->trash->again[SERVER] = true;
	if (op->side == SERVER)
		folder->again[SERVER] = true;
	if (op->verb == VERB_CONFLICT)
		run->outcome->conflicts++;
	else
		run->outcome->removed[op->side]++;
	return op->match->row ? state_row_remove(run->engine->state, op->match->row->id) : NULL;
}

static const struct fail *record_duplicate(struct alter *alter, struct work *work)
{
	struct run *run = alter->run;
	struct folder *folder = &run->folders[work->op->folder];

	work->half->side[SERVER].ref = work->transfer->now.ref;
	work->half->side[SERVER].revision = work->transfer->now.revision;
	work->half->lasting = work->op->source->lasting;
	/* The copy has the flags of its source; what is different here is sent after the next look. */
	work->half->side[SERVER].flags = work->op->source->side[SERVER].flags;
	work->half->side[LOCAL].flags = work->op->source->side[SERVER].flags;
	work->op->again = !flags_equal(work->op->match->now[LOCAL]->flags, work->half->side[LOCAL].flags);
	folder->again[SERVER] = true;
	run->outcome->moved[SERVER]++;
	return state_row_put(run->engine->state, work->half);
}

static const struct fail *record_work(struct alter *alter, struct work *work)
{
	struct op *op = work->op;

	for (int s = 0; s < SIDES; s++)
		if (work->flag[s] && !work->flag[s]->fail && s == SERVER) {
			struct folder *folder = NULL;

			op_place(alter->run, op, SERVER, &folder);
			folder->again[SERVER] = true;
		}
	if (op->verb == VERB_MOVE)
		return record_move(alter, work);
	if (op->verb == VERB_DUPLICATE)
		return record_duplicate(alter, work);
	if (work->removal || work->transfer)
		return record_removal(alter, work);
	return record_same(alter, work);
}

/* A server that tells a ref which another row holds lies, or somebody else moved the item meanwhile. */
static const struct fail *check_claim(struct alter *alter, const struct work *work,
				      const struct fail **failed)
{
	const struct op *op = work->op;
	int64_t id = work->half ? work->half->id : op->match->row ? op->match->row->id : 0;
	const char *ref = NULL;
	struct row *row = NULL;
	const struct fail *f = NULL;

	if (op->verb == VERB_MOVE && op->side == LOCAL)
		ref = op->other->now[SERVER]->ref;
	else if (work->transfer && op->verb != VERB_REMOVE)
		ref = work->transfer->now.ref;
	if (!ref)
		return NULL;
	f = state_row_find(alter->run->engine->state, alter->run->folders[op->to].saved.id, SERVER, ref,
			   alter->arena, &row);
	if (!f && row && row->id != id)
		*failed = fail_make(FAIL_STALE, FAIL_ITEM, "another item has this name on the server");
	return f;
}

static const struct fail *record_all(struct alter *alter)
{
	struct run *run = alter->run;
	struct state *state = run->engine->state;
	const struct fail *f = tx_begin(run);

	for (size_t i = 0; !f && i < alter->count; i++) {
		struct work *work = &alter->works[i];
		const struct fail *failed = work_fail(work);

		if (!failed)
			f = check_claim(alter, work, &failed);
		if (!f && !failed)
			f = record_work(alter, work);
		if (!f && !failed)
			f = op_history(run, work->op);
		/* What may yet be found keeps its intent; so does the half row of a copy.  Without one that
		 * of a text form would not be known for what it is when it is tried again. */
		if (!f && work->intent && !work->lost)
			f = state_intent_remove(state, work->intent);
		if (!f && failed && work->half && !work->lost && work->half->marks & ROW_TEXT)
			f = state_row_remove(state, work->half->id);
		if (!f)
			f = op_end(run, work->op, failed);
	}
	return tx_end(run, f);
}

const struct fail *alter_end(struct alter *alter)
{
	struct run *run = alter->run;
	const struct fail *f = NULL;

	if (alter->flag_count[SERVER] || alter->transfer_count[SERVER] || alter->removal_count[SERVER])
		f = store_sync(run->engine->side[SERVER]);
	if (!f)
		f = find_lost(alter);
	if (!f)
		f = do_local(alter);
	if (!f)
		f = record_all(alter);
	alter_drop(alter);
	return f;
}
