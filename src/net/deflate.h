/* Deflate: the two raw deflate streams of a compressed connection (RFC 4978, RFC 1951).  Bytes
 * in, bytes out, no I/O.  What comes in unpacks into the caller's room only, so it cannot grow
 * unseen. */
#ifndef KOC_NET_DEFLATE_H
#define KOC_NET_DEFLATE_H

#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>

struct deflate; /* opaque */

struct deflate *deflate_new(void);
void deflate_free(struct deflate *d); /* NULL allowed */

/* Packs from *data, advancing it and *size, into at most `room` bytes at `out`; returns how many
 * it made.  With `flush` all that was ever given comes out, so that the peer can unpack it.  It
 * is done when it returns less than `room`; else it is to be called again. */
size_t deflate_pack(struct deflate *d, const void **data, size_t *size, bool flush,
		    void *out, size_t room);

/* Unpacks from `data`, telling in *used how much of it was taken, into at most `room` bytes at
 * `out`; *made of them were filled.  Nothing made: more data is needed.
 * Fails (ACCOUNT): FAIL_PROTOCOL when the data is not deflated; FAIL_UNREACHABLE at the mark of the
 * stream's end. */
const struct fail *deflate_unpack(struct deflate *d, const void *data, size_t size,
				  size_t *used, void *out, size_t room, size_t *made) MUST_CHECK;

#endif
