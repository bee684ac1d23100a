/* connect.h without TLS: buffers, deadlines, ends, counters; two full pipes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/connect.h"
#include "peer.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/time.h>

/* Small enough to fill at once, large enough for the window not to be opened byte by byte. */
#define SMALL_BUFFER (32 * 1024)

/* Byte number i of a long stream: lost, doubled and swapped blocks all show. */
static unsigned char pattern(size_t i)
{
	return (unsigned char)(i * 7 + i / 251 + i / 65521);
}

/* ---- conversation and counters ------------------------------------------------------------ */

static void act_greet(int fd, void *context)
{
	(void)context;
	peer_say(fd, "* OK hello\r\n");
	peer_expect(fd, "a login\r\n");
	peer_say(fd, "a OK\r\n");
	peer_expect(fd, "b one\r\nc two\r\n");
	peer_say(fd, "b OK\r\nc OK\r\n");
	peer_closed(fd);
}

static void test_conversation(void **state)
{
	struct peer peer = peer_start(act_greet, NULL, 0);
	struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 20);
	struct connect_counts counts;

	(void)state;
	assert_false(connect_is_tls(c));
	must_read(c, "* OK hello\r\n");
	assert_false(connect_readable(c));
	must_send(c, "a login\r\n");
	must_read(c, "a OK\r\n");
	/* Two commands in two writes before an answer are one turn. */
	must_send(c, "b one\r\n");
	must_send(c, "c two\r\n");
	must_read(c, "b OK\r\nc OK\r\n");
	counts = connect_counts(c);
	assert_int_equal(counts.in, 12 + 6 + 12);
	assert_int_equal(counts.out, 9 + 7 + 7);
	assert_int_equal(counts.turns, 2);
	connect_close(c);
	peer_end(&peer);
	connect_close(NULL);
}

static void test_flush(void **state)
{
	struct peer peer = peer_start(act_greet, NULL, 0);
	struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 20);

	(void)state;
	must_read(c, "* OK hello\r\n");
	must(connect_write(c, "a lo", 4));
	must(connect_write(c, "gin\r\n", 5));
	assert_int_equal(connect_counts(c).out, 0);
	must(connect_flush(c));
	assert_int_equal(connect_counts(c).out, 9);
	must(connect_flush(c));
	assert_int_equal(connect_counts(c).out, 9);
	must_read(c, "a OK\r\n");
	must_send(c, "b one\r\nc two\r\n");
	must_read(c, "b OK\r\n");
	/* What the inbox holds counts as readable, and is read before what comes later. */
	assert_true(connect_readable(c));
	assert_true(connect_readable(c));
	must_read(c, "c OK\r\n");
	connect_close(c);
	peer_end(&peer);
}

/* ---- much data ---------------------------------------------------------------------------- */

#define MUCH (3 * 1024 * 1024 + 77)

static void act_swallow(int fd, void *context)
{
	static unsigned char data[MUCH];
	size_t i;

	(void)context;
	peer_read(fd, data, sizeof(data));
	for (i = 0; i < sizeof(data); i++)
		peer_need(data[i] == pattern(i));
	peer_say(fd, "all\r\n");
	peer_closed(fd);
}

/* Pieces below, at and above the size of the buffer arrive in order. */
static void test_pieces(void **state)
{
	static const size_t sizes[] = { 1, 16383, 16384, 16385, 100, 40000, 16384, 1000000, 3 };
	static unsigned char data[MUCH];
	struct peer peer = peer_start(act_swallow, NULL, 0);
	struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 20);
	size_t at = 0, i, size, writes = 0;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = pattern(i);
	for (i = 0; at < sizeof(data); i++, at += size, writes++) {
		size = sizes[i % (sizeof(sizes) / sizeof(sizes[0]))];
		size = size < sizeof(data) - at ? size : sizeof(data) - at;
		must(connect_write(c, data + at, size));
	}
	assert_true(writes > 18);
	must(connect_flush(c));
	must_read(c, "all\r\n");
	assert_int_equal(connect_counts(c).out, MUCH);
	connect_close(c);
	peer_end(&peer);
}

#define FLOOD (300 * 1024)

