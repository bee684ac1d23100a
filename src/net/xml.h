/* XML: WebDAV answers (RFC 4918 14, RFC 6578, RFC 4791, RFC 6352) read as they arrive, by libxml2's
 * push parser, in bounded memory: one response element at a time.  No DTD (any DOCTYPE is an error), no
 * entity but the five, no network.
 * Knows names and nesting, not what properties mean.  The only file that sees libxml is xml_events.c. */
#ifndef KOC_NET_XML_H
#define KOC_NET_XML_H

#include "base/buf.h"
#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>

#define XML_DAV      "DAV:"
#define XML_CALDAV   "urn:ietf:params:xml:ns:caldav"
#define XML_CARDDAV  "urn:ietf:params:xml:ns:carddav"
#define XML_CS       "http://calendarserver.org/ns/"
#define XML_APPLE    "http://apple.com/ns/ical/"

#define XML_DEPTH     32
#define XML_TEXT_MOST ((size_t)16 << 20) /* of one property */

/* An element below a property: <D:collection/>, <C:comp name="VTODO"/>, <D:href>…</D:href>. */
struct xml_child {
	const char *space, *name;
	unsigned depth;      /* 1: right below the property */
	const char *value;   /* text in it, blanks around cut; "" none */
	const char *label;   /* attribute `name`, or content-type; NULL none */
	const char *version; /* attribute `version`; NULL none */
};

struct xml_property {
	const char *space, *name;
	int status;          /* of its propstat (200 where the server forgot it, 500: unreadable) */
	const char *text;    /* CDATA and text joined, without that of children, line ends as XML gives
			      * them (LF), terminated */
	size_t size;
	const struct xml_child *children;
	size_t child_count;
};

struct xml_response {
	const char *href;    /* verbatim, blanks around cut; never empty */
	int status;          /* of the response element itself; 0 none (then propstats count); 500: what
			      * cannot be read */
	const struct xml_property *properties; /* in document order */
	size_t property_count;
	const char *error;   /* name of the first element in <error>; NULL none */
	const char *description; /* responsedescription; NULL none */
};

/* One response element is complete; all strings are valid during the call only.  One with several
 * hrefs (RFC 4918 14.24) is told once for each. */
typedef const struct fail *xml_response_done(void *context, const struct xml_response *response);

struct xml_limits {
	size_t responses;    /* most; 0: 1,000,000 */
};

struct xml; /* opaque: one document being read */

struct xml *xml_begin(const struct xml_limits *limits, xml_response_done *done, void *context);
/* The next bytes.  FAIL_PROTOCOL (FOLDER scope): not well-formed, a DOCTYPE, another root than
 * `multistatus`, a response without an href, too deep, too large; or what `done` said.  Once it failed
 * it stays so. */
const struct fail *xml_add(struct xml *xml, const char *data, size_t size) MUST_CHECK;

/* The document's end.  Frees nothing.  The last responses may be told, or fail, only now.  FAIL_PROTOCOL
 * when it is cut short or empty. */
const struct fail *xml_end(struct xml *xml) MUST_CHECK;
/* After xml_end: <sync-token> of the multistatus itself; NULL none.  Valid until xml_free. */
const char *xml_sync_token(const struct xml *xml);
void xml_free(struct xml *xml); /* NULL allowed */

/* The condition that an error body names (RFC 4918 16: <D:error><C:no-uid-conflict/></D:error>): the
 * local name of its first child, and a description or an href in it, both written to the buffers (which
 * are cleared first) as terminated strings, "" if there is none.  An error within a multistatus is
 * found, too.  Never fails: a body that is no XML has neither. */
void xml_error(const char *data, size_t size, struct buf *condition, struct buf *detail);

/* Appends text for use between tags or in an attribute: & < > " escaped, control characters that XML
 * 1.0 forbids left out. */
void xml_escape(struct buf *out, const char *text);

/* The property of this name whose status is 2xx; NULL none. */
const struct xml_property *xml_property(const struct xml_response *response, const char *space,
					const char *name);
/* Is there a child of this name right below it (or deeper)? */
bool xml_has(const struct xml_property *property, const char *space, const char *name);

#endif
