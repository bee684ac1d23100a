/* Href: comparing names, sending them back, making new ones. */
#include "store/dav/href.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/str.h"

#include <string.h>

#define ROUNDS   5   /* of percent-decoding */
#define UID_MOST 100 /* bytes of a UID that becomes a name */

size_t href_origin(const char *href)
{
	const char *colon = strstr(href, "://");

	/* A scheme has neither slash nor query. */
	if (!colon || colon == href || memchr(href, '/', (size_t)(colon - href)) ||
	    memchr(href, '?', (size_t)(colon - href)))
		return 0;
	return (size_t)(colon - href) + 3 + strcspn(colon + 3, "/?#");
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that "%XX" stands for; NUL and what is malformed stay as they are: -1. */
static int escaped(const char *p)
{
	int high = hex(p[1]), low = high < 0 ? -1 : hex(p[2]);

	if (*p != '%' || low < 0 || (high | low) == 0)
		return -1;
	return high << 4 | low;
}

/* Decodes in place; false if there was nothing to decode. */
static bool decode(char *s)
{
	char *to = s;
	bool any = false;

	for (const char *p = s; *p; to++) {
		int byte = escaped(p);

		*to = byte < 0 ? *p : (char)byte;
		p += byte < 0 ? 1 : 3;
		any |= byte >= 0;
	}
	*to = '\0';
	return any;
}

/* A copy, decoded until it stays the same. */
static const char *decoded(struct arena *arena, const char *s)
{
	char *copy = arena_str(arena, s);

	for (int round = 0; round < ROUNDS && decode(copy); round++)
		;
	return copy;
}

/* Resolves "", "." and ".." in place; no slash at the end. */
static void resolve(char *path)
{
	char *to = path;

	for (const char *p = path; *p;) {
		size_t size;

		p += strspn(p, "/");
		size = strcspn(p, "/");
		if (size == 2 && p[0] == '.' && p[1] == '.') {
			while (to > path && *--to != '/')
				;
		} else if (size && !(size == 1 && *p == '.')) {
			*to++ = '/';
			memmove(to, p, size);
			to += size;
		}
		p += size;
	}
	*to = '\0';
}

/* The path, absolute, as it came. */
static char *absolute(struct arena *arena, const char *base, const char *href)
{
	const char *path = href + href_origin(href);

	if (path != href && *path == '\0')
		return arena_str(arena, "/");
	if (*path == '/')
		return arena_str(arena, path);
	return arena_printf(arena, "%s%s%s", base, str_ends(base, "/") ? "" : "/", path);
}

const char *href_norm(struct arena *arena, const char *base, const char *href)
{
	char *path;

	if (!href || !*href || strlen(href) > HREF_MOST || strlen(base) > HREF_MOST)
		return NULL;
	/* QUIRK(xandikos): of what is not there it tells a URL with even its colons encoded. */
	path = absolute(arena, decoded(arena, base), decoded(arena, href));
	resolve(path);
	return path;
}

bool href_same(const char *a, const char *b)
{
	struct arena *arena = arena_new();
	const char *x = href_norm(arena, "/", a), *y = href_norm(arena, "/", b);
	bool same = x && y && strcmp(x, y) == 0;

	arena_free(arena);
	return same;
}

const char *href_target(struct arena *arena, const char *base, const char *href)
{
	const char *path = absolute(arena, base, href), *target;
	struct buf out;

	buf_init(&out, 3 * strlen(path) + 1);
	for (const char *p = path; *p && *p != '#'; p++) {
		unsigned char byte = (unsigned char)*p;

		if (byte <= ' ' || byte >= 0x7f)
			buf_addf(&out, "%%%02X", byte);
		else
			buf_addc(&out, *p);
	}
	target = arena_str(arena, out.data);
	buf_free(&out);
	return target;
}

const char *href_below(const char *norm, const char *above)
{
	size_t size = strlen(above);

	return str_starts(norm, above) && norm[size] == '/' && norm[size + 1] ? norm + size + 1 : NULL;
}

const char *href_last(struct arena *arena, const char *href)
{
	const char *norm = href_norm(arena, "/", href), *slash = norm ? strrchr(norm, '/') : NULL;

	return slash ? slash + 1 : "";
}

bool href_plain(const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";

	return *name && *name != '.' && name[strspn(name, plain)] == '\0';
}

const char *href_name(struct arena *arena, const char *uid, const char *suffix, unsigned n)
{
	struct digest digest = digest_of(uid, strlen(uid));
	char text[2 * DIGEST_SIZE + 1];

	if (n == 0 && href_plain(uid) && strlen(uid) <= UID_MOST)
		return arena_printf(arena, "%s%s", uid, suffix);
	str_hex(text, digest.bytes, DIGEST_SIZE);
	text[40] = '\0';
	if (n <= 1)
		return arena_printf(arena, "%s%s", text, suffix);
	return arena_printf(arena, "%s-%u%s", text, n, suffix);
}
