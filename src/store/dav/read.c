/* Read: items' bodies, from the cache or from the server. */
#include "base/arena.h"
#include "base/memory.h"
#include "store/dav/cache.h"
#include "store/dav/fetch.h"
#include "store/dav/item.h"

#include <stdlib.h>

struct reading {
	struct dav *dav;
	struct read *reads;
	size_t count, told;
	read_done *done;
	void *context;
	struct arena *arena;
};

static const struct fail *tell(struct reading *reading, struct read *read)
{
	reading->told++;
	return reading->done ? reading->done(reading->context, read) : NULL;
}

static const struct fail *tell_fail(struct reading *reading, struct read *read, const struct fail *fail)
{
	read->fail = fail;
	return tell(reading, read);
}

/* Its body is there: what is learnt of it goes into the read. */
static const struct fail *tell_body(struct reading *reading, struct read *read, struct body *body,
				    const char *revision)
{
	struct arena *arena = reading->arena;

	read->fail = NULL;
	read->now = (struct version){
		.ref = read->ref,
		.revision = arena_str(arena, revision),
		.digest = body->digest,
	};
	read->key = arena_str(arena, body->facts.uid);
	read->normal = body->facts.normal;
	read->wrong = body->facts.wrong;
	read->print = body->print;
	if (read->part == PART_WHOLE)
		read->body = body;
	else
		body_free(body);
	return tell(reading, read);
}

static const struct fail *fetched(void *context, struct fetch *fetch)
{
	struct reading *reading = context;
	struct dav *dav = reading->dav;
	struct read *read = fetch->what;
	struct body *body = NULL;
	const struct fail *f = fetch->fail;

	/* A whole body may be wanted later. */
	if (!f && read->part == PART_PRINT)
		f = cache_put(dav->cache, dav->store.spool, fetch->collection, read->ref, fetch->revision,
			      fetch->data, fetch->size);
	if (!f)
		f = body_of_memory(fetch->data, fetch->size, body_form_of(read->folder->kind), &body);
	if (f)
		return tell_fail(reading, read, f);
	return tell_body(reading, read, body, fetch->revision);
}

/* What is in the cache; *served: it was. */
static const struct fail *read_kept(struct reading *reading, struct read *read,
				    const struct collection *collection, bool *served)
{
	struct dav *dav = reading->dav;
	struct body *body = NULL;
	const struct fail *f =
		cache_body(dav->cache, collection, read->ref, body_form_of(read->folder->kind), &body);

	*served = f || body;
	if (!*served)
		return NULL;
	if (f)
		return tell_fail(reading, read, f);
	return tell_body(reading, read, body, cache_revision(dav->cache, collection, read->ref));
}

const struct fail *dav_read(struct store *store, struct read *reads, size_t count, read_done *done,
			    void *context, struct arena *arena)
{
	struct reading reading = { dav_of(store), reads, count, 0, done, context, arena };
	struct fetch *fetches = memory_alloc((count + 1) * sizeof *fetches);
	const struct fail *f = NULL, *untried;
	size_t wanted = 0;

	untried = fail_make(FAIL_STALE, FAIL_ITEM, "not read");
	for (size_t i = 0; i < count; i++) {
		reads[i].fail = untried;
		reads[i].body = NULL;
		reads[i].has_flags = false;
		reads[i].key = reads[i].wrong = NULL;
	}
	for (size_t i = 0; i < count && !f; i++) {
		struct collection *collection = NULL;
		bool served = false;

		const struct fail *missing = dav_collection(reading.dav, reads[i].folder, &collection);
		if (missing) {
			f = tell_fail(&reading, &reads[i], missing);
			continue;
		}
		f = read_kept(&reading, &reads[i], collection, &served);
		if (!served)
			fetches[wanted++] = (struct fetch){ .collection = collection,
							    .ref = reads[i].ref,
							    .what = &reads[i] };
	}
	if (!f && wanted)
		f = fetch_all(reading.dav, fetches, wanted, fetched, &reading, arena);
	for (size_t i = 0; i < count && f; i++)
		if (reads[i].fail == untried)
			reads[i].fail = f;
	free(fetches);
	return f;
}
