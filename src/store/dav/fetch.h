/* Fetch: items' bytes, by multiget (RFC 4791 7.9, RFC 6352 8.7) and by GET. */
#ifndef KOC_STORE_DAV_FETCH_H
#define KOC_STORE_DAV_FETCH_H

#include "store/dav/ask.h"
#include "store/dav/item.h"

/* One item wanted.  Outcome: `fail`, or its bytes, CRLF restored, valid during the callback only, and its
 * revision. */
struct fetch {
	struct collection *collection;
	const char *ref;
	void *what; /* the caller's own */
	/* outcome: */
	const struct fail *fail; /* FAIL_MISSING: it is not there */
	const char *etag;        /* NULL none */
	const char *revision;
	const char *data;
	size_t size;

	bool done; /* private */
};

/* Called once for each, in any order.  A fail ends the call. */
typedef const struct fail *fetch_done(void *context, struct fetch *fetch);

/* Fetches all: multigets of 100, many in flight, then GETs for what they did not answer.  Strings in the
 * arena. A fail is the whole call's; then those that were not told are not fetched. */
const struct fail *fetch_all(struct dav *dav, struct fetch *fetches, size_t count, fetch_done *done,
			     void *context, struct arena *arena) MUST_CHECK;

/* A GET of one item in a flight; its bytes are in ask->said. */
struct ask *fetch_get(struct asks *asks, struct collection *collection, const char *ref);

#endif
