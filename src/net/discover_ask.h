/* Discover, asking: the origins that may be asked, and one PROPFIND about a resource. */
#ifndef KOC_NET_DISCOVER_ASK_H
#define KOC_NET_DISCOVER_ASK_H

#include "base/vec.h"
#include "net/discover.h"
#include "net/http_url.h"

enum service { CALENDARS, CONTACTS, SERVICES };

#define DISCOVER_HREFS 64 /* most home sets taken of one answer */

struct origin {
	const char *name;  /* "https://host:port" */
	struct http *http; /* NULL: not yet opened */
	bool closed;       /* nobody listens there */
	bool root_asked;
};

struct search {
	struct discover *discover;
	struct arena *arena;
	struct { VEC(struct origin *) } origins; /* in the arena: those that may be asked */
	struct { VEC(struct discover_home) } homes;
	const struct fail *doubt; /* why something may not have been found; NULL none */
	const struct fail *aside; /* why a URL was not followed: many servers without calendars send
				   * whoever comes elsewhere, too; NULL none */
};

struct resource {
	bool found;            /* the server speaks WebDAV there, and the resource is there */
	int status;            /* else: why not */
	const char *url;       /* that answered */
	bool is[SERVICES];     /* a calendar, an address book */
	bool holds[SERVICES];  /* with depth 1: so is one in it */
	bool can[SERVICES];    /* by its DAV: header */
	const char *principal; /* absolute; NULL none */
	const char *homes[DISCOVER_HREFS]; /* absolute */
	enum service home_services[DISCOVER_HREFS];
	size_t home_count;
};

/* Allows to ask an origin (the URL's, all of which is in the arena). */
void search_allow(struct search *search, const char *origin);
bool search_allowed(struct search *search, const struct http_url *url);

/* Asks what is at a URL of an origin that may be asked, with depth "0" or "1"; follows redirects to such
 * origins.  The resource is not found: also where the server does not speak WebDAV, nobody listens (the
 * origin is `closed` then), or it redirects to where nobody may or can go (`aside` is set).  Fails as
 * http_run. */
const struct fail *search_ask(struct search *search, const char *url, const char *depth,
			      struct resource *resource) MUST_CHECK;

struct origin *search_origin(struct search *search, const char *origin); /* NULL: not to be asked */
void search_doubt(struct search *search, const struct fail *fail);
void search_close(struct search *search);

#endif
