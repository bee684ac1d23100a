/* relay: a TCP relay on loopback that makes a far server out of a near one, for tests and benchmarks
 * on kernels without netem.
 *
 *     relay --to PORT [--port P] [--listen-file F] [--delay-ms N | --rtt N] [--rate B] [--cut-after B]
 *           [--counts FILE] [--with PID]
 *
 * It listens on a free port of 127.0.0.1 (or on P), writes the number into F (by rename) once it does, or a line
 * to standard output, and joins each connection to 127.0.0.1:PORT:
 *   --delay-ms N    what comes in goes out N ms later, each way: half of the round trip
 *   --rtt N         the round trip itself
 *   --rate B        bytes a second, each way
 *   --cut-after B   after B bytes from the server no more: the client sees the end of the stream
 *   --counts FILE   a line is appended for each connection when it ends, and at SIGTERM for those
 *                   that have not: "UP DOWN TURNS SECONDS": bytes from the client, bytes to the
 *                   client, how often the client spoke after it had heard something, seconds since
 *                   it connected
 *   --with PID      ends when that process ends
 * Without --listen-file the sums of all connections are printed at SIGTERM: "up N down N turns N".
 *
 * The delay is one of the data, not of the TCP handshake.  A half-closed connection stays so.  What
 * is held back is bounded; beyond that the sender has to wait, as it would on a real line. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define NEVER INT64_MAX
#define CHUNK (64 * 1024)
#define HELD_MOST (32u * 1024 * 1024) /* each way: 64 MB for a connection */

/* Bytes on their way, or the mark of their end. */
struct chunk {
	struct chunk *next;
	int64_t due; /* nanoseconds, monotonic */
	size_t at, size;
	enum { DATA, END, RESET } what;
	unsigned char data[];
};

/* One direction of a connection. */
struct way {
	int from, to;
	struct chunk *first, **last;
	size_t held;
	int64_t line_free; /* with a rate: when the line has sent all that it was given */
	uint64_t sent;
	bool ended;        /* nothing more comes from `from` */
	bool blocked;      /* `to` takes no more just now */
	bool over;         /* nothing more goes to `to` */
};

struct link {
	struct link *next;
	struct way up, down; /* client to server, server to client */
	uint64_t received;   /* from the client */
	uint64_t turns;
	bool heard;          /* the client was given something since it last spoke */
	bool reset;          /* ends with a reset instead of an orderly end */
	int64_t began;
	int client_slot, server_slot; /* in the poll array */
};

static struct {
	int64_t delay;
	uint64_t rate, cut_after; /* 0: none; UINT64_MAX: never */
	size_t held_most, read_most;
	uint16_t to;
	const char *counts;
	uint64_t up, down, turns; /* of all connections that have ended */
} relay = { .cut_after = UINT64_MAX };

