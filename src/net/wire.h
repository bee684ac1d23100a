/* Wire: a connected, non-blocking TCP socket with its byte counters, its deadline and the reason
 * why it ended.  Private to net/: TLS, deflate and buffering are layers above it. */
#ifndef KOC_NET_WIRE_H
#define KOC_NET_WIRE_H

#include "base/fail.h"
#include "net/connect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What became of one attempt to read or write without waiting. */
enum wire_result {
	WIRE_DONE,       /* at least one byte went through */
	WIRE_WANT_READ,  /* nothing now: try again when the socket is readable */
	WIRE_WANT_WRITE, /* nothing now: try again when it is writable */
	WIRE_ENDED       /* nothing ever again in this direction: wire_fail says why */
};

struct wire {
	int fd;
	int timeout;          /* seconds without progress */
	struct connect_counts counts;
	uint64_t quiet;       /* bytes received since anything came of them for the user */
	bool heard;           /* data came in since the last data went out */
	bool end_seen;        /* end of stream, or a broken connection, on the way in */
	bool broken;          /* nothing can be sent any more */
	bool ended;           /* `code` and `text` hold the first reason for it */
	enum fail_code code;
	char text[FAIL_TEXT];
};

/* So much may come without content (TLS records, deflate blocks that hold nothing) before that is
 * FAIL_PROTOCOL: else a server could keep a read busy for ever without its deadline being looked at.
 * More than is ever received ahead. */
#define WIRE_QUIET_MOST (2 * 1024 * 1024)

/* recv(2) and send(2).  They never raise SIGPIPE, and survive EINTR.  An end of stream is
 * WIRE_ENDED without a reason: the layer above knows whether it was due. */
enum wire_result wire_read(struct wire *wire, void *data, size_t room, size_t *got);
enum wire_result wire_write(struct wire *wire, const void *data, size_t size, size_t *sent);

/* Notes why the connection is over; only the first reason is kept. */
void wire_end(struct wire *wire, enum fail_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The reason as a fail of ACCOUNT scope, never NULL; where none was noted, that the server
 * closed. */
const struct fail *wire_fail(const struct wire *wire) __attribute__((returns_nonnull));

/* How long one operation has been waiting.  Start with { 0 }. */
struct wire_wait {
	int64_t deadline; /* milliseconds, monotonic; 0: not waited yet */
	int64_t last;     /* to which progress can move the deadline */
	uint64_t moved;   /* bytes that had gone through when the deadline was set */
	bool whole;       /* the deadline is for the whole operation: progress does not move it */
};

/* Waits for POLLIN and POLLOUT as in `events`.  `ready` (NULL: not wanted) gets what poll(2) said.
 * FAIL_UNREACHABLE when nothing moved for the timeout, or little for ten times as long. */
const struct fail *wire_wait(struct wire *wire, struct wire_wait *wait, short events, short *ready)
	MUST_CHECK;

#endif
