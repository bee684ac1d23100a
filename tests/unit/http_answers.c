/* http.h: what answers mean, whole or cut, packed or not, and their limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"

#include <zlib.h>

/* ---- answers as they stand ------------------------------------------------------------------ */

/* `data` packed: gzip (window 31), zlib (15), or raw deflate (-15). */
static size_t pack(const char *data, size_t size, int window, char *out, size_t room)
{
	z_stream stream = { 0 };

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (unsigned char *)(void *)(size_t)data;
	stream.avail_in = (unsigned)size;
	stream.next_out = (unsigned char *)out;
	stream.avail_out = (unsigned)room;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return room - stream.avail_out;
}

/* An answer of a packed body; `cut` bytes of it are left out, `more` follows it. */
static size_t packed_answer(const char *encoding, int window, size_t cut, const char *more, char *out,
			    size_t room)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog and over the lazy fox";
	char body[512];
	size_t size = pack(text, sizeof text - 1, window, body, sizeof body) - cut, head;

	head = (size_t)snprintf(out, room,
				"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
				encoding, size + strlen(more));
	assert_true(head + size + strlen(more) < room);
	memcpy(out + head, body, size);
	memcpy(out + head + size, more, strlen(more));
	return head + size + strlen(more);
}

static void check_raw(const struct raw *raw, int status, enum fail_code code, const char *words,
		      const char *body)
{
	struct http_options options = usual();
	struct web web = web_start(act_raw, (void *)(size_t)raw, 0);
	struct http *http = open_at(web.url, &options);
	struct asked asked = ask(http, "PROPFIND", "/x");

	must(asked.fail);
	if (status) {
		must(asked.request.fail);
		assert_int_equal(asked.request.status, status);
		assert_string_equal(status / 100 == 2 ? asked.body.data : asked.request.text, body);
	} else {
		must_fail(asked.request.fail, code, FAIL_ITEM, words);
	}
	asked_free(&asked);
	http_close(http);
	web_end(&web);
}

static void test_answers(void **state)
{
	static const struct {
		const char *answer;
		int status; /* 0: a fail */
		enum fail_code code;
		const char *words; /* of the fail, or the body */
	} table[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, 0, "hi" },
		{ "HTTP/1.0 207 Multi\r\nContent-Length: 2\r\n\r\nhi", 207, 0, "hi" },
		{ "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", 200, 0, "hi" },
		{ "HTTP/1.0 200 OK\r\n\r\nto the end", 200, 0, "to the end" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1;x=y\r\n!\r\n0\r\nETag: "
		  "late\r\n\r\n",
		  200, 0, "hi!" },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
		  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
		  200, 0, "hi" },
		{ "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", 200, 0, "hi" },
		{ "HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone", 404, 0, "gone" },
		{ "HTTP/1.1 507 Full\r\nContent-Length: 4\r\n\r\nfull", 507, 0, "full" },
		{ "HTTP/1.1 204 No\r\n\r\n", 204, 0, "" },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi", 200, 0,
		  "hi" },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", 200, 0, "" },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nhi", 0, FAIL_PROTOCOL,
		  "encoded as br, which was not asked for" },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\nhi", 0,
		  FAIL_PROTOCOL, "encoded as gzip, gzip" },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", 0,
		  FAIL_PROTOCOL, "compressed answer is broken" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", 0, FAIL_UNREACHABLE, "answer is cut" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nhi", 0, FAIL_PROTOCOL, "" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 1\r\n\r\nhi", 0, FAIL_PROTOCOL,
		  "" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n0\r\n\r\n", 0,
		  FAIL_UNREACHABLE, "answer is cut" },
		{ "HTTP/1.1 200 OK\r\nX: y", 0, FAIL_UNREACHABLE, "answer is cut: its header has no end" },
		{ "<html>hello</html>", 0, FAIL_PROTOCOL, "HTTP/0.9" },
		{ "* OK IMAP4rev1 ready\r\n", 0, FAIL_PROTOCOL, "HTTP/0.9" },
		{ "HTTP/1.1 20 OK\r\n\r\n", 0, FAIL_PROTOCOL, "" },
		{ "HTTP/1.1 100 Continue\r\n\r\n", 0, FAIL_UNREACHABLE, "" },
	};
	size_t good = 0, bad = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct raw raw = { table[i].answer, strlen(table[i].answer), false };

		print_message("answer %zu\n", i);
		check_raw(&raw, table[i].status, table[i].code, table[i].words, table[i].words);
		table[i].status ? good++ : bad++;
	}
	assert_true(good >= 12 && bad >= 12);
}

