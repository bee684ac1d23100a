/* Recover: what a run left behind that did not end.  An intent says what was about to be done that is not
 * idempotent; its result is looked for on the server instead of doing it again. */
#include "engine/resolve.h"
#include "engine/run.h"

#include <string.h>

const struct fail *recover_places(struct run *run)
{
	struct state *state = run->engine->state;
	struct places *places = run->engine->places;
	struct conflict *conflicts = NULL;
	struct vaulted *vaulted = NULL;
	struct state_run *last = NULL;
	size_t count = 0;
	const struct fail *f = state_conflicts(state, run->round, &conflicts, &count);

	/* A loser that the user took back, or that was recorded but never moved. */
	for (size_t i = 0; !f && i < count; i++)
		if (!conflict_is_open(run->engine, &conflicts[i], run->round))
			f = state_conflict_remove(state, conflicts[i].id);
	if (!f)
		f = state_runs(state, 1, run->round, &last, &count);
	if (f || !count || last->ended)
		return f;
	f = state_vault(state, INT64_MAX, run->round, &vaulted, &count);
	for (size_t i = 0; !f && i < count; i++)
		if (vaulted[i].run == last->id && !places->there(places, vaulted[i].path))
			f = state_vault_remove(state, vaulted[i].id);
	return f;
}

/* Everything about one intent. */
struct case_ {
	struct run *run;
	struct intent *intent;
	struct folder *from, *to;
	struct row *row;
	const char *found;     /* ref at the target; NULL: not there */
};

static const struct fail *find_result(struct case_ *c)
{
	struct find find = { .folder = c->to->seen[SERVER],
			     .next = c->intent->next,
			     .print = c->intent->print,
			     .message_id = c->intent->message_id };
	const struct fail *f = store_find(c->run->engine->side[SERVER], &find, 1, c->run->round);

	if (f || find.fail)
		return f ? f : find.fail;
	return ref_unclaimed(c->run, c->to, find.refs, find.count, &c->found);
}

/* The place that was to be left, if it still holds the message. */
static const struct fail *remove_source(struct case_ *c)
{
	struct store *server = c->run->engine->side[SERVER];
	struct removal removal = { .folder = c->from->seen[SERVER], .ref = c->intent->from_ref };
	const struct fail *f = NULL;

	if (!c->intent->from_ref || !c->from->seen[SERVER] ||
	    strcmp(c->from->seen[SERVER]->identity, c->intent->epoch) != 0)
		return NULL; /* that number means another message now */
	f = store_remove(server, &removal, 1, c->run->round);
	if (!f)
		f = store_sync(server);
	if (!f && removal.fail && !fail_is(removal.fail, FAIL_MISSING))
		f = removal.fail;
	c->from->look[SERVER] = true;
	return f;
}

/* What lies here now: is it what was sent, or was it edited since? */
static const struct fail *take_local(struct case_ *c)
{
	struct read read = { .folder = c->to->seen[LOCAL],
			     .ref = c->row->side[LOCAL].ref,
			     .part = PART_PRINT,
			     .hint = c->row->side[LOCAL].flags,
			     .wire = (c->row->marks & ROW_WIRE) != 0 };
	const struct fail *f = NULL;

	if (!read.ref || !read.folder)
		return NULL;
	f = store_read(c->run->engine->side[LOCAL], &read, 1, NULL, NULL, c->run->round);
	if (f || read.fail)
		return f; /* gone or moved: the look will tell */
	if (read.print.size == c->intent->print.size &&
	    digest_equal(&read.print.head, &c->intent->print.head)) {
		c->row->side[LOCAL].revision = read.now.revision;
		c->row->side[LOCAL].digest = read.now.digest;
		c->row->print = read.print;
	}
	return NULL;
}

/* What was recovered is looked at again, in this run or, if that one is stopped too, the next. */
static const struct fail *look_later(struct case_ *c)
{
	return state_pending_put(c->run->engine->state, &(struct pending){ .folder = c->to->saved.id,
									   .side = SERVER,
									   .ref = c->found,
									   .why = PENDING_RACED,
									   .text = "recovered" });
}

