/* Moves: pairs of a removal and a new item, across folders. */
#include "core/moves.h"

#include "base/arena.h"
#include "base/memory.h"
#include "core/pair.h"

#include <stdlib.h>
#include <string.h>

struct search {
	struct arena *arena;
	const struct move_folder *folders;
	struct op *ops;
	size_t count;
	struct candidate *a, *b;
	size_t a_count, b_count;
	enum side side; /* the side on which items were moved by somebody else than koc … */
	bool both;      /* … or both */
};

static bool both_refs(const struct row *row)
{
	return row && row->side[SERVER].ref && row->side[LOCAL].ref;
}

static void become(struct op *op, enum verb verb, enum side side, const char *why)
{
	op->verb = verb;
	op->side = side;
	op->why = why;
}

/* What must change here so that the item has these keywords.  A Maildir's keyword letters mean something
 * only in the folder where they were given: what a file that was moved or copied here seems to have says
 * nothing. */
static void set_keywords(struct arena *arena, struct flag_delta *delta, const char *seems, const char *wanted)
{
	delta->add.keywords = keywords_minus(arena, wanted, seems);
	delta->remove.keywords = keywords_minus(arena, seems, wanted);
}

/* The flags of an item that moved on `side` are those at its new place there. */
static void merge_flags(struct search *search, struct op *op, const struct match *old,
			const struct match *fresh)
{
	enum side side = search->side;
	struct arena *arena = search->arena;
	struct flags base[SIDES], now[SIDES];
	const char *seems = NULL;

	if (search->folders[op->folder].keyed || !match_base_flags(old, base))
		return;
	now[side] = fresh->now[side]->flags;
	now[side_other(side)] = old->now[side_other(side)] ? old->now[side_other(side)]->flags
							    : base[side_other(side)];
	if (side == LOCAL || search->both) {
		seems = now[LOCAL].keywords;
		now[LOCAL].keywords = base[LOCAL].keywords;
	}
	op->flags = arena_alloc(arena, SIDES * sizeof *op->flags);
	flags_merge(arena, base, now, op->flags);
	if (side == LOCAL || search->both)
		set_keywords(arena, &op->flags[LOCAL], seems,
			     flag_delta_apply(arena, now[LOCAL], &op->flags[LOCAL]).keywords);
	if (search->folders[op->to].policy->direction == DIRECTION_PUSH)
		op->flags[LOCAL].add.bits = op->flags[LOCAL].remove.bits = 0;
}

static bool takes_back(const struct policy *policy)
{
	return policy->direction == DIRECTION_PULL || policy->server_read_only;
}

/* Why a folder does not take what was moved into it here, in words; NULL: it takes it. */
static const char *closed_to_moves(const struct policy *policy)
{
	if (!policy->in_scope || policy->mode == MODE_OFF)
		return "moved to a folder that is not synchronised";
	if (policy->direction == DIRECTION_PULL)
		return "moved to a folder of direction = pull";
	if (policy->server_read_only)
		return "moved to a folder that is read-only on the server";
	return NULL;
}

/* Moved here: carry it to the server. */
static void moved_here(void *context, struct candidate *old, struct candidate *fresh)
{
	struct search *search = context;
	struct op *gone = old->match->op, *made = fresh->match->op;
	const struct policy *from = search->folders[gone->folder].policy;
	const struct policy *to = search->folders[fresh->folder].policy;
	const char *closed = closed_to_moves(to);

	/* The old place keeps it, the new one gets a copy if it may; an event is made there as it is here. */
	if (takes_back(from)) {
		if (!closed && !search->folders[fresh->folder].keyed)
			moves_duplicate(search->arena, made, old->match->row);
		return;
	}
	if (closed) {
		become(gone, VERB_LEAVE, SERVER, closed);
		gone->leave = LEAVE_SCOPE;
	} else {
		become(gone, VERB_MOVE, SERVER, NULL);
		gone->other = fresh->match;
		gone->to = fresh->folder;
		merge_flags(search, gone, old->match, fresh->match);
	}
	become(made, VERB_NONE, LOCAL, NULL);
	fresh->match->absorbed = true;
}