static volatile sig_atomic_t stopping;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *must_have(void *memory)
{
	if (!memory)
		die("malloc");
	return memory;
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* ---- one direction ------------------------------------------------------------------------ */

static void way_add(struct way *way, struct chunk *chunk, int64_t when)
{
	if (relay.rate) {
		if (way->line_free < when)
			way->line_free = when;
		way->line_free += (int64_t)(chunk->size * (uint64_t)SECOND / relay.rate);
		when = way->line_free;
	}
	chunk->due = when + relay.delay;
	chunk->next = NULL;
	*way->last = chunk;
	way->last = &chunk->next;
	way->held += chunk->size;
}

static void way_drop(struct way *way)
{
	struct chunk *chunk = way->first;

	way->first = chunk->next;
	if (!way->first)
		way->last = &way->first;
	way->held -= chunk->size;
	free(chunk);
}

/* Nothing more goes out this way; what is held for it is lost. */
static void way_over(struct way *way)
{
	while (way->first)
		way_drop(way);
	way->over = true;
}

/* Takes in what has come; returns how much. */
static size_t way_read(struct way *way)
{
	static unsigned char scrap[CHUNK];
	struct chunk *chunk;
	size_t size = 0;
	ssize_t n;

	/* Into a buffer first: most reads are short, and memory is for what is held. */
	n = recv(way->from, scrap, relay.read_most, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0)
		size = (size_t)n;
	chunk = must_have(malloc(sizeof(*chunk) + size));
	*chunk = (struct chunk){ .size = size, .what = n > 0 ? DATA : n == 0 ? END : RESET };
	if (size)
		memcpy(chunk->data, scrap, size);
	way->ended = n <= 0;
	if (way->over)
		free(chunk); /* the receiver has gone: read on for the end only */
	else
		way_add(way, chunk, now());
	return size;
}

/* The client sees the end of the stream here, whatever the server does. */
static void link_cut(struct link *link)
{
	way_over(&link->down);
	way_over(&link->up);
	link->down.ended = true;
	shutdown(link->down.to, SHUT_WR);
	shutdown(link->down.from, SHUT_RDWR);
}

/* One side has reset the connection: so does the relay, now. */
static void link_reset(struct link *link)
{
	way_over(&link->up);
	way_over(&link->down);
	link->up.ended = link->down.ended = true;
	link->reset = true;
}

/* Sends what is due.  Returns when the next is, NEVER if that is not a matter of time. */
static int64_t way_send(struct link *link, struct way *way, int64_t when)
{
	bool down = way == &link->down;
	struct chunk *chunk;
	size_t part;
	ssize_t n;

	while (!way->blocked && (chunk = way->first)) {
		if (chunk->due > when)
			return chunk->due;
		if (chunk->what == DATA) {
			part = chunk->size - chunk->at;
			if (down && part > relay.cut_after - way->sent)
				part = (size_t)(relay.cut_after - way->sent);
			n = part ? send(way->to, chunk->data + chunk->at, part, MSG_NOSIGNAL) : 0;
			if (n < 0) {
				if (errno == EAGAIN || errno == EINTR)
					way->blocked = true;
				else
					way_over(way);
				continue;
			}
			way->sent += (uint64_t)n;
			chunk->at += (size_t)n;
			link->heard |= down && n > 0;
			if (down && way->sent == relay.cut_after)
				link_cut(link);
			else if (chunk->at == chunk->size)
				way_drop(way);
		} else if (chunk->what == RESET) {
			link_reset(link);
		} else {
			shutdown(way->to, SHUT_WR);
			way_over(way);
		}
	}
	return NEVER;
}

/* ---- connections -------------------------------------------------------------------------- */

static int socket_ready(int fd)
{
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static struct sockaddr_in loopback(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static void close_hard(int fd)
{
	const struct linger hard = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd);
}

static struct link *link_open(int client)
{
	struct sockaddr_in address = loopback(relay.to);
	struct link *link;
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (server < 0 || connect(server, (const void *)&address, sizeof(address)) < 0) {
		if (server >= 0)
			close(server);
		close_hard(client);
		return NULL;
	}
	fcntl(server, F_SETFL, O_NONBLOCK);
	link = must_have(calloc(1, sizeof(*link)));
	link->up.from = link->down.to = socket_ready(client);
	link->up.to = link->down.from = socket_ready(server);
	link->up.last = &link->up.first;
	link->down.last = &link->down.first;
	link->began = now();
	return link;
}

static void link_count(const struct link *link)
{
	char line[128];
	int fd, size;

	relay.up += link->received;
	relay.down += link->down.sent;
	relay.turns += link->turns;
	if (!relay.counts)
		return;
	size = snprintf(line, sizeof(line), "%" PRIu64 " %" PRIu64 " %" PRIu64 " %.3f\n",
			link->received, link->down.sent, link->turns,
			(double)(now() - link->began) / (double)SECOND);
	fd = open(relay.counts, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, line, (size_t)size) != size)
		die(relay.counts);
	close(fd);
}

static void link_close(struct link *link)
{
	link_count(link);
	way_over(&link->up);
	way_over(&link->down);
	if (link->reset) {
		close_hard(link->up.from);
		close_hard(link->up.to);
	} else {
		close(link->up.from);
		close(link->up.to);
	}
	free(link);
}

/* It is done when nothing can go either way any more, and both sides have been heard out: closing a
 * socket with unread data would reset the connection and take back what was sent before. */
static bool link_done(const struct link *link)
{
	return link->up.over && link->down.over && link->up.ended && link->down.ended;
}

/* ---- the loop ----------------------------------------------------------------------------- */

struct pollers {
	struct pollfd *fds;
	size_t count, room;
};

static int poller_add(struct pollers *pollers, int fd, int events)
{
	if (pollers->count == pollers->room) {
		pollers->room = pollers->room * 2 + 16;
		pollers->fds = must_have(
			reallocarray(pollers->fds, pollers->room, sizeof(*pollers->fds)));
	}
	/* poll(2) tells of hang-ups unasked: what we want nothing of is left out. */
	pollers->fds[pollers->count] =
		(struct pollfd){ .fd = events ? fd : -1, .events = (short)events };
	return (int)pollers->count++;
}

static int way_wants(const struct way *in, const struct way *out)
{
	return (!in->ended && in->held < relay.held_most ? POLLIN : 0) |
	       (out->blocked && !out->over ? POLLOUT : 0);
}

/* Sends what is due everywhere, drops what is done; returns when something is due next. */
static int64_t links_send(struct link **links)
{
	struct link **at = links, *link;
	int64_t next = NEVER, due;

	while ((link = *at)) {
		int64_t when = now();

		due = way_send(link, &link->up, when);
		next = due < next ? due : next;
		due = way_send(link, &link->down, when);
		next = due < next ? due : next;
		if (link_done(link)) {
			*at = link->next;
			link_close(link);
		} else {
			at = &link->next;
		}
	}
	return next;
}

static void links_wait(struct link *links, struct pollers *pollers, int64_t next,
		       const sigset_t *signals)
{
	struct timespec pause;
	int64_t left;
	struct link *link;

	for (link = links; link; link = link->next) {
		link->client_slot = poller_add(pollers, link->up.from,
					       way_wants(&link->up, &link->down));
		link->server_slot = poller_add(pollers, link->down.from,
					       way_wants(&link->down, &link->up));
	}
	left = next == NEVER ? NEVER : next - now();
	left = left < 0 ? 0 : left;
	pause.tv_sec = left / SECOND;
	pause.tv_nsec = left % SECOND;
	if (ppoll(pollers->fds, pollers->count, next == NEVER ? NULL : &pause, signals) < 0) {
		if (errno != EINTR)
			die("ppoll");
		pollers->count = 0;
	}
}

static void links_read(struct link *links, const struct pollers *pollers)
{
	struct link *link;
	size_t n;

	for (link = links; link; link = link->next) {
		short client = pollers->fds[link->client_slot].revents;
		short server = pollers->fds[link->server_slot].revents;

		if (client & ~POLLOUT && !link->up.ended) {
			n = way_read(&link->up);
			link->received += n;
			link->turns += n && link->heard;
			link->heard &= !n;
		}
		if (server & ~POLLOUT && !link->down.ended)
			way_read(&link->down);
		if (client & (POLLOUT | POLLERR | POLLHUP))
			link->down.blocked = false;
		if (server & (POLLOUT | POLLERR | POLLHUP))
			link->up.blocked = false;
	}
}

static void serve(int listener, int companion, const sigset_t *signals)
{
	struct pollers pollers = { 0 };
	struct link *links = NULL, *link;
	int64_t next;
	int fd;

	while (!stopping) {
		next = links_send(&links);
		pollers.count = 0;
		poller_add(&pollers, listener, POLLIN);
		poller_add(&pollers, companion, companion < 0 ? 0 : POLLIN);
		links_wait(links, &pollers, next, signals);
		if (!pollers.count)
			continue;
		links_read(links, &pollers);
		if (pollers.fds[1].revents)
			break;
		if (!pollers.fds[0].revents)
			continue;
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		link = fd < 0 ? NULL : link_open(fd);
		if (link) {
			link->next = links;
			links = link;
		}
	}
	while ((link = links)) {
		links = link->next;
		link_close(link);
	}
	free(pollers.fds);
}

/* ---- the program -------------------------------------------------------------------------- */

static int listen_and_tell(const char *path, uint16_t port)
{
	struct sockaddr_in address = loopback(port);
	socklen_t size = sizeof(address);
	char *new;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
	FILE *file;

	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(listener, (const void *)&address, size) < 0 ||
	    listen(listener, 128) < 0 || getsockname(listener, (void *)&address, &size) < 0)
		die("listen");
	if (!path) {
		printf("%u\n", ntohs(address.sin_port));
		fflush(stdout);
		return listener;
	}
	new = must_have(malloc(strlen(path) + 5));
	snprintf(new, strlen(path) + 5, "%s.new", path);
	file = fopen(new, "we");
	if (!file || fprintf(file, "%u\n", ntohs(address.sin_port)) < 0 || fclose(file) ||
	    rename(new, path))
		die(path);
	free(new);
	return listener;
}

