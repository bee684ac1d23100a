/* SRV and TXT records: canned answers, cut ones and broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "net/discover_dns.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Answers as they come over the wire.  At 12 is the question's name, which answers point to; at 26 its
 * "example.com"; at 61 the target of the first SRV record. */
#define HEAD(answers) "\x12\x34\x81\x80\0\1\0" answers "\0\0\0\0"
#define NAME "\x08_caldavs\x04_tcp\x07" "example\x03" "com\0"
#define SRV_ASKED NAME "\0\x21\0\1"
#define TXT_ASKED NAME "\0\x10\0\1"
#define SRV(size) "\xc0\x0c\0\x21\0\1\0\0\x0e\x10\0" size
#define TXT(size) "\xc0\x0c\0\x10\0\1\0\0\x0e\x10\0" size
#define EXAMPLE "\xc0\x1a"

struct sample {
	const char *what;
	const char *data;
	size_t size;
	const char *out; /* "host:port" each, "none", "path /x" */
};
#define SAMPLE(what, data, out) { what, data, sizeof(data) - 1, out }

static const struct sample srv[] = {
	SAMPLE("no answer", HEAD("\0") SRV_ASKED, ""),
	SAMPLE("one", HEAD("\1") SRV_ASKED SRV("\x0d") "\0\0\0\0\x01\xbb\x04" "dav2" EXAMPLE, "dav2.example.com:443 "),
	SAMPLE("by priority, then weight",
	       HEAD("\4") SRV_ASKED SRV("\x0a") "\0\x0a\0\0\0\1\1a" EXAMPLE SRV("\x0a") "\0\5\0\1\0\2\1b" EXAMPLE
		       SRV("\x0a") "\0\5\0\x09\0\3\1c" EXAMPLE SRV("\x0a") "\0\5\0\1\0\4\1d" EXAMPLE,
	       "c.example.com:3 b.example.com:2 d.example.com:4 a.example.com:1 "),
	SAMPLE("no such service", HEAD("\1") SRV_ASKED SRV("\7") "\0\0\0\0\0\0\0", "none "),
	SAMPLE("a service is more than none",
	       HEAD("\2") SRV_ASKED SRV("\7") "\0\0\0\0\0\0\0" SRV("\x0a") "\0\0\0\0\0\1\1a" EXAMPLE, "a.example.com:1 "),
	SAMPLE("port 0", HEAD("\1") SRV_ASKED SRV("\x0a") "\0\0\0\0\0\0\1a" EXAMPLE, ""),
	SAMPLE("no host name: /", HEAD("\1") SRV_ASKED SRV("\x0a") "\0\0\0\0\0\1\1/" EXAMPLE, ""),
	SAMPLE("no host name: @", HEAD("\1") SRV_ASKED SRV("\x0a") "\0\0\0\0\0\1\1@" EXAMPLE, ""),
	SAMPLE("no host name: NUL", HEAD("\1") SRV_ASKED SRV("\x0a") "\0\0\0\0\0\1\1\0" EXAMPLE, ""),
	SAMPLE("no host name: -", HEAD("\1") SRV_ASKED SRV("\x0a") "\0\0\0\0\0\1\1-" EXAMPLE, ""),
	SAMPLE("a name that points to itself", HEAD("\1") SRV_ASKED SRV("\x08") "\0\0\0\0\0\1\xc0\x3d", ""),
	SAMPLE("a name that points beyond", HEAD("\1") SRV_ASKED SRV("\x08") "\0\0\0\0\0\1\xc1\xff", ""),
	SAMPLE("another type", HEAD("\1") SRV_ASKED TXT("\x0a") "\0\0\0\0\0\1\1a" EXAMPLE, ""),
	SAMPLE("another class", HEAD("\1") SRV_ASKED "\xc0\x0c\0\x21\0\3\0\0\x0e\x10\0\x0a" "\0\0\0\0\0\1\1a" EXAMPLE, ""),
	SAMPLE("an alias before it", HEAD("\2") SRV_ASKED "\xc0\x0c\0\5\0\1\0\0\x0e\x10\0\4" "\1x" EXAMPLE
	       SRV("\x0a") "\0\0\0\0\0\1\1a" EXAMPLE, "a.example.com:1 "),
	SAMPLE("more answers promised than are there", HEAD("\x09") SRV_ASKED SRV("\x0a") "\0\0\0\0\0\1\1a" EXAMPLE,
	       "a.example.com:1 "),
	SAMPLE("a record that is too short", HEAD("\1") SRV_ASKED SRV("\6") "\0\0\0\0\0\1", ""),
	SAMPLE("a record that is too long", HEAD("\1") SRV_ASKED SRV("\x7f") "\0\0\0\0\0\1\1a" EXAMPLE, ""),
	SAMPLE("nothing", "", ""),
};

