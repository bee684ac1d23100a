/* http.h on plain connections: what is sent, and how often; connections, redirects, waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"
#include "base/clock.h"

#include <sched.h>
#include <time.h>

/* ---- what is sent --------------------------------------------------------------------------- */

static void act_echo(struct web_request *r)
{
	char answer[WEB_HEAD + 512];

	snprintf(answer, sizeof answer, "%s", r->head);
	web_answer(r, 200,
		   "ETag: W/\"a b\"\r\nDAV: 1, 2\r\nX: y\r\ndav:  calendar-access \r\nAllow: GET\r\n"
		   "allow: PUT\r\nContent-Type: text/calendar; x=\"y\"\r\netag: second\r\n",
		   answer);
}

static void test_request(void **state)
{
	static const struct {
		const char *method, *target, *header, *sent; /* sent NULL: refused */
	} table[] = {
		{ "PROPFIND", "/a/b?c=d", "Depth: 1", "PROPFIND /a/b?c=d HTTP/1.1\r\n" },
		{ "GET", "/a/../b/./c%2Fd%zz//", NULL, "GET /a/../b/./c%2Fd%zz// HTTP/1.1\r\n" },
		{ "GET", "/sp ace/\xc5\xbe@+&;=[]", NULL, "GET /sp%20ace/%C5%BE@+&;=[] HTTP/1.1\r\n" },
		{ "MKCALENDAR", "/new/", "If-None-Match: *", "MKCALENDAR /new/ HTTP/1.1\r\n" },
		{ "DELETE", "/x", "If-Match: unquoted", "DELETE /x HTTP/1.1\r\n" },
		{ "OPTIONS", "/", "", "OPTIONS / HTTP/1.1\r\n" },
		{ "GET", "a", NULL, NULL },
		{ "GET", "", NULL, NULL },
		{ "GET", "/a\r\nX: y", NULL, NULL },
		{ "GET", "/a\x7f", NULL, NULL },
		{ "GET", "http://other.example/x", NULL, NULL },
		{ "GET", "/", "X: a\r\nY: b", NULL },
	};
	struct http_options options = usual();
	struct web web = web_start(act_echo, NULL, 0);
	struct http *http = open_at(web.url, &options);
	size_t sent = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct asked asked = asked_new(table[i].method, table[i].target);

		asked.request.headers[0] = table[i].header;
		asked_run(&asked, http);
		must(asked.fail);
		if (!table[i].sent) {
			assert_non_null(asked.request.fail);
			assert_int_equal(asked.request.fail->scope, FAIL_ITEM);
			refused++;
		} else {
			must(asked.request.fail);
			assert_memory_equal(asked.body.data, table[i].sent, strlen(table[i].sent));
			if (table[i].header)
				assert_non_null(strstr(asked.body.data, table[i].header));
			assert_null(strstr(asked.body.data, "Authorization"));
			assert_null(strstr(asked.body.data, "Content-Type"));
			assert_string_equal(asked.request.etag, "W/\"a b\"");
			assert_string_equal(asked.request.dav, "1, 2, calendar-access");
			assert_string_equal(asked.request.allow, "GET, PUT");
			assert_string_equal(asked.request.type, "text/calendar; x=\"y\"");
			assert_null(asked.request.location);
			assert_null(asked.request.text);
			assert_true(str_starts(asked.request.url, web.url));
			sent++;
		}
		asked_free(&asked);
	}
	assert_true(sent >= 6 && refused >= 6);
	assert_int_equal(http_counts(http).requests, sent);
	assert_int_equal(http_counts(http).connections, 1);
	assert_true(http_counts(http).in > sent * 300 && http_counts(http).out > sent * 80);
	http_close(http);
	web_end(&web);
}

static void test_target_is_url(void **state)
{
	struct http_options options = usual();
	struct web web = web_start(act_echo, NULL, 0);
	struct http *http = open_at(web.url, &options);
	char url[128];

	(void)state;
	snprintf(url, sizeof url, "HTTP://127.0.0.1:%u/deep?q", web.port);
	must_get(http, url, 200);
	assert_string_equal(http_origin(http), web.url);
	http_close(http);
	web_end(&web);
}

/* ---- bodies that are sent ------------------------------------------------------------------- */

