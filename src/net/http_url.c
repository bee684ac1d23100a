/* URLs, taken apart by libcurl. */
#include "net/http_url.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "net/http_curl.h"

#include <string.h>

#define URL_MOST (32 * 1024)

/* One part in the arena; NULL if there is none. */
static char *part(CURLU *handle, CURLUPart which, unsigned flags, struct arena *arena)
{
	char *text = NULL, *copy = NULL;

	if (!http_curl.url_get(handle, which, &text, flags))
		copy = arena_str(arena, text);
	http_curl.free(text);
	return copy;
}

static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* "[::1]" is "::1" to all but URLs; the dot at the end of a full name is for the resolver only. */
static const char *bare_host(const char *host, struct arena *arena)
{
	size_t length = strlen(host);

	if (host[0] == '[' && length > 2)
		return arena_strn(arena, host + 1, length - 2);
	if (length > 1 && host[length - 1] == '.')
		return arena_strn(arena, host, length - 1);
	return host;
}

static const char *parse(CURLU *handle, struct http_url *url, struct arena *arena)
{
	char *scheme = part(handle, CURLUPART_SCHEME, 0, arena);
	char *host = part(handle, CURLUPART_HOST, 0, arena);
	char *port = part(handle, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT, arena);
	char *path = part(handle, CURLUPART_PATH, 0, arena);
	char *query = part(handle, CURLUPART_QUERY, 0, arena);

	if (!scheme || (str_casecmp(scheme, "https") && str_casecmp(scheme, "http")))
		return "neither https nor http";
	if (!host || !*host)
		return "no host";
	if (http_curl.url_set(handle, CURLUPART_USER, NULL, 0))
		return "malformed";
	lower(host);
	url->tls = !str_casecmp(scheme, "https");
	url->host = bare_host(host, arena);
	url->port = port ? port : url->tls ? "443" : "80";
	url->origin = arena_printf(arena, "%s://%s%s%s", url->tls ? "https" : "http", host, port ? ":" : "",
				   port ? port : "");
	url->target = arena_printf(arena, "%s%s%s", path && *path ? path : "/", query ? "?" : "",
				   query ? query : "");
	return NULL;
}

const char *http_url_parse(const char *text, const char *base, struct http_url *url, struct arena *arena)
{
	CURLU *handle;
	const char *wrong = NULL;

	if (strlen(text) > URL_MOST)
		return "too long";
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return "control characters in it";
	handle = http_curl.url();
	if (!handle)
		return "out of memory";
	if (base && http_curl.url_set(handle, CURLUPART_URL, base, CURLU_PATH_AS_IS))
		wrong = "malformed";
	if (!wrong && http_curl.url_set(handle, CURLUPART_URL, text,
					CURLU_PATH_AS_IS | CURLU_ALLOW_SPACE | CURLU_NON_SUPPORT_SCHEME))
		wrong = "malformed";
	if (!wrong)
		wrong = parse(handle, url, arena);
	http_curl.url_cleanup(handle);
	return wrong;
}

const char *http_url_target(const char *target, struct arena *arena)
{
	const char *result;
	struct buf out;

	if (target[0] != '/')
		return NULL;
	buf_init(&out, 3 * URL_MOST);
	for (const char *at = target; *at && !out.over; at++) {
		unsigned char byte = (unsigned char)*at;

		if (byte < ' ' || byte == 0x7f) {
			buf_free(&out);
			return NULL;
		}
		if (byte == ' ' || byte > 0x7f)
			buf_addf(&out, "%%%02X", byte);
		else
			buf_addc(&out, *at);
	}
	result = out.over ? NULL : arena_str(arena, out.data);
	buf_free(&out);
	return result;
}
