/* List: what is in collections, or what changed in them since a cursor; all collections in one flight.
 *
 * Three ways, each falling back on the next one when the server does not go it:
 *  - sync-collection (RFC 6578) with the cursor's token: a delta;
 *  - sync-collection with an empty token: all there is, and a token;
 *  - PROPFIND of all members with their ETags; the cursor is then the ctag as it was before.
 * The first two bring the items along where the server gives them inside: not when this process wrote to the
 * collection, since then they are its own, and not after a token was refused, since then most are known.
 *
 * A token comes from the answer to sync-collection alone: one from a PROPFIND would step over what happened
 * in between. */
#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"
#include "store/dav/looking.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MOST 1000 /* answers of one collection that are continued */

/* ---- questions ---------------------------------------------------------------------------- */

static const char sync_head[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:sync-collection xmlns:D=\"DAV:\" xmlns:F=\"";
static const char etags_xml[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:propfind xmlns:D=\"DAV:\"><D:prop>"
	"<D:resourcetype/><D:getcontenttype/><D:getetag/></D:prop></D:propfind>";
static const char ctag_xml[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:propfind xmlns:D=\"DAV:\""
	" xmlns:S=\"http://calendarserver.org/ns/\"><D:prop><S:getctag/></D:prop></D:propfind>";

static void ask_sync(struct looking *looking, struct asks *asks)
{
	const struct collection *collection = looking->collection;
	const struct flavour_traits *traits = flavour_traits(collection->flavour);
	struct buf *xml = &looking->xml;

	buf_clear(xml);
	buf_adds(xml, sync_head);
	buf_adds(xml, traits->space);
	buf_adds(xml, "\"><D:sync-token>");
	xml_escape(xml, looking->token);
	buf_addf(xml,
		 "</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:resourcetype/>"
		 "<D:getcontenttype/><D:getetag/>%s</D:prop></D:sync-collection>",
		 !looking->data         ? ""
		 : collection->version4 ? traits->data_wanted4
					: traits->data_wanted);
	looking->ask = asks_add(asks, collection->origin, "REPORT", collection->target);
	ask_multistatus(looking->ask, "Depth: 0", looking_take, looking);
	ask_xml(looking->ask, xml->data);
}

static void ask_next(struct looking *looking, struct asks *asks)
{
	looking->self = looking->cut = false;
	looking->wrong = 0;
	looking->responses = looking->there = looking->with_etag = looking->with_data = 0;
	looking->rounds++;
	if (looking->way != WAY_ETAGS) {
		ask_sync(looking, asks);
		return;
	}
	looking->ask = asks_add(asks, looking->collection->origin, "PROPFIND", looking->collection->target);
	ask_multistatus(looking->ask, "Depth: 1", looking_take, looking);
	ask_xml(looking->ask, etags_xml);
}

/* ---- decisions ---------------------------------------------------------------------------- */

/* The next way, from the beginning. */
static void fall_back(struct looking *looking)
{
	bool sync = looking->way == WAY_TOKEN && !dav_is_lacking(looking->collection, LACKS_SYNC);

	looking_forget(looking);
	looking->way = sync ? WAY_EMPTY : WAY_ETAGS;
	looking->token = "";
	looking->data = false;
}

/* Does the server say that it has no such report? */
static bool is_unknown_report(const struct ask *ask)
{
	return !ask->fail && (ask->status == 400 || ask->status == 405 || ask->status == 415 ||
			      ask->status == 501 || strcmp(ask->condition, "supported-report") == 0);
}

/* What one learns of the server from an answer to sync-collection that is whole. */
static void learn(struct looking *looking)
{
	dav_syncs(looking->dav, looking->collection);
	if (looking->data && looking->with_etag && !looking->with_data)
		dav_lacks(looking->dav, looking->collection, LACKS_SYNC_DATA);
}

/* After an answer to sync-collection.  QUIRK(xandikos): a token that is not known is a 500; so whatever fails
 * with a token is tried without. */
static void sync_answered(struct looking *looking)
{
	const struct ask *ask = looking->ask;
	bool truncated, progress;

	if (!ask_ok(ask) || looking->wrong || !ask->sync_token || !*ask->sync_token) {
		if (looking->way == WAY_EMPTY && !looking->wrong && (ask_ok(ask) || is_unknown_report(ask)))
			dav_lacks(looking->dav, looking->collection, LACKS_SYNC);
		fall_back(looking);
		return;
	}
	learn(looking);
	truncated = looking->cut;
	progress = looking->responses && strcmp(ask->sync_token, looking->token) != 0;
	if (truncated && (!progress || looking->rounds >= ROUNDS_MOST)) {
		fall_back(looking);
		return;
	}
	looking->token = arena_str(looking->arena, ask->sync_token);
	looking->done = !truncated;
}

/* After the listing of ETags: there is no other way. */
static const struct fail *etags_answered(struct looking *looking)
{
	const struct fail *f = ask_fail(looking->ask, FAIL_FOLDER);

	if (!f && looking->wrong)
		f = fail_make(looking->wrong == 404 || looking->wrong == 410 ? FAIL_MISSING : FAIL_REFUSED,
			      FAIL_FOLDER, "PROPFIND: %d inside the answer", looking->wrong);
	if (!f && !looking->self && !looking->there)
		f = fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "the answer does not tell about what was asked");
	looking->done = !f;
	return f;
}

static const struct fail *answered(struct looking *looking)
{
	const struct fail *f = looking->ask->fail;

	/* An answer that makes no sense may be due to one item; one that does not come is no answer. */
	if (f && f->code != FAIL_PROTOCOL && f->code != FAIL_DATA)
		return fail_scoped(f, FAIL_FOLDER);
	if (looking->way == WAY_ETAGS)
		return etags_answered(looking);
	sync_answered(looking);
	return NULL;
}

/* Where to begin. */
static void looking_begin(struct looking *looking)
{
	struct collection *collection = looking->collection;
	const struct look *look = looking->look;
	bool since = since_parse(looking->arena, look->cursor, collection->norm, &looking->then);
	bool known = look->full || (look->cursor && *look->cursor);

	looking->by_ref = map_new();
	looking->token = looking->ctag = "";
	buf_init(&looking->xml, 65536);
	if (since && *looking->then.token && !look->full &&
	    !since_is_old(&looking->then, looking->dav->options.now)) {
		looking->way = WAY_TOKEN;
		looking->token = looking->then.token;
	} else {
		looking->way = dav_is_lacking(collection, LACKS_SYNC) ? WAY_ETAGS : WAY_EMPTY;
	}
	looking->data = !dav_is_lacking(collection, LACKS_SYNC_DATA) && !collection->wrote &&
			(looking->way == WAY_TOKEN || !known);
}

/* ---- ctags -------------------------------------------------------------------------------- */

/* One ctag being read. */
struct reading {
	struct looking *looking;
	struct ask *ask;
	const char *ctag;
};

static const struct fail *ctag_take(void *context, const struct xml_response *response)
{
	struct reading *reading = context;
	const struct xml_property *ctag = xml_property(response, XML_CS, "getctag");

	if (ctag)
		reading->ctag = arena_strn(reading->looking->arena, ctag->text, ctag->size);
	return NULL;
}

/* A ctag is good for a cursor only if it was read before the listing and after the last change by this
 * process. */
static const struct fail *ctags_read(struct dav *dav, struct looking *lookings, size_t count,
				     struct arena *arena)
{
	struct reading *readings = arena_alloc(arena, (count + 1) * sizeof *readings);
	const struct fail *f;
	struct asks asks;
	bool any = false;

	asks_begin(&asks, dav, arena);
	for (size_t i = 0; i < count; i++) {
		struct looking *looking = &lookings[i];

		if (looking->look->fail || looking->done)
			continue;
		looking->ctag = looking->collection->ctag;
		if (!looking->collection->ctag_old || looking->way != WAY_ETAGS ||
		    dav_is_lacking(looking->collection, LACKS_CTAG))
			continue;
		readings[i] = (struct reading){ .looking = looking, .ctag = "" };
		readings[i].ask =
			asks_add(&asks, looking->collection->origin, "PROPFIND", looking->collection->target);
		ask_multistatus(readings[i].ask, "Depth: 0", ctag_take, &readings[i]);
		ask_xml(readings[i].ask, ctag_xml);
	}
	f = asks_run(&asks);
	for (size_t i = 0; i < count && !f; i++) {
		if (!readings[i].ask || !ask_ok(readings[i].ask))
			continue;
		readings[i].looking->ctag = readings[i].ctag;
		any |= *readings[i].ctag != '\0';
	}
	/* A server that tells none of any is not asked again. */
	for (size_t i = 0; i < count && !f && !any; i++)
		if (readings[i].ask && ask_ok(readings[i].ask))
			dav_lacks(dav, readings[i].looking->collection, LACKS_CTAG);
	asks_end(&asks);
	return f;
}

/* ---- all ---------------------------------------------------------------------------------- */

/* One round over all that are not done; *open: some are not done after it either. */
static const struct fail *round_run(struct dav *dav, struct looking *lookings, size_t count, bool *open)
{
	struct arena *arena = arena_new();
	const struct fail *f = ctags_read(dav, lookings, count, arena);
	struct asks asks;

	asks_begin(&asks, dav, arena);
	for (size_t i = 0; i < count; i++) {
		lookings[i].ask = NULL;
		if (!lookings[i].done && !lookings[i].look->fail)
			ask_next(&lookings[i], &asks);
	}
	if (!f)
		f = asks_run(&asks);
	*open = false;
	for (size_t i = 0; i < count && !f; i++) {
		if (!lookings[i].ask)
			continue;
		lookings[i].look->fail = answered(&lookings[i]);
		*open |= !lookings[i].done && !lookings[i].look->fail;
	}
	asks_end(&asks);
	arena_free(arena);
	return f;
}

const struct fail *dav_list(struct store *store, struct look *looks, size_t count)
{
	struct dav *dav = dav_of(store);
	struct looking *lookings = memory_alloc((count + 1) * sizeof *lookings);
	const struct fail *f = NULL;
	bool open = false;

	for (size_t i = 0; i < count; i++) {
		struct looking *looking = &lookings[i];

		looking->dav = dav;
		looking->look = &looks[i];
		looks[i].listing = NULL;
		looks[i].fail = dav_collection(dav, looks[i].folder, &looking->collection);
		if (looks[i].fail)
			continue;
		looking->arena = arena_new();
		looking->scratch = arena_new();
		looking_begin(looking);
		open = true;
	}
	while (!f && open)
		f = round_run(dav, lookings, count, &open);
	for (size_t i = 0; i < count && !f; i++)
		if (lookings[i].done)
			f = looking_read(&lookings[i]);
	for (size_t i = 0; i < count; i++) {
		if (f && !looks[i].fail)
			looks[i].fail = f;
		if (lookings[i].collection)
			looking_end(&lookings[i]);
	}
	free(lookings);
	return f;
}
