/* Href: the names that a server gives to things.  Pure.
 *
 * Servers list the same thing as a path or a URL, percent-encoded once, twice or not at all, with "@" or
 * "%40", with doubled or missing slashes.  So hrefs are compared in a form of their own (href_norm), and sent
 * back just as they came (href_target). */
#ifndef KOC_STORE_DAV_HREF_H
#define KOC_STORE_DAV_HREF_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

#define HREF_MOST 4096 /* longer ones are no names that a person or program made */

/* The length of "scheme://host:port" in front; 0: it is a path. */
size_t href_origin(const char *href);

/* For comparison: path alone, percent-decoded until it stays the same (5 times at most), "." and ".." and
 * empty components resolved, no slash at the end ("" is the root).  A relative one is taken to lie below
 * `base` (a path).  NULL: empty, or too long. */
const char *href_norm(struct arena *arena, const char *base, const char *href);

/* Is it the same thing? */
bool href_same(const char *a, const char *b);

/* What goes into a request line: the path (and query) as it came; only bytes that must not stand there are
 * encoded. */
const char *href_target(struct arena *arena, const char *base, const char *href);

/* Does it lie right below `above`, or deeper (both in the form of href_norm)?  Then what is behind the slash,
 * else NULL. */
const char *href_below(const char *norm, const char *above);

/* The last component, decoded, for people; "" for the root. */
const char *href_last(struct arena *arena, const char *href);

/* A name for a new item: of the UID if it consists of letters, digits, "_", "-", "." (which no server writes
 * in another way), else of a hash of it; the n-th one (from 0 on) that differs from those before. */
const char *href_name(struct arena *arena, const char *uid, const char *suffix, unsigned n);

/* Is it a name that no server writes in another way? */
bool href_plain(const char *name);

#endif
