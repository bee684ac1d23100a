/* HTML as plain text: what a reader without a browser needs of a message that has no other text.
 *
 * Wrapped at HTML_WIDTH columns where that is possible.  Headings are underlined, lists marked and indented,
 * quotations begin with "> ", small tables have columns, links are numbered and listed at the end.  What is
 * hidden, scripts and styles are left out; nothing is ever fetched or run.  The same HTML gives the same
 * text, in memory and time that are bounded whatever it is. */
#ifndef KOC_FORMAT_HTML_H
#define KOC_FORMAT_HTML_H

#include "base/fail.h"

#include <stddef.h>

struct buf;

#define HTML_WIDTH 78
#define HTML_READ  ((size_t)1 << 20) /* bytes that are looked at; the rest is left out, and that is told */
#define HTML_TEXT  ((size_t)512 * 1024)

/* Appends the text, UTF-8 with LF; nothing if there is none.  `charset`: as the part's Content-Type tells it,
 * NULL unknown: then the document itself, else its bytes decide.  FAIL_SYSTEM: libxml2 is not there. */
const struct fail *html_text(const char *html, size_t size, const char *charset, struct buf *out) MUST_CHECK;

#endif