static const struct fail *write_down(struct case_ *c, bool keep_row)
{
	struct state *state = c->run->engine->state;
	const struct fail *f = tx_begin(c->run);

	if (!f && keep_row)
		f = row_displace(c->run, c->row);
	if (!f && keep_row)
		f = look_later(c);
	if (!f && keep_row)
		f = state_row_put(state, c->row);
	else if (!f)
		f = state_row_remove(state, c->row->id);
	if (!f)
		f = state_intent_remove(state, c->intent->id);
	return tx_end(c->run, f);
}

static const struct fail *recover_append(struct case_ *c)
{
	const char *ref = c->row->side[SERVER].ref, *old = c->intent->from_ref;
	const struct fail *f = NULL;

	if (ref && (!old || strcmp(ref, old) != 0)) { /* recorded; only the old version may be left */
		f = old ? remove_source(c) : NULL;
		return f ? f : state_intent_remove(c->run->engine->state, c->intent->id);
	}
	f = find_result(c);
	if (f || !c->found)
		return f; /* not there: it stays, and counts when it is tried again */
	/* Of an edit the base of the flags stays: what was merged on the way is seen once more. */
	c->row->side[SERVER] = (struct version){
		.ref = c->found,
		.revision = "",
		.flags = old ? c->row->side[SERVER].flags : c->intent->flags,
	};
	c->row->lasting = NULL;
	if (!old)
		c->row->side[LOCAL].flags = c->intent->flags;
	f = take_local(c);
	if (!f && old)
		f = remove_source(c);
	return f ? f : write_down(c, true);
}

static const struct fail *recover_copy(struct case_ *c)
{
	const struct fail *f = find_result(c);

	if (f)
		return f;
	/* Only its source tells what a text form is: that is found once more for a file that is new. */
	if (!c->found && !c->row->side[SERVER].ref && c->row->marks & ROW_TEXT) {
		c->to->look[LOCAL] = c->to->full[LOCAL] = true;
		return write_down(c, false);
	}
	if (!c->found || c->row->side[SERVER].ref)
		return state_intent_remove(c->run->engine->state, c->intent->id);
	c->row->side[SERVER] = (struct version){ .ref = c->found, .revision = "", .flags = c->intent->flags };
	c->row->side[LOCAL].flags = c->intent->flags;
	return write_down(c, true);
}

static const struct fail *recover_move(struct case_ *c)
{
	const struct fail *f = NULL;

	if (c->row->folder != c->intent->folder)
		return state_intent_remove(c->run->engine->state, c->intent->id);
	f = find_result(c);
	if (f)
		return f;
	if (!c->found) /* nothing happened: it will be planned again */
		return state_intent_remove(c->run->engine->state, c->intent->id);
	f = remove_source(c);
	if (f)
		return f;
	if (!c->intent->local_ref) { /* a removal: to the Trash */
		c->to->look[SERVER] = true;
		return write_down(c, false);
	}
	c->row->folder = c->to->saved.id;
	c->row->side[SERVER].ref = c->found;
	c->row->side[LOCAL].ref = c->intent->local_ref;
	return write_down(c, true);
}

static const struct fail *recover_one(struct run *run, struct intent *intent)
{
	struct case_ c = { .run = run, .intent = intent };
	const struct fail *f = state_row_get(run->engine->state, intent->row, run->round, &c.row);

	c.to = folders_by_id(run, intent->to);
	c.from = intent->verb == INTENT_APPEND ? c.to : folders_by_id(run, intent->folder);
	if (f)
		return f;
	if (!c.row || !c.to || !c.from || !c.to->seen[SERVER]) /* what it was about is no more */
		return state_intent_remove(run->engine->state, intent->id);
	switch (intent->verb) {
	case INTENT_APPEND:
		return recover_append(&c);
	case INTENT_COPY:
		return recover_copy(&c);
	case INTENT_MOVE:
		return recover_move(&c);
	}
	return NULL;
}

const struct fail *recover_intents(struct run *run)
{
	struct intent *all = NULL;
	size_t count = 0;
	const struct fail *f = state_intents(run->engine->state, run->arena, &all, &count);

	for (size_t i = 0; !f && i < count; i++) {
		f = recover_one(run, &all[i]);
		if (f && f->scope <= FAIL_FOLDER) {
			run_tell(run, "an interrupted run: %s", f->text);
			f = NULL;
		}
	}
	if (!f)
		f = state_intents(run->engine->state, run->arena, &run->intents, &run->intent_count);
	return f;
}