#define LARGE (700 * 1000)

static char large_at(uint64_t offset)
{
	return (char)('a' + (offset * 7 + offset / 1000) % 26);
}

struct source {
	uint64_t size;
	uint64_t fail_at; /* 0: never */
	uint64_t from;    /* the lowest offset asked for again after a higher one: how often it was begun */
	int begun;
};

static const struct fail *give_large(void *context, uint64_t offset, char *data, size_t room, size_t *got)
{
	struct source *source = context;

	source->begun += offset == 0;
	if (source->fail_at && offset >= source->fail_at)
		return fail_make(FAIL_DISK, FAIL_ACCOUNT, "no more of it");
	for (*got = 0; *got < room && offset + *got < source->size; ++*got)
		data[*got] = large_at(offset + *got);
	return NULL;
}

static bool body_is_large(const struct web_request *r, size_t size)
{
	for (size_t i = 0; i < r->body_size; i++)
		if (r->body[i] != large_at(i))
			return false;
	return r->body_size == size;
}

static void act_take_large(struct web_request *r)
{
	web_need(r, body_is_large(r, LARGE));
	web_answer(r, 201, "ETag: \"x\"\r\n", "");
}

static struct asked put_large(struct http *http, struct source *source, uint64_t size)
{
	struct asked asked = asked_new("PUT", "/large.ics");

	asked.request.source = give_large;
	asked.request.source_context = source;
	asked.request.body_size = size;
	asked_run(&asked, http);
	return asked;
}

static void test_source(void **state)
{
	struct http_options options = usual();
	struct source whole = { .size = LARGE }, brief = { .size = LARGE - 1 },
		      broken = { LARGE, 100000, 0, 0 };
	struct web web = web_start(act_take_large, NULL, 0);
	struct http *http = open_at(web.url, &options);
	struct asked asked;

	(void)state;
	asked = put_large(http, &whole, LARGE);
	must(asked.fail);
	must(asked.request.fail);
	assert_int_equal(asked.request.status, 201);
	assert_int_equal(whole.begun, 1);
	asked_free(&asked);

	asked = put_large(http, &brief, LARGE);
	must(asked.fail);
	must_fail(asked.request.fail, FAIL_DATA, FAIL_ITEM, "body ended at 699999 of 700000 bytes");
	asked_free(&asked);

	/* What the source says ends the request, not the call. */
	asked = put_large(http, &broken, LARGE);
	must(asked.fail);
	must_fail(asked.request.fail, FAIL_DISK, FAIL_ACCOUNT, "no more of it");
	asked_free(&asked);
	assert_int_equal(web.seen->requests, 1);
	http_close(http);
	web_end(&web);
}

static void act_take_small(struct web_request *r)
{
	char length[16];

	web_need(r, web_field(r, "Content-Length", length, sizeof length));
	if (!strcmp(r->target, "/small"))
		web_need(r, r->body_size == 5 && !strcmp(r->body, "hello"));
	else
		web_need(r, r->body_size == 0 && !strcmp(length, "0"));
	web_answer(r, 201, "", "");
}

static void test_memory_body(void **state)
{
	struct http_options options = usual();
	struct web web = web_start(act_take_small, NULL, 0);
	struct http *http = open_at(web.url, &options);
	static const char *const targets[] = { "/small", "/none", "/small" };

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		struct asked asked = asked_new("PUT", targets[i]);

		asked.request.body = "hello";
		asked.request.body_size = strcmp(targets[i], "/none") ? 5 : 0;
		asked_run(&asked, http);
		must(asked.request.fail);
		assert_int_equal(asked.request.status, 201);
		asked_free(&asked);
	}
	assert_int_equal(web.seen->requests, 3);
	assert_int_equal(web.seen->connections, 1);
	http_close(http);
	web_end(&web);
}

/* ---- connections ---------------------------------------------------------------------------- */

static void act_meet(struct web_request *r)
{
	if (!strcmp(r->target, "/meet"))
		web_meet(r);
	web_answer(r, 200, "", "ok");
}

