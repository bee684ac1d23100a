/* Since: a cursor, what a listing of a collection took in, as text: "1 WHERE TOKEN CTAG".  Pure. */
#ifndef KOC_STORE_DAV_SINCE_H
#define KOC_STORE_DAV_SINCE_H

#include <stdbool.h>

struct arena;

struct since {
	const char *token; /* of the answer to sync-collection; "" none */
	const char *ctag;  /* as it was before the listing; "" none */
};

/* `where` is the collection in the form of href_norm: a cursor of another one is nonsense.  False for "",
 * NULL and nonsense.  Strings lie in the arena. */
bool since_parse(struct arena *arena, const char *text, const char *where, struct since *since);
const char *since_text(struct arena *arena, const char *where, const struct since *since);

#endif
