/* Settle: learns what is not known yet of items that were stored: those for which the server told no strong
 * ETag are read once more, all in one go. */
#include "base/arena.h"
#include "base/memory.h"
#include "store/dav/fetch.h"
#include "store/dav/item.h"

#include <stdlib.h>

/* What came back must be what was sent, or it may be somebody else's version already: then no revision is
 * told, so that it is looked at like any version that is not known. */
static const struct fail *settle_one(void *context, struct fetch *fetch)
{
	struct unsure *unsure = fetch->what;
	struct item_facts facts = { 0 };

	if (fail_is(fetch->fail, FAIL_MISSING)) {
		*unsure->fail =
			fail_make(FAIL_STALE, FAIL_ITEM, "%s: gone right after it was stored", unsure->ref);
		return NULL;
	}
	(void)context;
	if (fetch->fail)
		return NULL;
	item_read(fetch->data, fetch->size, unsure->collection->flavour == BOOK, &facts);
	if (!digest_known(&unsure->normal) || digest_equal(&facts.normal, &unsure->normal)) {
		unsure->now->revision = arena_str(unsure->arena, fetch->revision);
		unsure->now->digest = digest_of(fetch->data, fetch->size);
	}
	item_facts_free(&facts);
	return NULL;
}

void settle_later(struct dav *dav, const struct unsure *unsure)
{
	*vec_push(&dav->unsure) = *unsure;
	unsure->now->revision = REVISION_UNKNOWN;
}

const struct fail *dav_sync(struct store *store)
{
	struct dav *dav = dav_of(store);
	struct fetch *fetches = memory_alloc((dav->unsure.count + 1) * sizeof *fetches);
	struct arena *arena = arena_new();
	const struct fail *f = named_settle(dav);

	for (size_t i = 0; i < dav->unsure.count; i++)
		fetches[i] = (struct fetch){
			.collection = dav->unsure.items[i].collection,
			.ref = dav->unsure.items[i].ref,
			.what = &dav->unsure.items[i],
		};
	if (!f && dav->unsure.count)
		f = fetch_all(dav, fetches, dav->unsure.count, settle_one, NULL, arena);
	dav->unsure.count = 0;
	arena_free(arena);
	free(fetches);
	return f;
}
