/* MIME: reads the structure of a message from its own bytes, piece by piece as they pass (RFC 2045, 2046;
 * as lenient as servers are).  Bodies are passed over; memory is bounded. */
#ifndef KOC_FORMAT_MIME_H
#define KOC_FORMAT_MIME_H

#include "format/structure.h"

struct mime; /* opaque */

/* Begins to fill an empty structure, which lives longer than the reading. */
struct mime *mime_begin(struct structure *structure);

/* The next bytes, with CRLF or LF line ends. */
void mime_add(struct mime *mime, const void *data, size_t size);

/* Ends it and settles the structure.  It has a root even if there was not one byte. */
void mime_end(struct mime *mime);

#endif
