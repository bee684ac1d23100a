/* Buf: a growing byte buffer with a ceiling.  Always NUL-terminated behind its last byte. */
#ifndef KOC_BASE_BUF_H
#define KOC_BASE_BUF_H

#include <stddef.h>

struct buf {
	char *data;    /* NUL-terminated; never NULL after buf_init */
	size_t size;   /* bytes used */
	size_t room;
	size_t limit;  /* most bytes it may ever hold */
	_Bool over;    /* the limit was hit: what did not fit was dropped */
};

/* An empty buffer that holds at most `limit` bytes. */
void buf_init(struct buf *buf, size_t limit);
void buf_free(struct buf *buf);
void buf_clear(struct buf *buf); /* also clears `over` */

/* Append.  Beyond the limit nothing is added and `over` is set; check it once at the end. */
void buf_add(struct buf *buf, const void *data, size_t size);
void buf_adds(struct buf *buf, const char *s);
void buf_addc(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Removes the first n bytes. */
void buf_drop(struct buf *buf, size_t n);

#endif
