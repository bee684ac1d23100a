/* Text form: what its files share.  Private to them. */
#ifndef KOC_FORMAT_TEXTFORM_ROOM_H
#define KOC_FORMAT_TEXTFORM_ROOM_H

#include "format/textform.h"

#define TEXTFORM_BOUNDARY ((size_t)200) /* RFC 2046 5.1.1 has 70 */

/* Can it be written, and does every reader see the same in it? */
bool boundary_usable(const char *boundary);

/* Can it stand as a type or subtype without quotes? */
bool token_usable(const char *token);

/* One part after another, without those of attached messages. */
struct structure_part *textform_next(const struct structure *structure, const struct structure_part *part);

/* What a message's stubs say, in the structure that its bytes tell. */
void found_read(const struct structure *structure, struct textform_found *found);

/* Are they of one message? */
bool mark_same(const struct textform_mark *a, const struct textform_mark *b);

/* Does the part lie in an attached message? */
bool is_enclosed(const struct structure_part *part);

/* Appends a stub for the part: its header, the empty line, and what it encloses; CRLF at the end. */
void stub_add(struct buf *out, const struct structure_part *part, const struct textform_source *source,
	      const struct digest *head);

#endif