static void act_meet_and_close(struct web_request *r)
{
	if (!strcmp(r->target, "/meet"))
		web_meet(r);
	web_say(r, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
	r->close = true;
}

/* Rounds of requests that are only answered when as many as are allowed are there. */
static void test_parallel(void **state)
{
	static const struct {
		web_act *act;
		int connections; /* that are allowed; 0: the usual 8 */
		unsigned meeting;
		size_t requests;
		bool kept;
	} table[] = {
		{ act_meet, 0, 8, 48, true },
		{ act_meet, 3, 3, 30, true },
		{ act_meet, 1, 1, 10, true },
		{ act_meet_and_close, 0, 8, 48, false },
		{ act_meet_and_close, 2, 2, 10, false },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++) {
		struct http_options options = usual();
		struct web web = web_start(table[i].act, NULL, table[i].meeting);
		struct http *http;

		options.connections = table[i].connections;
		http = open_at(web.url, &options);
		must_get_many(http, "/meet", table[i].requests, 200);
		assert_int_equal(web.seen->most, table[i].meeting);
		assert_int_equal(web.seen->requests, table[i].requests);
		assert_int_equal(web.seen->connections, table[i].kept ? table[i].meeting : table[i].requests);
		assert_int_equal(http_counts(http).connections, web.seen->connections);
		assert_int_equal(http_counts(http).requests, table[i].requests);
		http_close(http);
		web_end(&web);
	}
	assert_true(checked >= 5);
}

/* A server that takes no more than three connections: the requests go over these. */
static void test_few_connections(void **state)
{
	struct http_options options = usual();
	struct http *http;
	struct web web;

	(void)state;
	web_connections_most = 3;
	web = web_start(act_meet, NULL, 0);
	web_connections_most = 0;
	http = open_at(web.url, &options);
	must_get_many(http, "/", 60, 200);
	assert_in_range(web.seen->connections, 1, 3);
	assert_int_equal(web.seen->requests, 60);
	http_close(http);
	web_end(&web);
}

/* The second request on a connection is read and never answered; elsewhere all is well. */
static void act_forgetful(struct web_request *r)
{
	web_need(r, !r->body_size || body_is_large(r, LARGE));
	if (r->connection == 1 && r->on_connection == 2) {
		r->close = true;
		return;
	}
	web_answer(r, 200, "", "ok");
}

/* A kept connection that the server closes: the request goes over another one, with its whole body. */
static void test_kept_closed(void **state)
{
	struct http_options options = usual();
	struct source source = { .size = LARGE };
	struct web web = web_start(act_forgetful, NULL, 0);
	struct http *http = open_at(web.url, &options);
	struct asked asked;

	(void)state;
	must_get(http, "/", 200);
	asked = put_large(http, &source, LARGE);
	must(asked.request.fail);
	assert_int_equal(asked.request.status, 200);
	assert_int_equal(source.begun, 2);
	asked_free(&asked);
	assert_int_equal(web.seen->requests, 3);
	assert_int_equal(web.seen->connections, 2);
	http_close(http);
	web_end(&web);
}

static void act_never(struct web_request *r)
{
	r->close = true;
}

/* A new connection closed without an answer: what changes something is not tried again. */
static void test_new_closed(void **state)
{
	static const struct {
		const char *method;
		int requests;
	} table[] = { { "GET", 2 },        { "PROPFIND", 2 },  { "REPORT", 2 },
		      { "OPTIONS", 2 },    { "DELETE", 1 },    { "PUT", 1 },
		      { "MKCALENDAR", 1 }, { "PROPPATCH", 1 }, { "MOVE", 1 } };
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++) {
		struct http_options options = usual();
		struct web web = web_start(act_never, NULL, 0);
		struct http *http = open_at(web.url, &options);
		struct asked asked = asked_new(table[i].method, "/");

		asked.request.body = "x";
		asked.request.body_size = 1;
		asked_run(&asked, http);
		must(asked.fail);
		must_fail(asked.request.fail, FAIL_UNREACHABLE, FAIL_ITEM, "closed without an answer");
		assert_int_equal(web.seen->requests, table[i].requests);
		asked_free(&asked);
		http_close(http);
		web_end(&web);
	}
	assert_true(checked >= 9);
}

