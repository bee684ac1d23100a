/* Move: items go to another collection of the same account: by MOVE (RFC 4918 9.9); where the server refuses
 * that, by a PUT there and a DELETE here; where it refuses the PUT since a UID may be used once in all
 * collections, by the DELETE first.  An item with participants never goes that last way: its removal could
 * send mail.
 *
 * Moves go through their stages together; each stage is one flight. */
#include "base/arena.h"
#include "base/step.h"
#include "store/dav/cache.h"
#include "store/dav/fetch.h"
#include "store/dav/href.h"
#include "store/dav/item.h"
#include "store/dav/moving.h"
#include "store/dav/put.h"

#include <string.h>

#define WINDOW     64 /* moves under way at a time */
#define NAMES_MOST 3  /* tried at the new place */
#define ROUNDS     16 /* of one move, more than it can need */

/* ---- names -------------------------------------------------------------------------------- */

/* The name that is tried next: the wish, or the old one, as far as they are written in one way only. */
const char *moving_name(struct moving *moving)
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

bool moving_has_names(const struct moving *moving)
{
	return moving->names < 2 + NAMES_MOST;
}

/* ---- outcomes ----------------------------------------------------------------------------- */

void moving_end(struct moving *moving, const struct fail *fail)
{
	moving->transfer->fail = fail;
	moving->stage = STAGE_DONE;
}

void moving_end_stale(struct moving *moving, const char *why)
{
	moving_end(moving, fail_make(FAIL_STALE, FAIL_ITEM, "%s: %s", moving->transfer->ref, why));
}

void moving_end_there(struct moving *moving)
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
	if (moving->body) {
		unsure.normal = moving->body->facts.normal;
		named_later(moving->dav, moving->to, unsure.ref, &transfer->fail);
	}
	if (moving->stored && item_is_strong(moving->stored))
		transfer->now.revision = moving->stored;
	else
		settle_later(moving->dav, &unsure);
	moving_end(moving, NULL);
}

/* An answer that was not learnt: what is there now is for the next look. */
bool moving_ended_open(struct moving *moving)
{
	if (!put_is_open(moving->ask))
		return false;
	moving_end_stale(moving, "the line was cut while it was moved");
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
		moving_end(moving, fail_scoped(ask_fail(ask, FAIL_ITEM), FAIL_ITEM));
		return;
	}
	moving->revision = item_revision(moving->arena, ask->http.etag, ask->said.data, ask->said.size);
	content = item_revision(moving->arena, NULL, ask->said.data, ask->said.size);
	if (seen && !same_revision(seen, moving->revision) && strcmp(seen, content) != 0 &&
	    !(item_is_strong(seen) && !ask->http.etag)) {
		moving_end_stale(moving, "has changed on the server");
		return;
	}
	if (moving->stage == STAGE_CHECK) {
		moving->stage = STAGE_MOVE;
		return;
	}
	f = body_of_memory(ask->said.data, ask->said.size, body_form_of(transfer->folder->kind),
			   &moving->body);
	if (f)
		moving_end(moving, f);
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
		moving_end_there(moving);
	} else if (moving_ended_open(moving)) {
		return;
	} else if (ask->fail) {
		moving_end(moving, fail_scoped(ask->fail, FAIL_ITEM));
	} else if (ask->status == 404 || ask->status == 410 || ask->status == 507 || ask_uid_conflict(ask)) {
		moving_end(moving, ask_uid_conflict(ask)
					   ? fail_make(FAIL_EXISTS, FAIL_ITEM,
						       "another item there has its UID: %s", moving->to->path)
					   : ask_fail(ask, FAIL_ITEM));
	} else {
		/* QUIRK(xandikos): no MOVE.  The name being taken (412) is settled by the same way, too. */
		if (ask->status == 405 || ask->status == 501)
			dav_lacks(moving->dav, moving->from, LACKS_MOVE);
		moving->stage = STAGE_GET;
	}
}

/* ---- all ---------------------------------------------------------------------------------- */

static const struct {
	void (*ask)(struct moving *, struct asks *);
	void (*answered)(struct moving *);
} stages[] = {
	[STAGE_CHECK] = { ask_get, got },
	[STAGE_MOVE] = { ask_move, moved },
	[STAGE_GET] = { ask_get, got },
	[STAGE_PUT] = { carry_put, carry_was_put },
	[STAGE_LOOK] = { carry_look, carry_looked },
	[STAGE_DELETE] = { carry_delete, carry_was_deleted },
	[STAGE_UNDO] = { carry_delete, carry_was_undone },
	[STAGE_CLEAR] = { carry_delete, carry_was_cleared },
	[STAGE_FILL] = { carry_put, carry_was_filled },
	[STAGE_BACK] = { carry_back, carry_was_put_back },
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
		moving_end(moving, f);
		return;
	}
	moving->ref = moving_name(moving);
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
