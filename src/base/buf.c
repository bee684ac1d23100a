/* Buf: a growing byte buffer with a ceiling. */
#include "base/buf.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST 64

static char buf_empty[1]; /* what an unused buf points to; never written to */

void buf_init(struct buf *buf, size_t limit)
{
	*buf = (struct buf){ .data = buf_empty, .limit = limit };
}

void buf_free(struct buf *buf)
{
	if (buf->room)
		free(buf->data);
	buf_init(buf, buf->limit);
}

void buf_clear(struct buf *buf)
{
	buf->size = 0;
	buf->over = 0;
	if (buf->room)
		buf->data[0] = '\0';
}

/* Makes room for `more` bytes and the NUL; false beyond the limit. */
static _Bool buf_grow(struct buf *buf, size_t more)
{
	size_t room = buf->room ? buf->room : BUF_FIRST;

	if (more > buf->limit || buf->size > buf->limit - more) {
		buf->over = 1;
		return 0;
	}
	if (buf->size + more < buf->room)
		return 1;
	while (room <= buf->size + more)
		room *= 2;
	buf->data = memory_resize(buf->room ? buf->data : NULL, room, 1);
	buf->room = room;
	return 1;
}

void buf_add(struct buf *buf, const void *data, size_t size)
{
	if (!size || !buf_grow(buf, size))
		return;
	memcpy(buf->data + buf->size, data, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void buf_adds(struct buf *buf, const char *s)
{
	buf_add(buf, s, strlen(s));
}

void buf_addc(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void buf_addf(struct buf *buf, const char *format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size <= 0 || !buf_grow(buf, (size_t)size))
		return;
	va_start(args, format);
	vsnprintf(buf->data + buf->size, (size_t)size + 1, format, args);
	va_end(args);
	buf->size += (size_t)size;
}

void buf_drop(struct buf *buf, size_t n)
{
	if (n >= buf->size) {
		buf->size = 0;
		if (buf->room)
			buf->data[0] = '\0';
		return;
	}
	memmove(buf->data, buf->data + n, buf->size - n + 1);
	buf->size -= n;
}
