/* Login of HTTP: the Authorization line of each request: Basic (RFC 7617), Digest (RFC 7616, with MD5
 * as in RFC 2617 too) or a bearer token (RFC 6750).
 *
 * Basic is sent with the first request: to ask without would cost a round trip for each run, and
 * credentials only ever go over verified TLS or to this machine.  A server that answers with a
 * challenge for Digest gets that from then on.  Our own Digest, not curl's, since that one begins each
 * connection with a request whose body is empty. */
#ifndef KOC_NET_HTTP_LOGIN_H
#define KOC_NET_HTTP_LOGIN_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

enum login_scheme { LOGIN_NONE, LOGIN_BASIC, LOGIN_DIGEST, LOGIN_BEARER };

/* A challenge of Digest; strings in the login's arena. */
struct login_digest {
	char *realm, *nonce, *opaque; /* opaque: NULL none */
	const struct login_hash *hash;
	bool session;   /* …-sess */
	bool qop;       /* qop=auth; else as in RFC 2069 */
	uint32_t count; /* requests that used the nonce */
};

struct http_login {
	enum login_scheme scheme;
	const char *user, *secret; /* borrowed */
	bool accepted;             /* a request with these credentials was answered */
	unsigned generation;       /* changes with what the Authorization line is made from */
	struct login_digest digest;
	struct arena *arena;
};

/* `arena` must live as long as the login. */
void http_login_init(struct http_login *login, const char *user, const char *secret, bool bearer,
		     struct arena *arena);

/* Appends "Authorization: …" to `line`; nothing for LOGIN_NONE. */
void http_login_line(struct http_login *login, const char *method, const char *target, struct buf *line);

/* What a 401 means whose WWW-Authenticate lines are `challenges`, one a line, to a request that was made from
 * `generation`: true: it is to be sent again, with a new line; false: the login is refused. */
bool http_login_again(struct http_login *login, unsigned generation, const char *challenges);

#endif
