/* HTTP: requests to one origin, several in flight, by libcurl's multi interface: HTTP/2 where ALPN gives
 * it, else up to `connections` kept HTTP/1.1 connections (a server that closes after each answer is served
 * too).  Knows nothing of WebDAV but that methods have names.  Only net/http*.c see curl.
 *
 *  - No Expect, no chunked and no compressed request bodies; compressed answers are unpacked.
 *  - TLS: chain and name verified, at least 1.2; a pinned key (SHA-256 of the SPKI) replaces the chain.
 *    The same judge, in the same words, as for mail (net/verify.h).
 *  - Credentials (Basic, Digest, or a bearer token) go to the origin only.  Basic is sent at once, since
 *    only verified TLS and loopback come into question; to a server that wants Digest, Digest from the
 *    first 401 on.  Until a login was accepted, two requests are in flight at most.
 *  - Redirects are followed within the origin only, at most 5, and only for GET, PROPFIND, REPORT and
 *    OPTIONS; another origin is a FAIL_REFUSED that names it, with `location` set: the caller (discovery)
 *    decides whether that origin is one it may ask.
 *  - What is told to wait (429, 503 with Retry-After, seconds or a date) is not asked again: nothing more
 *    is sent in this call, nor in later ones before that time, and http_retry tells when.
 *  - No proxy and no netrc: variables like https_proxy mean nothing here, as for mail.
 */
#ifndef KOC_NET_HTTP_H
#define KOC_NET_HTTP_H

#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct http; /* opaque */

struct http_options {
	const char *user;        /* NULL: no login */
	const char *secret;      /* password, or with `bearer` the token; must live as long as the http */
	bool bearer;
	const char *ca_file;     /* NULL: the system's */
	const char *fingerprint; /* 64 hex digits; NULL none */
	int timeout;             /* seconds without progress */
	int connections;         /* most at a time; 0: 8 */
	bool plain;              /* http:// to loopback addresses is allowed (tls = "none" or an http URL) */
	bool trace;              /* one log line a request at LOG_WIRE: method, path, status, bytes */
};

/* Opens for the origin (scheme, host, port) of `url`, an absolute http or https URL; connects nothing yet.
 * FAIL_CONFIG for a malformed URL, a fingerprint that is none, http:// where it is not allowed. */
const struct fail *http_open(const char *url, const struct http_options *options,
			     struct http **http) MUST_CHECK;
void http_close(struct http *http); /* NULL allowed */

/* The origin, "https://host:port" (default ports left out); valid as long as http. */
const char *http_origin(const struct http *http);

/* Bytes of an answer's body.  A fail ends that request with it. */
typedef const struct fail *http_sink(void *context, const char *data, size_t size);
/* Bytes of a request's body from `offset` on: at most `room`, *got 0 at the end. */
typedef const struct fail *http_source(void *context, uint64_t offset, char *data, size_t room,
				       size_t *got);

#define HTTP_HEADERS 8

struct http_request {
	const char *method;      /* "PROPFIND" */
	const char *target;      /* absolute path (with query), or a URL of the origin; sent verbatim */
	const char *headers[HTTP_HEADERS]; /* "Depth: 1"; NULL ends */
	const char *body;        /* in memory; NULL: `source`, or none */
	uint64_t body_size;      /* of either */
	http_source *source;
	void *source_context;
	http_sink *sink;         /* answers of 2xx only; others go into `text`; NULL: thrown away */
	void *sink_context;
	uint64_t most;           /* bytes that the sink takes, unpacked; FAIL_DATA beyond; 0: 1 GB */
	bool anonymous;          /* no credentials */

	/* outcome; strings in the arena of the call: */
	const struct fail *fail; /* no answer, or one that is cut: FAIL_UNREACHABLE, FAIL_TLS, FAIL_PROTOCOL;
				  * what the sink said.  NULL: `status` is the server's.  401 is
				  * FAIL_LOGIN, but a status of an anonymous request */
	bool closed;             /* `fail` because nobody listens there: the port is closed */
	int status;
	const char *etag;        /* verbatim; NULL none */
	const char *location;    /* absolute URL; NULL none */
	const char *type;        /* Content-Type; NULL none */
	const char *dav;         /* DAV: of an answer, all such lines joined by ", "; NULL none */
	const char *allow;       /* the same for Allow: */
	const char *text;        /* beginning of the body of an answer that is not 2xx, at most 64 KB, for an
				  * error's reason; terminated; NULL none */
	size_t text_size;
	const char *url;         /* that answered in the end, after redirects */
};

/* Called from within http_run, once for each request that was tried, in the order in which they end;
 * NULL: none.  Its fail ends the call at once: what is in flight is dropped and has `fail` set to it. */
typedef const struct fail *http_done(void *context, struct http_request *request);

/* Runs them all, in any order, and waits.  Its own fail (ACCOUNT) says that the rest was not tried: the
 * server cannot be reached or went silent, TLS, login refused, told to wait (FAIL_UNREACHABLE).  What is in
 * flight then is still waited for; requests never sent have `fail` set to it.
 * A request whose connection was closed before a line of an answer came is tried once more if it changes
 * nothing (GET, PROPFIND, REPORT, OPTIONS).  On a kept connection, which the server may have closed long
 * ago, and where HTTP/2 says that it was not looked at, any request is: a second If-Match may then meet the
 * outcome of the first and be answered by 412. */
const struct fail *http_run(struct http *http, struct http_request *requests, size_t count,
			    http_done *done, void *context, struct arena *arena) MUST_CHECK;

/* When the server wants to be asked again, in seconds since the epoch; 0: it did not say. */
int64_t http_retry(const struct http *http);

/* Counters since opening: requests, connections made, bytes on the wire of headers and bodies. */
struct http_counts {
	uint64_t requests, connections, in, out;
};
struct http_counts http_counts(const struct http *http);

#endif
