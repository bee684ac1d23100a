/* Wire: the socket under a connection. */
#include "net/wire.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* One operation may last so many timeouts if a little moves all the time. */
#define SLOWNESS 10

void wire_end(struct wire *wire, enum fail_code code, const char *format, ...)
{
	va_list arguments;

	if (wire->ended)
		return;
	wire->ended = true;
	wire->code = code;
	va_start(arguments, format);
	vsnprintf(wire->text, sizeof(wire->text), format, arguments);
	va_end(arguments);
}

const struct fail *wire_fail(const struct wire *wire)
{
	if (!wire->ended)
		return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "connection closed by the server");
	return fail_make(wire->code, FAIL_ACCOUNT, "%s", wire->text);
}

static void wire_break(struct wire *wire, int error)
{
	wire->broken = true;
	wire_end(wire, FAIL_UNREACHABLE, "connection broken: %s", strerror(error));
}

enum wire_result wire_read(struct wire *wire, void *data, size_t room, size_t *got)
{
	ssize_t n;

	if (wire->quiet > WIRE_QUIET_MOST) {
		wire_end(wire, FAIL_PROTOCOL, "server sent %d MB without content",
			 WIRE_QUIET_MOST / 1024 / 1024);
		wire->end_seen = true;
	}
	if (wire->end_seen)
		return WIRE_ENDED;
	do
		n = recv(wire->fd, data, room, 0);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		*got = (size_t)n;
		wire->counts.in += *got;
		wire->quiet += *got;
		wire->heard = true;
		return WIRE_DONE;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return WIRE_WANT_READ;
	wire->end_seen = true;
	if (n < 0)
		wire_break(wire, errno);
	return WIRE_ENDED;
}

enum wire_result wire_write(struct wire *wire, const void *data, size_t size, size_t *sent)
{
	ssize_t n;

	if (wire->broken)
		return WIRE_ENDED;
	do
		n = send(wire->fd, data, size, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0) {
		*sent = (size_t)n;
		wire->counts.out += *sent;
		if (wire->heard)
			wire->counts.turns++;
		wire->heard = false;
		return WIRE_DONE;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return WIRE_WANT_WRITE;
	/* Reading goes on: what the server said before it hung up (a BYE) may still be there. */
	wire_break(wire, errno);
	return WIRE_ENDED;
}

const struct fail *wire_wait(struct wire *wire, struct wire_wait *wait, short events, short *ready)
{
	uint64_t moved = wire->counts.in + wire->counts.out;
	int64_t now = clock_monotonic(), timeout = (int64_t)wire->timeout * 1000;
	struct pollfd poller = { .fd = wire->fd, .events = events };
	int n;

	if (!wait->deadline)
		wait->last = now + (wait->whole ? timeout : timeout * SLOWNESS);
	if (!wait->deadline || moved != wait->moved) {
		wait->deadline = now + timeout < wait->last ? now + timeout : wait->last;
		wait->moved = moved;
	}
	for (; now < wait->deadline; now = clock_monotonic()) {
		n = poll(&poller, 1, (int)(wait->deadline - now));
		if (n > 0) {
			if (ready)
				*ready = poller.revents;
			return NULL;
		}
		if (n < 0 && errno != EINTR)
			return fail_errno(FAIL_ACCOUNT, errno, "poll");
	}
	return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "no answer from the server for %d s",
			 wire->timeout);
}
