/* Inbox: bytes that were received but not yet asked for, first in, first out. */
#ifndef KOC_NET_INBOX_H
#define KOC_NET_INBOX_H

#include <stddef.h>

struct inbox {
	unsigned char *data;
	size_t start, end; /* what is held: data[start] to data[end - 1] */
	size_t room;
};

/* How many bytes are held. */
static inline size_t inbox_size(const struct inbox *inbox)
{
	return inbox->end - inbox->start;
}

/* Room for at least `size` bytes more, behind those held; what is put there counts only after
 * inbox_grew.  Valid until the next call. */
void *inbox_tail(struct inbox *inbox, size_t size);
void inbox_grew(struct inbox *inbox, size_t size);

/* The bytes held (never NULL), and that the first `size` of them are done with. */
const void *inbox_head(const struct inbox *inbox);
void inbox_drop(struct inbox *inbox, size_t size);

void inbox_free(struct inbox *inbox);

#endif
