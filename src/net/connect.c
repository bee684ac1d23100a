/* Connections: the layers put together.
 *
 *     connect_read  <- unpack <- inbox <- TLS <- wire
 *     connect_write -> pack   -> out   -> TLS -> wire
 *
 * Unpack, pack and TLS are there only when they were switched on.  Without unpacking, and with
 * nothing in the inbox, TLS or the wire fill the caller's buffer themselves. */
#include "net/connect.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/str.h"
#include "net/deflate.h"
#include "net/inbox.h"
#include "net/probe.h"
#include "net/race.h"
#include "net/tls.h"
#include "net/wire.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT_ROOM (16 * 1024)      /* one full TLS record (RFC 8446 5.1) */
#define IN_CHUNK (16 * 1024)
#define IN_MOST (1024 * 1024)     /* received while a write waits */
#define PACK_ROOM 64              /* zlib wants some room for the mark of a flush */

struct connection {
	struct wire wire;
	struct tls *tls;         /* NULL: none */
	struct deflate *deflate; /* NULL: none */
	struct inbox inbox;      /* from the wire or TLS, not yet unpacked */
	bool peeked;             /* with deflate: `peek` is unpacked and not yet read */
	unsigned char peek;
	unsigned char out[OUT_ROOM];
	size_t out_size;
	char *host;              /* as TLS wants it: without a dot at its end */
	char *port;
	char *ca_file;
	bool pinned;
	struct digest pin;
};

/* ---- opening and closing ------------------------------------------------------------------ */

const struct fail *connect_open(const struct connect_options *options,
				struct connection **connection)
{
	const struct fail *fail;
	struct connection *c = memory_alloc(sizeof(*c));
	char address[64];
	size_t length;

	c->wire.fd = -1;
	c->wire.timeout = options->timeout > 0 ? options->timeout : 1;
	c->host = memory_str(options->host);
	c->port = memory_str(options->port);
	c->ca_file = memory_str(options->ca_file);
	length = strlen(c->host);
	if (length && c->host[length - 1] == '.')
		c->host[length - 1] = '\0';
	c->pinned = options->fingerprint != NULL;
	if (c->pinned && !str_unhex(c->pin.bytes, options->fingerprint, DIGEST_SIZE)) {
		fail = fail_make(FAIL_CONFIG, FAIL_ACCOUNT, "tls-fingerprint is not 64 hex digits");
		goto out;
	}
	fail = race_connect(options->host, options->port, c->wire.timeout, options->loopback_only,
			    &c->wire.fd, address, sizeof(address));
	if (fail)
		goto out;
	log_line(LOG_VERBOSE, "connected to %s port %s (%s)", options->host, options->port,
		 address);
	*connection = c;
	c = NULL;
out:
	connect_close(c);
	return fail;
}

void connect_close(struct connection *connection)
{
	if (!connection)
		return;
	tls_free(connection->tls);
	deflate_free(connection->deflate);
	inbox_free(&connection->inbox);
	if (connection->wire.fd >= 0)
		close(connection->wire.fd);
	free(connection->host);
	free(connection->port);
	free(connection->ca_file);
	free(connection);
}

struct connect_counts connect_counts(const struct connection *connection)
{
	return connection->wire.counts;
}

int connect_fd(const struct connection *connection)
{
	return connection->wire.fd;
}

