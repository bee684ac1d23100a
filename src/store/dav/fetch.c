/* Fetch: multigets in flight, single GETs for what they leave open. */
#include "store/dav/fetch.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"
#include "store/dav/href.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK    100               /* hrefs in one multiget */
#define GETS     100               /* single GETs in one flight */
#define XML_ROOM ((size_t)4 << 20) /* of a multiget's body */

struct fetching {
	struct dav *dav;
	struct asks *asks; /* under way */
	fetch_done *done;
	void *context;
	struct arena *arena;
	struct arena *scratch; /* emptied with each response */
	struct buf bytes;
};

/* One multiget of it. */
struct multiget {
	struct fetching *fetching;
	struct collection *collection;
	struct fetch **fetches;
	size_t count;
	struct map *by_ref, *by_norm;
	struct buf xml;
	struct ask *ask;
};

static const struct fail *tell(struct fetching *fetching, struct fetch *fetch, const struct fail *fail)
{
	const struct fail *f;

	fetch->done = true;
	fetch->fail = fail;
	f = fetching->done(fetching->context, fetch);
	fetch->data = NULL;
	if (f)
		fetching->asks->stop = f;
	return f;
}

/* The bytes have come; a NUL stands behind them. */
static const struct fail *tell_bytes(struct fetching *fetching, struct fetch *fetch, const char *etag,
				     const char *data, size_t size)
{
	if (!item_is_one(data, size))
		return tell(fetching, fetch,
			    fail_make(FAIL_DATA, FAIL_ITEM, "what the server gives for %s is no item",
				      fetch->ref));
	fetch->etag = arena_str(fetching->arena, etag);
	fetch->revision = item_revision(fetching->arena, etag, data, size);
	fetch->data = data;
	fetch->size = size;
	return tell(fetching, fetch, NULL);
}

static const struct fail *missing(const struct fetch *fetch)
{
	return fail_make(FAIL_MISSING, FAIL_ITEM, "%s is not there", fetch->ref);
}

/* ---- multigets ---------------------------------------------------------------------------- */

static struct fetch *fetch_of(const struct multiget *multiget, const struct item_response *item,
			      struct arena *scratch)
{
	struct fetch *fetch = map_get(multiget->by_ref, item->ref);
	const char *norm;

	if (fetch)
		return fetch;
	norm = href_norm(scratch, multiget->collection->target, item->ref);
	return norm ? map_get(multiget->by_norm, norm) : NULL;
}

static const struct fail *multiget_take(void *context, const struct xml_response *response)
{
	struct multiget *multiget = context;
	struct fetching *fetching = multiget->fetching;
	const struct fail *f = NULL;
	struct item_response item;
	struct fetch *fetch;

	arena_reset(fetching->scratch);
	item_take(multiget->collection, fetching->scratch, response, &item);
	fetch = item.ref ? fetch_of(multiget, &item, fetching->scratch) : NULL;
	if (!fetch || fetch->done)
		return NULL;
	if (item.state == ITEM_GONE)
		return tell(fetching, fetch, missing(fetch));
	if (!item.data)
		return NULL; /* what is left open is asked for alone */
	buf_init(&fetching->bytes, 2 * XML_TEXT_MOST);
	item_crlf(&fetching->bytes, item.data, item.size);
	f = tell_bytes(fetching, fetch, item.etag, fetching->bytes.data, fetching->bytes.size);
	buf_free(&fetching->bytes);
	return f;
}

static void multiget_write(struct multiget *multiget, struct arena *arena)
{
	const struct collection *collection = multiget->collection;
	const struct flavour_traits *traits = flavour_traits(collection->flavour);
	struct buf *xml = &multiget->xml;

	buf_init(xml, XML_ROOM);
	buf_addf(xml,
		 "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<F:%s xmlns:F=\"%s\" xmlns:D=\"DAV:\"><D:prop>"
		 "<D:getetag/>%s</D:prop>",
		 traits->multiget, traits->space,
		 collection->version4 ? traits->data_wanted4 : traits->data_wanted);
	for (size_t i = 0; i < multiget->count; i++) {
		const char *ref = multiget->fetches[i]->ref;
		const char *norm = href_norm(arena, collection->target, ref);

		map_set(multiget->by_ref, ref, multiget->fetches[i]);
		if (norm)
			map_set(multiget->by_norm, norm, multiget->fetches[i]);
		buf_adds(xml, "<D:href>");
		xml_escape(xml, item_href(arena, collection, ref));
		buf_adds(xml, "</D:href>");
	}
	buf_addf(xml, "</F:%s>", traits->multiget);
}

static void multiget_add(struct multiget *multiget, struct asks *asks)
{
	multiget->by_ref = map_new();
	multiget->by_norm = map_new();
	multiget_write(multiget, asks->arena);
	if (multiget->xml.over)
		return; /* all are got alone */
	multiget->ask = asks_add(asks, multiget->collection->origin, "REPORT", multiget->collection->target);
	ask_multistatus(multiget->ask, flavour_traits(multiget->collection->flavour)->multiget_depth,
			multiget_take, multiget);
	ask_xml(multiget->ask, multiget->xml.data);
}

