/* Charset: text in the character sets of mail, as UTF-8. */
#ifndef KOC_FORMAT_CHARSET_H
#define KOC_FORMAT_CHARSET_H

#include <stddef.h>

struct buf;
struct charset; /* opaque; never freed */

/* The set of this name, in any case of letters; NULL: not one that mail is written in. */
struct charset *charset_find(const char *name, size_t size);

/* Appends the text as UTF-8, as much as there is room for in `out`; U+FFFD stands for what is none in that
 * set.  Text that is said to be UTF-8 or US-ASCII passes as it is: whoever needs valid UTF-8 looks. */
void charset_convert(struct charset *charset, const char *data, size_t size, struct buf *out);

#endif
