/* Race: a TCP connection to the first address that answers. */
#include "net/race.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Enough for any host; a name server cannot make us open more sockets than this. */
#define RACE_MOST 16

struct attempt {
	const struct addrinfo *to;
	int fd;    /* -1: not started, or over */
	int error; /* why it is over */
};

struct race {
	struct attempt attempts[RACE_MOST];
	size_t count;   /* addresses to try, best first */
	size_t started;
	size_t running;
	int64_t next;   /* when the next one may start */
};

/* ---- names -------------------------------------------------------------------------------- */

/* A look-up that may outlive the wait for it. */
struct lookup {
	struct gaicb request;
	struct addrinfo hints;
	char *host, *port;
};

static void lookup_free(struct lookup *lookup)
{
	free(lookup->host);
	free(lookup->port);
	free(lookup);
}

/* getaddrinfo(3) with a deadline.  Returns an EAI_ code; EAI_INPROGRESS when time was up. */
static int lookup_name(const char *host, const char *port, const struct addrinfo *hints,
		       int64_t deadline, struct addrinfo **list)
{
	struct lookup *lookup = memory_alloc(sizeof(*lookup));
	struct gaicb *request = &lookup->request;
	struct timespec pause;
	int64_t left;
	int result;

	lookup->host = memory_str(host);
	lookup->port = memory_str(port);
	lookup->hints = *hints;
	request->ar_name = lookup->host;
	request->ar_service = lookup->port;
	request->ar_request = &lookup->hints;
	result = getaddrinfo_a(GAI_NOWAIT, &request, 1, NULL);
	if (result) {
		lookup_free(lookup);
		return result;
	}
	while ((result = gai_error(request)) == EAI_INPROGRESS) {
		left = deadline - clock_monotonic();
		if (left <= 0 && gai_cancel(request) != EAI_ALLDONE) {
			/* The resolver's thread may still write to it: it stays for the few moments
			 * that a program without a connection has left to live. */
			return EAI_INPROGRESS;
		}
		left = left < 0 ? 0 : left;
		pause.tv_sec = (time_t)(left / 1000);
		pause.tv_nsec = (long)(left % 1000) * 1000000;
		gai_suspend((const struct gaicb *const *)&request, 1, &pause);
	}
	*list = request->ar_result;
	lookup_free(lookup);
	return result;
}

static const struct fail *lookup_addresses(const char *host, const char *port, int64_t deadline,
					   struct addrinfo **list)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	int result = getaddrinfo(host, port, &hints, list);
	const char *why;

	if (result == EAI_NONAME) {
		hints.ai_flags = AI_NUMERICSERV;
		result = lookup_name(host, port, &hints, deadline, list);
	}
	if (!result)
		return NULL;
	if (result == EAI_INPROGRESS)
		why = "no answer from the name service";
	else
		why = result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result);
	return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "cannot find %s port %s: %s", host, port,
			 why);
}

bool race_is_loopback(const struct sockaddr *address)
{
	const struct in6_addr *six;

	switch (address->sa_family) {
	case AF_INET:
		return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr)
			       >> 24 == 127;
	case AF_INET6:
		six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
		return IN6_IS_ADDR_LOOPBACK(six) ||
		       (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
	default:
		return false;
	}
}

static void address_text(const struct addrinfo *to, char *text, size_t room)
{
	if (getnameinfo(to->ai_addr, to->ai_addrlen, text, (socklen_t)room, NULL, 0,
			NI_NUMERICHOST))
		text[0] = '\0';
}

/* Fills the race with the addresses, the families taking turns, else in the order of the list,
 * which RFC 6724 has sorted. */
static void race_order(struct race *race, const struct addrinfo *list, bool loopback_only)
{
	const struct addrinfo *next[2] = { list, list }; /* of the first one's family; of others */
	int preferred = list->ai_family;
	unsigned turn = 0, empty = 0;

	while (race->count < RACE_MOST && empty < 2) {
		const struct addrinfo **at = &next[turn % 2];

		while (*at && (((*at)->ai_family == preferred) != (turn % 2 == 0) ||
			       (loopback_only && !race_is_loopback((*at)->ai_addr))))
			*at = (*at)->ai_next;
		if (*at) {
			race->attempts[race->count++] = (struct attempt){ .to = *at, .fd = -1 };
			*at = (*at)->ai_next;
			empty = 0;
		} else {
			empty++;
		}
		turn++;
	}
}

/* ---- the race ----------------------------------------------------------------------------- */

static void attempt_over(struct race *race, struct attempt *attempt, int error)
{
	if (attempt->fd >= 0) {
		close(attempt->fd);
		attempt->fd = -1;
		race->running--;
	}
	attempt->error = error;
}

