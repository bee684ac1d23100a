/* Carry: a move by PUT at the new place and DELETE at the old one, where the server moves nothing itself. */
#include "store/dav/moving.h"

#include "base/arena.h"
#include "base/step.h"
#include "format/item.h"
#include "store/dav/fetch.h"
#include "store/dav/href.h"
#include "store/dav/item.h"
#include "store/dav/put.h"

#include <string.h>

/* ---- PUT and DELETE ----------------------------------------------------------------------- */

void carry_put(struct moving *moving, struct asks *asks)
{
	moving->ask = put_add(asks, moving->to, moving->ref, moving->body, put_condition(asks->arena, NULL));
}

/* Does the server say that the item in its old place is in the way? */
static bool is_own_conflict(const struct moving *moving)
{
	const struct ask *ask = moving->ask;
	struct arena *arena = ask->asks->arena;
	const char *there, *here;

	if (!ask_uid_conflict(ask) || moving->from->origin != moving->to->origin)
		return false;
	there = href_norm(arena, moving->to->target, ask->detail);
	here = href_norm(arena, "/", item_target(arena, moving->from, moving->transfer->ref));
	return there && here && strcmp(there, here) == 0;
}

void carry_was_put(struct moving *moving)
{
	const struct ask *ask = moving->ask;

	if (ask_ok(ask)) {
		moving->ref = arena_str(moving->arena, put_ref(ask, moving->to, moving->ref));
		moving->stored = arena_str(moving->arena, ask->http.etag);
		moving->stage = STAGE_DELETE;
	} else if (is_own_conflict(moving) && !moving->body->facts.scheduled) {
		moving->stage = STAGE_CLEAR;
	} else if (is_own_conflict(moving)) {
		moving_end(moving,
			   fail_make(FAIL_REFUSED, FAIL_ITEM,
				     "the server does not move it, and its participants would get mail if it "
				     "were removed and made again"));
	} else if (ask_uid_conflict(ask)) {
		moving_end(moving, fail_make(FAIL_EXISTS, FAIL_ITEM, "another item there has its UID: %s",
					     moving->to->path));
	} else if (put_is_open(ask) || (!ask->fail && (ask->status == 412 || ask->status == 409))) {
		moving->refusal = put_is_open(ask) ? NULL : ask_fail(ask, FAIL_ITEM);
		moving->stage = STAGE_LOOK;
	} else {
		moving_end(moving, fail_scoped(ask_fail(ask, FAIL_ITEM), FAIL_ITEM));
	}
}

void carry_look(struct moving *moving, struct asks *asks)
{
	moving->ask = fetch_get(asks, moving->to, moving->ref);
}

/* What is at the new place: the same, from a run that was ended; or a thing that only has this name. */
void carry_looked(struct moving *moving)
{
	const struct ask *ask = moving->ask;
	struct item_facts facts = { 0 };
	bool same, mine;

	if (!ask_ok(ask)) {
		if (moving->refusal)
			moving_end(moving, moving->refusal);
		else
			moving_end_stale(moving, "the line was cut while it was moved");
		return;
	}
	item_read(ask->said.data, ask->said.size, moving->to->flavour == BOOK, &facts);
	same = digest_equal(&facts.normal, &moving->body->facts.normal);
	mine = facts.uid && moving->body->facts.uid && strcmp(facts.uid, moving->body->facts.uid) == 0;
	item_facts_free(&facts);
	if (same) {
		moving->stored = arena_str(moving->arena, ask->http.etag);
		moving->stage = STAGE_DELETE;
	} else if (mine || !moving_has_names(moving)) {
		moving_end(moving, fail_make(FAIL_EXISTS, FAIL_ITEM,
					     "%s: there is another version of it already", moving->to->path));
	} else {
		moving->ref = moving_name(moving);
		moving->stage = STAGE_PUT;
	}
}

void carry_delete(struct moving *moving, struct asks *asks)
{
	bool undo = moving->stage == STAGE_UNDO;
	struct collection *collection = undo ? moving->to : moving->from;
	const char *revision = undo ? moving->stored : moving->revision;
	const struct fail *f = step("delete");

	if (f) {
		asks->stop = f;
		return;
	}
	moving->ask =
		asks_add(asks, collection->origin, "DELETE",
			 item_target(asks->arena, collection, undo ? moving->ref : moving->transfer->ref));
	if (revision && item_is_strong(revision))
		ask_header(moving->ask, put_condition(asks->arena, revision));
	collection->wrote = collection->ctag_old = true;
}

static bool is_gone(const struct ask *ask)
{
	return ask_ok(ask) || (!ask->fail && (ask->status == 404 || ask->status == 410));
}

void carry_was_deleted(struct moving *moving)
{
	const struct ask *ask = moving->ask;

	if (is_gone(ask)) {
		moving_end_there(moving);
		return;
	}
	if (moving_ended_open(moving))
		return;
	moving->refusal = ask->status == 412
				  ? fail_make(FAIL_STALE, FAIL_ITEM, "%s has changed on the server",
					      moving->transfer->ref)
				  : ask_fail(ask, FAIL_ITEM);
	moving->stage = STAGE_UNDO;
}

void carry_was_undone(struct moving *moving)
{
	moving_end(moving, fail_scoped(moving->refusal, FAIL_ITEM));
}

/* ---- DELETE, then PUT --------------------------------------------------------------------- */

void carry_was_cleared(struct moving *moving)
{
	const struct ask *ask = moving->ask;

	if (ask_ok(ask))
		moving->stage = STAGE_FILL;
	else if (!moving_ended_open(moving))
		moving_end(moving, !ask->fail && ask->status == 412
					   ? fail_make(FAIL_STALE, FAIL_ITEM, "%s has changed on the server",
						       moving->transfer->ref)
					   : fail_scoped(ask_fail(ask, FAIL_ITEM), FAIL_ITEM));
}

void carry_was_filled(struct moving *moving)
{
	const struct ask *ask = moving->ask;

	if (ask_ok(ask)) {
		moving->stored = arena_str(moving->arena, ask->http.etag);
		moving_end_there(moving);
		return;
	}
	moving->refusal = put_is_open(ask)
				  ? fail_make(FAIL_STALE, FAIL_ITEM, "the line was cut while it was moved")
				  : ask_fail(ask, FAIL_ITEM);
	moving->stage = STAGE_BACK;
}

void carry_back(struct moving *moving, struct asks *asks)
{
	moving->ask = put_add(asks, moving->from, moving->transfer->ref, moving->body,
			      put_condition(asks->arena, NULL));
}

void carry_was_put_back(struct moving *moving)
{
	if (ask_ok(moving->ask))
		moving_end(moving, fail_scoped(moving->refusal, FAIL_ITEM));
	else
		moving_end(moving, fail_scoped(fail_in(moving->refusal,
						       "it is on the server no more, the file here holds it"),
					       FAIL_ITEM));
}
