/* connect_compress: both directions deflated, the switch in mid-stream, bombs and broken data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/connect.h"
#include "peer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#define MUCH 200000

/* Deflates as RFC 4978 wants it: raw, flushed so that all can be unpacked.  Returns the size. */
static size_t deflated(z_stream *stream, const void *data, size_t size, void *out, size_t room)
{
	stream->next_in = (z_const Bytef *)data;
	stream->avail_in = (uInt)size;
	stream->next_out = out;
	stream->avail_out = (uInt)room;
	peer_need(deflate(stream, Z_SYNC_FLUSH) == Z_OK && !stream->avail_in && stream->avail_out);
	return room - stream->avail_out;
}

static void packer_begin(z_stream *stream)
{
	*stream = (z_stream){ 0 };
	peer_need(deflateInit2(stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
}

/* Text that deflates well, and bytes that do not. */
static void mixed(unsigned char *data, size_t size)
{
	uint32_t random = 1;
	size_t i;

	for (i = 0; i < size; i++) {
		random = random * 1664525 + 1013904223;
		data[i] = i > size / 2 ? (unsigned char)(random >> 24) :
					 (unsigned char)("some text "[i % 10]);
	}
}

/* Reads and unpacks `size` bytes. */
static void unpacked(int fd, z_stream *stream, unsigned char *data, size_t size)
{
	static unsigned char wire[65536];
	ssize_t n;

	stream->next_out = data;
	stream->avail_out = (uInt)size;
	while (stream->avail_out) {
		n = read(fd, wire, sizeof(wire));
		peer_need(n > 0);
		stream->next_in = wire;
		stream->avail_in = (uInt)n;
		peer_need(inflate(stream, Z_SYNC_FLUSH) == Z_OK);
	}
}

/* Waits until the other side has closed; what still comes, the mark of a flush, must hold nothing. */
static void unpacked_end(int fd, z_stream *stream)
{
	unsigned char wire[100], byte;
	ssize_t n;

	stream->next_out = &byte;
	stream->avail_out = 1;
	while ((n = read(fd, wire, sizeof(wire))) > 0) {
		stream->next_in = wire;
		stream->avail_in = (uInt)n;
		peer_need(inflate(stream, Z_SYNC_FLUSH) == Z_OK && stream->avail_out);
	}
}

/* ---- round trip --------------------------------------------------------------------------- */

struct switching {
	bool together; /* the answer to COMPRESS and what follows come in one segment */
};

/* Answers COMPRESS, then says "hello", then unpacks MUCH bytes and sends them back. */
static void act_echo(int fd, void *context)
{
	const struct switching *how = context;
	static unsigned char want[MUCH], data[MUCH], wire[2 * MUCH];
	z_stream packer, unpacker = { 0 };
	size_t size;

	packer_begin(&packer);
	peer_need(inflateInit2(&unpacker, -15) == Z_OK);
	mixed(want, MUCH);
	peer_expect(fd, "a COMPRESS\r\n");
	memcpy(wire, "a OK\r\n", 6);
	size = 6;
	if (!how->together) {
		peer_write(fd, wire, size);
		size = 0;
	}
	size += deflated(&packer, "hello\r\n", 7, wire + size, sizeof(wire) - size);
	peer_write(fd, wire, size);
	unpacked(fd, &unpacker, data, MUCH);
	peer_need(!memcmp(data, want, MUCH));
	peer_write(fd, wire, deflated(&packer, data, MUCH, wire, sizeof(wire)));
	unpacked_end(fd, &unpacker);
}

static void test_round_trip(void **state)
{
	static const struct {
		bool together, looks_ahead, flush_each;
		size_t piece;
	} table[] = {
		{ false, false, false, MUCH }, { true, false, false, MUCH },
		{ true, true, false, MUCH },   { true, true, false, 1 },
		{ false, true, true, 4000 },   { true, false, false, 40000 },
		/* Packed, these just fill the buffer, or just do not. */
		{ true, false, true, 16374 },  { true, false, true, 16379 },
		{ true, false, true, 16384 },
	};
	static unsigned char want[MUCH], data[MUCH];
	size_t i, at, got, piece, checked = 0;

	(void)state;
	mixed(want, MUCH);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++, checked++) {
		struct switching how = { table[i].together };
		struct peer peer = peer_start(act_echo, &how, 0);
		struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 20);
		struct connect_counts counts;

		must_send(c, "a COMPRESS\r\n");
		if (table[i].looks_ahead)
			await_readable(c);
		must_read(c, "a OK\r\n");
		must(connect_compress(c));
		if (table[i].looks_ahead) {
			await_readable(c);
			assert_true(connect_readable(c)); /* and asking again loses nothing */
		}
		must_read(c, "hello\r\n");
		assert_false(connect_readable(c));
		counts = connect_counts(c);
		for (at = 0; at < MUCH; at += piece) {
			piece = (MUCH - at) % table[i].piece;
			piece = piece ? piece : table[i].piece; /* the last one is whole */
			must(connect_write(c, want + at, piece));
			if (table[i].flush_each)
				must(connect_flush(c));
		}
		must(connect_flush(c));
		/* It was deflated, and flushing what is flushed sends nothing. */
		assert_in_range(connect_counts(c).out - counts.out, 1000, MUCH * 6 / 10);
		counts = connect_counts(c);
		must(connect_flush(c));
		assert_int_equal(connect_counts(c).out, counts.out);
		memset(data, 0, sizeof(data));
		for (at = 0; at < MUCH; at += got) {
			if (table[i].looks_ahead)
				await_readable(c);
			must(connect_read(c, data + at, MUCH - at < 777 ? MUCH - at : 777, &got));
			assert_in_range(got, 1, 777);
		}
		assert_memory_equal(data, want, MUCH);
		connect_close(c);
		peer_end(&peer);
	}
	assert_true(checked >= 9);
}

