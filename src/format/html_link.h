/* HTML links: numbered where they stand, listed at the end. */
#ifndef KOC_FORMAT_HTML_LINK_H
#define KOC_FORMAT_HTML_LINK_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct map;
struct page;

struct links {
	struct map *numbers; /* by URL: 1, 2, … */
	struct buf list;     /* what is listed */
	size_t count;
	bool open;       /* within a link */
	char *url;       /* of the open one; NULL: not one to be listed */
	struct buf text; /* its text, as far as it can be a URL */
};

void links_begin(struct links *links);
void links_end(struct links *links); /* frees what it holds, not the struct */

/* A link begins; `href` as it stands there, NULL none. */
void link_begin(struct links *links, const char *href);

/* Text is shown; noted if it belongs to a link. */
void link_text(struct links *links, const char *text, size_t size);

/* The open one ends: its number goes to the page, unless its text is the URL. */
void link_end(struct links *links, struct page *page);

/* Appends the list. */
void links_list(const struct links *links, struct buf *out);

#endif