/* A server that cuts one answer after the other is left alone after a few. */
static void test_cuts_end_the_call(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi";
	struct raw raw = { answer, sizeof answer - 1, false };
	struct http_options options = usual();
	struct web web = web_start(act_raw, &raw, 0);
	struct http_request requests[40] = { 0 };
	struct arena *arena = arena_new();
	struct http *http;

	(void)state;
	options.connections = 2;
	http = open_at(web.url, &options);
	for (size_t i = 0; i < COUNT(requests); i++) {
		requests[i].method = "GET";
		requests[i].target = "/";
	}
	must_fail(http_run(http, requests, COUNT(requests), NULL, NULL, arena), FAIL_UNREACHABLE,
		  FAIL_ACCOUNT, "answer is cut");
	for (size_t i = 0; i < COUNT(requests); i++)
		assert_true(fail_is(requests[i].fail, FAIL_UNREACHABLE));
	assert_in_range(web.seen->requests, 4, 6);
	arena_free(arena);
	http_close(http);
	web_end(&web);
}

static void test_unreachable(void **state)
{
	struct http_options options = usual();
	struct web web = web_start(act_echo, NULL, 0);
	struct http_request requests[20] = { 0 };
	struct arena *arena = arena_new();
	struct http *http = open_at(web.url, &options);
	const struct fail *fail;

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		requests[i].method = "PUT";
		requests[i].target = "/";
	}
	web_end(&web); /* nobody listens there now */
	fail = http_run(http, requests, COUNT(requests), NULL, NULL, arena);
	must_fail(fail, FAIL_UNREACHABLE, FAIL_ACCOUNT, "cannot connect to 127.0.0.1 port");
	assert_non_null(strstr(fail->text, "Connection refused"));
	for (size_t i = 0; i < COUNT(requests); i++)
		assert_true(fail_is(requests[i].fail, FAIL_UNREACHABLE));
	arena_free(arena);
	http_close(http);
}

/* ---- sinks and callbacks -------------------------------------------------------------------- */

struct order {
	size_t count, fail_at;
	const struct http_request *last;
};

static const struct fail *on_done(void *context, struct http_request *request)
{
	struct order *order = context;

	order->last = request;
	if (++order->count == order->fail_at)
		return fail_make(FAIL_STATE, FAIL_ACCOUNT, "enough");
	return NULL;
}

static const struct fail *sink_full(void *context, const char *data, size_t size)
{
	(void)context;
	(void)data;
	(void)size;
	return fail_make(FAIL_DISK, FAIL_ACCOUNT, "disk full");
}

static void test_sink_fails(void **state)
{
	struct http_options options = usual();
	struct web web = web_start(act_echo, NULL, 0);
	struct http *http = open_at(web.url, &options);
	struct http_request requests[12] = { 0 };
	struct arena *arena = arena_new();
	struct order order = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		requests[i].method = "GET";
		requests[i].target = "/";
		requests[i].sink = i == 3 ? sink_full : NULL;
	}
	must(http_run(http, requests, COUNT(requests), on_done, &order, arena));
	assert_int_equal(order.count, COUNT(requests));
	for (size_t i = 0; i < COUNT(requests); i++) {
		if (i == 3)
			must_fail(requests[i].fail, FAIL_DISK, FAIL_ACCOUNT, "disk full");
		else
			assert_int_equal(requests[i].status, 200);
	}
	arena_free(arena);
	http_close(http);
	web_end(&web);
}

static void test_done_fails(void **state)
{
	struct http_options options = usual();
	struct web web = web_start(act_echo, NULL, 0);
	struct http_request requests[100] = { 0 };
	struct arena *arena = arena_new();
	struct order order = { .fail_at = 5 };
	struct http *http = open_at(web.url, &options);
	size_t good = 0, dropped = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		requests[i].method = "GET";
		requests[i].target = "/";
	}
	must_fail(http_run(http, requests, COUNT(requests), on_done, &order, arena), FAIL_STATE, FAIL_ACCOUNT,
		  "enough");
	assert_int_equal(order.count, 5);
	for (size_t i = 0; i < COUNT(requests); i++)
		fail_is(requests[i].fail, FAIL_STATE) ? dropped++ : good++;
	assert_int_equal(good, 5);
	assert_int_equal(dropped, 95);
	/* It can go on. */
	must_get_many(http, "/", 20, 200);
	arena_free(arena);
	http_close(http);
	web_end(&web);
}

/* ---- slow servers --------------------------------------------------------------------------- */

