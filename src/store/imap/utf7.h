/* Modified UTF-7, in which mailbox names are written (RFC 3501 5.1.3).  Pure. */
#ifndef KOC_STORE_IMAP_UTF7_H
#define KOC_STORE_IMAP_UTF7_H

#include <stdbool.h>

struct buf;

/* Appends the UTF-8 of a name.  False unless the name is exactly what utf7_encode makes of that:
 * so the mapping is one-to-one. */
bool utf7_decode(struct buf *out, const char *name);

/* Appends the name of valid UTF-8.  False, with nothing sensible in `out`, if it is not valid. */
bool utf7_encode(struct buf *out, const char *utf8);

#endif