/* ---- a bomb ------------------------------------------------------------------------------- */

#define BOMB (64 * 1024 * 1024)

static void act_bomb(int fd, void *context)
{
	static unsigned char data[1024 * 1024], wire[64 * 1024];
	z_stream packer;
	size_t i;

	(void)context;
	packer_begin(&packer);
	for (i = 0; i < BOMB / sizeof(data); i++)
		peer_write(fd, wire, deflated(&packer, data, sizeof(data), wire, sizeof(wire)));
	peer_closed(fd);
}

/* 64 MB in 64 KB: it unpacks into the room given, at the reader's pace. */
static void test_bomb(void **state)
{
	static unsigned char data[5000];
	struct peer peer = peer_start(act_bomb, NULL, 0);
	struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 20);
	size_t at, got, i;

	(void)state;
	must(connect_compress(c));
	data[4096] = 'x';
	for (at = 0; at < BOMB; at += got) {
		data[0] = 1;
		must(connect_read(c, data, 4096, &got));
		assert_in_range(got, 1, 4096);
		for (i = 0; i < got; i += 512)
			assert_int_equal(data[i], 0);
	}
	assert_int_equal(at, BOMB);
	assert_int_equal(data[4096], 'x');
	assert_true(connect_counts(c).in < 100 * 1024);
	connect_close(c);
	peer_end(&peer);
}

/* ---- broken and ended streams ----------------------------------------------------------------------- */

static void act_broken(int fd, void *context)
{
	static const unsigned char reserved[] = { 0x07 }; /* RFC 1951 3.2.3: block type 3 */
	unsigned char wire[100];
	z_stream packer;
	size_t size;

	packer_begin(&packer);
	size = deflated(&packer, "before\r\n", 8, wire, sizeof(wire));
	peer_write(fd, wire, size);
	if (context) {
		packer.next_out = wire;
		packer.avail_out = sizeof(wire);
		peer_need(deflate(&packer, Z_FINISH) == Z_STREAM_END);
		peer_write(fd, wire, sizeof(wire) - packer.avail_out);
	} else {
		peer_write(fd, reserved, sizeof(reserved));
	}
	peer_closed(fd);
}

