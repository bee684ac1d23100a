/* HTML clean: a document from anybody, made into what libxml2's parser takes well and in linear time: tags of
 * plain names with the few attributes that matter, and text.  Comments, declarations, scripts and styles are
 * gone. */
#ifndef KOC_FORMAT_HTML_CLEAN_H
#define KOC_FORMAT_HTML_CLEAN_H

#include <stddef.h>

struct buf;

/* Appends the document as UTF-8, also with bytes in it that are none.  `charset`: as it was told outside of
 * the document, NULL not. */
void html_decode(const char *html, size_t size, const char *charset, struct buf *out);

/* Appends the cleaned document; `html` is UTF-8, also with bytes in it that are not. */
void html_clean(const char *html, size_t size, struct buf *out);

#endif
