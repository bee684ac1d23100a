/* Items: the requests of one call (store.h), whatever they ask for, and their outcomes.  For local
 * drivers. */
#ifndef KOC_STORE_ITEMS_H
#define KOC_STORE_ITEMS_H

#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>

/* An array of requests: `size` bytes each, their `fail` at `fail_at`. */
struct items {
	void *first;
	size_t count, size, fail_at;
	const struct fail *end; /* set while one is worked on: the call ends with it */
};

/* Clears all outcomes; each call of a driver begins with this. */
void items_begin(const struct items *items);

/* Where the outcome of the i-th goes. */
const struct fail **items_fail_of(const struct items *items, size_t i);

/* Sets it for all items that have none yet and for which `done` is not set (NULL: none is). */
void items_fail(const struct items *items, const bool *done, const struct fail *fail);

typedef const struct fail *item_do(void *context, void *item);

/* Does every item that has not failed yet, once, in order.  A fail that is larger than an item ends the
 * call. */
const struct fail *items_do(const struct items *items, item_do *act, void *context) MUST_CHECK;

/* Does this fail of one item end the whole call? */
bool fail_ends(const struct fail *fail);

/* The same fail, reaching at least this far; NULL stays NULL. */
static inline const struct fail *fail_at_least(const struct fail *fail, enum fail_scope scope)
{
	return fail && fail->scope < scope ? fail_scoped(fail, scope) : fail;
}

/* The usual outcomes of an item: fails that live for ever, as there may be many. */
extern const struct fail item_missing, item_restless, item_stale;

#endif