static const struct sample txt[] = {
	SAMPLE("a path", HEAD("\1") TXT_ASKED TXT("\x0a") "\x09path=/dav", "path /dav "),
	SAMPLE("among others", HEAD("\1") TXT_ASKED TXT("\x0f") "\1x\x09PATH=/dav\2yz", "path /dav "),
	SAMPLE("the first of two", HEAD("\2") TXT_ASKED TXT("\7") "\6path=/" TXT("\x0a") "\x09path=/dav", "path / "),
	SAMPLE("no path", HEAD("\1") TXT_ASKED TXT("\x09") "\x08path=dav", ""),
	SAMPLE("a URL", HEAD("\1") TXT_ASKED TXT("\x0d") "\x0cpath=http://", ""),
	SAMPLE("blanks", HEAD("\1") TXT_ASKED TXT("\x0b") "\x0apath=/ dav", ""),
	SAMPLE("a line end", HEAD("\1") TXT_ASKED TXT("\x0b") "\x0apath=/\ndav", ""),
	SAMPLE("a NUL", HEAD("\1") TXT_ASKED TXT("\x0b") "\x0apath=/\0dav", "path / "),
	SAMPLE("a string beyond its record", HEAD("\1") TXT_ASKED TXT("\5") "\x09path=/dav", ""),
	SAMPLE("empty", HEAD("\1") TXT_ASKED TXT("\0"), ""),
};

static void show(const struct dns_service *found, struct buf *out)
{
	for (size_t i = 0; i < found->host_count; i++)
		buf_addf(out, "%s:%u ", found->hosts[i].name, found->hosts[i].port);
	if (found->none)
		buf_adds(out, "none ");
	if (found->path)
		buf_addf(out, "path %s ", found->path);
}

/* A block of its own, so that the sanitizer sees a read beyond its end. */
static void take(const char *data, size_t size, bool text, struct buf *out)
{
	struct arena *arena = arena_new();
	unsigned char *exact = malloc(size ? size : 1);
	struct dns_service found = { 0 };

	assert_non_null(exact);
	memcpy(exact, data, size);
	buf_clear(out);
	if (text)
		dns_take_txt(exact, size, arena, &found);
	else
		dns_take_srv(exact, size, arena, &found);
	show(&found, out);
	free(exact);
	arena_free(arena);
}

static void check_all(const struct sample *samples, size_t count, bool text, size_t least)
{
	struct buf out;
	size_t checked = 0;

	buf_init(&out, 65536);
	for (size_t i = 0; i < count; i++, checked++) {
		take(samples[i].data, samples[i].size, text, &out);
		if (strcmp(out.data, samples[i].out) != 0)
			print_message("%s\n", samples[i].what);
		assert_string_equal(out.data, samples[i].out);
		/* Cut, it gives no more than whole. */
		for (size_t cut = 0; cut < samples[i].size; cut++) {
			take(samples[i].data, cut, text, &out);
			assert_true(strlen(out.data) <= strlen(samples[i].out) || strstr(out.data, "none"));
		}
	}
	assert_true(checked >= least);
	buf_free(&out);
}

static void srv_records(void **state)
{
	(void)state;
	check_all(srv, COUNT(srv), false, 15);
}

static void txt_records(void **state)
{
	(void)state;
	check_all(txt, COUNT(txt), true, 8);
}

/* Only the best of many. */
static void many_records(void **state)
{
	static const char one[] = SRV("\x0a") "\0\0\0\0\0\1\1a" EXAMPLE;
	static const char head[] = HEAD("\x40") SRV_ASKED;
	char data[4096], *at = data;
	struct buf out;

	(void)state;
	memcpy(at, head, sizeof(head) - 1);
	at += sizeof(head) - 1;
	for (int i = 0; i < 64; i++) {
		memcpy(at, one, sizeof(one) - 1);
		at[13] = (char)(64 - i); /* priority */
		at[17] = (char)(64 - i); /* port */
		at += sizeof(one) - 1;
	}
	buf_init(&out, 4096);
	take(data, (size_t)(at - data), false, &out);
	assert_string_equal(out.data, "a.example.com:1 a.example.com:2 a.example.com:3 a.example.com:4 a.example.com:5 "
				      "a.example.com:6 a.example.com:7 a.example.com:8 ");
	buf_free(&out);
}

/* ---- questions ------------------------------------------------------------------------------ */

static int asked;

static int answer(const char *name, int type, unsigned char *data, int room)
{
	const struct sample *sample = type == 33 ? &srv[1] : &txt[0];

	asked++;
	assert_string_equal(name, "_caldavs._tcp.example.com");
	assert_true(type == 33 || type == 16);
	assert_true((size_t)room >= sample->size);
	memcpy(data, sample->data, sample->size);
	return (int)sample->size;
}

static int silence(const char *name, int type, unsigned char *data, int room)
{
	(void)name;
	(void)type;
	(void)data;
	(void)room;
	asked++;
	return -1;
}

static void questions(void **state)
{
	struct arena *arena = arena_new();
	dns_query *real = dns_ask;
	struct dns_service found;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	dns_ask = answer;
	dns_service_find("_caldavs._tcp", "example.com", arena, &found);
	show(&found, &out);
	assert_string_equal(out.data, "dav2.example.com:443 path /dav ");
	assert_int_equal(asked, 2);
	dns_ask = silence;
	dns_service_find("_caldavs._tcp", "example.com", arena, &found);
	assert_int_equal(asked, 3); /* no path is looked for where there is no host */
	assert_true(!found.host_count && !found.path && !found.none);
	dns_ask = real;
	buf_free(&out);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(srv_records),
		cmocka_unit_test(txt_records),
		cmocka_unit_test(many_records),
		cmocka_unit_test(questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
