/* Pool: the interned strings and bodies of memory worlds (world.h).  They never change, and live
 * until the last world of the pool is freed, so copying a world copies no strings. */
#ifndef KOC_STORE_POOL_H
#define KOC_STORE_POOL_H

#include "store/world.h"

struct arena;

struct memory_pool *pool_new(void); /* with one owner */
struct memory_pool *pool_share(struct memory_pool *pool); /* one owner more; returns it */
void pool_free(struct memory_pool *pool); /* one owner less; NULL allowed */

const char *pool_string(struct memory_pool *pool, const char *s); /* NULL gives NULL */
const struct memory_body *pool_body(struct memory_pool *pool, const void *data, size_t size);
bool pool_print(struct memory_pool *pool, const struct memory_body *body, struct print *print,
		const char **message_id);

/* For work between two calls: emptied here. */
struct arena *pool_scratch(struct memory_pool *pool);

#endif
