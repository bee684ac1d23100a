/* HTTP by libcurl's multi interface.
 *
 *     http.c         opening and closing                   http_slot.c    one request, set up for libcurl
 *     http_run.c     which requests run when               http_answer.c  header lines, bodies, limits
 *     http_judge.c   what their ends mean                  http_unpack.c  gzip
 *     http_login.c   Basic, Digest, bearer token           http_url.c     origins, targets, redirects
 *     http_trust.c   certificates (net/verify.c)           http_curl.c    libcurl, loaded at run time
 */
#include "net/http_room.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/str.h"

#include <stdlib.h>

static const struct fail *open_options(struct http *http, const char *url, const struct http_options *options)
{
	struct http_options *own = &http->options;
	const char *wrong;

	wrong = http_url_parse(url, NULL, &http->origin, http->arena);
	if (wrong)
		return fail_make(FAIL_CONFIG, FAIL_ACCOUNT, "URL %s: %s", url, wrong);
	if (!http->origin.tls && !options->plain)
		return fail_make(FAIL_CONFIG, FAIL_ACCOUNT, "URL %s: http is for loopback only, use https",
				 url);
	*own = *options;
	own->user = arena_str(http->arena, options->user);
	own->ca_file = arena_str(http->arena, options->ca_file);
	own->fingerprint = arena_str(http->arena, options->fingerprint);
	own->timeout = options->timeout > 0 ? options->timeout : 1;
	if (own->connections <= 0)
		own->connections = HTTP_CONNECTIONS;
	if (own->connections > HTTP_STREAMS)
		own->connections = HTTP_STREAMS;
	if (own->fingerprint && !str_unhex(http->pin.bytes, own->fingerprint, DIGEST_SIZE))
		return fail_make(FAIL_CONFIG, FAIL_ACCOUNT, "tls-fingerprint is not 64 hex digits");
	http_login_init(&http->login, own->user, own->secret, own->bearer, http->arena);
	return NULL;
}

static const struct fail *open_multi(struct http *http)
{
	long most = http->options.connections;

	http->multi = http_curl.multi_init();
	if (!http->multi)
		return fail_make(FAIL_SYSTEM, FAIL_ALL, "libcurl cannot be set up");
	http_curl.multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, most);
	http_curl.multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, most);
	http_curl.multi_setopt(http->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)HTTP_STREAMS);
	for (size_t i = 0; i < HTTP_STREAMS; i++)
		http->slots[i].http = http;
	return NULL;
}

const struct fail *http_open(const char *url, const struct http_options *options, struct http **http)
{
	const struct fail *fail;
	struct http *new;

	fail = http_curl_load();
	if (fail)
		return fail;
	new = memory_alloc(sizeof *new);
	new->arena = arena_new();
	fail = open_options(new, url, options);
	if (!fail)
		fail = trust_open(new);
	if (!fail)
		fail = open_multi(new);
	if (fail) {
		http_close(new);
		return fail;
	}
	*http = new;
	return NULL;
}

void http_close(struct http *http)
{
	if (!http)
		return;
	for (size_t i = 0; i < HTTP_STREAMS; i++)
		slot_free(&http->slots[i]);
	if (http->multi)
		http_curl.multi_cleanup(http->multi);
	X509_STORE_free(http->authorities);
	arena_free(http->arena);
	free(http);
}

const char *http_origin(const struct http *http)
{
	return http->origin.origin;
}

int64_t http_retry(const struct http *http)
{
	return http->retry;
}

struct http_counts http_counts(const struct http *http)
{
	return http->counts;
}
