/* Incoming: what arrives, cut into lines and runs of bytes, within limits.  Understands nothing. */
#ifndef KOC_STORE_IMAP_INCOMING_H
#define KOC_STORE_IMAP_INCOMING_H

#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;

#define LINE_MOST ((size_t)1 << 20) /* one response without the bodies in it */
#define INCOMING_ROOM      ((size_t)64 * 1024)

/* Reads at least one byte and at most `room`; the end of the stream is a fail (as connect_read). */
typedef const struct fail *incoming_read(void *context, void *data, size_t room, size_t *got);

struct incoming {
	incoming_read *read;
	void *context;
	char *data;        /* INCOMING_ROOM bytes, made at the first read */
	size_t at, end;    /* what was received and not yet taken */
};

void incoming_free(struct incoming *incoming); /* frees what it holds, not the struct */

/* Appends a line to `line` (limit LINE_MOST) without its end, CRLF or LF.  FAIL_PROTOCOL when it is
 * too long or holds a NUL. */
const struct fail *incoming_line(struct incoming *incoming, struct buf *line) MUST_CHECK;

/* The next bytes, at most `most`, which are then taken; valid until the next call. */
const struct fail *incoming_bytes(struct incoming *incoming, size_t most, const char **data,
			      size_t *size) MUST_CHECK;

/* Does the next line begin with `prefix`?  Takes it if so; nothing if not. */
const struct fail *incoming_starts(struct incoming *incoming, const char *prefix,
				   bool *starts) MUST_CHECK;

/* Is nothing left that was received? */
bool incoming_empty(const struct incoming *incoming);

#endif
