/* Item: what a response in an answer says about one item of a collection, its refs, revisions and bytes. */
#ifndef KOC_STORE_DAV_ITEM_H
#define KOC_STORE_DAV_ITEM_H

#include "base/buf.h"
#include "net/xml.h"
#include "store/dav/room.h"

/* Revisions that are no ETag: an item that has none is as its content is; and one of which the server could
 * not tell anything now, so that it is read. */
#define REVISION_CONTENT "koc-content:"
#define REVISION_UNKNOWN "koc-unknown"

enum item_state {
	ITEM_THERE,
	ITEM_GONE,
	ITEM_BROKEN, /* there, as far as one knows; the server could not tell about it */
	ITEM_SELF,   /* the collection itself */
	ITEM_CUT,    /* nothing: the server says that it left things out (507) */
	ITEM_OTHER   /* no item: a collection below, or a thing of another type */
};

struct item_response {
	enum item_state state;
	int status;       /* what the response comes to: 200, or what went wrong */
	const char *ref;  /* not for ITEM_SELF and ITEM_CUT */
	const char *etag; /* verbatim; NULL none */
	const char *data; /* as XML gives it: LF; NULL none */
	size_t size;
};

/* All strings are valid as long as the response. */
void item_take(const struct collection *collection, struct arena *scratch,
	       const struct xml_response *response, struct item_response *item);

/* Are these bytes an item at all (a NUL stands behind them)?  Nothing, and a page of HTML, are none: they
 * replace nobody's file. */
bool item_is_one(const char *data, size_t size);

/* Appends the bytes with CRLF as RFC 5545 3.1 and RFC 6350 3.2 want: XML turned it into LF. */
void item_crlf(struct buf *out, const char *data, size_t size);

/* The revision: the ETag if there is one, else REVISION_CONTENT and a hash of the bytes (of the disk). */
const char *item_revision(struct arena *arena, const char *etag, const char *data, size_t size);

/* Can it stand in If-Match (RFC 9110 13.1.1: a strong ETag)? */
bool item_is_strong(const char *revision);

#endif
