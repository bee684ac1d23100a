/* Answers: header lines and bodies as they come in, within limits, and what they mean for every method. */
#include "net/http_room.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"

#include <string.h>

#define HEADER_BYTES    (256 * 1024)
#define HEADER_LINES    1000
#define CHALLENGE_BYTES (16 * 1024)
#define TEXT_KEPT       (64 * 1024)
#define TEXT_MOST       (4 * 1024 * 1024) /* of an answer that nobody asked for in such length */
#define BODY_MOST       ((uint64_t)1 << 30)
#define WAIT_MOST       ((int64_t)366 * 86400) /* a later date is nonsense */

void answer_init(struct answer *answer)
{
	buf_init(&answer->challenges, CHALLENGE_BYTES);
	buf_init(&answer->text, TEXT_KEPT);
	buf_init(&answer->line, HEADER_BYTES);
}

void answer_free(struct answer *answer)
{
	http_unpack_free(answer->unpack);
	buf_free(&answer->challenges);
	buf_free(&answer->text);
	buf_free(&answer->line);
}

/* Forgets what the latest header said: an interim answer (1xx), or one to an earlier try. */
static void forget(struct answer *answer)
{
	struct http_request *request = answer->request;

	request->status = 0;
	request->etag = request->location = request->type = request->dav = request->allow = NULL;
	request->text = NULL;
	request->text_size = 0;
	answer->status = 0;
	answer->encoding = answer->retry_after = answer->length = answer->transfer = NULL;
	buf_clear(&answer->challenges);
}

void answer_begin(struct answer *answer, struct http_request *request, struct arena *arena)
{
	http_unpack_free(answer->unpack);
	answer->unpack = NULL;
	answer->request = request;
	answer->arena = arena;
	answer->fail = NULL;
	answer->header_bytes = 0;
	answer->header_lines = 0;
	answer->head = answer->open_ended = false;
	answer->size = 0;
	buf_clear(&answer->text);
	forget(answer);
}

/* ---- header lines --------------------------------------------------------------------------- */

static void field(struct answer *answer, const char *name, size_t length, const char *value)
{
	struct http_request *request = answer->request;
	const struct {
		const char *name;
		const char **value;
		bool list; /* several lines are one (RFC 9110 5.3); else the first counts */
	} fields[] = {
		{ "ETag", &request->etag, false },
		{ "Location", &request->location, false },
		{ "Content-Type", &request->type, false },
		{ "DAV", &request->dav, true },
		{ "Allow", &request->allow, true },
		{ "Content-Encoding", &answer->encoding, true },
		{ "Content-Length", &answer->length, true },
		{ "Transfer-Encoding", &answer->transfer, true },
		{ "Retry-After", &answer->retry_after, false },
	};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (strlen(fields[i].name) != length || str_ncasecmp(fields[i].name, name, length))
			continue;
		if (!*fields[i].value)
			*fields[i].value = arena_str(answer->arena, value);
		else if (fields[i].list)
			*fields[i].value = arena_printf(answer->arena, "%s, %s", *fields[i].value, value);
	}
	if (length == 16 && !str_ncasecmp(name, "WWW-Authenticate", 16))
		buf_addf(&answer->challenges, "%s\n", value);
}