static uint64_t number(const char *text, const char *name, uint64_t most)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || value > most) {
		fprintf(stderr, "relay: --%s: not a number up to %" PRIu64 ": %s\n", name, most,
			text);
		exit(64);
	}
	return value;
}

static void on_signal(int number)
{
	(void)number;
	stopping = 1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "listen-file", required_argument, NULL, 'l' },
		{ "to", required_argument, NULL, 't' },
		{ "port", required_argument, NULL, 'p' },
		{ "delay-ms", required_argument, NULL, 'd' },
		{ "rtt", required_argument, NULL, 'R' },
		{ "rate", required_argument, NULL, 'r' },
		{ "cut-after", required_argument, NULL, 'c' },
		{ "counts", required_argument, NULL, 'n' },
		{ "with", required_argument, NULL, 'w' },
		{ 0 },
	};
	struct sigaction action = { .sa_handler = on_signal };
	const char *listen_file = NULL;
	sigset_t blocked, before;
	int companion = -1, letter, at;
	uint16_t port = 0;

	while ((letter = getopt_long(argc, argv, "", options, &at)) != -1) {
		const char *name = letter == '?' ? "" : options[at].name;

		switch (letter) {
		case 'l': listen_file = optarg; break;
		case 't': relay.to = (uint16_t)number(optarg, name, 65535); break;
		case 'p': port = (uint16_t)number(optarg, name, 65535); break;
		case 'd': relay.delay = (int64_t)number(optarg, name, 60000) * 1000000; break;
		case 'R': relay.delay = (int64_t)number(optarg, name, 60000) * 500000; break;
		case 'r': relay.rate = number(optarg, name, UINT32_MAX); break;
		case 'c': relay.cut_after = number(optarg, name, UINT64_MAX - 1); break;
		case 'n': relay.counts = optarg; break;
		case 'w':
			companion = (int)syscall(SYS_pidfd_open, (pid_t)number(optarg, name,
									       INT32_MAX), 0);
			if (companion < 0)
				die("--with");
			break;
		default: return 64;
		}
	}
	if (!relay.to || optind != argc) {
		fprintf(stderr, "usage: relay --to PORT [--port P] [--listen-file F] [--delay-ms N] [--rtt N]"
				" [--rate B] [--cut-after B] [--counts FILE] [--with PID]\n");
		return 64;
	}
	/* A line that is full makes its sender wait; it holds what is under way and a bit. */
	relay.held_most = HELD_MOST;
	relay.read_most = CHUNK;
	if (relay.rate) {
		uint64_t under_way = relay.rate / 4 + CHUNK +
				     relay.rate * (uint64_t)relay.delay / (uint64_t)SECOND;
		uint64_t piece = relay.rate / 200 + 512; /* 5 ms */

		relay.held_most = under_way < HELD_MOST ? (size_t)under_way : HELD_MOST;
		relay.read_most = piece < CHUNK ? (size_t)piece : CHUNK;
	}
	prctl(PR_SET_TIMERSLACK, 1000UL); /* 1 µs: a delay is what was asked for */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	serve(listen_and_tell(listen_file, port), companion, &before);
	if (!listen_file)
		printf("up %" PRIu64 " down %" PRIu64 " turns %" PRIu64 "\n", relay.up, relay.down,
		       relay.turns);
	return 0;
}
