/* Write: new items and new versions, all in parallel; never over anything that was not seen.
 *
 * What may have been stored without koc having learnt so (a line that was cut, a run that was killed) shows
 * up as a condition that fails: then what is there is got and compared, and taken for one's own if it says
 * the same. */
#include "base/arena.h"
#include "base/memory.h"
#include "base/str.h"
#include "store/dav/cache.h"
#include "store/dav/fetch.h"
#include "store/dav/href.h"
#include "store/dav/item.h"
#include "store/dav/put.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MOST 4  /* tried for a new item */
#define ROUNDS     12 /* of one write, more than it can need */

enum stage {
	STAGE_CHECK, /* the version that is there must be got first: no server compares this revision */
	STAGE_SEND,
	STAGE_SETTLE, /* refused or cut: what is there? */
	STAGE_DONE
};

struct putting {
	struct dav *dav;
	struct write *write;
	struct collection *collection;
	struct arena *arena; /* the caller's */
	const char *key;     /* its UID, or what stands for it */
	const char *ref;
	const char *held; /* revision to be replaced; NULL: a new item */
	unsigned names;   /* tried */
	enum stage stage;
	struct ask *ask;
	/* why it is being settled: */
	const struct fail *refusal; /* NULL: the answer was cut off */
	bool conflict;              /* the server named this place: another item has the UID */
	bool taken;                 /* it said that one has, and named none */
};

/* ---- names -------------------------------------------------------------------------------- */

/* The name that is tried next. */
static const char *name_next(struct putting *putting)
{
	const char *suffix = flavour_traits(putting->collection->flavour)->suffix;
	const char *wish = putting->write->name;
	unsigned n = putting->names++;

	if (!wish || !href_plain(wish))
		return href_name(putting->arena, putting->key, suffix, n);
	if (n == 0)
		return arena_printf(putting->arena, "%s%s", wish, str_ends(wish, suffix) ? "" : suffix);
	return href_name(putting->arena, putting->key, suffix, n - 1);
}

/* What names an item that has no UID: its content. */
static const char *key_of(const struct write *write, struct arena *arena)
{
	char text[2 * DIGEST_SIZE + 1];

	if (write->key)
		return write->key;
	if (write->body->facts.uid)
		return write->body->facts.uid;
	str_hex(text, write->body->digest.bytes, DIGEST_SIZE);
	return arena_str(arena, text);
}

/* ---- outcomes ----------------------------------------------------------------------------- */

static void end(struct putting *putting, const struct fail *fail)
{
	putting->write->fail = fail;
	putting->stage = STAGE_DONE;
}

/* It is stored, and has this ETag (NULL: none was told). */
static void end_stored(struct putting *putting, const char *etag)
{
	struct write *write = putting->write;

	write->now = (struct version){ .ref = arena_str(putting->arena, putting->ref) };
	cache_drop(putting->dav->cache, putting->collection, putting->ref);
	if (!putting->held)
		named_later(putting->dav, putting->collection, write->now.ref, &write->fail);
	if (etag && item_is_strong(etag))
		write->now.revision = arena_str(putting->arena, etag);
	else
		settle_later(putting->dav, &(struct unsure){
						   .collection = putting->collection,
						   .ref = write->now.ref,
						   .arena = putting->arena,
						   .now = &write->now,
						   .fail = &write->fail,
						   .normal = write->body->facts.normal,
					   });
	end(putting, NULL);
}

/* What is there says the same: it is taken for what was to be written. */
static void end_adopted(struct putting *putting, const char *etag, const struct buf *there)
{
	struct write *write = putting->write;

	write->now = (struct version){
		.ref = arena_str(putting->arena, putting->ref),
		.revision = item_revision(putting->arena, etag, there->data, there->size),
		.digest = digest_of(there->data, there->size),
	};
	end(putting, NULL);
}

static const struct fail *stale(const struct putting *putting)
{
	return fail_make(FAIL_STALE, FAIL_ITEM, "%s has changed on the server", putting->ref);
}

/* ---- answers ------------------------------------------------------------------------------ */

/* The item that has the UID, as the server names it (RFC 4791 5.3.2.1); NULL: it does not.
 * QUIRK(xandikos): words in place of its address. */
