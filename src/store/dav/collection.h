/* Collection: what a server tells about a calendar or an address book, and the path that it gets. */
#ifndef KOC_STORE_DAV_COLLECTION_H
#define KOC_STORE_DAV_COLLECTION_H

#include "base/buf.h"
#include "net/xml.h"
#include "store/dav/room.h"

/* What says whether a collection has news.  Servers may have to walk over all items to tell: asked for only
 * where there is a cursor to compare it with.  QUIRK(radicale): each takes 0.2 s for 3,500 items, all else
 * that is asked for 0.005 s. */
enum mark {
	MARK_TOKEN = 1, /* sync-token */
	MARK_CTAG = 2   /* getctag */
};

/* Appends the body of the PROPFIND that asks for all that collection_take wants; `marks` is a set. */
void collection_propfind(struct buf *out, unsigned marks);

/* Is the response about a calendar or an address book that can be synchronised?  Scheduling boxes,
 * notifications, trash, webcal subscriptions and plain collections are not. */
bool collection_is(const struct xml_response *response, enum flavour *flavour);

/* Takes in what the response says; these marks were asked for. */
void collection_take(struct collection *collection, struct arena *arena, const struct xml_response *response,
		     unsigned marks);

/* The kind that it says it has. */
enum kind collection_kind(const struct xml_response *response, enum flavour flavour);

/* "#RRGGBB" of what a calendar-color says; NULL: it says nothing of the sort. */
const char *collection_color(struct arena *arena, const char *text);

/* One line of UTF-8 of a displayname: control characters become spaces, blanks around are cut.  NULL: nothing
 * is left. */
const char *collection_title(struct arena *arena, const char *text);

/* The path "ROOT/NAME" for a collection: NAME is the title, escaped (store/path.h) and cut to 200 bytes; the
 * last component of the href where there is none.  The n-th one (from 1 on): "-2" … is put behind it. */
const char *collection_path(struct arena *arena, enum kind kind, const char *title, const char *href,
			    unsigned n);

#endif
