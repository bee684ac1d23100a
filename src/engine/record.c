/* Record: how an operation's end is written down. */
#include "base/log.h"
#include "base/map.h"
#include "core/text.h"
#include "engine/run.h"

#include <string.h>

/* Pauses between tries of an item that fails: 5 minutes, doubling, a day at most. */
#define PAUSE_FIRST 300
#define PAUSE_MOST 86400

static int64_t pause_after(uint32_t tries)
{
	int64_t pause = PAUSE_FIRST;

	for (uint32_t i = 1; i < tries && pause < PAUSE_MOST; i++)
		pause *= 2;
	return pause < PAUSE_MOST ? pause : PAUSE_MOST;
}

static const enum pending_why pending_whys[] = {
	[LEAVE_HELD] = PENDING_HELD,   [LEAVE_DIRECTION] = PENDING_DIRECTION,
	[LEAVE_SCOPE] = PENDING_SCOPE, [LEAVE_SET_ASIDE] = PENDING_SET_ASIDE,
	[LEAVE_RACED] = PENDING_RACED,
};

static uint32_t tries_before(const struct folder *folder, enum side side, const char *ref)
{
	for (size_t i = 0; i < folder->pending_count; i++)
		if (folder->pending[i].side == side && folder->pending[i].why == PENDING_SET_ASIDE &&
		    strcmp(folder->pending[i].ref, ref) == 0)
			return folder->pending[i].tries;
	return 0;
}

/* Remembers open work on an item. */
static struct pending *leave_item(struct run *run, struct folder *folder, enum side side, const char *ref,
				  enum leave why, const char *text)
{
	struct pending *pending = vec_push(&run->left);

	pending->folder = folder->saved.id;
	pending->side = side;
	pending->ref = ref;
	pending->why = pending_whys[why];
	pending->text = arena_str(run->round, text ? text : "");
	if (why == LEAVE_SET_ASIDE) {
		pending->tries = tries_before(folder, pending->side, pending->ref) + 1;
		pending->next = run->engine->now + pause_after(pending->tries);
	} else if (why == LEAVE_RACED) {
		folder->again[SERVER] = folder->again[LOCAL] = folder->again_full = true;
	}
	return pending;
}

/* Remembers open work on the operation's item. */
static const struct pending *leave(struct run *run, const struct op *op, struct folder *folder,
				   enum leave why, const char *text)
{
	enum side side = SERVER;
	const char *ref = match_handle(op->match, &side);
	struct pending *pending = leave_item(run, folder, side, ref, why, text);

	if (op->match->now[LOCAL])
		pending->revision = op->match->now[LOCAL]->revision;
	if (why == LEAVE_SET_ASIDE) {
		run->outcome->set_aside++;
		run_tell(run, "%s: %s: %s", folder->path, match_name(op->match), pending->text);
	} else if (why == LEAVE_RACED) {
		run->outcome->raced++;
	}
	return pending;
}

/* Did it lose a race before: in a round of this run, or in the last one? */
static bool raced_before(const struct folder *folder, const struct op *op)
{
	enum side side = SERVER;
	const char *ref = match_handle(op->match, &side);

	for (size_t i = 0; i < folder->pending_count; i++)
		if (folder->pending[i].side == side && folder->pending[i].why == PENDING_RACED &&
		    strcmp(folder->pending[i].ref, ref) == 0)
			return true;
	return false;
}

/* Somebody else changed something meanwhile, or a folder is read-only that was not known to be: it is looked
 * at again.  What is in the way a second time stays there. */
static bool is_race(const struct folder *folder, const struct op *op, const struct fail *fail)
{
	if (fail_is(fail, FAIL_STALE) || fail_is(fail, FAIL_MISSING))
		return true;
	return (fail_is(fail, FAIL_EXISTS) || (fail_is(fail, FAIL_DENIED) && op->side == SERVER)) &&
	       !raced_before(folder, op);
}

/* The folder of the match's row, where that is another one: of a message that was moved on both sides to the
 * same place the row is still the old folder's.  NULL: it is not. */
static struct folder *row_home(const struct run *run, const struct match *match)
{
	if (!match->row || match->row->folder == run->folders[match->folder].saved.id)
		return NULL;
	return folders_by_id(run, match->row->folder);
}

/* What failed.  A move is found again only if its other end is looked at, too. */
static void leave_failed(struct run *run, const struct op *op, enum leave why, const char *text)
{
	struct folder *home = row_home(run, op->match);
	enum side side = SERVER;
	const char *ref = match_handle(op->match, &side);

	leave(run, op, &run->folders[op->match->folder], why, text);
	if (home)
		leave_item(run, home, side, ref, why, text);
	if (op->verb != VERB_MOVE || !op->other)
		return;
	side = op->other->now[SERVER] ? SERVER : LOCAL;
	leave_item(run, &run->folders[op->to], side, op->other->now[side]->ref, why, text);
	if (op->folder != op->match->folder) /* moved on both sides */
		leave_item(run, &run->folders[op->folder], LOCAL, op->match->now[LOCAL]->ref, why, text);
}