/* Says the bytes of the context and then nothing. */
static void act_stall(struct web_request *r)
{
	const struct raw *raw = r->context;

	web_write(r, raw->data, raw->size);
	pause();
}

static void test_silence(void **state)
{
	static const char *const said[] = {
		"",
		"HTTP/1.1 200 OK\r\nContent-",
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
		"HTTP/1.1 100 Continue\r\n\r\n",
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(said); i++, checked++) {
		struct raw raw = { said[i], strlen(said[i]), false };
		struct http_options options = usual();
		struct web web = web_start(act_stall, &raw, 0);
		struct http_request requests[20] = { 0 };
		struct arena *arena = arena_new();
		int64_t began = clock_monotonic(), took;
		struct http *http;

		options.timeout = 1;
		http = open_at(web.url, &options);
		for (size_t n = 0; n < COUNT(requests); n++) {
			requests[n].method = "PROPFIND";
			requests[n].target = "/";
		}
		must_fail(http_run(http, requests, COUNT(requests), NULL, NULL, arena), FAIL_UNREACHABLE,
			  FAIL_ACCOUNT, "no answer from the server for 1 s");
		took = clock_monotonic() - began;
		assert_in_range(took, 950, 10000);
		for (size_t n = 0; n < COUNT(requests); n++)
			assert_true(fail_is(requests[n].fail, FAIL_UNREACHABLE));
		assert_in_range(web.seen->requests, 1, 8);
		arena_free(arena);
		http_close(http);
		web_end(&web);
	}
	assert_true(checked >= 4);
}

/* ---- redirects ------------------------------------------------------------------------------ */

static void act_redirect(struct web_request *r)
{
	char line[sizeof r->target + 64];
	int left;

	if (sscanf(r->target, "/down/%d", &left) == 1 && left) {
		snprintf(line, sizeof line, "Location: %d\r\n", left - 1);
		web_answer(r, 301, line, "moved");
	} else if (!strcmp(r->target, "/.well-known/caldav")) {
		snprintf(line, sizeof line, "Location: http://127.0.0.1:%u/dav/?a=%%2F\r\n", r->port);
		web_answer(r, 307, line, "");
	} else if (!strcmp(r->target, "/user")) {
		snprintf(line, sizeof line, "Location: http://eve:pw@127.0.0.1:%u/dav/#x\r\n", r->port);
		web_answer(r, 308, line, "");
	} else if (!strcmp(r->target, "/loop")) {
		web_answer(r, 302, "Location: /loop\r\n", "");
	} else if (!strcmp(r->target, "/see")) {
		web_answer(r, 303, "Location: /dav/\r\n", "");
	} else if (!strcmp(r->target, "/other")) {
		web_answer(r, 301, "Location: http://other.example:81/dav/\r\n", "");
	} else if (!strcmp(r->target, "/port")) {
		snprintf(line, sizeof line, "Location: http://127.0.0.1:%u/dav/\r\n", r->port - 1);
		web_answer(r, 301, line, "");
	} else if (!strcmp(r->target, "/tls")) {
		snprintf(line, sizeof line, "Location: https://127.0.0.1:%u/dav/\r\n", r->port);
		web_answer(r, 301, line, "");
	} else if (!strcmp(r->target, "/file")) {
		web_answer(r, 301, "Location: file:///etc/passwd\r\n", "");
	} else if (!strcmp(r->target, "/scheme")) {
		web_answer(r, 301, "Location: //other.example/x\r\n", "");
	} else if (!strcmp(r->target, "/choice")) {
		web_answer(r, 300, "Location: /dav/\r\n", "");
	} else if (!strcmp(r->target, "/nowhere")) {
		web_answer(r, 301, "", "");
	} else {
		snprintf(line, sizeof line, "%s %s", r->method, r->target);
		web_answer(r, 207, "", line);
	}
}

