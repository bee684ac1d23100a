/* Web: an HTTP/1.x server for the unit tests of net/http: a forked process, with a process of its own for
 * each connection, that answers every request by a function of the test.  What it saw is counted in memory
 * that it shares with the test.  Each request is checked for what no request of koc may contain. */
#ifndef KOC_TESTS_WEB_H
#define KOC_TESTS_WEB_H

#include "base/str.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WEB_SECONDS 60 /* one that hangs is ended by its alarm clock */
#define WEB_HEAD    (64 * 1024)
#define WEB_BODY    (2 * 1024 * 1024)

struct web_request;
typedef void web_act(struct web_request *request);

/* What all processes share. */
struct web_seen {
	atomic_int connections, requests, logins; /* logins: requests with an Authorization line */
	atomic_int now, most;                     /* requests in flight: at this moment, at most ever */
	atomic_int wrong;                         /* complaints */
	atomic_int number[4];                     /* for the test's own use */
	pthread_barrier_t barrier;                /* the same; see web_meet */
};

struct web {
	pid_t pid;
	unsigned port;
	char url[64]; /* "http://127.0.0.1:1234" */
	struct web_seen *seen;
};

struct web_request {
	struct web_seen *seen;
	int fd;
	SSL *ssl;      /* NULL: plain */
	void *context; /* of the test */
	unsigned port;
	int ordinal;       /* of all requests, from 1 */
	int connection;    /* of all connections, from 1 */
	int on_connection; /* of this connection's requests, from 1 */
	char method[32], target[4096];
	char head[WEB_HEAD]; /* request line and header lines */
	char *body;
	size_t body_size;
	bool answering; /* it counts as in flight no more */
	bool close;     /* set by the act: the connection is closed behind the answer */
};