void match_raced(struct run *run, const struct match *match)
{
	enum side side = SERVER;
	const char *ref = match_handle(match, &side);

	leave_item(run, &run->folders[match->folder], side, ref, LEAVE_RACED, "to be looked at again");
	run->outcome->raced++;
	run->look_wide = true;
}

/* The operation is one more, or one less, of those not finished in each folder that it is about. */
static void count_open(struct run *run, const struct op *op, size_t by)
{
	struct folder *other = row_home(run, op->match);
	size_t home = op->match->folder;

	run->folders[home].open += by;
	if (op->folder != home)
		run->folders[op->folder].open += by;
	if (op->to != home && op->to != op->folder)
		run->folders[op->to].open += by;
	if (other)
		other->open += by;
}

void op_open(struct run *run, const struct op *op)
{
	count_open(run, op, 1);
}

/* The line broke: the first time that says nothing about the item, and the very next run tries it again. */
static void line_broke(struct run *run, size_t first)
{
	run->outcome->unreachable = true;
	for (size_t i = first; i < run->left.count; i++)
		if (run->left.items[i].tries == 1)
			run->left.items[i].next = run->engine->now;
}

void folder_failed(struct run *run, struct folder *folder, const struct fail *fail)
{
	folder->fail = fail;
	run->outcome->folders_failed++;
	run->outcome->unreachable |= fail->code == FAIL_UNREACHABLE;
	run_tell(run, "%s: %s", folder->path, fail->text);
}

const struct fail *op_end(struct run *run, struct op *op, const struct fail *fail)
{
	struct folder *folder = &run->folders[op->folder], *home = &run->folders[op->match->folder];
	size_t left = run->left.count;
	const struct fail *f = NULL;

	if (fail && fail->scope > FAIL_FOLDER)
		return fail;
	if (fail && fail->scope == FAIL_FOLDER) { /* stays open: no cursor moves past it */
		if (!folder->fail)
			folder_failed(run, folder, fail);
		return NULL;
	}
	op->ended = true;
	op->failed = fail;
	run->outcome->merged += !fail && op->said && op->verb != VERB_CONFLICT;
	if (fail && is_race(home, op, fail)) {
		run->look_wide |= (op->side == SERVER && fail->code != FAIL_DENIED) ||
				  fail_is(fail, FAIL_MISSING);
		leave_failed(run, op, LEAVE_RACED, fail->text);
	} else if (fail)
		leave_failed(run, op, LEAVE_SET_ASIDE, fail->text);
	else if (op->verb == VERB_LEAVE)
		leave(run, op, home, op->leave, op->why);
	else if (op->flags_left)
		leave(run, op, home, LEAVE_DIRECTION, "flags");
	else if (op->again && !run->fetching) /* with the row: the cursor may have moved past it
						   * already */
		f = state_pending_put(run->engine->state, leave(run, op, &run->folders[op->to], LEAVE_RACED,
								"to be looked at again"));
	if (fail_is(fail, FAIL_UNREACHABLE))
		line_broke(run, left);
	count_open(run, op, (size_t)-1);
	return f;
}

const struct fail *op_history(struct run *run, const struct op *op)
{
	const char *verb = text_verb(op);

	if (!verb || op->verb == VERB_LEAVE || !run->id)
		return NULL;
	arena_reset(run->scratch);
	if (log_level() >= LOG_VERBOSE)
		log_line(LOG_VERBOSE, "%s",
			 text_op(run->scratch, op, run->folders[op->match->folder].path,
				 run->folders[op->to].path));
	return state_history_add(run->engine->state, run->id, run->folders[op->match->folder].path,
				 match_name(op->match),
				 arena_printf(run->scratch, "%s %s", verb,
					      text_details(run->scratch, op, run->folders[op->to].path)));
}

struct row *row_for(struct arena *arena, const struct match *match, const struct folder *folder)
{
	struct row *row = arena_alloc(arena, sizeof *row);

	if (match->row) {
		*row = *match->row;
	} else {
		row->key = match->key;
		row->print = match->print;
		row->date = match->date;
		if (match->wire)
			row->marks |= ROW_WIRE;
	}
	if (match->words && !match->row) {
		row->message_id = match->words->message_id;
		row->subject = match->words->subject;
		row->from = match->words->from;
		row->sent = match->words->sent;
	}
	if (match->stub && !match->row) {
		row->marks = (row->marks & ~(uint32_t)ROW_BARE) | ROW_TEXT;
		row->normal = match->normal[LOCAL];
	}
	row->folder = folder->saved.id;
	if (!row->date)
		row->date = match->date;
	if (match->lasting)
		row->lasting = match->lasting;
	return row;
}

