/* Looking: what answers tell of items, and the listing made of it. */
#include "store/dav/looking.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"
#include "format/item.h"
#include "store/dav/cache.h"
#include "store/dav/fetch.h"
#include "store/dav/item.h"

#include <stdlib.h>
#include <string.h>

#define FOUND_MOST 200000 /* items in one collection */

/* ---- answers ------------------------------------------------------------------------------ */

static struct found *found_of(struct looking *looking, const char *ref)
{
	struct found *found = map_get(looking->by_ref, ref);

	if (found)
		return found;
	found = arena_alloc(looking->arena, sizeof *found);
	found->ref = map_set(looking->by_ref, ref, found);
	*vec_push(&looking->found) = found;
	return found;
}

/* The bytes that came along: kept for read(), and the item's UID. */
static const struct fail *take_data(struct looking *looking, struct found *found,
				    const struct item_response *item)
{
	struct dav *dav = looking->dav;
	const struct fail *f;
	struct buf bytes;
	char *uid;

	buf_init(&bytes, 2 * XML_TEXT_MOST);
	item_crlf(&bytes, item->data, item->size);
	uid = item_uid(bytes.data, bytes.size, looking->collection->flavour == BOOK);
	found->key = arena_str(looking->arena, uid);
	found->revision = item_revision(looking->arena, item->etag, bytes.data, bytes.size);
	found->data = true;
	f = cache_put(dav->cache, dav->store.spool, looking->collection, found->ref, found->revision,
		      bytes.data, bytes.size);
	if (f)
		looking->ask->asks->stop = f;
	free(uid);
	buf_free(&bytes);
	return f;
}

const struct fail *looking_take(void *context, const struct xml_response *response)
{
	struct looking *looking = context;
	struct item_response item;
	struct found *found;

	arena_reset(looking->scratch);
	item_take(looking->collection, looking->scratch, response, &item);
	looking->self |= item.state == ITEM_SELF;
	/* QUIRK(xandikos): of a collection that is gone this is all that is told, in a 207. */
	if (item.state == ITEM_SELF && item.status >= 300)
		looking->wrong = item.status;
	looking->cut |= item.state == ITEM_CUT;
	if (item.state == ITEM_SELF || item.state == ITEM_CUT || item.state == ITEM_OTHER)
		return NULL;
	if (looking->found.count >= FOUND_MOST)
		return fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "the server lists more than %d items",
				 FOUND_MOST);
	looking->responses++;
	looking->there += item.state != ITEM_GONE;
	found = found_of(looking, item.ref);
	found->gone = item.state == ITEM_GONE;
	found->broken = item.state == ITEM_BROKEN;
	found->etag = arena_str(looking->arena, item.etag);
	found->revision = found->key = NULL;
	found->data = false;
	looking->with_etag += item.etag != NULL;
	looking->with_data += item.data != NULL;
	return item.data && item_is_one(item.data, item.size) ? take_data(looking, found, &item) : NULL;
}

void looking_forget(struct looking *looking)
{
	map_free(looking->by_ref);
	looking->by_ref = map_new();
	looking->found.count = 0;
}

/* ---- items without ETags ------------------------------------------------------------------ */

static const struct fail *unnamed_done(void *context, struct fetch *fetch)
{
	struct looking *looking = context;
	struct dav *dav = looking->dav;
	struct found *found = fetch->what;

	if (fail_is(fetch->fail, FAIL_MISSING)) {
		found->gone = true;
		return NULL;
	}
	if (fetch->fail) {
		found->broken = true;
		return NULL;
	}
	found->revision = arena_str(looking->arena, fetch->revision);
	found->data = true;
	return cache_put(dav->cache, dav->store.spool, looking->collection, found->ref, found->revision,
			 fetch->data, fetch->size);
}

/* QUIRK(horde): items have no ETag.  What such an item is like is known by its content alone. */
const struct fail *looking_read(struct looking *looking)
{
	struct fetch *fetches = memory_alloc((looking->found.count + 1) * sizeof *fetches);
	const struct fail *f = NULL;
	size_t count = 0;

	for (size_t i = 0; i < looking->found.count; i++) {
		struct found *found = looking->found.items[i];

		if (found->gone || found->broken || found->data || found->etag)
			continue;
		fetches[count++] =
			(struct fetch){ .collection = looking->collection, .ref = found->ref, .what = found };
	}
	if (count)
		f = fetch_all(looking->dav, fetches, count, unnamed_done, looking, looking->arena);
	free(fetches);
	return f;
}

/* ---- the listing -------------------------------------------------------------------------- */

static int by_ref(const void *a, const void *b)
{
	const struct found *x = *(struct found *const *)a, *y = *(struct found *const *)b;

	return strcmp(x->ref, y->ref);
}

static const char *revision_of(const struct found *found)
{
	if (found->broken)
		return REVISION_UNKNOWN;
	return found->revision ? found->revision : found->etag;
}

static struct entry entry_of(const struct looking *looking, const struct found *found)
{
	struct entry entry = { .ref = found->ref, .revision = revision_of(found), .key = found->key };
	const struct cache *cache = looking->dav->cache;
	const char *kept = cache_revision(cache, looking->collection, found->ref);

	/* What is kept of it is an older version. */
	if (kept && strcmp(kept, entry.revision) != 0)
		cache_drop(looking->dav->cache, looking->collection, found->ref);
	entry.ref = arena_str(looking->arena, found->ref);
	return entry;
}

static struct listing *listing_make(struct looking *looking)
{
	struct listing *listing = arena_alloc(looking->arena, sizeof *listing);
	struct found **found = looking->found.items;
	size_t count = looking->found.count;
	struct since now = { .token = looking->token,
			     .ctag = looking->ctag,
			     .full = looking->way == WAY_TOKEN ? looking->then.full
							       : looking->dav->options.now };

	if (looking->way == WAY_ETAGS)
		now.token = "";
	if (count)
		qsort(found, count, sizeof(struct found *), by_ref);
	listing->arena = looking->arena;
	listing->complete = looking->way != WAY_TOKEN;
	listing->entries = arena_alloc(looking->arena, (count + 1) * sizeof *listing->entries);
	listing->gone = arena_alloc(looking->arena, (count + 1) * sizeof *listing->gone);
	for (size_t i = 0; i < count; i++) {
		const char *ref;

		if (!found[i]->gone) {
			listing->entries[listing->count++] = entry_of(looking, found[i]);
		} else if (!listing->complete) {
			ref = arena_str(looking->arena, found[i]->ref);
			listing->gone[listing->gone_count++] = (struct ref_range){ ref, ref };
		}
	}
	/* A window on what is there: what lies outside is not gone. */
	listing->unstable = listing->complete && looking->cut;
	listing->cursor =
		listing->unstable ? "" : since_text(looking->arena, looking->collection->norm, &now);
	listing->next = "";
	listing->read_only = looking->collection->read_only;
	looking->collection->ctag_old = true;
	looking->arena = NULL;
	return listing;
}

void looking_end(struct looking *looking)
{
	if (looking->done && !looking->look->fail)
		looking->look->listing = listing_make(looking);
	arena_free(looking->arena);
	arena_free(looking->scratch);
	map_free(looking->by_ref);
	vec_free(&looking->found);
	buf_free(&looking->xml);
}