static const char *owner_told(const struct ask *ask)
{
	const char *href = ask->detail + strspn(ask->detail, " \t\r\n");

	return *href && !strpbrk(href, " \t\r\n") ? href : NULL;
}

/* It, if it is one of this collection. */
static const char *conflicting(const struct putting *putting)
{
	const struct ask *ask = putting->ask;
	const struct collection *collection = putting->collection;
	const char *href = owner_told(ask);
	const char *norm;

	if (!ask_uid_conflict(ask) || !href)
		return NULL;
	norm = href_norm(ask->asks->arena, collection->target, href);
	if (!norm || !href_below(norm, collection->norm))
		return NULL;
	return arena_str(putting->arena, item_ref(collection, href));
}

static void settle(struct putting *putting, const struct fail *refusal)
{
	putting->refusal = refusal;
	putting->stage = STAGE_SETTLE;
}

static void sent(struct putting *putting)
{
	const struct ask *ask = putting->ask;
	const char *other;

	if (ask_ok(ask)) {
		if (!putting->held)
			putting->ref = put_ref(ask, putting->collection, putting->ref);
		end_stored(putting, ask->http.etag);
		return;
	}
	if (put_is_open(ask)) {
		settle(putting, NULL);
		return;
	}
	if (putting->held) {
		if (ask->status == 412 && !ask_uid_conflict(ask))
			settle(putting, stale(putting));
		else if (!ask->fail && (ask->status == 404 || ask->status == 410))
			end(putting, stale(putting));
		else
			end(putting, ask_fail(ask, FAIL_ITEM));
		return;
	}
	other = conflicting(putting);
	putting->taken = ask_uid_conflict(ask) && !owner_told(ask);
	if (other) {
		putting->ref = other;
		putting->conflict = true;
	}
	if (!ask->fail &&
	    (ask->status == 412 || ask->status == 409 || ask->status == 403 || ask->status == 405))
		settle(putting, ask_fail(ask, FAIL_ITEM));
	else if (!ask->fail && ask->status == 404)
		end(putting, fail_make(FAIL_MISSING, FAIL_FOLDER, "the collection is not there any more"));
	else
		end(putting, ask_fail(ask, FAIL_ITEM));
}

/* Nothing is there, or it cannot be got. */
static void settled_nothing(struct putting *putting)
{
	const struct ask *ask = putting->ask;

	if (ask->fail)
		end(putting, fail_scoped(ask->fail, FAIL_ITEM));
	else if (putting->held)
		end(putting, stale(putting));
	else if (!putting->refusal)
		end(putting, fail_make(FAIL_STALE, FAIL_ITEM, "the line was cut before it was stored"));
	else if (putting->taken) /* somebody was faster, or an item of another collection has it */
		end(putting, fail_make(FAIL_EXISTS, FAIL_ITEM, "%s", putting->refusal->text));
	else
		end(putting, putting->refusal);
}

static void settled(struct putting *putting)
{
	const struct ask *ask = putting->ask;
	struct write *write = putting->write;
	struct item_facts facts = { 0 };
	bool same, mine;

	if (!ask_ok(ask)) {
		settled_nothing(putting);
		return;
	}
	item_read(ask->said.data, ask->said.size, putting->collection->flavour == BOOK, &facts);
	same = digest_equal(&facts.normal, &write->body->facts.normal);
	mine = facts.uid && strcmp(facts.uid, putting->key) == 0;
	item_facts_free(&facts);
	if (same)
		end_adopted(putting, ask->http.etag, &ask->said);
	else if (putting->held)
		end(putting, stale(putting));
	else if (mine || putting->conflict)
		end(putting, fail_make(FAIL_EXISTS, FAIL_ITEM,
				       "there is another version of it on the server: %s", putting->ref));
	else if (putting->names < NAMES_MOST) {
		putting->ref = name_next(putting);
		putting->stage = STAGE_SEND;
	} else {
		end(putting, fail_make(FAIL_REFUSED, FAIL_ITEM, "no name on the server is free for it"));
	}
}