/* Starts the next attempt; true if it is connected already. */
static bool attempt_start(struct race *race)
{
	struct attempt *attempt = &race->attempts[race->started++];
	const struct addrinfo *to = attempt->to;
	const int on = 1;

	race->next = clock_monotonic() + RACE_STAGGER_MS;
	attempt->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (attempt->fd < 0) {
		attempt->error = errno;
		race->next = 0;
		return false;
	}
	race->running++;
	/* Both only make things better; a kernel without them is no reason to give up. */
	setsockopt(attempt->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(attempt->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (connect(attempt->fd, to->ai_addr, to->ai_addrlen) == 0)
		return true;
	if (errno != EINPROGRESS && errno != EINTR) {
		attempt_over(race, attempt, errno);
		race->next = 0;
	}
	return false;
}

/* Waits until `until` for any attempt; returns one that has connected, or NULL. */
static struct attempt *attempt_wait(struct race *race, int64_t until)
{
	struct pollfd pollers[RACE_MOST];
	struct attempt *winner = NULL;
	int64_t left = until - clock_monotonic();
	size_t i;

	/* poll(2) skips the descriptors that are -1. */
	for (i = 0; i < race->started; i++)
		pollers[i] = (struct pollfd){ .fd = race->attempts[i].fd, .events = POLLOUT };
	if (poll(pollers, race->started, left < 0 ? 0 : (int)left) <= 0)
		return NULL;
	for (i = 0; i < race->started && !winner; i++) {
		struct attempt *attempt = &race->attempts[i];
		int error = 0;
		socklen_t size = sizeof(error);

		if (attempt->fd < 0 || !pollers[i].revents)
			continue;
		if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &size))
			error = errno;
		if (!error) {
			winner = attempt;
		} else {
			attempt_over(race, attempt, error);
			race->next = 0; /* no need to wait for the stagger (RFC 8305 5) */
		}
	}
	return winner;
}

/* The attempt that connected first, or NULL: all failed, or the deadline passed. */
static struct attempt *race_run(struct race *race, int64_t deadline)
{
	struct attempt *winner = NULL;
	int64_t now;

	while (!winner) {
		now = clock_monotonic();
		if (now >= deadline)
			return NULL;
		if (race->started < race->count && (!race->running || now >= race->next)) {
			if (attempt_start(race))
				winner = &race->attempts[race->started - 1];
		} else if (!race->running) {
			return NULL;
		} else if (race->started < race->count && race->next < deadline) {
			winner = attempt_wait(race, race->next);
		} else {
			winner = attempt_wait(race, deadline);
		}
	}
	return winner;
}

static const struct fail *race_lost(const struct race *race, const char *host, const char *port)
{
	const struct fail *fail;
	struct buf why;
	char text[NI_MAXHOST];
	size_t i;

	buf_init(&why, FAIL_TEXT);
	for (i = 0; i < race->started; i++) {
		const struct attempt *attempt = &race->attempts[i];

		address_text(attempt->to, text, sizeof(text));
		buf_addf(&why, "%s%s (%s)", i ? ", " : "",
			 strerror(attempt->error ? attempt->error : ETIMEDOUT), text);
	}
	fail = fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "cannot connect to %s port %s: %s", host,
			 port, why.size ? why.data : strerror(ETIMEDOUT));
	buf_free(&why);
	return fail;
}

const struct fail *race_addresses(const struct addrinfo *list, const char *host, const char *port,
				  int64_t deadline, bool loopback_only, int *fd, char *address,
				  size_t room)
{
	const struct fail *fail = NULL;
	struct attempt *winner;
	struct race race = { 0 };
	size_t i;

	race_order(&race, list, loopback_only);
	if (!race.count)
		return fail_make(FAIL_TLS, FAIL_ACCOUNT,
				 "%s is no loopback address: refused without TLS", host);
	winner = race_run(&race, deadline);
	if (winner) {
		address_text(winner->to, address, room);
		*fd = winner->fd;
		winner->fd = -1;
	} else {
		fail = race_lost(&race, host, port);
	}
	for (i = 0; i < race.started; i++)
		if (race.attempts[i].fd >= 0)
			close(race.attempts[i].fd);
	return fail;
}

const struct fail *race_connect(const char *host, const char *port, int timeout,
				bool loopback_only, int *fd, char *address, size_t room)
{
	const struct fail *fail;
	int64_t deadline = clock_monotonic() + (int64_t)timeout * 1000;
	struct addrinfo *list;

	fail = lookup_addresses(host, port, deadline, &list);
	if (fail)
		return fail;
	fail = race_addresses(list, host, port, deadline, loopback_only, fd, address, room);
	freeaddrinfo(list);
	return fail;
}