static int small_buffers(int fd)
{
	const int small = SMALL_BUFFER;

	return setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) ||
	       setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
}

/* Writes FLOOD bytes before it reads any, then reads as many. */
static void act_flood(int fd, void *context)
{
	static unsigned char data[FLOOD];
	size_t i;

	(void)context;
	peer_need(!small_buffers(fd));
	for (i = 0; i < sizeof(data); i++)
		data[i] = pattern(i);
	peer_write(fd, data, sizeof(data));
	peer_read(fd, data, sizeof(data));
	for (i = 0; i < sizeof(data); i++)
		peer_need(data[i] == pattern(i));
	peer_closed(fd);
}

/* Both pipes are full: the write goes on only because what arrives is taken in meanwhile. */
static void test_full_pipes(void **state)
{
	static unsigned char data[FLOOD];
	size_t got, have, i;
	struct peer peer = peer_start(act_flood, NULL, SMALL_BUFFER);
	struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 20);

	(void)state;
	assert_false(small_buffers(connect_fd(c)));
	for (i = 0; i < sizeof(data); i++)
		data[i] = pattern(i);
	must(connect_write(c, data, sizeof(data)));
	must(connect_flush(c));
	assert_true(connect_counts(c).in >= FLOOD / 2);
	memset(data, 0, sizeof(data));
	for (have = 0; have < sizeof(data); have += got) {
		must(connect_read(c, data + have, 1000 < FLOOD - have ? 1000 : FLOOD - have, &got));
		assert_in_range(got, 1, 1000);
	}
	for (i = 0; i < sizeof(data); i++)
		assert_int_equal(data[i], pattern(i));
	connect_close(c);
	peer_end(&peer);
}

static void act_flood_for_ever(int fd, void *context)
{
	static const unsigned char data[4096];
	uint64_t sent = 0;
	ssize_t n;

	(void)context;
	peer_need(!small_buffers(fd));
	while ((n = send(fd, data, sizeof(data), MSG_NOSIGNAL)) > 0)
		sent += (uint64_t)n;
	/* The client gave up after 1 MB and what the pipes hold. */
	peer_need(sent < 2 * 1024 * 1024);
}

static void test_flood_limit(void **state)
{
	static const unsigned char data[4 * 1024 * 1024];
	struct peer peer = peer_start(act_flood_for_ever, NULL, SMALL_BUFFER);
	struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 20);

	(void)state;
	assert_false(small_buffers(connect_fd(c)));
	must_fail(connect_write(c, data, sizeof(data)), FAIL_PROTOCOL, "1024 KB");
	assert_in_range(connect_counts(c).in, 1024 * 1024, 1024 * 1024 + 128 * 1024);
	connect_close(c);
	peer_end(&peer);
}

/* ---- ends --------------------------------------------------------------------------------- */

static void act_bye(int fd, void *context)
{
	(void)context;
	peer_say(fd, "* BYE\r\n");
}

static void test_end(void **state)
{
	struct peer peer = peer_start(act_bye, NULL, 0);
	struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 20);
	size_t got = 0;
	char byte;

	(void)state;
	peer_end(&peer);
	must_read(c, "* BYE\r\n");
	assert_true(connect_readable(c)); /* at once: that it is over */
	must_fail(connect_read(c, &byte, 1, &got), FAIL_UNREACHABLE, "closed by the server");
	must_fail(connect_read(c, &byte, 1, &got), FAIL_UNREACHABLE, "closed by the server");
	connect_close(c);
}

/* Writing to a server that has hung up fails without a signal, and its last words can be read. */
static void test_last_words(void **state)
{
	static const unsigned char data[100000];
	struct peer peer = peer_start(act_bye, NULL, 0);
	struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 20);
	const struct fail *fail = NULL;
	size_t got, tries = 0;
	char byte;

	(void)state;
	peer_end(&peer);
	while (!fail && tries++ < 1000)
		fail = connect_write(c, data, sizeof(data));
	assert_true(fail_is(fail, FAIL_UNREACHABLE));
	must_fail(connect_write(c, data, sizeof(data)), FAIL_UNREACHABLE, "connection");
	must_read(c, "* BYE\r\n");
	assert_true(fail_is(connect_read(c, &byte, 1, &got), FAIL_UNREACHABLE));
	connect_close(c);
}

