/* Collection: what a server tells about a calendar or an address book, and the path that it gets. */
#ifndef KOC_STORE_DAV_COLLECTION_H
#define KOC_STORE_DAV_COLLECTION_H

#include "net/xml.h"
#include "store/dav/room.h"

/* The body of the PROPFIND that asks for all that collection_take wants. */
extern const char collection_propfind[];

/* Is the response about a calendar or an address book that can be synchronised?  Scheduling boxes,
 * notifications, trash, webcal subscriptions and plain collections are not. */
bool collection_is(const struct xml_response *response, enum flavour *flavour);

/* Takes in what the response says. */
void collection_take(struct collection *collection, struct arena *arena, const struct xml_response *response);

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
