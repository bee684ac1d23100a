/* XML events: a document's elements and text as they arrive, from libxml2's push parser, with the
 * limits of xml.h: no DTD, no entity but the five, XML_DEPTH, short tags.  Knows nothing of WebDAV.
 * The only file that sees libxml is xml_events.c. */
#ifndef KOC_NET_XML_EVENTS_H
#define KOC_NET_XML_EVENTS_H

#include "base/fail.h"

#include <stddef.h>

struct xml_element { /* valid during the call only */
	const char *space, *name;
	const char *label;   /* attribute `name`, or content-type; NULL none */
	const char *version; /* attribute `version`; NULL none */
};

/* A fail ends the reading. */
struct xml_handler {
	const struct fail *(*start)(void *context, const struct xml_element *element);
	const struct fail *(*text)(void *context, const char *data, size_t size); /* in pieces */
	const struct fail *(*end)(void *context);
};

struct xml_events; /* opaque */

struct xml_events *xml_events_begin(const struct xml_handler *handler, void *context);
/* FAIL_PROTOCOL (FOLDER): not XML, or beyond a limit; what a handler said; the same again once it failed. */
const struct fail *xml_events_add(struct xml_events *events, const char *data, size_t size) MUST_CHECK;
const struct fail *xml_events_end(struct xml_events *events) MUST_CHECK;
void xml_events_free(struct xml_events *events); /* NULL allowed */

#endif