static void test_compressed(void **state)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog and over the lazy fox";
	static const struct {
		const char *encoding;
		int window;
		size_t cut;
		const char *more;
		enum fail_code code;
		const char *words; /* of the fail; NULL: good */
	} table[] = {
		{ "gzip", 31, 0, "", 0, NULL },
		{ "x-gzip", 31, 0, "", 0, NULL },
		{ "GZIP", 31, 0, "", 0, NULL },
		{ "deflate", 15, 0, "", 0, NULL },
		{ "deflate", -15, 0, "", 0, NULL },
		{ "gzip", 31, 1, "", FAIL_UNREACHABLE, "what is compressed has no end" },
		{ "gzip", 31, 9, "", FAIL_UNREACHABLE, "what is compressed has no end" },
		{ "deflate", 15, 1, "", FAIL_UNREACHABLE, "what is compressed has no end" },
		{ "deflate", -15, 1, "", FAIL_UNREACHABLE, "what is compressed has no end" },
		{ "gzip", 31, 0, "x", FAIL_PROTOCOL, "goes on behind its end" },
		{ "gzip", 15, 0, "", FAIL_PROTOCOL, "compressed answer is broken" },
	};
	size_t good = 0, bad = 0;
	char answer[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct raw raw = { answer, 0, false };

		raw.size = packed_answer(table[i].encoding, table[i].window, table[i].cut, table[i].more,
					 answer, sizeof answer);
		check_raw(&raw, table[i].words ? 0 : 200, table[i].code, table[i].words, text);
		table[i].words ? bad++ : good++;
	}
	assert_true(good >= 5 && bad >= 6);
}

/* Whatever an answer is cut at, it is no answer. */
static void test_cut(void **state)
{
	static char gzipped[1024];
	static const char *const answers[] = {
		"HTTP/1.1 207 Multi-Status\r\nETag: \"1\"\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 207 M\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nyes",
		"HTTP/1.1 404 Not\r\nContent-Length: 4\r\n\r\ngone",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
		gzipped,
	};
	struct http_options options = usual();
	size_t size, cuts = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		size = answers[i] == gzipped ? packed_answer("gzip", 31, 0, "", gzipped, sizeof gzipped)
					     : strlen(answers[i]);
		if (answers[i][size - 3] == '\n' && answers[i][size - 5] == '0')
			size--; /* the line feed behind the last chunk says nothing new */
		for (size_t at = 0; at < 2 * size; at++) {
			struct raw raw = { answers[i], at / 2, at % 2 };
			struct web web = web_start(act_raw, &raw, 0);
			struct http *http = open_at(web.url, &options);
			struct asked asked = ask(http, "REPORT", "/");

			if (!asked.request.fail)
				print_message("answer %zu cut at %zu of %zu\n", i, at / 2, size);
			assert_non_null(asked.request.fail);
			assert_int_equal(asked.request.fail->scope, FAIL_ITEM);
			if (!raw.reset && asked.request.fail->code != FAIL_UNREACHABLE)
				assert_string_equal(asked.request.fail->text, "");
			/* It was asked a second time unless a line of an answer came. */
			if (raw.reset)
				assert_in_range(web.seen->requests, 1, 2);
			else
				assert_int_equal(web.seen->requests,
						 memchr(raw.data, '\n', raw.size) ? 1 : 2);
			asked_free(&asked);
			http_close(http);
			web_end(&web);
			cuts++;
		}
	}
	assert_true(cuts > 500);
}

/* ---- limits --------------------------------------------------------------------------------- */