static void test_broken(void **state)
{
	static const struct {
		bool end;
		enum fail_code code;
		const char *words;
	} table[] = {
		{ false, FAIL_PROTOCOL, "deflated data is broken: invalid block type" },
		{ true, FAIL_UNREACHABLE, "connection closed by the server" },
	};
	size_t i, got, checked = 0;
	char data[100];

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++, checked++) {
		struct peer peer = peer_start(act_broken, table[i].end ? data : NULL, 0);
		struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 20);

		must(connect_compress(c));
		must_read(c, "before\r\n");
		must_fail(connect_read(c, data, sizeof(data), &got), table[i].code,
			  table[i].words);
		/* It stays so. */
		assert_true(connect_readable(c));
		must_fail(connect_read(c, data, sizeof(data), &got), table[i].code,
			  table[i].words);
		connect_close(c);
		peer_end(&peer);
	}
	assert_true(checked >= 2);
}

/* ---- endless nothing ---------------------------------------------------------------------- */

static void act_nothing(int fd, void *context)
{
	static unsigned char data[50000];
	size_t i;

	(void)context;
	for (i = 0; i < sizeof(data); i += 5)
		memcpy(data + i, "\0\0\0\xff\xff", 5); /* an empty stored block, RFC 1951 3.2.4 */
	while (send(fd, data, sizeof(data), MSG_NOSIGNAL) > 0)
		;
}

static void test_nothing(void **state)
{
	struct peer peer = peer_start(act_nothing, NULL, 0);
	struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 20);
	size_t got;
	char byte;

	(void)state;
	must(connect_compress(c));
	must_fail(connect_read(c, &byte, 1, &got), FAIL_PROTOCOL, "2 MB without content");
	assert_in_range(connect_counts(c).in, 2 << 20, 3 << 20);
	connect_close(c);
	peer_end(&peer);
}

/* ---- two full pipes ----------------------------------------------------------------------- */

static void act_flood(int fd, void *context)
{
	static unsigned char data[3 * MUCH], wire[4 * MUCH];
	const int small = 32 * 1024;
	z_stream packer, unpacker = { 0 };

	(void)context;
	packer_begin(&packer);
	peer_need(inflateInit2(&unpacker, -15) == Z_OK);
	peer_need(!setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	mixed(data, sizeof(data));
	peer_write(fd, wire, deflated(&packer, data, sizeof(data), wire, sizeof(wire)));
	unpacked(fd, &unpacker, data, sizeof(data));
	unpacked_end(fd, &unpacker);
}

/* What arrives while a write waits is unpacked when it is read, in order. */
static void test_full_pipes(void **state)
{
	static unsigned char want[3 * MUCH], data[3 * MUCH];
	const int small = 32 * 1024;
	struct peer peer = peer_start(act_flood, NULL, small);
	struct connection *c = peer_connect(&peer, "127.0.0.1", NULL, NULL, 20);
	size_t at, got;

	(void)state;
	assert_int_equal(
		setsockopt(connect_fd(c), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	assert_int_equal(
		setsockopt(connect_fd(c), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	must(connect_compress(c));
	mixed(want, sizeof(want));
	must(connect_write(c, want, sizeof(want)));
	must(connect_flush(c));
	assert_true(connect_counts(c).in >= MUCH / 2);
	for (at = 0; at < sizeof(data); at += got)
		must(connect_read(c, data + at, sizeof(data) - at, &got));
	assert_memory_equal(data, want, sizeof(want));
	connect_close(c);
	peer_end(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_broken),     cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_full_pipes),
	};

	return cmocka_run_group_tests_name("net/deflate", tests, NULL, NULL);
}