static void test_redirects(void **state)
{
	static const struct {
		const char *method, *target;
		int status;           /* in the end; 0: a fail */
		const char *body;     /* or words */
		const char *location; /* what is behind the origin, or all of it; NULL none */
	} table[] = {
		{ "PROPFIND", "/.well-known/caldav", 207, "PROPFIND /dav/?a=%2F", NULL },
		{ "GET", "/down/5", 207, "GET /down/0", NULL },
		{ "REPORT", "/user", 207, "REPORT /dav/", NULL },
		{ "OPTIONS", "/down/1", 207, "OPTIONS /down/0", NULL },
		{ "GET", "/see", 207, "GET /dav/", NULL },
		{ "GET", "/choice", 300, NULL, "/dav/" },
		{ "GET", "/nowhere", 301, NULL, NULL },
		{ "GET", "/down/6", 0, "redirected more than 5 times", "/down/0" },
		{ "PROPFIND", "/loop", 0, "redirected more than 5 times", "/loop" },
		{ "PROPFIND", "/see", 0, "was redirected to /dav/: not followed", "/dav/" },
		{ "PUT", "/down/1", 0, "PUT was redirected to /down/0: not followed", "/down/0" },
		{ "DELETE", "/down/1", 0, "DELETE was redirected to /down/0", "/down/0" },
		{ "MKCALENDAR", "/user", 0, "not followed", "/dav/" },
		{ "PROPFIND", "/other", 0, "redirected to another origin, http://other.example:81",
		  "http://other.example:81/dav/" },
		{ "PUT", "/other", 0, "another origin", "http://other.example:81/dav/" },
		{ "GET", "/port", 0, "another origin", NULL },
		{ "GET", "/tls", 0, "another origin, https://127.0.0.1", NULL },
		{ "GET", "/scheme", 0, "another origin, http://other.example", "http://other.example/x" },
		{ "GET", "/file", 0, "redirected to a URL that is none", NULL },
	};
	struct http_options options = usual();
	struct web web = web_start(act_redirect, NULL, 0);
	struct http *http = open_at(web.url, &options);
	size_t good = 0, bad = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct asked asked = ask(http, table[i].method, table[i].target);

		print_message("%s %s\n", table[i].method, table[i].target);
		must(asked.fail);
		if (table[i].status) {
			must(asked.request.fail);
			assert_int_equal(asked.request.status, table[i].status);
			good++;
		} else {
			assert_non_null(asked.request.fail);
			must_fail(asked.request.fail,
				  strstr(table[i].body, "none") ? FAIL_PROTOCOL : FAIL_REFUSED, FAIL_ITEM,
				  table[i].body);
			bad++;
		}
		if (table[i].status == 207) {
			assert_string_equal(asked.body.data, table[i].body);
			assert_string_equal(asked.request.url + strlen(web.url),
					    strchr(table[i].body, ' ') + 1);
			assert_null(asked.request.location);
		}
		if (table[i].location) {
			assert_non_null(asked.request.location);
			assert_true(str_ends(asked.request.location, table[i].location));
			assert_true(str_starts(asked.request.location, "http://"));
		}
		asked_free(&asked);
	}
	assert_true(good >= 7 && bad >= 12);
	http_close(http);
	web_end(&web);
}

/* ---- waiting -------------------------------------------------------------------------------- */

struct wait {
	int status;
	const char *lines, *body;
};

static void act_wait(struct web_request *r)
{
	const struct wait *wait = r->context;

	if (!strcmp(r->target, "/busy"))
		web_answer(r, wait->status, wait->lines, wait->body);
	else
		web_answer(r, 200, "", "");
}

