/* Entity: one part of a message by itself (RFC 2045 2.4): a header, an empty line, a body; decoded on its way
 * to a file. */
#ifndef KOC_FORMAT_ENTITY_H
#define KOC_FORMAT_ENTITY_H

#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>

struct entity; /* opaque */

/* Decodes to this file from where it stands; the file stays the caller's. */
struct entity *entity_begin(int fd);

/* The next bytes, with CRLF or LF line ends, which text that is not encoded keeps.  FAIL_DATA (ITEM): its
 * header is beyond measure; else what writing failed with. */
const struct fail *entity_add(struct entity *entity, const void *data, size_t size) MUST_CHECK;

/* Ends it and frees it.  *decoded: false where the encoding is none that is known (uuencode): the bytes are
 * as they were sent. */
const struct fail *entity_end(struct entity *entity, bool *decoded) MUST_CHECK;

#endif