/* Moved on the server: carry it over here. */
static void moved_there(void *context, struct candidate *old, struct candidate *fresh)
{
	struct search *search = context;
	struct op *gone = old->match->op, *made = fresh->match->op;

	become(gone, VERB_MOVE, LOCAL, NULL);
	gone->other = fresh->match;
	gone->to = fresh->folder;
	merge_flags(search, gone, old->match, fresh->match);
	become(made, VERB_NONE, LOCAL, NULL);
	fresh->match->absorbed = true;
}

/* Gone here, the server has it (of keyed kinds also edited: that is found at the new place), and it was this
 * plan's business to act on that. */
static bool gone_here(const struct op *op)
{
	const struct match *match = op->match;

	if (!both_refs(match->row) || match->now[LOCAL] || !match->now[SERVER])
		return false;
	if (op->verb == VERB_CONFLICT || (op->verb == VERB_LEAVE && op->leave == LEAVE_SET_ASIDE))
		return match->row->key && !match->trouble;
	return (op->verb == VERB_REMOVE || op->verb == VERB_KEEP)
		       ? op->side == SERVER
		       : op->verb == VERB_COPY && op->side == LOCAL;
}

static bool gone_there(const struct op *op)
{
	const struct match *match = op->match;

	if (!both_refs(match->row) || match->now[SERVER] || !match->now[LOCAL])
		return false;
	return (op->verb == VERB_REMOVE || op->verb == VERB_CONFLICT) && op->side == LOCAL;
}

static bool gone_on_both(const struct op *op)
{
	return op->verb == VERB_FORGET && !op->match->absorbed && both_refs(op->match->row);
}

/* New on one side only, whatever was planned for it: a folder out of scope has no plan of its own, and in
 * one that is read-only what is new here is set aside. */
static bool new_on(const struct op *op, enum side side)
{
	const struct match *match = op->match;
	bool left = op->verb == VERB_LEAVE && (op->leave != LEAVE_SET_ASIDE || match->trouble);

	return !match->absorbed && !match->row && match->now[side] && !match->now[side_other(side)] &&
	       !left && op->verb != VERB_MOVE;
}

static void collect(struct search *search, bool (*gone)(const struct op *))
{
	enum side side = search->side;

	search->a_count = search->b_count = 0;
	for (size_t i = 0; i < search->count; i++) {
		struct op *op = &search->ops[i];
		bool keyed = search->folders[op->folder].keyed;

		if (gone(op)) {
			if (pair_key(op->match, side, keyed, true, &search->a[search->a_count]))
				search->a_count++;
		} else if (new_on(op, side)) {
			if (pair_key(op->match, side, keyed, false, &search->b[search->b_count]))
				search->b_count++;
		}
	}
}

/* Moved on both sides: first find where the server put it, then where it lies here. */
static void moved_both_there(void *context, struct candidate *old, struct candidate *fresh)
{
	(void)context;
	old->match->op->other = fresh->match; /* decided when the local place is known */
}

static void moved_both_here(void *context, struct candidate *old, struct candidate *fresh)
{
	struct search *search = context;
	struct op *op = old->match->op;
	struct match *there = op->other;

	/* The server's place wins: from where it lies here to where the server has it. */
	old->match->now[LOCAL] = fresh->match->now[LOCAL];
	become(op, VERB_MOVE, LOCAL, "moved on both sides");
	op->folder = fresh->folder;
	op->to = there->folder;
	search->side = SERVER;
	search->both = true;
	merge_flags(search, op, old->match, there);
	search->both = false;
	search->side = LOCAL;
	become(there->op, VERB_NONE, LOCAL, NULL);
	become(fresh->match->op, VERB_NONE, LOCAL, NULL);
	there->absorbed = fresh->match->absorbed = true;
}

/* Where nothing is to come from the server, its place does not win either. */
static void leave_pushed(struct search *search)
{
	size_t count = 0;

	for (size_t i = 0; i < search->a_count; i++)
		if (search->folders[search->a[i].folder].policy->direction != DIRECTION_PUSH)
			search->a[count++] = search->a[i];
	search->a_count = count;
}

static bool placed_there(const struct op *op)
{
	return gone_on_both(op) && op->other;
}

