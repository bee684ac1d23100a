/* Looking: one collection being listed; what its answers tell of items, and the listing made of that. Private
 * to list.c and looking.c. */
#ifndef KOC_STORE_DAV_LOOKING_H
#define KOC_STORE_DAV_LOOKING_H

#include "store/dav/ask.h"
#include "store/dav/since.h"

enum way { WAY_TOKEN, WAY_EMPTY, WAY_ETAGS };

/* What is known of one item of the collection. */
struct found {
	const char *ref;
	const char *etag;     /* NULL: none */
	const char *revision; /* set at the end */
	const char *key;
	bool gone, broken, data;
};

/* One collection being listed. */
struct looking {
	struct dav *dav;
	struct look *look;
	struct collection *collection;
	struct arena *arena; /* becomes the listing's */
	struct arena *scratch;
	struct since then;
	enum way way;
	bool data; /* items are asked for inside */
	bool done;
	int rounds;
	const char *token; /* to be sent */
	const char *ctag;  /* from before the listing; "" none */
	struct map *by_ref;
	struct {
		VEC(struct found *)
	} found;
	struct buf xml;
	struct ask *ask;
	/* of this round: */
	bool self, cut;
	int wrong; /* what the answer says of the collection itself; 0: nothing bad */
	size_t responses, there;
	size_t with_etag, with_data;
};

/* A response of an answer: what it tells is taken down, the bytes of an item that came along are kept for
 * read(). */
const struct fail *looking_take(void *context, const struct xml_response *response);

/* Nothing was told yet. */
void looking_forget(struct looking *looking);

/* Reads the items that have no ETag. */
const struct fail *looking_read(struct looking *looking) MUST_CHECK;

/* Frees it; makes the listing if all that belongs to it is there. */
void looking_end(struct looking *looking);

#endif
