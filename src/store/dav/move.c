/* Move: items go to another collection of the same account: by MOVE (RFC 4918 9.9); where the server refuses
 * that, by a PUT there and a DELETE here; where it refuses the PUT since a UID may be used once in all
 * collections, by the DELETE first.  An item with participants never goes that last way: its removal could
 * send mail.
 *
 * Moves go through their stages together; each stage is one flight. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/step.h"
#include "base/str.h"
#include "store/dav/cache.h"
#include "store/dav/fetch.h"
#include "store/dav/href.h"
#include "store/dav/item.h"
#include "store/dav/put.h"

#include <string.h>

#define WINDOW     64 /* moves under way at a time */
#define NAMES_MOST 3  /* tried at the new place */
#define ROUNDS     16 /* of one move, more than it can need */

enum stage {
	STAGE_CHECK, /* get it: no server compares its revision */
	STAGE_MOVE,
	STAGE_GET, /* MOVE is refused: get it */
	STAGE_PUT,
	STAGE_LOOK,   /* something is at the new place, or may be: get that */
	STAGE_DELETE, /* at the old place, the new one being there */
	STAGE_UNDO,   /* it changed meanwhile: the new one goes again */
	STAGE_CLEAR,  /* at the old place first */
	STAGE_FILL,   /* then the PUT */
	STAGE_BACK,   /* which was refused: back to the old place */
	STAGE_DONE
};

struct moving {
	struct dav *dav;
	struct transfer *transfer;
	struct collection *from, *to;
	struct arena *arena; /* the caller's */
	enum stage stage;
	unsigned names;       /* tried */
	const char *ref;      /* at the new place */
	const char *revision; /* at the old place, when it was got */
	const char *stored;   /* revision at the new place; NULL: not told */
	struct body *body;
	struct ask *ask;
	const struct fail *refusal;
};

/* ---- names -------------------------------------------------------------------------------- */

/* The name that is tried next: the wish, or the old one, as far as they are written in one way only. */
static const char *name_next(struct moving *moving)
{
	const struct transfer *transfer = moving->transfer;
	const char *suffix = flavour_traits(moving->to->flavour)->suffix;
	const char *old = strrchr(transfer->ref, '/');

	old = old ? old + 1 : transfer->ref;
	if (moving->names == 0 && transfer->name && href_plain(transfer->name)) {
		moving->names = 1;
		return transfer->name;
	}
	if (moving->names <= 1 && href_plain(old) && (!transfer->name || strcmp(old, transfer->name))) {
		moving->names = 2;
		return old;
	}
	moving->names = moving->names < 2 ? 2 : moving->names;
	return href_name(moving->arena, old, suffix, ++moving->names - 2);
}

static bool more_names(const struct moving *moving)
{
	return moving->names < 2 + NAMES_MOST;
}

/* ---- outcomes ----------------------------------------------------------------------------- */

static void end(struct moving *moving, const struct fail *fail)
{
	moving->transfer->fail = fail;
	moving->stage = STAGE_DONE;
}

static void end_stale(struct moving *moving, const char *why)
{
	end(moving, fail_make(FAIL_STALE, FAIL_ITEM, "%s: %s", moving->transfer->ref, why));
}

static void end_there(struct moving *moving)
{
	struct transfer *transfer = moving->transfer;
	struct unsure unsure = {
		.collection = moving->to,
		.arena = moving->arena,
		.now = &transfer->now,
		.fail = &transfer->fail,
	};

	unsure.ref = arena_str(moving->arena, moving->ref);
	transfer->now = (struct version){ .ref = unsure.ref };
	cache_drop(moving->dav->cache, moving->from, transfer->ref);
	cache_drop(moving->dav->cache, moving->to, moving->ref);
	if (moving->body)
		unsure.normal = moving->body->facts.normal;
	if (moving->stored && item_is_strong(moving->stored))
		transfer->now.revision = moving->stored;
	else
		settle_later(moving->dav, &unsure);
	end(moving, NULL);
}

/* An answer that was not learnt: what is there now is for the next look. */
static bool ended_open(struct moving *moving)
{
	if (!put_is_open(moving->ask))
		return false;
	end_stale(moving, "the line was cut while it was moved");
	return true;
}

/* ---- MOVE --------------------------------------------------------------------------------- */

