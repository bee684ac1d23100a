/* Asking: what the unit tests of net/http do as clients. */
#ifndef KOC_TESTS_ASKING_H
#define KOC_TESTS_ASKING_H

#include "base/arena.h"
#include "base/buf.h"
#include "net/http.h"
#include "web.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* `fail` must be a success. */
static inline void must(const struct fail *fail)
{
	assert_string_equal(fail ? fail->text : "", "");
}

/* `fail` must have this code and scope and these words in its text. */
static inline void must_fail(const struct fail *fail, enum fail_code code, enum fail_scope scope,
			     const char *words)
{
	assert_non_null(fail);
	if (!strstr(fail->text, words))
		assert_string_equal(fail->text, words);
	assert_int_equal(fail->code, code);
	assert_int_equal(fail->scope, scope);
}

static inline struct http_options usual(void)
{
	return (struct http_options){ .timeout = 20, .plain = true };
}

static inline struct http *open_at(const char *url, const struct http_options *options)
{
	struct http *http = NULL;

	must(http_open(url, options, &http));
	return http;
}

static inline const struct fail *into_buf(void *context, const char *data, size_t size)
{
	buf_add(context, data, size);
	return NULL;
}

/* One request and what came of it. */
struct asked {
	struct arena *arena;
	struct http_request request;
	const struct fail *fail; /* of the call */
	struct buf body;
};

static inline struct asked asked_new(const char *method, const char *target)
{
	struct asked asked = { .arena = arena_new() };

	buf_init(&asked.body, 64 << 20);
	asked.request.method = method;
	asked.request.target = target;
	asked.request.sink = into_buf;
	return asked;
}

static inline void asked_run(struct asked *asked, struct http *http)
{
	asked->request.sink_context = &asked->body;
	asked->fail = http_run(http, &asked->request, 1, NULL, NULL, asked->arena);
}

static inline void asked_free(struct asked *asked)
{
	buf_free(&asked->body);
	arena_free(asked->arena);
}

static inline struct asked ask(struct http *http, const char *method, const char *target)
{
	struct asked asked = asked_new(method, target);

	asked_run(&asked, http);
	return asked;
}

/* Asks for a GET that must be answered by this status. */
static inline void must_get(struct http *http, const char *target, int status)
{
	struct asked asked = ask(http, "GET", target);

	must(asked.fail);
	must(asked.request.fail);
	assert_int_equal(asked.request.status, status);
	asked_free(&asked);
}

/* `count` requests alike, as one call; each must be answered by `status`. */
static inline void must_get_many(struct http *http, const char *target, size_t count, int status)
{
	struct http_request *requests = calloc(count, sizeof *requests);
	struct arena *arena = arena_new();

	assert_non_null(requests);
	for (size_t i = 0; i < count; i++) {
		requests[i].method = "GET";
		requests[i].target = target;
	}
	must(http_run(http, requests, count, NULL, NULL, arena));
	for (size_t i = 0; i < count; i++) {
		must(requests[i].fail);
		assert_int_equal(requests[i].status, status);
	}
	arena_free(arena);
	free(requests);
}

#endif
