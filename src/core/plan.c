/* Plan: the table of SPEC 3, to be read aloud. */
#include "core/plan.h"

#include "base/arena.h"

#include <string.h>

static void decide(struct op *op, enum verb verb, enum side side, const char *why)
{
	op->verb = verb;
	op->side = side;
	op->why = why;
}

/* Local changes are not carried to the server but taken back. */
static bool reverts(const struct policy *policy)
{
	return policy->direction == DIRECTION_PULL || policy->server_read_only;
}

/* The server's changes are not brought here. */
static bool pushes(const struct policy *policy)
{
	return policy->direction == DIRECTION_PUSH;
}

/* What changed here cannot go to the server without overwriting what changed there, and that is not to come:
 * both stay as they are, and the user is told. */
static void plan_deadlock(struct op *op, const char *why)
{
	decide(op, VERB_LEAVE, SERVER, why);
	op->leave = LEAVE_SET_ASIDE;
}

/* The local item vanished, the server's is as it was. */
static void plan_local_removal(struct op *op, const struct policy *policy)
{
	if (reverts(policy))
		decide(op, VERB_COPY, LOCAL, "removals here are taken back");
	else if (op->match->comes_back)
		decide(op, VERB_COPY, LOCAL, "only its text form was moved or edited");
	else if (policy->remove == DELETE_NEVER)
		decide(op, VERB_KEEP, SERVER, "delete = never");
	else
		decide(op, VERB_REMOVE, SERVER, NULL);
}

/* The server's item vanished, the local one is as it was. */
static void plan_server_removal(struct op *op, const struct policy *policy)
{
	if (policy->keep_removed)
		decide(op, VERB_KEEP, LOCAL, "removals = keep");
	else if (pushes(policy))
		decide(op, VERB_KEEP, LOCAL, "direction = push");
	else
		decide(op, VERB_REMOVE, LOCAL, NULL);
}

/* A local item that the server does not have. */
static void plan_new_here(struct op *op, const struct policy *policy)
{
	if (op->match->stray) {
		decide(op, VERB_CONFLICT, LOCAL, op->match->stray);
	} else if (match_is_text(op->match)) {
		decide(op, VERB_LEAVE, SERVER, "a text form of a message that is not known here");
		op->leave = LEAVE_SET_ASIDE;
	} else if (policy->direction == DIRECTION_PULL) {
		decide(op, VERB_NONE, SERVER, NULL);
	} else if (policy->server_read_only) {
		decide(op, VERB_LEAVE, SERVER, "the folder is read-only on the server");
		op->leave = LEAVE_SET_ASIDE;
	} else {
		decide(op, VERB_COPY, SERVER, NULL);
	}
}

/* What lies here is a text form, or was one: what the server has is more than either.  Where the one took the
 * place of the other unedited, a run was stopped in between, or the user brought it back: it is fetched once
 * more. */
static void plan_text_edit(struct op *op)
{
	const struct match *match = op->match;
	const struct print *was = &match->row->print, *now = &match->print;
	bool was_text = match->row->marks & ROW_TEXT, is_whole = !match->stub && was->size == now->size;

	if (was_text != is_whole || !digest_equal(&was->head, is_whole ? &now->head : &match->stub->head))
		decide(op, VERB_CONFLICT, LOCAL, "edited here, where only its text was");
	else
		decide(op, VERB_UPDATE, LOCAL, is_whole ? "whole again" : "whole before");
}

/* The local item was edited, the server's is as it was. */
static void plan_local_edit(struct op *op, const struct policy *policy)
{
	if (match_is_text(op->match) || op->match->row->marks & ROW_TEXT)
		plan_text_edit(op);
	else if (policy->direction == DIRECTION_PULL)
		decide(op, VERB_CONFLICT, LOCAL, "edited here, direction = pull");
	else if (policy->server_read_only)
		decide(op, VERB_CONFLICT, LOCAL, "edited here, read-only on the server");
	else
		decide(op, VERB_UPDATE, SERVER, NULL);
}