static void test_wait(void **state)
{
	static char date[128], past[128];
	static const char google[] = "{\"error\":{\"errors\":[{\"domain\":\"usageLimits\",\"reason\":"
				     "\"rateLimitExceeded\"}],\"code\":403}}";
	static const struct {
		struct wait wait;
		int64_t least, most; /* http_retry, seconds from now; both 0: it did not say */
		bool told;           /* else a status as any other */
	} table[] = {
		{ { 429, "Retry-After: 120\r\n", "" }, 115, 120, true },
		{ { 503, "Retry-After: 3600\r\n", "" }, 3590, 3600, true },
		{ { 429, date, "" }, 480, 500, true },
		{ { 503, date, "" }, 480, 500, true },
		{ { 429, past, "" }, -5, 0, true },
		{ { 429, "Retry-After: 0\r\n", "" }, -5, 0, true },
		{ { 429, "", "" }, 0, 0, true },
		{ { 429, "Retry-After: soon\r\n", "" }, 0, 0, true },
		{ { 429, "Retry-After: -5\r\n", "" }, 0, 0, true },
		{ { 429, "Retry-After: 99999999999999999999999\r\n", "" }, 0, 0, true },
		{ { 429, "Retry-After: 9999999999999\r\n", "" }, 86400, 366 * 86400, true },
		{ { 403, "Content-Type: application/json; charset=UTF-8\r\n", google }, 0, 0, true },
		{ { 403, "Content-Type: text/html\r\n", google }, 0, 0, false },
		{ { 403, "Content-Type: application/json\r\n", "{}" }, 0, 0, false },
		{ { 503, "", "" }, 0, 0, false },
		{ { 500, "Retry-After: 5\r\n", "" }, 0, 0, false },
	};
	time_t later = (time_t)clock_now() + 500;
	size_t told = 0, not = 0;

	(void)state;
	assert_true(
		strftime(date, sizeof date, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime(&later)));
	later -= 10000;
	assert_true(
		strftime(past, sizeof past, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime(&later)));
	for (size_t i = 0; i < COUNT(table); i++) {
		struct http_options options = usual();
		struct web web = web_start(act_wait, (void *)(size_t)&table[i].wait, 0);
		struct http_request requests[30] = { 0 };
		struct arena *arena = arena_new();
		const struct fail *fail;
		struct http *http;

		print_message("%d %s", table[i].wait.status, table[i].wait.lines);
		options.connections = 1;
		http = open_at(web.url, &options);
		for (size_t n = 0; n < COUNT(requests); n++) {
			requests[n].method = "PUT";
			requests[n].target = n == 4 ? "/busy" : "/";
		}
		fail = http_run(http, requests, COUNT(requests), NULL, NULL, arena);
		if (!table[i].told) {
			must(fail);
			must(requests[4].fail);
			assert_int_equal(requests[4].status, table[i].wait.status);
			assert_int_equal(http_retry(http), 0);
			assert_int_equal(web.seen->requests, COUNT(requests));
			not ++;
		} else {
			must_fail(fail, FAIL_UNREACHABLE, FAIL_ACCOUNT, "the server asks to wait");
			must_fail(requests[29].fail, FAIL_UNREACHABLE, FAIL_ACCOUNT,
				  "the server asks to wait");
			must(requests[0].fail);
			assert_int_equal(web.seen->requests, 5);
			if (!table[i].most && !table[i].least)
				assert_int_equal(http_retry(http), 0);
			else
				assert_true(http_retry(http) - clock_now() >= table[i].least - 5 &&
					    http_retry(http) - clock_now() <= table[i].most);
			told++;
		}
		arena_free(arena);
		http_close(http);
		web_end(&web);
	}
	assert_true(told >= 12 && not >= 4);
}

/* Of two that are there at the same time, one is told to wait, and only then the other one is answered. */
static void act_wait_beside(struct web_request *r)
{
	web_meet(r);
	if (!strcmp(r->target, "/busy")) {
		web_answer(r, 429, "", "");
		r->seen->number[0] = 1;
	} else {
		while (!r->seen->number[0])
			sched_yield();
		web_answer(r, 200, "", "ok");
	}
}

static void test_wait_beside(void **state)
{
	struct http_options options = usual();
	struct web web = web_start(act_wait_beside, NULL, 2);
	struct http *http = open_at(web.url, &options);
	struct arena *arena = arena_new();
	struct http_request requests[] = { { .method = "PUT", .target = "/" },
					   { .method = "PUT", .target = "/busy" } };

	(void)state;
	must_fail(http_run(http, requests, 2, NULL, NULL, arena), FAIL_UNREACHABLE, FAIL_ACCOUNT,
		  "asks to wait");
	must(requests[0].fail);
	assert_int_equal(requests[0].status, 200);
	assert_int_equal(requests[1].status, 429);
	arena_free(arena);
	http_close(http);
	web_end(&web);
}