bool connect_is_tls(const struct connection *connection)
{
	return connection->tls;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* From TLS or the wire, without waiting. */
static enum wire_result below_read(struct connection *c, void *data, size_t room, size_t *got)
{
	return c->tls ? tls_read(c->tls, data, room, got) : wire_read(&c->wire, data, room, got);
}

/* Receives some more into the inbox, without waiting. */
static enum wire_result inbox_fill(struct connection *c)
{
	enum wire_result result;
	size_t got;

	result = below_read(c, inbox_tail(&c->inbox, IN_CHUNK), IN_CHUNK, &got);
	if (result == WIRE_DONE)
		inbox_grew(&c->inbox, got);
	return result;
}

/* Unpacks without waiting. */
static enum wire_result unpacked_read(struct connection *c, unsigned char *data, size_t room,
				      size_t *got)
{
	const struct fail *fail;
	enum wire_result result;
	size_t used;

	for (;;) {
		/* Also with an empty inbox: the unpacker may have kept what did not fit last
		 * time. */
		fail = deflate_unpack(c->deflate, inbox_head(&c->inbox), inbox_size(&c->inbox),
				      &used, data, room, got);
		inbox_drop(&c->inbox, used);
		if (fail) {
			wire_end(&c->wire, fail->code, "%s", fail->text);
			return WIRE_ENDED;
		}
		if (*got)
			return WIRE_DONE;
		result = inbox_fill(c);
		if (result != WIRE_DONE)
			return result;
	}
}

/* From the inbox or, when it is empty, from below. */
static enum wire_result plain_read(struct connection *c, unsigned char *data, size_t room,
				 size_t *got)
{
	size_t held = inbox_size(&c->inbox);

	if (!held)
		return below_read(c, data, room, got);
	*got = room < held ? room : held;
	memcpy(data, inbox_head(&c->inbox), *got);
	inbox_drop(&c->inbox, *got);
	return WIRE_DONE;
}

/* Reads through all layers, without waiting. */
static enum wire_result top_read(struct connection *c, unsigned char *data, size_t room,
				 size_t *got)
{
	enum wire_result result = c->deflate ? unpacked_read(c, data, room, got) :
					       plain_read(c, data, room, got);

	if (result == WIRE_DONE)
		c->wire.quiet = 0;
	return result;
}

const struct fail *connect_read(struct connection *connection, void *data, size_t room,
				size_t *got)
{
	const struct fail *fail = NULL;
	struct wire_wait wait = { 0 };

	if (connection->peeked) {
		connection->peeked = false;
		*(unsigned char *)data = connection->peek;
		if (room == 1 || top_read(connection, (unsigned char *)data + 1, room - 1, got) !=
					 WIRE_DONE)
			*got = 0;
		++*got;
		return NULL;
	}
	while (!fail) {
		switch (top_read(connection, data, room, got)) {
		case WIRE_DONE:
			return NULL;
		case WIRE_WANT_READ:
			fail = wire_wait(&connection->wire, &wait, POLLIN, NULL);
			break;
		case WIRE_WANT_WRITE:
			fail = wire_wait(&connection->wire, &wait, POLLOUT, NULL);
			break;
		case WIRE_ENDED:
			fail = wire_fail(&connection->wire);
			break;
		}
	}
	return fail;
}

bool connect_readable(struct connection *connection)
{
	struct connection *c = connection;
	enum wire_result result;
	size_t got;

	if (c->peeked || (!c->deflate && inbox_size(&c->inbox)))
		return true;
	result = c->deflate ? unpacked_read(c, &c->peek, 1, &got) : inbox_fill(c);
	c->peeked = c->deflate && result == WIRE_DONE;
	/* At its end a stream can be read without waiting too: connect_read tells why it ended. */
	return result == WIRE_DONE || result == WIRE_ENDED;
}

/* ---- writing ------------------------------------------------------------------------------ */

/* Waits until more can be sent, and takes in what arrives meanwhile: a peer that does not read
 * before it has written would else wait for us as we wait for it. */
static const struct fail *write_wait(struct connection *c, struct wire_wait *wait, short events)
{
	const struct fail *fail;
	short ready;

	fail = wire_wait(&c->wire, wait, (short)(events | POLLIN), &ready);
	if (fail || !(ready & ~POLLOUT))
		return fail;
	if (inbox_size(&c->inbox) >= IN_MOST)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
				 "server sent %d KB without reading what it was sent",
				 IN_MOST / 1024);
	if (inbox_fill(c) == WIRE_ENDED)
		return wire_fail(&c->wire);
	return NULL;
}

/* Sends all of it, through TLS if there is TLS. */
static const struct fail *send_all(struct connection *c, const void *data, size_t size)
{
	const struct fail *fail = NULL;
	const unsigned char *at = data;
	enum wire_result result;
	struct wire_wait wait = { 0 };
	size_t sent;

	while (size && !fail) {
		result = c->tls ? tls_write(c->tls, at, size, &sent) :
				  wire_write(&c->wire, at, size, &sent);
		switch (result) {
		case WIRE_DONE:
			at += sent;
			size -= sent;
			wait = (struct wire_wait){ 0 };
			break;
		case WIRE_WANT_READ:
			fail = write_wait(c, &wait, POLLIN);
			break;
		case WIRE_WANT_WRITE:
			fail = write_wait(c, &wait, POLLOUT);
			break;
		case WIRE_ENDED:
			fail = wire_fail(&c->wire);
			break;
		}
	}
	return fail;
}