/* Both sides have a version that the other has not seen. */
static void plan_clash(struct op *op, const struct policy *policy, const char *why)
{
	switch (match_compare(op->match)) {
	case NOT_COMPARED:
		decide(op, VERB_LOOK, SERVER, NULL);
		op->compare = true;
		return;
	case EQUAL:
		decide(op, VERB_AGREE, SERVER, NULL);
		return;
	case DIFFERENT:
		if (pushes(policy))
			plan_deadlock(op, "changed on both sides, direction = push");
		else
			decide(op, VERB_CONFLICT, LOCAL, why);
		return;
	}
}

/* Both sides made something else of what both had. */
static void plan_both_edited(struct op *op, const struct policy *policy)
{
	const struct match *match = op->match;

	plan_clash(op, policy, "edited on both sides");
	if (op->verb != VERB_CONFLICT || reverts(policy) || match->damaged)
		return;
	if (match->merging != MERGE_UNTRIED && !match->merge_counted && !policy->merge)
		return;
	op->said = match->merge_said;
	switch (match->merging) {
	case MERGE_UNTRIED:
		decide(op, VERB_LOOK, SERVER, NULL);
		op->merge = true;
		return;
	case MERGE_REFUSED:
		return;
	case MERGE_AS_SERVER:
		decide(op, VERB_UPDATE, LOCAL, "merged");
		return;
	case MERGE_AS_LOCAL:
		decide(op, VERB_UPDATE, SERVER, "merged");
		return;
	case MERGE_OF_BOTH:
		decide(op, VERB_MERGE, SERVER, NULL);
		return;
	}
}

/* The row has no ref on the server (any more): it was never sent, or renumbering lost it, or it is
 * kept here on purpose. */
static void plan_without_server(struct op *op, enum change local, const struct policy *policy)
{
	bool kept = op->match->row && op->match->row->marks & ROW_KEPT;

	switch (local) {
	case CHANGE_ABSENT:
	case CHANGE_GONE:
		decide(op, VERB_FORGET, LOCAL, NULL);
		return;
	case CHANGE_NEW:
	case CHANGE_SAME:
	case CHANGE_EDITED:
	case CHANGE_UNSURE:
		if (!kept || (pushes(policy) && local == CHANGE_EDITED))
			plan_new_here(op, policy);
		else if (pushes(policy) && local == CHANGE_UNSURE)
			decide(op, VERB_LOOK, LOCAL, NULL);
		else
			decide(op, VERB_NONE, LOCAL, NULL);
		return;
	}
}

/* Both sides are as they were. */
static void plan_same(struct op *op)
{
	const struct match *match = op->match;

	/* First its name is learnt: a run that is stopped when it has replaced the file finds it by that. */
	if (match->mended || match_moved_on(match, SERVER) || match_moved_on(match, LOCAL))
		decide(op, VERB_AGREE, LOCAL, NULL);
	else if (match->become == FORM_WHOLE)
		decide(op, VERB_UPDATE, LOCAL, "completed");
	else if (match->become == FORM_TEXT)
		decide(op, VERB_UPDATE, LOCAL, "attachments expired");
	else
		decide(op, VERB_NONE, LOCAL, NULL);
}

/* The server has the item as it was. */
static void plan_server_same(struct op *op, enum change local, const struct policy *policy)
{
	const struct match *match = op->match;

	switch (local) {
	case CHANGE_ABSENT: /* the row has no local ref: kept there, or not brought here yet */
		if (match->row->marks & ROW_KEPT || pushes(policy))
			decide(op, VERB_NONE, LOCAL, NULL);
		else
			decide(op, VERB_COPY, LOCAL, NULL);
		return;
	case CHANGE_NEW:
		plan_clash(op, policy, "new on both sides");
		return;
	case CHANGE_SAME:
		plan_same(op);
		return;
	case CHANGE_EDITED:
		plan_local_edit(op, policy);
		return;
	case CHANGE_GONE:
		plan_local_removal(op, policy);
		return;
	case CHANGE_UNSURE:
		decide(op, VERB_LOOK, LOCAL, NULL);
		return;
	}
}

