/* Peer: the other end of a connection under test, a forked process that serves one connection on
 * loopback and tells by its exit status whether it saw what it should have seen.  Included by the
 * unit tests of net/. */
#ifndef KOC_TESTS_PEER_H
#define KOC_TESTS_PEER_H

#include "net/connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A peer that hangs is ended by its own alarm clock. */
#define PEER_SECONDS 30

struct peer {
	pid_t pid;
	char port[8];
};

typedef void peer_act(int fd, void *context);

/* In the peer: ends it with a line on standard error unless `good`. */
#define peer_need(good)                                                                            \
	do {                                                                                       \
		if (!(good)) {                                                                     \
			fprintf(stderr, "peer, line %d: %s\n", __LINE__, #good);                   \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* A socket bound to 127.0.0.1, any port, that does not listen: connecting to it is refused, and nobody
 * else gets the port meanwhile. */
static inline int peer_bind(int buffer, struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	if (buffer)
		assert_int_equal(
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)address, &size), 0);
	return fd;
}

/* The same, listening; `buffer` bytes of receive buffer, 0 the usual. */
static inline int peer_listen(int backlog, int buffer, struct sockaddr_in *address)
{
	int fd = peer_bind(buffer, address);

	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

/* In the peer: where it listens, for one that wants further connections. */
static int peer_listener;

static inline int peer_accept(void)
{
	int fd = accept(peer_listener, NULL, NULL);

	peer_need(fd >= 0);
	return fd;
}

/* Starts a peer that accepts one connection and does `act` with it. */
static inline struct peer peer_start(peer_act *act, void *context, int buffer)
{
	struct sockaddr_in address;
	struct peer peer;
	int connection, listener = peer_listen(5, buffer, &address);

	snprintf(peer.port, sizeof(peer.port), "%u", ntohs(address.sin_port));
	peer.pid = fork();
	assert_true(peer.pid >= 0);
	if (!peer.pid) {
		alarm(PEER_SECONDS);
		peer_listener = listener;
		connection = peer_accept();
		act(connection, context);
		close(connection);
		_exit(0);
	}
	close(listener);
	return peer;
}

/* Waits for its end; it must have been content. */
static inline void peer_end(struct peer *peer)
{
	int status = -1;

	assert_int_equal(waitpid(peer->pid, &status, 0), peer->pid);
	assert_int_equal(status, 0);
}

/* ---- what peers do ------------------------------------------------------------------------ */

static inline void peer_write(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t n;

	for (; size; at += n, size -= (size_t)n) {
		n = send(fd, at, size, MSG_NOSIGNAL);
		peer_need(n > 0);
	}
}

static inline void peer_say(int fd, const char *text)
{
	peer_write(fd, text, strlen(text));
}

static inline void peer_read(int fd, void *data, size_t size)
{
	char *at = data;
	ssize_t n;

	for (; size; at += n, size -= (size_t)n) {
		n = read(fd, at, size);
		peer_need(n > 0);
	}
}

static inline void peer_expect(int fd, const char *text)
{
	char data[256];
	size_t size = strlen(text);

	peer_need(size <= sizeof(data));
	peer_read(fd, data, size);
	peer_need(!memcmp(data, text, size));
}

/* Waits until the other side has closed; it must not have sent anything more.  Closing with unread
 * bytes in the kernel, the mark of a flush for instance, is a reset. */
static inline void peer_closed(int fd)
{
	char byte;
	ssize_t n = read(fd, &byte, 1);

	peer_need(n == 0 || (n < 0 && errno == ECONNRESET));
}

/* ---- what the tests do with a connection -------------------------------------------------- */

static inline struct connection *peer_connect(const struct peer *peer, const char *host,
					      const char *ca_file, const char *fingerprint,
					      int timeout)
{
	struct connect_options options = {
		.host = host,
		.port = peer->port,
		.ca_file = ca_file,
		.fingerprint = fingerprint,
		.timeout = timeout,
	};
	struct connection *connection = NULL;
	const struct fail *fail = connect_open(&options, &connection);

	assert_string_equal(fail ? fail->text : "", "");
	return connection;
}

/* `fail` must be a success. */
static inline void must(const struct fail *fail)
{
	assert_string_equal(fail ? fail->text : "", "");
}

/* `fail` must have this code, ACCOUNT scope and these words in its text. */
static inline void must_fail(const struct fail *fail, enum fail_code code, const char *words)
{
	assert_non_null(fail);
	if (!strstr(fail->text, words))
		assert_string_equal(fail->text, words);
	assert_int_equal(fail->code, code);
	assert_int_equal(fail->scope, FAIL_ACCOUNT);
}

/* Waits until there is something to read, which is then in memory. */
static inline void await_readable(struct connection *connection)
{
	struct pollfd poller = { .fd = connect_fd(connection), .events = POLLIN };

	while (!connect_readable(connection))
		assert_int_equal(poll(&poller, 1, PEER_SECONDS * 1000), 1);
}

static inline void must_read(struct connection *connection, const char *text)
{
	char data[256];
	size_t got, size = strlen(text), have = 0;

	assert_true(size <= sizeof(data));
	while (have < size) {
		must(connect_read(connection, data + have, size - have, &got));
		assert_in_range(got, 1, size - have);
		have += got;
	}
	assert_memory_equal(data, text, size);
}

static inline void must_send(struct connection *connection, const char *text)
{
	must(connect_write(connection, text, strlen(text)));
	must(connect_flush(connection));
}

#endif
