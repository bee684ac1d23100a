/* Unpacks an HTTP body as it arrives: gzip and deflate (RFC 9110 8.4.1).  Not curl's decoder, which takes
 * a stream that was cut for a whole one. */
#ifndef KOC_NET_HTTP_UNPACK_H
#define KOC_NET_HTTP_UNPACK_H

#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>

#define UNPACK_ACCEPTED "gzip, deflate" /* what http_unpack_new knows */

struct http_unpack; /* opaque */

/* *unpack is for the value of a Content-Encoding, NULL for "identity".  FAIL_PROTOCOL (ITEM) for one that
 * was not asked for. */
const struct fail *http_unpack_new(const char *encoding, struct http_unpack **unpack) MUST_CHECK;
void http_unpack_free(struct http_unpack *unpack); /* NULL allowed */

/* Gives what `data` unpacks to, in pieces.  FAIL_PROTOCOL (ITEM), or what `give` said. */
typedef const struct fail *http_unpack_give(void *context, const char *data, size_t size);
const struct fail *http_unpack_add(struct http_unpack *unpack, const char *data, size_t size,
				   http_unpack_give *give, void *context) MUST_CHECK;

/* Was the end of the compressed stream seen?  An empty body is whole. */
bool http_unpack_whole(const struct http_unpack *unpack);

#endif