/* The server's item was edited, or (unsure) may have been. */
static void plan_server_edited(struct op *op, enum change local, const struct policy *policy, bool unsure)
{
	switch (local) {
	case CHANGE_ABSENT:
		if (op->match->row->marks & ROW_KEPT || pushes(policy))
			decide(op, VERB_NONE, LOCAL, NULL);
		else
			decide(op, VERB_COPY, LOCAL, NULL);
		return;
	case CHANGE_NEW:
		plan_clash(op, policy, "edited on the server, new here");
		return;
	case CHANGE_SAME: /* reading it will show whether it changed */
		if (pushes(policy))
			decide(op, VERB_NONE, LOCAL, NULL);
		else
			decide(op, VERB_UPDATE, LOCAL, NULL);
		return;
	case CHANGE_EDITED:
		if (unsure)
			decide(op, VERB_LOOK, SERVER, NULL);
		else
			plan_both_edited(op, policy);
		return;
	case CHANGE_GONE:
		if (reverts(policy))
			decide(op, VERB_COPY, LOCAL, "removals here are taken back");
		else if (unsure)
			decide(op, VERB_LOOK, SERVER, NULL);
		else if (pushes(policy))
			plan_deadlock(op, "removed here, edited on the server, direction = push");
		else
			decide(op, VERB_CONFLICT, LOCAL, "removed here, edited on the server");
		return;
	case CHANGE_UNSURE:
		decide(op, VERB_LOOK, unsure ? SERVER : LOCAL, NULL);
		return;
	}
}

/* The server's item vanished. */
static void plan_server_gone(struct op *op, enum change local, const struct policy *policy)
{
	switch (local) {
	case CHANGE_ABSENT:
	case CHANGE_GONE:
		decide(op, VERB_FORGET, LOCAL, NULL);
		return;
	case CHANGE_NEW:
		plan_new_here(op, policy);
		return;
	case CHANGE_SAME:
		plan_server_removal(op, policy);
		return;
	case CHANGE_EDITED:
		if (policy->keep_removed)
			decide(op, VERB_KEEP, LOCAL, "removals = keep");
		else if (pushes(policy))
			decide(op, VERB_COPY, SERVER, "removed on the server, direction = push");
		else
			decide(op, VERB_CONFLICT, LOCAL, "edited here, removed on the server");
		return;
	case CHANGE_UNSURE:
		decide(op, VERB_LOOK, LOCAL, NULL);
		return;
	}
}

/* The server has an item that the base does not know. */
static void plan_server_new(struct op *op, enum change local, const struct policy *policy)
{
	bool kept = op->match->row && op->match->row->marks & ROW_KEPT; /* here, when it was gone there */

	switch (local) {
	case CHANGE_ABSENT:
	case CHANGE_GONE:
		if (pushes(policy))
			decide(op, VERB_NONE, LOCAL, NULL);
		else
			decide(op, VERB_COPY, LOCAL, NULL);
		return;
	case CHANGE_NEW:
	case CHANGE_SAME:
	case CHANGE_EDITED:
	case CHANGE_UNSURE:
		if (!kept || local != CHANGE_SAME)
			plan_clash(op, policy, "new on both sides");
		else if (!pushes(policy))
			decide(op, VERB_UPDATE, LOCAL, NULL);
		else /* it was kept from the server's removal, and is now from what came in its place */
			decide(op, VERB_NONE, LOCAL, NULL);
		return;
	}
}

/* The cell of the table for the item itself. */
static void plan_item(struct op *op, const struct policy *policy)
{
	enum change local = match_change(op->match, LOCAL);

	switch (match_change(op->match, SERVER)) {
	case CHANGE_ABSENT:
		plan_without_server(op, local, policy);
		return;
	case CHANGE_SAME:
		plan_server_same(op, local, policy);
		return;
	case CHANGE_NEW:
		plan_server_new(op, local, policy);
		return;
	case CHANGE_GONE:
		plan_server_gone(op, local, policy);
		return;
	case CHANGE_EDITED:
		plan_server_edited(op, local, policy, false);
		return;
	case CHANGE_UNSURE:
		plan_server_edited(op, local, policy, true);
		return;
	}
}

/* Flags, beside what happens to the item: only where both sides have it and neither is about to lose
 * it.  An item that is copied takes its flags along. */
