/* Remove: deleting items, each only in the version that was seen; and whether one is there. */
#include "base/arena.h"
#include "base/memory.h"
#include "base/step.h"
#include "store/dav/cache.h"
#include "store/dav/fetch.h"
#include "store/dav/item.h"
#include "store/dav/put.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW 16 /* in one flight: each has passed step() before any of them goes out */

struct removing {
	struct removal *removal;
	struct collection *collection;
	const char *condition; /* If-Match; NULL none */
	bool check, open;
	bool not_found;        /* so the server answered to DELETE */
	struct ask *ask;
};

static void removing_begin(struct dav *dav, struct removing *removing)
{
	struct removal *removal = removing->removal;

	removal->fail = dav_collection(dav, removal->folder, &removing->collection);
	if (!removal->fail && removing->collection->read_only)
		removal->fail =
			fail_make(FAIL_DENIED, FAIL_ITEM, "%s: is read-only", removing->collection->path);
	removing->open = !removal->fail;
	removing->check = removal->if_revision && !item_is_strong(removal->if_revision);
}

/* No server compares its revision: is it still the one that was seen? */
static void checked(struct removing *removing)
{
	const struct ask *ask = removing->ask;
	struct arena *arena = ask->asks->arena;
	struct removal *removal = removing->removal;
	const char *revision;

	removal->fail = fail_scoped(ask_fail(ask, FAIL_ITEM), FAIL_ITEM);
	if (!removal->fail) {
		revision = item_revision(arena, ask->http.etag, ask->said.data, ask->said.size);
		if (strcmp(revision, removal->if_revision) != 0)
			removal->fail = fail_make(FAIL_STALE, FAIL_ITEM, "%s has changed on the server",
						  removal->ref);
	}
	removing->open = !removal->fail;
}

static const struct fail *check_all(struct dav *dav, struct removing *removings, size_t count)
{
	struct arena *arena = arena_new();
	const struct fail *f;
	struct asks asks;

	asks_begin(&asks, dav, arena);
	for (size_t i = 0; i < count; i++) {
		removings[i].ask = NULL;
		if (removings[i].open && removings[i].check)
			removings[i].ask =
				fetch_get(&asks, removings[i].collection, removings[i].removal->ref);
	}
	f = asks_run(&asks);
	for (size_t i = 0; i < count && !f; i++)
		if (removings[i].ask)
			checked(&removings[i]);
	asks_end(&asks);
	arena_free(arena);
	return f;
}

static void deleted(struct dav *dav, struct removing *removing)
{
	const struct ask *ask = removing->ask;
	struct removal *removal = removing->removal;

	removing->open = false;
	if (put_is_open(ask))
		removal->fail = fail_make(FAIL_STALE, FAIL_ITEM, "%s: the line was cut while it was removed",
					  removal->ref);
	else if (!ask->fail && ask->status == 412)
		removal->fail =
			fail_make(FAIL_STALE, FAIL_ITEM, "%s has changed on the server", removal->ref);
	else
		removal->fail = ask_fail(ask, FAIL_ITEM);
	removing->not_found = fail_is(removal->fail, FAIL_MISSING);
	cache_drop(dav->cache, removing->collection, removal->ref);
}

static const struct fail *delete_all(struct dav *dav, struct removing *removings, size_t count)
{
	struct arena *arena = arena_new();
	const struct fail *f = NULL;
	struct asks asks;

	asks_begin(&asks, dav, arena);
	for (size_t i = 0; i < count && !f; i++) {
		struct collection *collection = removings[i].collection;
		const struct removal *removal = removings[i].removal;

		removings[i].ask = NULL;
		if (!removings[i].open || (f = step("delete")))
			continue;
		removings[i].ask = asks_add(&asks, collection->origin, "DELETE",
					    item_target(arena, collection, removal->ref));
		if (removal->if_revision)
			ask_header(removings[i].ask, put_condition(arena, removal->if_revision));
		collection->wrote = collection->ctag_old = true;
	}
	if (!f)
		f = asks_run(&asks);
	for (size_t i = 0; i < count && !f; i++)
		if (removings[i].ask)
			deleted(dav, &removings[i]);
	asks_end(&asks);
	arena_free(arena);
	return f;
}

