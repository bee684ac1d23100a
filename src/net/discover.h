/* Discover: where a user's calendars and address books are, from a host name or a URL (RFC 6764;
 * current-user-principal of RFC 5397; home sets of RFC 4791 6.2.1 and RFC 6352 7.1.1).
 *
 *     discover.c        what is asked in which order, and who may be asked
 *     discover_ask.c    one PROPFIND, and what it says of a resource
 *     discover_dns.c    SRV and TXT records
 */
#ifndef KOC_NET_DISCOVER_H
#define KOC_NET_DISCOVER_H

#include "base/fail.h"
#include "net/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct discover_home {
	const char *url;       /* absolute, path as the server gave it, ends in '/' */
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
	int64_t retry;         /* when a server that asked to wait may be asked again, in seconds since
				* the epoch; 0: none did, or did not say.  Also set on a fail */
};

/* Asks: 2 requests, and one a redirect, besides DNS, of most servers.  A server without CalDAV and
 * CardDAV, or with nothing listening there, gives no homes, and no fail, when it was found by `server`;
 * one of `urls` is FAIL_REFUSED or FAIL_UNREACHABLE then: whoever configured it says that there is one.
 * FAIL_LOGIN, FAIL_TLS, FAIL_UNREACHABLE as http_run.
 *
 * Who gets the credentials: the origins of `urls`; https://`server`, and https hosts below that name;
 * hosts that an SRV record of `server` names; and where https://…/.well-known of one of these redirects
 * to (RFC 6764 6).  Always over https with a verified certificate, but for an origin of `urls` on
 * loopback.  Any other origin, whether redirected to or named as a home, is left alone: FAIL_REFUSED, or
 * a line in the log if there are other homes. */
const struct fail *discover_run(struct discover *discover, struct arena *arena) MUST_CHECK;

#endif
