/* Since: a cursor, what a listing of a collection took in, as text: "2 WHERE TOKEN CTAG
 * WHEN".  Pure. */
#ifndef KOC_STORE_DAV_SINCE_H
#define KOC_STORE_DAV_SINCE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

struct since {
	const char *token; /* of the answer to sync-collection; "" none */
	const char *ctag;  /* as it was before the listing; "" none */
	int64_t full;      /* when all was listed last, seconds since the epoch */
};

/* `where` is the collection in the form of href_norm: a cursor of another one is nonsense.  False for "",
 * NULL and nonsense.  Strings lie in the arena. */
bool since_parse(struct arena *arena, const char *text, const char *where, struct since *since);
const char *since_text(struct arena *arena, const char *where, const struct since *since);

/* Is it time to list all once more, whatever tokens say?  QUIRK(sogo): they are seconds, and of two changes
 * in the same one the second can be missed. */
bool since_is_old(const struct since *since, int64_t now);

#endif