static void find_moved_on_both(struct search *search)
{
	search->side = SERVER;
	collect(search, gone_on_both);
	leave_pushed(search);
	pair_up(search->a, search->a_count, search->b, search->b_count, false, moved_both_there, search);
	search->side = LOCAL;
	collect(search, placed_there);
	pair_up(search->a, search->a_count, search->b, search->b_count, false, moved_both_here, search);
	for (size_t i = 0; i < search->count; i++)
		if (search->ops[i].verb == VERB_FORGET)
			search->ops[i].other = NULL;
}

/* A message that is new on both sides of a folder was held to be equal by its print.  The base knows more. */
static bool edited_here(const struct match *match)
{
	const struct digest *was = &match->row->side[LOCAL].digest, *now = &match->now[LOCAL]->digest;

	return digest_known(was) && digest_known(now) && !digest_equal(was, now);
}

/* Moved on both sides to the same place: there it was found equal without a base; it has one. */
static void moved_together(void *context, struct candidate *old, struct candidate *fresh)
{
	struct search *search = context;
	struct op *op = fresh->match->op;
	struct flags base[SIDES], now[SIDES];
	const char *seems = NULL;

	fresh->match->row = old->match->row;
	fresh->match->mended = true;
	become(old->match->op, VERB_NONE, LOCAL, NULL);
	old->match->absorbed = true;
	op->flags = NULL;
	if (search->folders[op->folder].keyed)
		return;
	if (edited_here(fresh->match)) {
		for (int s = 0; s < SIDES; s++)
			fresh->match->row->side[s].ref = fresh->match->now[s]->ref;
		plan_match(search->arena, fresh->match, kind_traits(KIND_MAIL),
			   search->folders[op->folder].policy, op);
		op->flags = NULL;
	}
	if (op->verb == VERB_CONFLICT)
		return;
	match_base_flags(fresh->match, base);
	for (int s = 0; s < SIDES; s++)
		now[s] = fresh->match->now[s]->flags;
	seems = now[LOCAL].keywords;
	now[LOCAL].keywords = base[LOCAL].keywords;
	op->flags = arena_alloc(search->arena, SIDES * sizeof *op->flags);
	flags_merge(search->arena, base, now, op->flags);
	set_keywords(search->arena, &op->flags[LOCAL], seems,
		     flag_delta_apply(search->arena, now[LOCAL], &op->flags[LOCAL]).keywords);
	if (flag_delta_none(&op->flags[SERVER]) && flag_delta_none(&op->flags[LOCAL]))
		op->flags = NULL;
}

static void find_moved_together(struct search *search)
{
	search->a_count = search->b_count = 0;
	for (size_t i = 0; i < search->count; i++) {
		const struct op *op = &search->ops[i];
		const struct match *match = op->match;
		bool keyed = search->folders[op->folder].keyed;

		if (gone_on_both(op)) {
			if (pair_key(match, SERVER, keyed, true, &search->a[search->a_count]))
				search->a_count++;
		} else if (op->verb == VERB_AGREE && !match->row && match->now[SERVER] && match->now[LOCAL]) {
			if (pair_key(match, SERVER, keyed, false, &search->b[search->b_count]))
				search->b_count++;
		}
	}
	pair_up(search->a, search->a_count, search->b, search->b_count, false, moved_together, search);
}

void moves_find(struct arena *arena, struct op *ops, size_t count, const struct move_folder *folders,
		bool server_moves)
{
	struct search search = { .arena = arena, .folders = folders, .ops = ops, .count = count };

	search.a = memory_alloc((count + 1) * sizeof *search.a);
	search.b = memory_alloc((count + 1) * sizeof *search.b);
	find_moved_on_both(&search);
	find_moved_together(&search);
	search.side = SERVER;
	collect(&search, gone_there);
	pair_up(search.a, search.a_count, search.b, search.b_count, false, moved_there, &search);
	search.side = LOCAL;
	if (server_moves) {
		collect(&search, gone_here);
		pair_up(search.a, search.a_count, search.b, search.b_count, false, moved_here, &search);
	}
	free(search.a);
	free(search.b);
}

void moves_duplicate(struct arena *arena, struct op *op, const struct row *source)
{
	become(op, VERB_DUPLICATE, SERVER, NULL);
	op->source = source;
	op->flags = arena_alloc(arena, SIDES * sizeof *op->flags);
	set_keywords(arena, &op->flags[LOCAL], op->match->now[LOCAL]->flags.keywords,
		     source->side[LOCAL].flags.keywords);
}
