/* Room: the DAV driver's object, and what its files share.  Private to the driver. */
#ifndef KOC_STORE_DAV_ROOM_H
#define KOC_STORE_DAV_ROOM_H

#include "base/vec.h"
#include "net/http.h"
#include "store/dav/dav.h"
#include "store/dav/flavour.h"
#include "store/dav/learnt.h"

struct arena;
struct cache;
struct map;

/* A server, as it is asked. */
struct origin {
	const char *url; /* "https://host", in its canonical form */
	struct http *http;
	struct learnt_origin *learnt;
	bool syncs[FLAVOURS]; /* sync-collection was answered by one of its collections */
};

struct home {
	struct origin *origin;
	const char *target; /* path, as it is sent */
	bool calendars, contacts, collection;
};

/* A calendar or an address book. */
struct collection {
	struct origin *origin;
	enum flavour flavour;
	enum kind kind;
	const char *name;          /* store_folder.name: the href as it was listed */
	const char *prefix;        /* the same with a slash at the end: what refs are behind of */
	const char *target;        /* for a request line */
	const char *norm;          /* for comparison */
	const char *path;          /* koc's; NULL: not listed now */
	const char *token, *ctag;  /* as the home told at the last folders(); "" none */
	const char *title, *color; /* NULL: none */
	bool read_only;
	bool version4;      /* gives vCard 4.0 */
	bool broken;        /* the home could not tell about it */
	bool wrote;         /* this process changed something in it */
	bool ctag_old;      /* ctag is from before a listing or a change, or was not asked for: good for no
			     * cursor */
	uint64_t size_most; /* of an item; 0: not told */
};

/* What was stored but is not known well enough: settled by sync(). */
struct unsure {
	struct collection *collection;
	const char *ref;
	struct arena *arena; /* for what is learnt */
	struct version *now;
	const struct fail **fail;
	struct digest normal; /* of what was sent; not known: whatever is there is right */
};

/* A new item whose name is in doubt: likewise. */
struct named {
	struct collection *collection;
	const char *ref;
	const struct fail **fail;
};

struct dav {
	struct store store;
	struct dav_options options;
	struct arena *arena; /* as long as the store */
	struct http_options http;
	struct learnt learnt;
	struct {
		VEC(struct origin *)
	} origins; /* the first one's names are told without it */
	struct {
		VEC(struct home)
	} homes;
	struct map *collections; /* by name */
	struct {
		VEC(struct collection *)
	} order; /* those listed last, by path */
	struct {
		VEC(struct unsure)
	} unsure;
	struct {
		VEC(struct named)
	} named;
	struct cache *cache;
};

static inline struct dav *dav_of(struct store *store)
{
	return (struct dav *)store;
}

/* The origin of an absolute URL; opened if need be. */
const struct fail *dav_origin(struct dav *dav, const char *url, struct origin **origin) MUST_CHECK;

/* The collection of a folder.  FAIL_MISSING (FOLDER): none that was listed. */
const struct fail *dav_collection(struct dav *dav, const struct store_folder *folder,
				  struct collection **collection) MUST_CHECK;

/* What was learnt changed: store.memo is written anew. */
void dav_learnt(struct dav *dav);
void dav_lacks(struct dav *dav, const struct collection *collection, enum lacks lacks);
/* sync-collection was answered: what another collection lacks is not the server's. */
void dav_syncs(struct dav *dav, const struct collection *collection);
bool dav_is_lacking(const struct collection *collection, enum lacks lacks);

/* The server wants to be asked again then: the next run heeds it, too.  A day at most. */
void dav_wait(struct dav *dav, int64_t when);
/* Before any request: has the time come that the server wants? */
const struct fail *dav_may_ask(struct dav *dav) MUST_CHECK;

/* ---- homes and collections, home.c, survey.c, collection.c ---- */

/* Fills dav->homes from what was learnt, or by discovery; with `again` by discovery.  *found: the homes are
 * just discovered. */
const struct fail *home_find(struct dav *dav, bool again, bool *found) MUST_CHECK;

/* The struct for a collection with this href in a listing of `base`; made if there is none. */
struct collection *collection_get(struct dav *dav, struct origin *origin, const char *base, const char *href);

/* What the engine is told of it. */
void collection_tell(const struct collection *collection, struct arena *arena, struct store_folder *folder);

/* ---- items ---- */

/* What the engine calls an item: the href behind the collection's prefix, or all of it if it lies elsewhere.
 */
const char *item_ref(const struct collection *collection, const char *href);
/* The href of a ref, as it was listed; and for a request line. */
const char *item_href(struct arena *arena, const struct collection *collection, const char *ref);
const char *item_target(struct arena *arena, const struct collection *collection, const char *ref);

/* sync() learns its revision and digest. */
void settle_later(struct dav *dav, const struct unsure *unsure);

/* ---- named.c ---- */

/* A new item was stored under this ref, as far as is known: sync() finds out if need be, and puts a
 * FAIL_STALE into *fail if it goes by another name: then it has to be looked for. */
void named_later(struct dav *dav, struct collection *collection, const char *ref, const struct fail **fail);
const struct fail *named_settle(struct dav *dav) MUST_CHECK;

/* ---- the driver's calls, by file ---- */

const struct fail *dav_folders(struct store *, const struct store_known *, size_t, struct arena *,
			       struct folder_list *);
const struct fail *dav_make(struct store *, const char *path, uint32_t roles, struct arena *,
			    struct store_folder *);
const struct fail *dav_rename(struct store *, const struct store_folder *, const char *path, struct arena *,
			      struct store_folder *);
const struct fail *dav_drop(struct store *, const struct store_folder *);
const struct fail *dav_label(struct store *, const struct store_folder *, const char *title,
			     const char *color);
const struct fail *dav_list(struct store *, struct look *, size_t);
const struct fail *dav_read(struct store *, struct read *, size_t, read_done *, void *, struct arena *);
const struct fail *dav_write(struct store *, struct write *, size_t, struct arena *);
const struct fail *dav_transfer(struct store *, struct transfer *, size_t, struct arena *);
const struct fail *dav_remove(struct store *, struct removal *, size_t, struct arena *);
const struct fail *dav_exists(struct store *, const struct store_folder *, const char *ref, bool *there);
const struct fail *dav_sync(struct store *);

#endif