/* What is told to wait is not asked in the next call either. */
static void test_wait_lasts(void **state)
{
	static const struct wait wait = { 429, "Retry-After: 1000\r\n", "" };
	struct http_options options = usual();
	struct web web = web_start(act_wait, (void *)(size_t)&wait, 0);
	struct http *http = open_at(web.url, &options);
	struct asked asked = ask(http, "GET", "/busy");

	(void)state;
	must_fail(asked.fail, FAIL_UNREACHABLE, FAIL_ACCOUNT, "the server asks to wait until 20");
	asked_free(&asked);
	asked = ask(http, "GET", "/");
	must_fail(asked.fail, FAIL_UNREACHABLE, FAIL_ACCOUNT, "asked to wait");
	must_fail(asked.request.fail, FAIL_UNREACHABLE, FAIL_ACCOUNT, "asked to wait");
	asked_free(&asked);
	assert_int_equal(web.seen->requests, 1);
	http_close(http);
	web_end(&web);
}

/* ---- opening -------------------------------------------------------------------------------- */

static void test_open(void **state)
{
	static const struct {
		const char *url;
		bool plain;
		const char *fingerprint;
		const char *origin; /* NULL: refused with … */
		const char *words;
	} table[] = {
		{ "https://Dav.Example.COM/x?y", false, NULL, "https://dav.example.com", NULL },
		{ "https://dav.example.com:443", false, NULL, "https://dav.example.com", NULL },
		{ "https://dav.example.com:8443/", false, NULL, "https://dav.example.com:8443", NULL },
		{ "http://127.0.0.1:80/", true, NULL, "http://127.0.0.1", NULL },
		{ "http://[::1]:5232/", true, NULL, "http://[::1]:5232", NULL },
		{ "https://user:pw@dav.example.com/", false, NULL, "https://dav.example.com", NULL },
		{ "http://dav.example.com/", false, NULL, NULL, "http is for loopback only" },
		{ "ftp://dav.example.com/", true, NULL, NULL, "neither https nor http" },
		{ "dav.example.com", true, NULL, NULL, "malformed" },
		{ "/x", true, NULL, NULL, "malformed" },
		{ "", true, NULL, NULL, "malformed" },
		{ "https://", true, NULL, NULL, "" },
		{ "https://a b/", true, NULL, NULL, "" },
		{ "https://a.example:99999/", true, NULL, NULL, "malformed" },
		{ "https://a.example/\r\nx", true, NULL, NULL, "control characters" },
		{ "https://a.example/", false, "12", NULL, "tls-fingerprint is not 64 hex digits" },
	};
	size_t good = 0, bad = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct http_options options = { .timeout = 5, .plain = table[i].plain };
		struct http *http = NULL;
		const struct fail *fail;

		options.fingerprint = table[i].fingerprint;
		fail = http_open(table[i].url, &options, &http);
		if (table[i].origin) {
			must(fail);
			assert_string_equal(http_origin(http), table[i].origin);
			good++;
		} else {
			must_fail(fail, FAIL_CONFIG, FAIL_ACCOUNT, table[i].words);
			assert_null(http);
			bad++;
		}
		http_close(http);
	}
	http_close(NULL);
	assert_true(good >= 6 && bad >= 10);
}

/* http:// to what is not of this machine is not even connected to. */
static void test_loopback_only(void **state)
{
	static const char *const urls[] = { "http://192.0.2.1/", "http://[2001:db8::1]:8008/" };
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++, checked++) {
		struct http_options options = usual();
		struct http *http = open_at(urls[i], &options);
		struct asked asked = ask(http, "GET", "/");

		must_fail(asked.fail, FAIL_TLS, FAIL_ACCOUNT, "is no loopback address: refused without TLS");
		asked_free(&asked);
		http_close(http);
	}
	assert_true(checked >= 2);
}

/* Variables that mean something to libcurl mean nothing here. */
static void test_no_proxy(void **state)
{
	struct http_options options = usual();
	struct web web = web_start(act_echo, NULL, 0);
	struct http *http = open_at(web.url, &options);

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
	must_get(http, "/", 200);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	http_close(http);
	web_end(&web);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_target_is_url),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_memory_body),
		cmocka_unit_test(test_parallel),
		cmocka_unit_test(test_few_connections),
		cmocka_unit_test(test_kept_closed),
		cmocka_unit_test(test_new_closed),
		cmocka_unit_test(test_cuts_end_the_call),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_sink_fails),
		cmocka_unit_test(test_done_fails),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_wait_beside),
		cmocka_unit_test(test_wait_lasts),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_loopback_only),
		cmocka_unit_test(test_no_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
