/* Put: bodies and conditions as they are sent. */
#ifndef KOC_STORE_DAV_PUT_H
#define KOC_STORE_DAV_PUT_H

#include "store/dav/ask.h"

/* The header that lets a request pass only for this version, or (NULL) only where there is none.  A revision
 * that no server compares (weak, or no ETag) becomes "*": that there is one. */
const char *put_condition(struct arena *arena, const char *revision);

/* A PUT in a flight.  It passes step("put") when its body goes out. */
struct ask *put_add(struct asks *asks, struct collection *collection, const char *ref, struct body *body,
		    const char *condition);

/* The ref that the new item has: the one it was sent to, unless the server names another place in the
 * collection. */
const char *put_ref(const struct ask *ask, const struct collection *collection, const char *ref);

/* Is it a FAIL_UNREACHABLE or such that leaves open whether the request was done? */
bool put_is_open(const struct ask *ask);

#endif
