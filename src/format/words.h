/* Words: header text as people are to read it. */
#ifndef KOC_FORMAT_WORDS_H
#define KOC_FORMAT_WORDS_H

#include <stddef.h>

struct buf;

/* The text with its encoded words decoded (RFC 2047), as words_clean gives it.  An encoded word of an
 * unknown character set stays as it is.  `text` is unfolded; the caller frees the result. */
char *words_decode(const char *text, size_t most);

/* The text as valid UTF-8 of at most `most` bytes without control characters (spaces stand for them);
 * U+FFFD stands for each invalid byte.  The caller frees it. */
char *words_clean(const char *text, size_t most);

/* Appends the text (UTF-8) so that it can stand in a header field: as it is if it is short and plain ASCII,
 * else in encoded words, one a line (CRLF and a space between them).  No control character survives. */
void words_encode(struct buf *out, const char *text);

#endif
