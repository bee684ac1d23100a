/* Discover: where a user's calendars and address books are, from a host name or a URL (RFC 6764, RFC
 * 6638 current-user-principal of
 * RFC 5397, RFC 4791 6.2.1, RFC 6352 7.1.1). */
#ifndef KOC_NET_DISCOVER_H
#define KOC_NET_DISCOVER_H

#include "base/fail.h"
#include "net/http.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct discover_home {
	const char *url;       /* absolute, ends in '/' as the server gave it */
	bool calendars;        /* a calendar-home-set, or the given URL is or holds a calendar */
	bool contacts;         /* an addressbook-home-set …; both may be */
	bool collection;       /* the URL is itself a calendar or an address book, not a home of them */
};

struct discover {
	const char *server;    /* host name of `server`; NULL none */
	const char *const *urls; /* of `dav`; they are taken before `server` */
	size_t url_count;
	const struct http_options *http;
	/* outcome, in the arena: */
	struct discover_home *homes;  /* each URL once */
	size_t home_count;
	const char *principal; /* of the first that has one; NULL none */
};

/* Asks.  A server without CalDAV and CardDAV gives no homes, and no fail, when it was found by
 * `server`; with `urls` it is
 * FAIL_MISSING.  FAIL_LOGIN, FAIL_TLS, FAIL_UNREACHABLE as http_run.  Another origin is followed only
 * if it was named by an SRV
 * record of the configured server's domain, or by a redirect from its own https /.well-known (RFC
 * 6764 6), or is in `urls`; credentials go there only over
 * https with a verified certificate. */
const struct fail *discover_run(struct discover *discover, struct arena *arena) MUST_CHECK;

#endif