/* The version that is to be replaced, before it is: is it still the one that was seen? */
static void checked(struct putting *putting)
{
	const struct ask *ask = putting->ask;
	const char *revision;

	if (!ask_ok(ask)) {
		settled_nothing(putting);
		return;
	}
	revision = item_revision(putting->arena, ask->http.etag, ask->said.data, ask->said.size);
	if (strcmp(revision, putting->held) != 0 &&
	    strcmp(item_revision(putting->arena, NULL, ask->said.data, ask->said.size), putting->held) != 0) {
		settled(putting);
		return;
	}
	putting->held = revision;
	putting->stage = STAGE_SEND;
}

/* ---- all ---------------------------------------------------------------------------------- */

static void putting_begin(struct putting *putting)
{
	struct write *write = putting->write;
	struct collection *collection = NULL;

	write->came_out = false;
	write->now = (struct version){ 0 };
	write->fail = dav_collection(putting->dav, write->folder, &collection);
	putting->stage = STAGE_DONE;
	if (write->fail)
		return;
	putting->collection = collection;
	putting->key = key_of(write, putting->arena);
	if (collection->read_only) {
		write->fail = fail_make(FAIL_DENIED, FAIL_ITEM, "%s: is read-only", collection->path);
		return;
	}
	if (collection->size_most && write->body->size > collection->size_most) {
		write->fail =
			fail_make(FAIL_REFUSED, FAIL_ITEM, "larger than the %llu bytes that the server takes",
				  (unsigned long long)collection->size_most);
		return;
	}
	if (!write->replaces) {
		putting->ref = name_next(putting);
		putting->stage = STAGE_SEND;
		return;
	}
	putting->ref = write->replaces;
	putting->held = write->if_revision ? write->if_revision : "*";
	putting->stage = !write->if_revision || item_is_strong(putting->held) ? STAGE_SEND : STAGE_CHECK;
}

static void ask_next(struct putting *putting, struct asks *asks)
{
	struct collection *collection = putting->collection;

	putting->ask = NULL;
	switch (putting->stage) {
	case STAGE_CHECK:
	case STAGE_SETTLE:
		putting->ask = fetch_get(asks, collection, putting->ref);
		break;
	case STAGE_SEND:
		putting->conflict = false;
		putting->ask = put_add(asks, collection, putting->ref, putting->write->body,
				       put_condition(asks->arena, putting->held));
		break;
	case STAGE_DONE:
		break;
	}
}

static void answered(struct putting *putting)
{
	switch (putting->stage) {
	case STAGE_CHECK:
		checked(putting);
		break;
	case STAGE_SETTLE:
		settled(putting);
		break;
	case STAGE_SEND:
		sent(putting);
		break;
	case STAGE_DONE:
		break;
	}
}

static const struct fail *round_run(struct dav *dav, struct putting *puttings, size_t count, bool *open)
{
	struct arena *arena = arena_new();
	const struct fail *f;
	struct asks asks;

	asks_begin(&asks, dav, arena);
	for (size_t i = 0; i < count; i++)
		ask_next(&puttings[i], &asks);
	*open = asks.list.count > 0;
	f = asks_run(&asks);
	for (size_t i = 0; i < count && !f; i++)
		if (puttings[i].ask)
			answered(&puttings[i]);
	asks_end(&asks);
	arena_free(arena);
	return f;
}

const struct fail *dav_write(struct store *store, struct write *writes, size_t count, struct arena *arena)
{
	struct dav *dav = dav_of(store);
	struct putting *puttings = memory_alloc((count + 1) * sizeof *puttings);
	const struct fail *f = NULL;
	bool open = true;

	for (size_t i = 0; i < count; i++) {
		puttings[i].dav = dav;
		puttings[i].write = &writes[i];
		puttings[i].arena = arena;
		putting_begin(&puttings[i]);
	}
	for (int round = 0; !f && open && round < ROUNDS; round++)
		f = round_run(dav, puttings, count, &open);
	for (size_t i = 0; i < count; i++)
		if (puttings[i].stage != STAGE_DONE)
			writes[i].fail = f ? f : fail_make(FAIL_REFUSED, FAIL_ITEM, "it cannot be settled");
	free(puttings);
	return f;
}