static void multiget_free(struct multiget *multiget)
{
	map_free(multiget->by_ref);
	map_free(multiget->by_norm);
	buf_free(&multiget->xml);
}

/* A server that knows no such report is not asked again. */
static void multiget_learn(struct dav *dav, const struct multiget *multiget)
{
	const struct ask *ask = multiget->ask;

	if (ask && !ask->fail && (ask->status == 405 || ask->status == 501))
		dav_lacks(dav, multiget->collection, LACKS_MULTIGET);
}

static const struct fail *fetch_multi(struct fetching *fetching, struct fetch *fetches, size_t count)
{
	struct multiget *multigets = memory_alloc((count + 1) * sizeof *multigets);
	struct fetch **order = memory_alloc((count + 1) * sizeof *order);
	size_t used = 0, made = 0;
	const struct fail *f;
	struct asks asks;

	asks_begin(&asks, fetching->dav, fetching->arena);
	fetching->asks = &asks;
	for (size_t i = 0; i < count; i++) {
		struct collection *collection = fetches[i].collection;
		struct multiget *multiget = &multigets[made];
		size_t first = used;

		if (fetches[i].done || dav_is_lacking(collection, LACKS_MULTIGET))
			continue;
		/* The next ones of this collection; `what` they are for does not matter. */
		for (size_t k = i; k < count && used - first < CHUNK; k++) {
			if (fetches[k].done || fetches[k].collection != collection)
				continue;
			fetches[k].done = true;
			order[used++] = &fetches[k];
		}
		*multiget = (struct multiget){ .fetching = fetching,
					       .collection = collection,
					       .fetches = &order[first],
					       .count = used - first };
		multiget_add(multiget, &asks);
		made++;
	}
	for (size_t i = 0; i < used; i++)
		order[i]->done = false;
	f = asks_run(&asks);
	for (size_t i = 0; i < made; i++) {
		multiget_learn(fetching->dav, &multigets[i]);
		multiget_free(&multigets[i]);
	}
	asks_end(&asks);
	free(order);
	free(multigets);
	return f;
}

/* ---- one by one --------------------------------------------------------------------------- */

struct ask *fetch_get(struct asks *asks, struct collection *collection, const char *ref)
{
	const struct flavour_traits *traits = flavour_traits(collection->flavour);
	struct ask *ask =
		asks_add(asks, collection->origin, "GET", item_target(asks->arena, collection, ref));

	buf_init(&ask->said, ITEM_MOST);
	ask->http.most = ITEM_MOST;
	ask_header(ask, arena_printf(asks->arena, "Accept: %s",
				     collection->version4 ? traits->accept4 : traits->accept));
	return ask;
}

/* One GET of it. */
struct getting {
	struct fetching *fetching;
	struct fetch *fetch;
};

static const struct fail *got(void *context, struct ask *ask)
{
	struct getting *getting = context;
	const struct fail *f = ask_fail(ask, FAIL_ITEM);

	if (f && f->scope > FAIL_ITEM && ask->fail)
		return NULL; /* no answer: told when it is known whether the server is there at all */
	if (!f)
		f = tell_bytes(getting->fetching, getting->fetch, ask->http.etag, ask->said.data,
			       ask->said.size);
	else
		f = tell(getting->fetching, getting->fetch, f);
	buf_free(&ask->said);
	return f;
}

static const struct fail *fetch_single(struct fetching *fetching, struct fetch *fetches, size_t count)
{
	struct getting *gettings = memory_alloc(GETS * sizeof *gettings);
	const struct fail *f = NULL;

	for (size_t i = 0; i < count && !f;) {
		struct asks asks;
		size_t used = 0;

		asks_begin(&asks, fetching->dav, fetching->arena);
		fetching->asks = &asks;
		for (; i < count && used < GETS; i++) {
			struct ask *ask;

			if (fetches[i].done)
				continue;
			gettings[used] = (struct getting){ fetching, &fetches[i] };
			ask = fetch_get(&asks, fetches[i].collection, fetches[i].ref);
			ask->done = got;
			ask->context = &gettings[used++];
		}
		f = asks_run(&asks);
		for (size_t k = 0; k < used && !f; k++)
			if (!gettings[k].fetch->done)
				f = tell(fetching, gettings[k].fetch,
					 fail_scoped(asks.list.items[k]->fail, FAIL_ITEM));
		asks_end(&asks);
	}
	free(gettings);
	return f;
}

const struct fail *fetch_all(struct dav *dav, struct fetch *fetches, size_t count, fetch_done *done,
			     void *context, struct arena *arena)
{
	struct fetching fetching = {
		.dav = dav,
		.done = done,
		.context = context,
		.arena = arena,
		.scratch = arena_new(),
	};
	const struct fail *f = fetch_multi(&fetching, fetches, count);

	if (!f)
		f = fetch_single(&fetching, fetches, count);
	buf_free(&fetching.bytes);
	arena_free(fetching.scratch);
	return f;
}