/* ---- time --------------------------------------------------------------------------------- */

static void act_silent(int fd, void *context)
{
	(void)context;
	peer_say(fd, "* OK\r\n");
	peer_closed(fd);
}

static volatile sig_atomic_t ticks;

static void on_tick(int number)
{
	(void)number;
	ticks++;
}

/* The deadline holds although signals keep interrupting the wait. */
static void test_deadline(void **state)
{
	struct sigaction action = { .sa_handler = on_tick };
	const struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = { { 0, 0 }, { 0 } };
	struct peer peer = peer_start(act_silent, NULL, 0);
	struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 1);
	const struct fail *fail;
	size_t got;
	char byte;
	int64_t begin;

	(void)state;
	must_read(c, "* OK\r\n");
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	begin = clock_monotonic();
	fail = connect_read(c, &byte, 1, &got);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	must_fail(fail, FAIL_UNREACHABLE, "no answer from the server for 1 s");
	assert_in_range(clock_monotonic() - begin, 990, 5000);
	assert_true(ticks >= 10);
	connect_close(c);
	peer_end(&peer);
}

/* ---- refused at once ---------------------------------------------------------------------- */

/* No host is called so: a label has 63 letters at most.  No name server is asked. */
#define TOO_LONG "a123456789b123456789c123456789d123456789e123456789f123456789g123456789"

static void test_refused(void **state)
{
	static const struct {
		const char *host, *fingerprint;
		bool loopback_only;
		enum fail_code code;
		const char *words;
	} table[] = {
		{ "127.0.0.1", NULL, false, FAIL_UNREACHABLE, "Connection refused (127.0.0.1)" },
		{ "localhost", NULL, true, FAIL_UNREACHABLE, "cannot connect to localhost port " },
		{ "192.0.2.1", NULL, true, FAIL_TLS, "192.0.2.1 is no loopback address" },
		{ "0.0.0.0", NULL, true, FAIL_TLS, "no loopback address" },
		{ "::", NULL, true, FAIL_TLS, "no loopback address" },
		{ "::ffff:192.0.2.1", NULL, true, FAIL_TLS, "no loopback address" },
		{ "2001:db8::1", NULL, true, FAIL_TLS, "no loopback address" },
		{ TOO_LONG, NULL, false, FAIL_UNREACHABLE, "cannot find " TOO_LONG },
		{ "127.0.0.1", "12ab", false, FAIL_CONFIG, "64 hex digits" },
	};
	struct sockaddr_in address;
	struct connection *c = NULL;
	char port[8];
	int bound = peer_bind(0, &address);
	size_t i, checked = 0;

	(void)state;
	snprintf(port, sizeof(port), "%u", ntohs(address.sin_port));
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++, checked++) {
		struct connect_options options = {
			.host = table[i].host,
			.port = port,
			.fingerprint = table[i].fingerprint,
			.timeout = 20,
			.loopback_only = table[i].loopback_only,
		};

		must_fail(connect_open(&options, &c), table[i].code, table[i].words);
		assert_null(c);
	}
	assert_true(checked >= 9);
	close(bound);
}

static void test_loopback(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "::ffff:127.0.0.1" };
	size_t i, checked = 0;

	(void)state;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++, checked++) {
		struct peer peer = peer_start(act_silent, NULL, 0);
		struct connection *c = NULL;
		struct connect_options options = {
			.host = hosts[i],
			.port = peer.port,
			.timeout = 20,
			.loopback_only = true,
		};

		must(connect_open(&options, &c));
		must_read(c, "* OK\r\n");
		connect_close(c);
		peer_end(&peer);
	}
	assert_true(checked >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversation), cmocka_unit_test(test_flush),
		cmocka_unit_test(test_pieces),       cmocka_unit_test(test_full_pipes),
		cmocka_unit_test(test_flood_limit),  cmocka_unit_test(test_end),
		cmocka_unit_test(test_last_words),   cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_refused),      cmocka_unit_test(test_loopback),
	};

	return cmocka_run_group_tests_name("net/connect", tests, NULL, NULL);
}