static void plan_flags(struct arena *arena, struct op *op, const struct policy *policy)
{
	const struct match *match = op->match;
	struct flags base[SIDES], now[SIDES];
	struct flag_delta delta[SIDES];

	if (!match->now[SERVER] || !match->now[LOCAL])
		return;
	if (op->verb != VERB_NONE && op->verb != VERB_AGREE && op->verb != VERB_UPDATE)
		return;
	memset(delta, 0, sizeof delta);
	now[SERVER] = match->now[SERVER]->flags;
	now[LOCAL] = match->now[LOCAL]->flags;
	if (match->become != FORM_AS_IT_IS && op->verb == VERB_UPDATE && op->side == LOCAL &&
	    match_base_flags(match, base) &&
	    !(flags_equal(base[SERVER], now[SERVER]) && flags_equal(base[LOCAL], now[LOCAL])))
		decide(op, VERB_NONE, LOCAL, NULL); /* flags first; the next round finds it again */
	if (match_base_flags(match, base)) {
		if (flags_equal(base[SERVER], now[SERVER]) && flags_equal(base[LOCAL], now[LOCAL]))
			return;
		flags_merge(arena, base, now, delta);
		if (op->verb == VERB_NONE) /* even with nothing to send, the base has moved */
			decide(op, VERB_AGREE, SERVER, NULL);
	} else {
		flags_join(arena, now, delta);
	}
	if (reverts(policy)) /* flags stay local */
		memset(&delta[SERVER], 0, sizeof delta[SERVER]);
	if (pushes(policy))
		memset(&delta[LOCAL], 0, sizeof delta[LOCAL]);
	if (flag_delta_none(&delta[SERVER]) && flag_delta_none(&delta[LOCAL]))
		return;
	op->flags = arena_alloc(arena, sizeof delta);
	memcpy(op->flags, delta, sizeof delta);
	if (op->verb == VERB_AGREE && match->row && !match->mended && !match_moved_on(match, SERVER) &&
	    !match_moved_on(match, LOCAL))
		decide(op, VERB_FLAG, SERVER, NULL);
}

/* --pull and --push: the other direction stays pending. */
static void plan_restrict(struct op *op, const struct policy *policy)
{
	enum side barred = policy->pull_only ? SERVER : LOCAL;

	if (!policy->pull_only && !policy->push_only)
		return;
	switch (op->verb) {
	case VERB_COPY:
	case VERB_UPDATE:
	case VERB_REMOVE:
	case VERB_MERGE:
	case VERB_CONFLICT:
	case VERB_MOVE:
	case VERB_DUPLICATE:
		if (op->side == barred) {
			decide(op, VERB_LEAVE, op->side, policy->pull_only ? "--pull" : "--push");
			op->leave = LEAVE_DIRECTION;
			op->flags = NULL;
			op->said = NULL;
		}
		break;
	case VERB_NONE:
	case VERB_AGREE:
	case VERB_LOOK:
	case VERB_FLAG:
	case VERB_KEEP:
	case VERB_FORGET:
	case VERB_LEAVE:
		break;
	}
	if (op->flags && !flag_delta_none(&op->flags[barred])) {
		memset(&op->flags[barred], 0, sizeof op->flags[barred]);
		op->flags_left = true;
		if (flag_delta_none(&op->flags[side_other(barred)]))
			op->flags = NULL;
	}
}

/* A file that nobody can read is an edit that cannot be sent.  Where it is not to be sent anyway it is like
 * any other: the server's side stands. */
static bool gives_way(const struct match *match, const struct policy *policy)
{
	if (!match->damaged || !match->row || !match->now[LOCAL])
		return false;
	switch (match_change(match, SERVER)) {
	case CHANGE_EDITED:
	case CHANGE_UNSURE:
	case CHANGE_GONE:
		return true;
	case CHANGE_SAME:
		return reverts(policy);
	case CHANGE_ABSENT:
	case CHANGE_NEW:
		return false;
	}
	return false;
}

void plan_match(struct arena *arena, struct match *match, const struct kind_traits *traits,
		const struct policy *policy, struct op *op)
{
	memset(op, 0, sizeof *op);
	op->match = match;
	op->folder = op->to = match->folder;
	match->op = op;
	if (match->absorbed)
		return;
	if (match->trouble && !gives_way(match, policy)) {
		decide(op, VERB_LEAVE, SERVER, match->trouble);
		op->leave = LEAVE_SET_ASIDE;
		return;
	}
	plan_item(op, policy);
	if (traits->has_flags)
		plan_flags(arena, op, policy);
	plan_restrict(op, policy);
}