/* Sends the out buffer. */
static const struct fail *out_send(struct connection *c)
{
	size_t size = c->out_size;

	c->out_size = 0;
	return send_all(c, c->out, size);
}

static const struct fail *write_packed(struct connection *c, const void *data, size_t size,
				       bool flush)
{
	const struct fail *fail;
	size_t room, made;

	do {
		if (OUT_ROOM - c->out_size < PACK_ROOM) {
			fail = out_send(c);
			if (fail)
				return fail;
		}
		room = OUT_ROOM - c->out_size;
		made = deflate_pack(c->deflate, &data, &size, flush, c->out + c->out_size, room);
		c->out_size += made;
	} while (size || made == room);
	return NULL;
}

static const struct fail *write_plain(struct connection *c, const unsigned char *data, size_t size)
{
	const struct fail *fail;
	size_t part;

	while (size) {
		if (!c->out_size && size >= OUT_ROOM) {
			/* Whole records go out from where they are. */
			part = size - size % OUT_ROOM;
			fail = send_all(c, data, part);
			if (fail)
				return fail;
		} else {
			part = OUT_ROOM - c->out_size;
			part = part < size ? part : size;
			memcpy(c->out + c->out_size, data, part);
			c->out_size += part;
			if (c->out_size == OUT_ROOM) {
				fail = out_send(c);
				if (fail)
					return fail;
			}
		}
		data += part;
		size -= part;
	}
	return NULL;
}

const struct fail *connect_write(struct connection *connection, const void *data, size_t size)
{
	if (connection->deflate)
		return write_packed(connection, data, size, false);
	return write_plain(connection, data, size);
}

const struct fail *connect_flush(struct connection *connection)
{
	const struct fail *fail = NULL;

	if (connection->deflate)
		fail = write_packed(connection, NULL, 0, true);
	return fail ? fail : out_send(connection);
}

/* ---- switching layers on ------------------------------------------------------------------ */

/* Has the server sent something that nobody has read? */
static bool bytes_waiting(struct connection *c)
{
	char byte;

	return inbox_size(&c->inbox) || recv(c->wire.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* The server hung up when TLS was to begin.
 * QUIRK(dovecot): so it does, without the alert that is due, when the version does not suit it. */
static const struct fail *hung_up(struct connection *c, bool talked, const struct fail *fail)
{
	if (talked)
		return fail_make(FAIL_TLS, FAIL_ACCOUNT,
				 "server hung up when TLS was to begin: only TLS 1.1 or older?");
	if (probe_old_tls(c->host, c->port, c->wire.timeout))
		return fail_make(FAIL_TLS, FAIL_ACCOUNT, "server offers only TLS 1.1 or older");
	return fail;
}

const struct fail *connect_tls(struct connection *connection)
{
	const struct fail *fail;
	uint64_t heard = connection->wire.counts.in;
	struct tls_options options = {
		.host = connection->host,
		.ca_file = connection->ca_file,
		.pinned = connection->pinned,
		.pin = connection->pin,
	};

	fail = connect_flush(connection);
	if (fail)
		return fail;
	/* A TLS server speaks second.  After STARTTLS such bytes are what somebody on the way
	 * wants to be taken for the server's word (CVE-2011-0411). */
	if (bytes_waiting(connection))
		return fail_make(FAIL_TLS, FAIL_ACCOUNT,
				 connection->wire.counts.out ?
					 "server sent data ahead of the TLS handshake" :
					 "server speaks before TLS: wrong port?");
	fail = tls_start(&connection->wire, &options, &connection->tls);
	if (!fail)
		log_line(LOG_VERBOSE, "%s: %s", connection->host, tls_describe(connection->tls));
	else if (connection->wire.end_seen && connection->wire.counts.in == heard)
		fail = hung_up(connection, heard, fail);
	return fail;
}

const struct fail *connect_compress(struct connection *connection)
{
	const struct fail *fail;

	fail = connect_flush(connection);
	if (!fail)
		connection->deflate = deflate_new();
	return fail;
}