static void ask_get(struct moving *moving, struct asks *asks)
{
	moving->ask = fetch_get(asks, moving->from, moving->transfer->ref);
}

/* ETags as HTTP writes them and as XML does can differ in their quotes. */
static bool same_revision(const char *a, const char *b)
{
	size_t x = strlen(a), y = strlen(b);

	if (x >= 2 && *a == '"' && a[x - 1] == '"')
		a++, x -= 2;
	if (y >= 2 && *b == '"' && b[y - 1] == '"')
		b++, y -= 2;
	return x == y && memcmp(a, b, x) == 0;
}

/* Was got at the old place: is it what was seen?  Its bytes are kept for a PUT. */
static void got(struct moving *moving)
{
	const struct ask *ask = moving->ask;
	const struct transfer *transfer = moving->transfer;
	const char *seen = transfer->if_revision, *content;
	const struct fail *f;

	if (!ask_ok(ask)) {
		end(moving, fail_scoped(ask_fail(ask, FAIL_ITEM), FAIL_ITEM));
		return;
	}
	moving->revision = item_revision(moving->arena, ask->http.etag, ask->said.data, ask->said.size);
	content = item_revision(moving->arena, NULL, ask->said.data, ask->said.size);
	if (seen && !same_revision(seen, moving->revision) && strcmp(seen, content) != 0 &&
	    !(item_is_strong(seen) && !ask->http.etag)) {
		end_stale(moving, "has changed on the server");
		return;
	}
	if (moving->stage == STAGE_CHECK) {
		moving->stage = STAGE_MOVE;
		return;
	}
	f = body_of_memory(ask->said.data, ask->said.size, body_form_of(transfer->folder->kind),
			   &moving->body);
	if (f)
		end(moving, f);
	else
		moving->stage = STAGE_PUT;
}

static void ask_move(struct moving *moving, struct asks *asks)
{
	const struct transfer *transfer = moving->transfer;
	const struct fail *f = step("move");

	if (f) {
		asks->stop = f;
		return;
	}
	moving->ask = asks_add(asks, moving->from->origin, "MOVE",
			       item_target(asks->arena, moving->from, transfer->ref));
	ask_header(moving->ask, arena_printf(asks->arena, "Destination: %s%s", moving->to->origin->url,
					     item_target(asks->arena, moving->to, moving->ref)));
	ask_header(moving->ask, "Overwrite: F");
	if (transfer->if_revision && item_is_strong(transfer->if_revision))
		ask_header(moving->ask, put_condition(asks->arena, transfer->if_revision));
	moving->from->wrote = moving->to->wrote = true;
	moving->from->ctag_old = moving->to->ctag_old = true;
}

static void moved(struct moving *moving)
{
	const struct ask *ask = moving->ask;

	if (ask_ok(ask)) {
		end_there(moving);
	} else if (ended_open(moving)) {
		return;
	} else if (ask->fail) {
		end(moving, fail_scoped(ask->fail, FAIL_ITEM));
	} else if (ask->status == 404 || ask->status == 410 || ask->status == 507 || ask_uid_conflict(ask)) {
		end(moving, ask_uid_conflict(ask)
				    ? fail_make(FAIL_EXISTS, FAIL_ITEM, "another item there has its UID: %s",
						moving->to->path)
				    : ask_fail(ask, FAIL_ITEM));
	} else {
		/* QUIRK(xandikos): no MOVE.  The name being taken (412) is settled by the same way, too. */
		if (ask->status == 405 || ask->status == 501)
			dav_lacks(moving->dav, moving->from, LACKS_MOVE);
		moving->stage = STAGE_GET;
	}
}

/* ---- PUT and DELETE ----------------------------------------------------------------------- */

static void ask_put(struct moving *moving, struct asks *asks)
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

