/* Structure: what a BODYSTRUCTURE says (RFC 3501 7.4.2, RFC 9051), as a tree of parts.  Pure.
 *
 * A reader of our own: libetpan's runs out of stack over brackets in brackets, and fails on a
 * message/rfc822 without envelope and on what iCloud puts into one. */
#ifndef KOC_STORE_IMAP_STRUCTURE_H
#define KOC_STORE_IMAP_STRUCTURE_H

#include "format/structure.h"

/* The structure, in the arena, never NULL.  What makes no sense, or is not all there, leaves `broken` set:
 * the parts up to there are as they were told.  `value` is the FETCH item's value, literals in it as quoted
 * strings (gate.h). */
struct structure *structure_read(struct arena *arena, const char *value, size_t size);

#endif
