/* XML clean: bytes that claim to be XML, made into what libxml2's push parser takes well: UTF-8, none of
 * the characters that XML 1.0 forbids (2.2), no CDATA sections.  One such character in one event must
 * not make a whole calendar unreadable.  Bytes go in as they arrive, in pieces of any size; what
 * comes out does not depend on them. */
#ifndef KOC_NET_XML_CLEAN_H
#define KOC_NET_XML_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

#define XML_CLEAN_HELD 16 /* most bytes that wait for those behind them */

/* Room for what one call puts out when it is given `size` bytes. */
#define XML_CLEAN_ROOM(size) (5 * ((size) + XML_CLEAN_HELD))

struct xml_clean { /* all zero to begin with */
	bool begun;             /* something other than a BOM and blanks was seen */
	enum {
		XML_CLEAN_TEXT, /* and tags */
		XML_CLEAN_CDATA,
		XML_CLEAN_COMMENT,
		XML_CLEAN_INSTRUCTION,
	} in;
	bool cr;                /* the last byte was a CR */
	unsigned char held[XML_CLEAN_HELD];
	size_t held_size;
	size_t dropped;         /* characters left out or replaced so far */
};

/* Cleans; returns the bytes put into `out`.
 *  - a BOM and blanks before the document are left out
 *  - line ends become LF (2.11); CDATA sections become text
 *  - control characters that XML forbids, raw or as a reference (&#11;), are left out, U+FFFE and
 *    U+FFFF too; a byte that is not UTF-8 becomes U+FFFD */
size_t xml_clean_add(struct xml_clean *clean, const char *data, size_t size, char *out);

/* What is still held, at the document's end: at most XML_CLEAN_ROOM(0) bytes. */
size_t xml_clean_end(struct xml_clean *clean, char *out);

#endif