void row_form(struct row *row, const struct match *here)
{
	bool text = row->marks & ROW_TEXT;

	if (!here->looked[LOCAL] || !here->now[LOCAL] || (here->stub != NULL) == text)
		return;
	row->marks &= ~(uint32_t)ROW_TEXT;
	if (!text) {
		row->marks = (row->marks & ~(uint32_t)ROW_BARE) | ROW_TEXT;
		memset(&row->side[SERVER].digest, 0, sizeof row->side[SERVER].digest);
	}
	row->normal = here->normal[LOCAL];
	row->side[LOCAL].digest = here->now[LOCAL]->digest;
}

/* What a side's base must be so that changes which were left out are seen again: what it has now, less
 * what it added and the other side does not have yet, with what it removed and the other side still has. */
static struct flags base_left(struct arena *arena, struct flags base, struct flags mine, struct flags other)
{
	struct flags added = flags_minus(arena, flags_minus(arena, mine, base), other);
	struct flags removed = flags_both(arena, flags_minus(arena, base, mine), other);

	return flags_union(arena, flags_minus(arena, mine, added), removed);
}

void row_flags(struct run *run, struct row *row, const struct op *op, const struct flags done[SIDES])
{
	struct flags base[SIDES] = { row->side[SERVER].flags, row->side[LOCAL].flags };

	for (int s = 0; s < SIDES; s++) {
		const struct flags *other = &done[side_other((enum side)s)];

		row->side[s].flags = op->flags_left && op->match->row
					     ? base_left(run->round, base[s], done[s], *other)
					     : done[s];
	}
}

/* Does this round take the row's item out of the folder anyway? */
static bool goes_away(const struct folder *folder, const struct row *row)
{
	const struct match *match =
		folder->by_row ? map_getn(folder->by_row, &row->id, sizeof row->id) : NULL;

	return match && match->op &&
	       (match->op->verb == VERB_REMOVE || match->op->verb == VERB_MOVE ||
		match->op->verb == VERB_FORGET);
}

const struct fail *row_displace(struct run *run, const struct row *row)
{
	struct folder *folder = folders_by_id(run, row->folder);
	const struct pending *pending = NULL;
	struct row *other = NULL;
	const struct fail *f = state_row_find(run->engine->state, row->folder, LOCAL, row->side[LOCAL].ref,
					      run->scratch, &other);

	if (f || !other || other->id == row->id)
		return f;
	if (!other->side[SERVER].ref) /* it was to be sent */
		return state_row_remove(run->engine->state, other->id);
	memset(&other->side[LOCAL], 0, sizeof other->side[LOCAL]);
	f = state_row_put(run->engine->state, other);
	if (f || !folder || goes_away(folder, other))
		return f;
	pending = leave_item(run, folder, SERVER, arena_str(run->round, other->side[SERVER].ref), LEAVE_RACED,
			     "its file's name was given away");
	return state_pending_put(run->engine->state, pending);
}

const struct version *op_place(struct run *run, const struct op *op, enum side side, struct folder **folder)
{
	/* Somebody moved it on the side that is not to be changed now. */
	if (op->verb == VERB_MOVE && side != op->side) {
		*folder = &run->folders[op->to];
		return op->other->now[side];
	}
	*folder = &run->folders[side == LOCAL ? op->folder : op->match->folder];
	return op->match->now[side];
}

/* Was it there when the folder was listed in this round? */
static bool was_listed(const struct run *run, const struct folder *folder, const char *ref)
{
	for (size_t i = 0; i < run->matches.count; i++) {
		const struct match *match = run->matches.items[i];

		if (&run->folders[match->folder] == folder && match->now[SERVER] &&
		    strcmp(match->now[SERVER]->ref, ref) == 0)
			return true;
	}
	return false;
}

static const char *claim_of(struct run *run, const struct folder *folder, const char *ref)
{
	return arena_printf(run->round, "%s %s", folder->path, ref);
}

void ref_claim(struct run *run, const struct folder *folder, const char *ref)
{
	map_set(run->claimed, claim_of(run, folder, ref), run->claimed);
}

const struct fail *ref_unclaimed(struct run *run, const struct folder *folder, const char *const *refs,
				 size_t count, const char **ref)
{
	const struct fail *f = NULL;

	*ref = NULL;
	for (size_t i = 0; !f && i < count && !*ref; i++) {
		struct row *row = NULL;

		if (map_get(run->claimed, claim_of(run, folder, refs[i])) || was_listed(run, folder, refs[i]))
			continue;
		f = state_row_find(run->engine->state, folder->saved.id, SERVER, refs[i], run->round, &row);
		if (!f && !row) {
			*ref = refs[i];
			ref_claim(run, folder, refs[i]);
		}
	}
	return f;
}
