/* URLs of HTTP: an origin, what is asked of it, and where a redirect leads (RFC 3986 5). */
#ifndef KOC_NET_HTTP_URL_H
#define KOC_NET_HTTP_URL_H

#include "base/fail.h"

#include <stdbool.h>

struct arena;

struct http_url {
	bool tls;
	const char *host; /* without brackets, and without a dot at its end */
	const char *port;
	const char *origin; /* "https://host:port"; the scheme's own port left out, host in lower case */
	const char *target; /* path and query; never empty */
};

/* Takes an absolute http or https URL apart; `base`, NULL none, is what a relative one is relative to.
 * Returns NULL, or what is wrong with it in a few words.  libcurl must be loaded; strings are in the arena.
 */
const char *http_url_parse(const char *text, const char *base, struct http_url *url, struct arena *arena);

/* The target as it can stand in a request line: verbatim, but for spaces and bytes that are not ASCII, which
 * are escaped.  NULL if it holds control characters or does not begin with '/'. */
const char *http_url_target(const char *target, struct arena *arena);

#endif
