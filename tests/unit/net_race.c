/* race.h: which address wins, and when the next one is tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/race.h"
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>

/* A listener whose queue is full: connecting to it gets neither an answer nor a refusal. */
struct hole {
	int listener, fillers[8];
	struct sockaddr_in address;
};

static void hole_make(struct hole *hole)
{
	size_t i, waiting = 0;

	hole->listener = peer_listen(0, 0, &hole->address);
	for (i = 0; i < sizeof(hole->fillers) / sizeof(hole->fillers[0]); i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		struct pollfd poller = { .fd = fd, .events = POLLOUT };

		assert_true(fd >= 0);
		assert_true(connect(fd, (const struct sockaddr *)(const void *)&hole->address,
				    sizeof(hole->address)) < 0);
		assert_int_equal(errno, EINPROGRESS);
		waiting += poll(&poller, 1, 10) == 0;
		hole->fillers[i] = fd;
	}
	assert_true(waiting > 0);
}

static void hole_close(struct hole *hole)
{
	size_t i;

	for (i = 0; i < sizeof(hole->fillers) / sizeof(hole->fillers[0]); i++)
		close(hole->fillers[i]);
	close(hole->listener);
}

/* Lists of addresses, as getaddrinfo(3) makes them. */
static struct addrinfo info(struct sockaddr *address, socklen_t size, struct addrinfo *next)
{
	return (struct addrinfo){
		.ai_family = address->sa_family,
		.ai_socktype = SOCK_STREAM,
		.ai_addr = address,
		.ai_addrlen = size,
		.ai_next = next,
	};
}

#define INFO(address, next) info((struct sockaddr *)(void *)&(address), sizeof(address), next)

/* A loopback address of the family 6 where nobody listens. */
static struct sockaddr_in6 nobody6(void)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(1) };

	address.sin6_addr = in6addr_loopback;
	return address;
}

static const struct fail *run(const struct addrinfo *list, int64_t patience, int *fd, char *winner)
{
	return race_addresses(list, "test", "1", clock_monotonic() + patience, false, fd, winner,
			      64);
}

/* ::1 refuses: 127.0.0.1 is next, at once.  So often that a stagger each time would show. */
static void test_fallback(void **state)
{
	struct sockaddr_in6 six = nobody6();
	struct sockaddr_in four;
	int fd = -1, on = 0, listener = peer_listen(1, 0, &four);
	struct addrinfo last = INFO(four, NULL), list[10];
	int64_t begin = clock_monotonic();
	socklen_t size = sizeof(on);
	char winner[64];
	size_t i;

	(void)state;
	for (i = 0; i < 10; i++)
		list[i] = INFO(six, i < 9 ? &list[i + 1] : &last);
	must(run(list, 10000, &fd, winner));
	assert_in_range(clock_monotonic() - begin, 0, 4 * RACE_STAGGER_MS);
	assert_string_equal(winner, "127.0.0.1");
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
	assert_true(on);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size), 0);
	assert_true(on);
	close(fd);
	close(listener);
}

/* The first address does not answer: the second is tried after the stagger, and wins. */
static void test_stagger(void **state)
{
	struct hole hole;
	struct sockaddr_in good;
	int fd = -1, listener = peer_listen(1, 0, &good);
	struct addrinfo second, first;
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	int64_t begin;
	char winner[64];

	(void)state;
	hole_make(&hole);
	second = INFO(good, NULL);
	first = INFO(hole.address, &second);
	begin = clock_monotonic();
	must(run(&first, 20000, &fd, winner));
	assert_in_range(clock_monotonic() - begin, RACE_STAGGER_MS - 10, 5000);
	assert_int_equal(getpeername(fd, (struct sockaddr *)(void *)&peer, &size), 0);
	assert_int_equal(peer.sin_port, good.sin_port);
	close(fd);
	close(listener);
	hole_close(&hole);
}

/* The families take turns: of many holes and, last, ::1, that one is the second to be tried. */
static void test_interleave(void **state)
{
	struct hole hole;
	struct sockaddr_in6 six = nobody6();
	socklen_t size = sizeof(six);
	int fd = -1, listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct addrinfo list[10];
	int64_t begin;
	char winner[64];
	size_t i;

	(void)state;
	six.sin6_port = 0;
	if (listener < 0 ||
	    bind(listener, (const struct sockaddr *)(const void *)&six, sizeof(six)) < 0)
		skip(); /* a machine without IPv6 */
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)(void *)&six, &size), 0);
	hole_make(&hole);
	list[9] = INFO(six, NULL);
	for (i = 0; i < 9; i++)
		list[i] = INFO(hole.address, &list[i + 1]);
	begin = clock_monotonic();
	must(run(list, 20000, &fd, winner));
	assert_in_range(clock_monotonic() - begin, RACE_STAGGER_MS - 10, 6 * RACE_STAGGER_MS);
	assert_string_equal(winner, "::1");
	close(fd);
	close(listener);
	hole_close(&hole);
}

/* Nobody answers: the deadline ends it, and the failure names every address that was tried. */
static void test_nobody(void **state)
{
	struct hole hole;
	struct sockaddr_in6 six = nobody6();
	struct addrinfo second, first;
	const struct fail *fail;
	int fd = -1;
	int64_t begin;
	char winner[64];

	(void)state;
	hole_make(&hole);
	second = INFO(hole.address, NULL);
	first = INFO(six, &second);
	begin = clock_monotonic();
	fail = run(&first, 100, &fd, winner);
	assert_in_range(clock_monotonic() - begin, 95, 5000);
	must_fail(fail, FAIL_UNREACHABLE, "cannot connect to test port 1: ");
	must_fail(fail, FAIL_UNREACHABLE, "(::1), Connection timed out (127.0.0.1)");
	assert_int_equal(fd, -1);
	hole_close(&hole);
}

/* An address that is not loopback is left out where there is no TLS, others are used. */
static void test_loopback_only(void **state)
{
	struct sockaddr_in far = { .sin_family = AF_INET, .sin_port = htons(1) }, near;
	int fd = -1, listener = peer_listen(1, 0, &near);
	struct addrinfo second = INFO(near, NULL), first = INFO(far, &second);
	char winner[64];

	(void)state;
	far.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
	must(race_addresses(&first, "test", "1", clock_monotonic() + 10000, true, &fd, winner,
			    sizeof(winner)));
	assert_string_equal(winner, "127.0.0.1");
	close(fd);
	fd = -1;
	first.ai_next = NULL;
	must_fail(race_addresses(&first, "test", "1", clock_monotonic() + 10000, true, &fd, winner,
				 sizeof(winner)),
		  FAIL_TLS, "test is no loopback address");
	assert_int_equal(fd, -1);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fallback),   cmocka_unit_test(test_stagger),
		cmocka_unit_test(test_interleave), cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_loopback_only),
	};

	return cmocka_run_group_tests_name("net/race", tests, NULL, NULL);
}
