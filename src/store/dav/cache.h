/* Cache: bodies that came along with a listing, or were read for their print, kept until they are asked for,
 * in one spool file (in memory, up to a limit, where there is no spool).  Nothing in it outlives the store.
 */
#ifndef KOC_STORE_DAV_CACHE_H
#define KOC_STORE_DAV_CACHE_H

#include "base/fail.h"
#include "store/body.h"

#include <stdbool.h>

struct cache;
struct collection;

struct cache *cache_new(void);
void cache_free(struct cache *cache); /* NULL allowed */

/* Keeps an item's bytes; an older version of it is forgotten.  Where there is no room it is not kept. */
const struct fail *cache_put(struct cache *cache, struct spool *spool, const struct collection *collection,
			     const char *ref, const char *revision, const char *data, size_t size) MUST_CHECK;

/* The revision of what is kept; NULL: nothing is.  Valid until the item is put or dropped. */
const char *cache_revision(const struct cache *cache, const struct collection *collection, const char *ref);

/* What is kept, as a body.  *body NULL: nothing is. */
const struct fail *cache_body(struct cache *cache, const struct collection *collection, const char *ref,
			      enum body_form form, struct body **body) MUST_CHECK;

void cache_drop(struct cache *cache, const struct collection *collection, const char *ref);

#endif
