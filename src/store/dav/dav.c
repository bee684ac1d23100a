/* DAV: opening and closing, the driver's table, servers, collections by folder. */
#include "store/dav/dav.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/memory.h"
#include "store/dav/cache.h"
#include "store/dav/room.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_MOST 86400 /* seconds */

static void dav_close(struct store *store)
{
	struct dav *dav = dav_of(store);

	for (size_t i = 0; i < dav->origins.count; i++)
		http_close(dav->origins.items[i]->http);
	cache_free(dav->cache);
	map_free(dav->collections);
	vec_free(&dav->origins);
	vec_free(&dav->homes);
	vec_free(&dav->order);
	vec_free(&dav->unsure);
	vec_free(&dav->named);
	arena_free(dav->arena);
	free(dav);
}

static const struct fail *dav_flag(struct store *store, struct flag_change *changes, size_t count,
				   struct arena *arena)
{
	(void)store;
	(void)arena;
	for (size_t i = 0; i < count; i++) {
		changes[i].fail = fail_make(FAIL_REFUSED, FAIL_ITEM, "items on a DAV server have no flags");
		changes[i].now = (struct flags){ 0 };
	}
	return NULL;
}

/* Writes can be repeated, so that nothing needs to be looked for. */
static const struct fail *dav_find(struct store *store, struct find *finds, size_t count, struct arena *arena)
{
	(void)store;
	(void)arena;
	for (size_t i = 0; i < count; i++) {
		finds[i].fail = NULL;
		finds[i].refs = NULL;
		finds[i].count = 0;
	}
	return NULL;
}

static const struct store_driver driver = {
	.name = "dav",
	.folders = dav_folders,
	.make = dav_make,
	.rename = dav_rename,
	.drop = dav_drop,
	.label = dav_label,
	.list = dav_list,
	.read = dav_read,
	.write = dav_write,
	.flag = dav_flag,
	.transfer = dav_transfer,
	.remove = dav_remove,
	.exists = dav_exists,
	.find = dav_find,
	.sync = dav_sync,
	.close = dav_close,
};

struct store *dav_open(const struct dav_options *options)
{
	struct dav *dav = memory_alloc(sizeof *dav);

	dav->store.driver = &driver;
	dav->store.traits = STORE_REFS_KEPT | STORE_IDEMPOTENT | STORE_TRANSFERS | STORE_LABELS;
	dav->arena = arena_new();
	dav->options = *options;
	dav->http = (struct http_options){
		.user = options->user,
		.secret = options->secret,
		.bearer = options->bearer,
		.ca_file = options->ca_file,
		.fingerprint = options->fingerprint,
		.timeout = options->timeout,
		.connections = options->connections,
		.plain = options->plain,
		.trace = log_level() >= LOG_WIRE,
	};
	dav->collections = map_new();
	dav->cache = cache_new();
	learnt_parse(dav->arena, options->memo, &dav->learnt);
	/* Clocks are set, too. */
	if (dav->learnt.wait <= options->now || dav->learnt.wait > options->now + WAIT_MOST)
		dav->learnt.wait = 0;
	dav_learnt(dav);
	return &dav->store;
}

int64_t dav_memo_wait(const char *memo)
{
	struct arena *arena = arena_new();
	struct learnt *learnt = arena_alloc(arena, sizeof *learnt);
	int64_t wait;

	learnt_parse(arena, memo, learnt);
	wait = learnt->wait;
	arena_free(arena);
	return wait;
}

/* ---- what is learnt ----------------------------------------------------------------------- */

void dav_learnt(struct dav *dav)
{
	dav->store.memo = learnt_text(dav->arena, &dav->learnt);
}

void dav_lacks(struct dav *dav, const struct collection *collection, enum lacks lacks)
{
	struct learnt_origin *learnt = collection->origin->learnt;

	if (!learnt || learnt->lacks[collection->flavour] & (uint32_t)lacks)
		return;
	if (lacks == LACKS_SYNC && collection->origin->syncs[collection->flavour])
		return;
	learnt->lacks[collection->flavour] |= (uint32_t)lacks;
	dav_learnt(dav);
}

void dav_syncs(struct dav *dav, const struct collection *collection)
{
	struct learnt_origin *learnt = collection->origin->learnt;

	collection->origin->syncs[collection->flavour] = true;
	if (!learnt || !(learnt->lacks[collection->flavour] & LACKS_SYNC))
		return;
	learnt->lacks[collection->flavour] &= ~(uint32_t)LACKS_SYNC;
	dav_learnt(dav);
}

bool dav_is_lacking(const struct collection *collection, enum lacks lacks)
{
	const struct learnt_origin *learnt = collection->origin->learnt;

	return learnt && learnt->lacks[collection->flavour] & (uint32_t)lacks;
}

void dav_wait(struct dav *dav, int64_t when)
{
	if (when > dav->options.now + WAIT_MOST)
		when = dav->options.now + WAIT_MOST;
	if (when <= dav->learnt.wait)
		return;
	dav->learnt.wait = when;
	dav_learnt(dav);
}

const struct fail *dav_may_ask(struct dav *dav)
{
	char when[20];

	if (dav->learnt.wait <= dav->options.now)
		return NULL;
	clock_text(dav->learnt.wait, when);
	return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "the server wants to be asked again after %s only",
			 when);
}

/* ---- servers ------------------------------------------------------------------------------ */

static struct learnt_origin *learnt_of(struct dav *dav, const char *url)
{
	struct learnt *learnt = &dav->learnt;

	for (size_t i = 0; i < learnt->origin_count; i++)
		if (strcmp(learnt->origins[i].url, url) == 0)
			return &learnt->origins[i];
	if (learnt->origin_count == LEARNT_ORIGINS)
		return NULL;
	learnt->origins[learnt->origin_count].url = url;
	return &learnt->origins[learnt->origin_count++];
}

const struct fail *dav_origin(struct dav *dav, const char *url, struct origin **origin)
{
	struct http *http = NULL;
	const struct fail *f = http_open(url, &dav->http, &http);

	if (f)
		return f;
	for (size_t i = 0; i < dav->origins.count; i++)
		if (strcmp(dav->origins.items[i]->url, http_origin(http)) == 0) {
			*origin = dav->origins.items[i];
			http_close(http);
			return NULL;
		}
	*origin = arena_alloc(dav->arena, sizeof **origin);
	(*origin)->http = http;
	(*origin)->url = arena_str(dav->arena, http_origin(http));
	(*origin)->learnt = learnt_of(dav, (*origin)->url);
	*vec_push(&dav->origins) = *origin;
	return NULL;
}

const struct fail *dav_collection(struct dav *dav, const struct store_folder *folder,
				  struct collection **collection)
{
	*collection = map_get(dav->collections, folder->name);
	if (*collection && (*collection)->path)
		return NULL;
	return fail_make(FAIL_MISSING, FAIL_FOLDER, "no such collection");
}