/* "Not found" can mean that nobody may know of it (RFC 9110 15.5.5): what is there still was not removed. */
static const struct fail *check_missing(struct store *store, struct removing *removings, size_t count)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < count; i++) {
		struct removal *removal = removings[i].removal;
		bool there = false;

		if (!removings[i].not_found)
			continue;
		f = dav_exists(store, removal->folder, removal->ref, &there);
		if (f && f->scope <= FAIL_FOLDER) {
			removal->fail = fail_scoped(f, FAIL_ITEM);
			f = NULL;
		} else if (there) {
			removal->fail = fail_make(FAIL_REFUSED, FAIL_ITEM, "%s, but it is there",
						  removal->fail->text);
		}
	}
	return f;
}

const struct fail *dav_remove(struct store *store, struct removal *removals, size_t count,
			      struct arena *arena)
{
	struct dav *dav = dav_of(store);
	struct removing *removings = memory_alloc((count + 1) * sizeof *removings);
	const struct fail *f = NULL;

	(void)arena;
	for (size_t i = 0; i < count; i++) {
		removings[i].removal = &removals[i];
		removing_begin(dav, &removings[i]);
	}
	for (size_t from = 0; !f && from < count; from += WINDOW) {
		size_t some = count - from < WINDOW ? count - from : WINDOW;

		f = check_all(dav, removings + from, some);
		if (!f)
			f = delete_all(dav, removings + from, some);
		if (!f)
			f = check_missing(store, removings + from, some);
	}
	for (size_t i = 0; i < count; i++)
		if (removings[i].open)
			removals[i].fail = f;
	free(removings);
	return f;
}

/* ---- exists ------------------------------------------------------------------------------- */

struct looking_for {
	const struct collection *collection;
	struct arena *arena;
	bool there, told;
};

static const struct fail *exists_take(void *context, const struct xml_response *response)
{
	struct looking_for *looking = context;
	struct item_response item;

	item_take(looking->collection, looking->arena, response, &item);
	looking->told = true;
	looking->there |= item.state == ITEM_THERE || item.state == ITEM_BROKEN;
	return NULL;
}

static const char exists_xml[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:propfind xmlns:D=\"DAV:\"><D:prop>"
	"<D:resourcetype/><D:getetag/></D:prop></D:propfind>";

const struct fail *dav_exists(struct store *store, const struct store_folder *folder, const char *ref,
			      bool *there)
{
	struct dav *dav = dav_of(store);
	struct looking_for looking = { .arena = arena_new() };
	struct collection *collection = NULL;
	const struct fail *f = dav_collection(dav, folder, &collection);
	struct asks asks;
	struct ask *ask;

	asks_begin(&asks, dav, looking.arena);
	if (f)
		goto out;
	looking.collection = collection;
	ask = asks_add(&asks, collection->origin, "PROPFIND", item_target(looking.arena, collection, ref));
	ask_multistatus(ask, "Depth: 0", exists_take, &looking);
	ask_xml(ask, exists_xml);
	f = asks_run(&asks);
	if (!f)
		f = ask_fail(ask, FAIL_ITEM);
	/* QUIRK(xandikos): PROPFIND of nothing is a 207 with the 404 inside. */
	*there = !f && looking.there;
	if (fail_is(f, FAIL_MISSING))
		f = NULL;
	else if (!f && !looking.told)
		f = fail_make(FAIL_PROTOCOL, FAIL_ITEM, "the answer does not tell about what was asked");
out:
	asks_end(&asks);
	arena_free(looking.arena);
	return f;
}