/* In the server: tells, and ends the connection, unless `good`. */
#define web_need(request, good)                                                                              \
	do {                                                                                                 \
		if (!(good)) {                                                                               \
			fprintf(stderr, "web, line %d: %s\n", __LINE__, #good);                              \
			(request)->seen->wrong++;                                                            \
			_exit(1);                                                                            \
		}                                                                                            \
	} while (0)

static inline void web_write(struct web_request *r, const void *data, size_t size)
{
	const char *at = data;

	/* The client may have its next request here before this process runs again. */
	if (!r->answering)
		r->seen->now--;
	r->answering = true;
	while (size) {
		size_t part = size < 16384 ? size : 16384;
		ssize_t n = r->ssl ? SSL_write(r->ssl, at, (int)part) : send(r->fd, at, part, MSG_NOSIGNAL);

		if (n <= 0)
			_exit(0); /* the client has had enough */
		at += n;
		size -= (size_t)n;
	}
}

static inline void web_say(struct web_request *r, const char *text)
{
	web_write(r, text, strlen(text));
}

/* A whole answer; `lines` is header lines, each ended by CRLF. */
static inline void web_answer(struct web_request *r, int status, const char *lines, const char *body)
{
	char *answer;
	int size = asprintf(&answer, "HTTP/1.1 %d Whatever\r\n%sContent-Length: %zu\r\n\r\n%s", status, lines,
			    strlen(body), body);

	web_need(r, size > 0);
	web_write(r, answer, (size_t)size);
	free(answer);
}

/* For acts that say the same bytes to whomever. */
struct raw {
	const char *data;
	size_t size;
	bool reset; /* the connection is torn down instead of closed */
};

/* Says the bytes of the context and closes. */
static inline void act_raw(struct web_request *r)
{
	const struct raw *raw = r->context;
	const struct linger abrupt = { .l_onoff = 1 };

	web_write(r, raw->data, raw->size);
	if (raw->reset)
		setsockopt(r->fd, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
	r->close = true;
}

/* The value of a header line into `value`; false if there is none. */
static inline bool web_field(const struct web_request *r, const char *name, char *value, size_t room)
{
	size_t length = strlen(name);

	for (const char *at = strstr(r->head, "\r\n"); at && at[2]; at = strstr(at + 2, "\r\n")) {
		const char *line = at + 2, *end = strstr(line, "\r\n");

		if (end && !str_ncasecmp(line, name, length) && line[length] == ':') {
			line += length + 1;
			line += *line == ' ';
			snprintf(value, room, "%.*s", (int)(end - line), line);
			return true;
		}
	}
	return false;
}

/* Waits until as many requests have come here as the barrier was set up for. */
static inline void web_meet(struct web_request *r)
{
	pthread_barrier_wait(&r->seen->barrier);
}

static inline ssize_t web_recv(struct web_request *r, void *data, size_t room)
{
	return r->ssl ? SSL_read(r->ssl, data, (int)room) : recv(r->fd, data, room, 0);
}

/* Reads a request; false at the connection's end. */
static inline bool web_read(struct web_request *r)
{
	char value[64];
	size_t have = 0;
	uint64_t length = 0;
	bool bare;

	while (have < 4 || memcmp(r->head + have - 4, "\r\n\r\n", 4) != 0) {
		ssize_t n = web_recv(r, r->head + have, 1);

		if (n <= 0) {
			web_need(r, !have);
			return false;
		}
		web_need(r, ++have < sizeof r->head);
	}
	r->head[have] = '\0';
	web_need(r, sscanf(r->head, "%31s %4095s", r->method, r->target) == 2);
	web_need(r, strstr(r->head, " HTTP/1.1\r\n"));
	web_need(r, !web_field(r, "Expect", value, sizeof value));
	web_need(r, !web_field(r, "Transfer-Encoding", value, sizeof value));
	web_need(r, !web_field(r, "Upgrade", value, sizeof value));
	web_need(r, !web_field(r, "Content-Encoding", value, sizeof value));
	web_need(r, web_field(r, "Accept-Encoding", value, sizeof value) && !strcmp(value, "gzip, deflate"));
	bare = !strcmp(r->method, "GET") || !strcmp(r->method, "HEAD") || !strcmp(r->method, "DELETE") ||
	       !strcmp(r->method, "OPTIONS");
	if (web_field(r, "Content-Length", value, sizeof value)) {
		web_need(r, str_u64(value, &length));
		web_need(r, length <= WEB_BODY && (!bare || length));
	} else {
		web_need(r, bare);
	}
	r->body_size = (size_t)length;
	for (have = 0; have < length;) {
		ssize_t n = web_recv(r, r->body + have, (size_t)length - have);

		if (n <= 0)
			return false; /* given up half-way: no request */
		have += (size_t)n;
	}
	r->body[length] = '\0';
	return true;
}

static inline void web_connection(struct web_request *r, web_act *act)
{
	char value[8];
	int now, most;

	while (!r->close && web_read(r)) {
		r->answering = false;
		r->ordinal = ++r->seen->requests;
		r->on_connection++;
		if (web_field(r, "Authorization", value, sizeof value))
			r->seen->logins++;
		now = ++r->seen->now;
		most = r->seen->most;
		while (now > most && !atomic_compare_exchange_weak(&r->seen->most, &most, now))
			;
		act(r);
		if (!r->answering)
			r->seen->now--;
	}
	if (r->ssl)
		SSL_shutdown(r->ssl);
	_exit(0);
}

/* So many connections the next server takes, then it listens no more; 0: no limit. */
static int web_connections_most;

/* The server process: one child for each connection. */
static inline void web_loop(int listener, SSL_CTX *tls, web_act *act, struct web_request *r)
{
	const int on = 1;

	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		r->fd = accept(listener, NULL, NULL);
		if (r->fd < 0)
			continue;
		setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		r->connection = ++r->seen->connections;
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			alarm(WEB_SECONDS);
			close(listener);
			r->body = malloc(WEB_BODY + 1);
			if (tls) {
				r->ssl = SSL_new(tls);
				SSL_set_fd(r->ssl, r->fd);
				if (SSL_accept(r->ssl) != 1)
					_exit(0); /* the test looks at what the client says */
			}
			web_connection(r, act);
		}
		close(r->fd);
		if (r->connection == web_connections_most) {
			close(listener);
			pause();
		}
	}
}

/* `meeting` requests meet at the barrier.  With `tls`, by these certificates. */
static inline struct web web_start_tls(web_act *act, void *context, unsigned meeting, SSL_CTX *tls)
{
	static struct web_request request;
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	struct web web = { 0 };
	pthread_barrierattr_t shared;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (const struct sockaddr *)(const void *)&address, size), 0);
	assert_int_equal(listen(listener, 64), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)(void *)&address, &size), 0);
	web.port = ntohs(address.sin_port);
	snprintf(web.url, sizeof web.url, "%s:%u", tls ? "https://localhost" : "http://127.0.0.1", web.port);
	web.seen = mmap(NULL, sizeof *web.seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(web.seen, MAP_FAILED);
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&web.seen->barrier, &shared, meeting ? meeting : 1);
	fflush(NULL);
	web.pid = fork();
	assert_true(web.pid >= 0);
	if (!web.pid) {
		request = (struct web_request){ .seen = web.seen, .context = context, .port = web.port };
		web_loop(listener, tls, act, &request);
	}
	close(listener);
	return web;
}

static inline struct web web_start(web_act *act, void *context, unsigned meeting)
{
	return web_start_tls(act, context, meeting, NULL);
}

/* Ends it with all its connections; nothing may have been wrong. */
static inline void web_end(struct web *web)
{
	int status;

	assert_int_equal(kill(web->pid, SIGKILL), 0); /* its children follow: PR_SET_PDEATHSIG */
	assert_int_equal(waitpid(web->pid, &status, 0), web->pid);
	assert_int_equal(web->seen->wrong, 0);
	munmap(web->seen, sizeof *web->seen);
}

#endif