static void act_endless(struct web_request *r)
{
	static char block[64 * 1024];

	memset(block, 'x', sizeof block);
	if (!strcmp(r->target, "/lines"))
		for (web_say(r, "HTTP/1.1 200 OK\r\n");;)
			web_say(r, "X-Line: and one more\r\n");
	if (!strcmp(r->target, "/line"))
		for (web_say(r, "HTTP/1.1 200 OK\r\nX-Line: ");;)
			web_write(r, block, sizeof block);
	if (!strcmp(r->target, "/interim"))
		for (;;)
			web_say(r, "HTTP/1.1 102 Processing\r\n\r\n");
	if (!strcmp(r->target, "/trailers"))
		for (web_say(r, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");;)
			web_say(r, "X-Line: and one more\r\n");
	if (!strcmp(r->target, "/body"))
		for (web_say(r, "HTTP/1.0 200 OK\r\n\r\n");;)
			web_write(r, block, sizeof block);
	if (!strcmp(r->target, "/error"))
		for (web_say(r, "HTTP/1.0 500 Oops\r\n\r\n");;)
			web_write(r, block, sizeof block);
	if (!strcmp(r->target, "/chunk"))
		for (web_say(r, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n");
		     ;)
			web_write(r, block, sizeof block);
	web_need(r, !"known target");
}

static void test_limits(void **state)
{
	static const struct {
		const char *target;
		enum fail_code code;
		const char *words;
	} table[] = {
		{ "/lines", FAIL_PROTOCOL, "header has more than" },
		{ "/line", FAIL_PROTOCOL, "" },
		{ "/interim", FAIL_PROTOCOL, "header has more than" },
		{ "/trailers", FAIL_PROTOCOL, "header has more than" },
		{ "/body", FAIL_DATA, "answer is larger than 1000000 bytes" },
		{ "/chunk", FAIL_DATA, "answer is larger than 1000000 bytes" },
		{ "/error", FAIL_PROTOCOL, "answer is larger than" },
	};
	struct http_options options = usual();
	struct web web = web_start(act_endless, NULL, 0);
	struct http *http = open_at(web.url, &options);
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++) {
		struct asked asked = asked_new("GET", table[i].target);

		asked.request.most = 1000000;
		asked_run(&asked, http);
		must(asked.fail);
		must_fail(asked.request.fail, table[i].code, FAIL_ITEM, table[i].words);
		assert_true(asked.body.size <= 1000000);
		asked_free(&asked);
	}
	assert_true(checked >= 7);
	assert_true(http_counts(http).in < 64 << 20);
	http_close(http);
	web_end(&web);
}

static void act_bomb(struct web_request *r)
{
	static char plain[20 << 20], packed[64 * 1024];
	char head[256];
	size_t size = pack(plain, sizeof plain, 31, packed, sizeof packed);

	snprintf(head, sizeof head,
		 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", size);
	web_say(r, head);
	web_write(r, packed, size);
}

static void test_bomb(void **state)
{
	struct http_options options = usual();
	struct web web = web_start(act_bomb, NULL, 0);
	struct http *http = open_at(web.url, &options);
	struct asked asked = asked_new("GET", "/");

	(void)state;
	asked.request.most = 1 << 20;
	asked_run(&asked, http);
	must_fail(asked.request.fail, FAIL_DATA, FAIL_ITEM, "answer is larger than 1048576 bytes");
	assert_true(asked.body.size <= 1 << 20);
	asked_free(&asked);

	asked = asked_new("GET", "/");
	asked_run(&asked, http);
	must(asked.request.fail);
	assert_int_equal(asked.body.size, 20 << 20);
	assert_true(http_counts(http).in < 1 << 20); /* as on the wire */
	asked_free(&asked);
	http_close(http);
	web_end(&web);
}

static void act_long_error(struct web_request *r)
{
	static char text[100 * 1000 + 1];

	memset(text, 'e', sizeof text - 1);
	web_answer(r, 500, "", text);
}

static void test_error_text(void **state)
{
	struct http_options options = usual();
	struct web web = web_start(act_long_error, NULL, 0);
	struct http *http = open_at(web.url, &options);
	struct asked asked = ask(http, "GET", "/");

	(void)state;
	must(asked.request.fail);
	assert_int_equal(asked.request.status, 500);
	assert_int_equal(asked.request.text_size, 64 * 1024);
	assert_int_equal(strlen(asked.request.text), 64 * 1024);
	assert_int_equal(asked.body.size, 0);
	asked_free(&asked);
	http_close(http);
	web_end(&web);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers), cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_cut),     cmocka_unit_test(test_limits),
		cmocka_unit_test(test_bomb),    cmocka_unit_test(test_error_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