static void was_put(struct moving *moving)
{
	const struct ask *ask = moving->ask;

	if (ask_ok(ask)) {
		moving->ref = arena_str(moving->arena, put_ref(ask, moving->to, moving->ref));
		moving->stored = arena_str(moving->arena, ask->http.etag);
		moving->stage = STAGE_DELETE;
	} else if (is_own_conflict(moving) && !moving->body->facts.scheduled) {
		moving->stage = STAGE_CLEAR;
	} else if (is_own_conflict(moving)) {
		end(moving,
		    fail_make(FAIL_REFUSED, FAIL_ITEM,
			      "the server does not move it, and its participants would get mail if it "
			      "were removed and made again"));
	} else if (ask_uid_conflict(ask)) {
		end(moving, fail_make(FAIL_EXISTS, FAIL_ITEM, "another item there has its UID: %s",
				      moving->to->path));
	} else if (put_is_open(ask) || (!ask->fail && (ask->status == 412 || ask->status == 409))) {
		moving->refusal = put_is_open(ask) ? NULL : ask_fail(ask, FAIL_ITEM);
		moving->stage = STAGE_LOOK;
	} else {
		end(moving, fail_scoped(ask_fail(ask, FAIL_ITEM), FAIL_ITEM));
	}
}

static void ask_look(struct moving *moving, struct asks *asks)
{
	moving->ask = fetch_get(asks, moving->to, moving->ref);
}

/* What is at the new place: the same, from a run that was ended; or a thing that only has this name. */
static void looked(struct moving *moving)
{
	const struct ask *ask = moving->ask;
	struct item_facts facts = { 0 };
	bool same, mine;

	if (!ask_ok(ask)) {
		if (moving->refusal)
			end(moving, moving->refusal);
		else
			end_stale(moving, "the line was cut while it was moved");
		return;
	}
	item_read(ask->said.data, ask->said.size, moving->to->flavour == BOOK, &facts);
	same = digest_equal(&facts.normal, &moving->body->facts.normal);
	mine = facts.uid && moving->body->facts.uid && strcmp(facts.uid, moving->body->facts.uid) == 0;
	item_facts_free(&facts);
	if (same) {
		moving->stored = arena_str(moving->arena, ask->http.etag);
		moving->stage = STAGE_DELETE;
	} else if (mine || !more_names(moving)) {
		end(moving, fail_make(FAIL_EXISTS, FAIL_ITEM, "%s: there is another version of it already",
				      moving->to->path));
	} else {
		moving->ref = name_next(moving);
		moving->stage = STAGE_PUT;
	}
}

static void ask_delete(struct moving *moving, struct asks *asks)
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

static void was_deleted(struct moving *moving)
{
	const struct ask *ask = moving->ask;

	if (is_gone(ask)) {
		end_there(moving);
		return;
	}
	if (ended_open(moving))
		return;
	moving->refusal = ask->status == 412
				  ? fail_make(FAIL_STALE, FAIL_ITEM, "%s has changed on the server",
					      moving->transfer->ref)
				  : ask_fail(ask, FAIL_ITEM);
	moving->stage = STAGE_UNDO;
}

static void was_undone(struct moving *moving)
{
	end(moving, fail_scoped(moving->refusal, FAIL_ITEM));
}

/* ---- DELETE, then PUT --------------------------------------------------------------------- */

static void was_cleared(struct moving *moving)
{
	const struct ask *ask = moving->ask;

	if (ask_ok(ask))
		moving->stage = STAGE_FILL;
	else if (!ended_open(moving))
		end(moving, !ask->fail && ask->status == 412
				    ? fail_make(FAIL_STALE, FAIL_ITEM, "%s has changed on the server",
						moving->transfer->ref)
				    : fail_scoped(ask_fail(ask, FAIL_ITEM), FAIL_ITEM));
}

static void was_filled(struct moving *moving)
{
	const struct ask *ask = moving->ask;

	if (ask_ok(ask)) {
		moving->stored = arena_str(moving->arena, ask->http.etag);
		end_there(moving);
		return;
	}
	moving->refusal = put_is_open(ask)
				  ? fail_make(FAIL_STALE, FAIL_ITEM, "the line was cut while it was moved")
				  : ask_fail(ask, FAIL_ITEM);
	moving->stage = STAGE_BACK;
}

static void ask_back(struct moving *moving, struct asks *asks)
{
	moving->ask = put_add(asks, moving->from, moving->transfer->ref, moving->body,
			      put_condition(asks->arena, NULL));
}

static void was_put_back(struct moving *moving)
{
	if (ask_ok(moving->ask))
		end(moving, fail_scoped(moving->refusal, FAIL_ITEM));
	else
		end(moving, fail_scoped(fail_in(moving->refusal,
						"it is on the server no more, the file here holds it"),
					FAIL_ITEM));
}

