/* Named: are new items listed under the names that they were sent to?  Asked once a server, of one item; of
 * every new item where they turned out not to be.
 *
 * QUIRK(google): a new card is stored under another name, and goes by both; only the other one is listed.
 * Taken for the item's name, the one it was sent to would make the same card appear a second time. */
#include "base/arena.h"
#include "base/memory.h"
#include "store/dav/ask.h"
#include "store/dav/href.h"
#include "store/dav/item.h"

#include <stdlib.h>
#include <string.h>

static const char question[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:propfind xmlns:D=\"DAV:\">"
			       "<D:prop><D:resourcetype/><D:getetag/></D:prop></D:propfind>";

struct naming {
	struct named *named;
	struct arena *arena;
	struct ask *ask;
	bool told, same;
};

static const struct fail *take(void *context, const struct xml_response *response)
{
	struct naming *naming = context;
	struct item_response item;

	item_take(naming->named->collection, naming->arena, response, &item);
	if (item.state != ITEM_THERE && item.state != ITEM_GONE)
		return NULL;
	naming->told = true;
	naming->same = item.state == ITEM_THERE && strcmp(item.ref, naming->named->ref) == 0;
	return NULL;
}

static void ask_name(struct asks *asks, struct naming *naming)
{
	struct collection *collection = naming->named->collection;

	naming->arena = asks->arena;
	naming->ask = asks_add(asks, collection->origin, "PROPFIND",
			       item_target(asks->arena, collection, naming->named->ref));
	ask_multistatus(naming->ask, "Depth: 0", take, naming);
	ask_xml(naming->ask, question);
}

static void judge(struct dav *dav, const struct naming *naming)
{
	struct named *named = naming->named;
	const struct fail *f = ask_fail(naming->ask, FAIL_ITEM);

	if (naming->told && naming->same) {
		if (!dav_is_lacking(named->collection, LACKS_NAMES))
			dav_lacks(dav, named->collection, LACKS_RENAMES);
	} else if (naming->told || fail_is(f, FAIL_MISSING)) {
		dav_lacks(dav, named->collection, LACKS_NAMES);
		*named->fail = fail_make(FAIL_STALE, FAIL_ITEM, "%s: stored under another name", named->ref);
	}
}

/* Does another one of those asked tell the same? */
static bool is_answered(const struct naming *namings, size_t count, const struct collection *collection)
{
	for (size_t i = 0; i < count; i++)
		if (namings[i].ask && namings[i].named->collection->origin == collection->origin &&
		    namings[i].named->collection->flavour == collection->flavour)
			return true;
	return false;
}

/* Asks about those that have to be, with `first` of one a server. */
static const struct fail *ask_some(struct dav *dav, struct naming *namings, size_t count, bool first)
{
	struct arena *arena = arena_new();
	const struct fail *f;
	struct asks asks;

	asks_begin(&asks, dav, arena);
	for (size_t i = 0; i < count; i++) {
		const struct collection *collection = namings[i].named->collection;
		bool lacking = dav_is_lacking(collection, LACKS_NAMES);

		if (namings[i].told || dav_is_lacking(collection, LACKS_RENAMES) || *namings[i].named->fail)
			continue;
		if (lacking || (first && !is_answered(namings, count, collection)))
			ask_name(&asks, &namings[i]);
	}
	f = asks.list.count ? asks_run(&asks) : NULL;
	for (size_t i = 0; i < count; i++) {
		if (!f && namings[i].ask)
			judge(dav, &namings[i]);
		namings[i].ask = NULL;
	}
	asks_end(&asks);
	arena_free(arena);
	return f;
}

const struct fail *named_settle(struct dav *dav)
{
	size_t count = dav->named.count;
	struct naming *namings = memory_alloc((count + 1) * sizeof *namings);
	const struct fail *f;

	for (size_t i = 0; i < count; i++)
		namings[i].named = &dav->named.items[i];
	f = ask_some(dav, namings, count, true);
	if (!f)
		f = ask_some(dav, namings, count, false);
	dav->named.count = 0;
	free(namings);
	return f;
}

void named_later(struct dav *dav, struct collection *collection, const char *ref, const struct fail **fail)
{
	if (!dav_is_lacking(collection, LACKS_RENAMES))
		*vec_push(&dav->named) = (struct named){ collection, ref, fail };
}