/* "HTTP/1.1 207 Multi-Status", "HTTP/2 207 ". */
static void status_line(struct answer *answer, const char *line)
{
	const char *at = strchr(line, ' ');

	forget(answer);
	answer->modern = !str_starts(line, "HTTP/1.");
	if (at && strspn(at + 1, "0123456789") == 3)
		answer->status = (at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0');
}

static bool refuse(struct answer *answer, const struct fail *fail)
{
	if (!answer->fail)
		answer->fail = fail;
	return false;
}

/* RFC 9112 6.3. */
static bool has_no_end(const struct answer *answer)
{
	if (answer->modern || answer->status == 204 || answer->status == 304 ||
	    !strcmp(answer->request->method, "HEAD"))
		return false;
	if (answer->transfer)
		return !str_ends(answer->transfer, "chunked");
	return !answer->length;
}

/* The header is complete. */
static bool head_end(struct answer *answer)
{
	const struct fail *fail = NULL;
	uint64_t length;

	if (answer->status < 200)
		return true; /* an interim answer: another one follows */
	answer->head = true;
	answer->open_ended = has_no_end(answer);
	/* RFC 9112 6.3: whoever says two lengths may mean two answers. */
	if (answer->length && !str_u64(answer->length, &length))
		fail = fail_make(FAIL_PROTOCOL, FAIL_ITEM, "answer's Content-Length is \"%.40s\"",
				 answer->length);
	else if (answer->encoding)
		fail = http_unpack_new(answer->encoding, &answer->unpack);
	return fail ? refuse(answer, fail) : true;
}

bool answer_line(struct answer *answer, const char *line, size_t size)
{
	const char *text, *colon, *value;

	answer->header_bytes += size;
	if (answer->header_bytes > HEADER_BYTES || ++answer->header_lines > HEADER_LINES)
		return refuse(answer, fail_make(FAIL_PROTOCOL, FAIL_ITEM,
						"answer's header has more than %d lines or %d KB",
						HEADER_LINES, HEADER_BYTES / 1024));
	if (answer->head)
		return true; /* trailers say nothing that counts here */
	while (size && strchr("\r\n \t", line[size - 1]))
		size--;
	if (!size)
		return head_end(answer);
	/* RFC 9112 2.2: a CR that is not before an LF is one to some and not to others. */
	if (memchr(line, '\0', size) || memchr(line, '\r', size))
		return refuse(answer, fail_make(FAIL_PROTOCOL, FAIL_ITEM,
						"answer's header holds a NUL or a lone CR"));
	buf_clear(&answer->line);
	buf_add(&answer->line, line, size);
	text = answer->line.data;
	if (str_starts(text, "HTTP/")) {
		status_line(answer, text);
		return true;
	}
	colon = strchr(text, ':');
	if (!colon)
		return true;
	for (value = colon + 1; *value == ' ' || *value == '\t'; value++)
		;
	field(answer, text, (size_t)(colon - text), value);
	return true;
}

/* ---- bodies --------------------------------------------------------------------------------- */

static const struct fail *deliver(void *context, const char *data, size_t size)
{
	struct answer *answer = context;
	struct http_request *request = answer->request;
	bool good = answer->status / 100 == 2;
	uint64_t most = good ? request->most ? request->most : BODY_MOST : TEXT_MOST;

	answer->size += size;
	if (answer->size > most)
		return fail_make(good ? FAIL_DATA : FAIL_PROTOCOL, FAIL_ITEM,
				 "answer is larger than %llu bytes", (unsigned long long)most);
	if (good)
		return request->sink ? request->sink(request->sink_context, data, size) : NULL;
	if (size > TEXT_KEPT - answer->text.size)
		size = TEXT_KEPT - answer->text.size;
	buf_add(&answer->text, data, size);
	return NULL;
}

bool answer_body(struct answer *answer, const char *data, size_t size)
{
	const struct fail *fail;

	if (answer->fail)
		return false;
	fail = answer->unpack ? http_unpack_add(answer->unpack, data, size, deliver, answer)
			      : deliver(answer, data, size);
	return fail ? refuse(answer, fail) : true;
}

const struct fail *answer_end(struct answer *answer)
{
	struct http_request *request = answer->request;

	if (!answer->head)
		return fail_make(FAIL_UNREACHABLE, FAIL_ITEM, "answer is cut: its header has no end");
	if (answer->unpack && !http_unpack_whole(answer->unpack))
		return fail_make(FAIL_UNREACHABLE, FAIL_ITEM, "answer is cut: what is compressed has no end");
	request->status = answer->status;
	if (answer->text.size) {
		request->text = arena_strn(answer->arena, answer->text.data, answer->text.size);
		request->text_size = answer->text.size;
	}
	return NULL;
}

/* ---- "not now" ------------------------------------------------------------------------------ */

/* RFC 9110 10.2.3: seconds, or a date in any of the three old forms. */
static int64_t retry_time(const char *text)
{
	int64_t now = clock_now(), when;
	uint64_t seconds;

	if (!text)
		return 0;
	if (str_u64(text, &seconds))
		return now + (seconds < WAIT_MOST ? (int64_t)seconds : WAIT_MOST);
	when = http_curl.getdate(text, NULL);
	if (when <= 0)
		return 0;
	if (when < now)
		return now;
	return when < now + WAIT_MOST ? when : now + WAIT_MOST;
}

/* QUIRK(google): CalDAV says that the quota of requests is used up by 403 and JSON. */
static bool quota_told(const struct answer *answer)
{
	const struct http_request *request = answer->request;

	return request->status == 403 && request->type && str_starts(request->type, "application/json") &&
	       request->text && strstr(request->text, "usageLimits");
}

bool answer_waits(const struct answer *answer, int64_t *when)
{
	*when = retry_time(answer->retry_after);
	switch (answer->request->status) {
	case 429:
		return true;
	case 503:
		return *when != 0;
	default:
		return quota_told(answer);
	}
}
