/* Fuzz target: what an HTTP server says: header lines and a body, challenges, URLs.  The first byte says
 * which. */
#include "fuzz/expect.h"

#include "base/arena.h"
#include "base/str.h"
#include "net/http_room.h"

#include <string.h>

#define MOST 100000

/* ---- answers -------------------------------------------------------------------------------- */

static const struct fail *count(void *context, const char *data, size_t size)
{
	uint64_t *bytes = context;

	*bytes += size;
	EXPECT(size && data);
	return NULL;
}

static void expect_line(const char *text)
{
	EXPECT(!text || !strpbrk(text, "\r\n"));
}

/* Header lines up to an empty one, then the body in two pieces. */
static void answer(const char *data, size_t size, struct arena *arena)
{
	uint64_t bytes = 0;
	struct http_request request = {
		.method = "GET", .sink = count, .sink_context = &bytes, .most = MOST
	};
	struct answer answer = { 0 };
	const struct fail *fail;
	bool good = true;
	int64_t when;

	answer_init(&answer);
	answer_begin(&answer, &request, arena);
	while (good && size && !answer.head) {
		const char *end = memchr(data, '\n', size);
		size_t line = end ? (size_t)(end - data) + 1 : size;

		good = answer_line(&answer, data, line);
		data += line;
		size -= line;
	}
	good = good && (size < 2 || answer_body(&answer, data, size / 2));
	good = good && (size < 2 || answer_body(&answer, data + size / 2, size - size / 2));
	EXPECT(good == !answer.fail);
	EXPECT(bytes <= MOST && answer.text.size <= 64 * 1024);
	fail = good ? answer_end(&answer) : NULL;
	if (good && !fail) {
		EXPECT(request.status >= 200 && request.status <= 999);
		EXPECT(request.status / 100 == 2 ? !request.text : !bytes);
		EXPECT(!request.text || strlen(request.text) <= request.text_size);
		answer_waits(&answer, &when);
		EXPECT(when >= 0);
	}
	expect_line(request.etag);
	expect_line(request.location);
	expect_line(request.type);
	expect_line(request.dav);
	expect_line(request.allow);
	answer_free(&answer);
}

/* ---- challenges ----------------------------------------------------------------------------- */

static void challenge(const char *text, struct arena *arena)
{
	struct http_login login;
	struct buf line;

	buf_init(&line, 1 << 20);
	http_login_init(&login, "user", "password", false, arena);
	for (int turn = 0; turn < 3 && http_login_again(&login, login.generation, text); turn++) {
		EXPECT(login.scheme == LOGIN_DIGEST);
		buf_clear(&line);
		http_login_line(&login, "GET", "/", &line);
		EXPECT(!line.over &&
		       str_starts(line.data, "Authorization: Digest username=\"user\", realm="));
		EXPECT(strlen(line.data) == line.size);
		for (size_t i = 0; i < line.size; i++)
			EXPECT((unsigned char)line.data[i] >= ' ' || line.data[i] == '\t');
	}
	EXPECT(login.generation <= 1); /* the same challenge again says that the password is wrong */
	buf_free(&line);
}

/* ---- URLs ----------------------------------------------------------------------------------- */

static void url(const char *text, struct arena *arena)
{
	struct http_url first, second;
	const char *target;

	if (http_url_parse(text, "https://dav.example.com:8443/a/b?c", &first, arena))
		return;
	EXPECT(str_starts(first.origin, first.tls ? "https://" : "http://"));
	EXPECT(*first.host && *first.port && first.target[0] == '/');
	target = http_url_target(first.target, arena);
	if (!target)
		return;
	for (const char *at = target; *at; at++)
		EXPECT(*at > ' ' && *at < 0x7f);
	EXPECT(!http_url_parse(arena_printf(arena, "%s%s", first.origin, target), NULL, &second, arena));
	EXPECT(!strcmp(second.origin, first.origin) && !strcmp(second.target, target));
	EXPECT(!strcmp(second.host, first.host) && !strcmp(second.port, first.port));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	char *text;

	EXPECT(!http_curl_load());
	if (!size)
		return 0;
	arena = arena_new();
	text = arena_strn(arena, (const char *)data + 1, size - 1);
	switch (data[0] % 3) {
	case 0:
		answer(text, size - 1, arena);
		break;
	case 1:
		challenge(text, arena);
		break;
	case 2:
		url(text, arena);
		break;
	}
	arena_free(arena);
	return 0;
}