/* ---- all ---------------------------------------------------------------------------------- */

static const struct {
	void (*ask)(struct moving *, struct asks *);
	void (*answered)(struct moving *);
} stages[] = {
	[STAGE_CHECK] = { ask_get, got },
	[STAGE_MOVE] = { ask_move, moved },
	[STAGE_GET] = { ask_get, got },
	[STAGE_PUT] = { ask_put, was_put },
	[STAGE_LOOK] = { ask_look, looked },
	[STAGE_DELETE] = { ask_delete, was_deleted },
	[STAGE_UNDO] = { ask_delete, was_undone },
	[STAGE_CLEAR] = { ask_delete, was_cleared },
	[STAGE_FILL] = { ask_put, was_filled },
	[STAGE_BACK] = { ask_back, was_put_back },
};

static void moving_begin(struct moving *moving)
{
	struct transfer *transfer = moving->transfer;
	const struct fail *f = dav_collection(moving->dav, transfer->folder, &moving->from);

	transfer->now = (struct version){ 0 };
	if (!f)
		f = dav_collection(moving->dav, transfer->to, &moving->to);
	if (!f && transfer->copy)
		f = fail_make(FAIL_REFUSED, FAIL_ITEM, "an item is in one collection only");
	if (!f && (moving->from->read_only || moving->to->read_only))
		f = fail_make(FAIL_DENIED, FAIL_ITEM, "%s: is read-only",
			      (moving->from->read_only ? moving->from : moving->to)->path);
	if (!f && moving->from->flavour != moving->to->flavour)
		f = fail_make(FAIL_REFUSED, FAIL_ITEM, "%s is for other things", moving->to->path);
	if (f) {
		end(moving, f);
		return;
	}
	moving->ref = name_next(moving);
	if (moving->from->origin != moving->to->origin || dav_is_lacking(moving->from, LACKS_MOVE))
		moving->stage = STAGE_GET;
	else if (transfer->if_revision && !item_is_strong(transfer->if_revision))
		moving->stage = STAGE_CHECK;
	else
		moving->stage = STAGE_MOVE;
}

static const struct fail *round_run(struct dav *dav, struct moving *movings, size_t count, bool *open)
{
	struct arena *arena = arena_new();
	const struct fail *f;
	struct asks asks;

	asks_begin(&asks, dav, arena);
	for (size_t i = 0; i < count && !asks.stop; i++) {
		movings[i].ask = NULL;
		if (movings[i].stage != STAGE_DONE)
			stages[movings[i].stage].ask(&movings[i], &asks);
	}
	*open = asks.list.count > 0;
	f = asks.stop ? asks.stop : asks_run(&asks);
	for (size_t i = 0; i < count && !f; i++)
		if (movings[i].ask)
			stages[movings[i].stage].answered(&movings[i]);
	asks_end(&asks);
	arena_free(arena);
	return f;
}

static const struct fail *move_window(struct dav *dav, struct transfer *transfers, size_t count,
				      struct arena *arena)
{
	struct moving movings[WINDOW] = { 0 };
	const struct fail *f = NULL;
	bool open = true;

	for (size_t i = 0; i < count; i++) {
		movings[i].dav = dav;
		movings[i].transfer = &transfers[i];
		movings[i].arena = arena;
		moving_begin(&movings[i]);
	}
	for (int round = 0; !f && open && round < ROUNDS; round++)
		f = round_run(dav, movings, count, &open);
	for (size_t i = 0; i < count; i++) {
		if (movings[i].stage != STAGE_DONE)
			transfers[i].fail =
				f ? f : fail_make(FAIL_REFUSED, FAIL_ITEM, "it cannot be settled");
		body_free(movings[i].body);
	}
	return f;
}

const struct fail *dav_transfer(struct store *store, struct transfer *transfers, size_t count,
				struct arena *arena)
{
	const struct fail *f = NULL;

	for (size_t from = 0; from < count; from += WINDOW) {
		size_t some = count - from < WINDOW ? count - from : WINDOW;

		if (!f)
			f = move_window(dav_of(store), transfers + from, some, arena);
		else
			for (size_t i = 0; i < some; i++)
				transfers[from + i].fail = f;
	}
	return f;
}
