/* Inbox: bytes that were received but not yet asked for. */
#include "net/inbox.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void *inbox_tail(struct inbox *inbox, size_t size)
{
	size_t held = inbox_size(inbox);

	if (inbox->room - inbox->end >= size)
		return inbox->data + inbox->end;
	/* Moving is worth it when what is held is the smaller part: then it costs nothing on
	 * average. */
	if (inbox->start && inbox->start >= held && inbox->room - held >= size) {
		memmove(inbox->data, inbox->data + inbox->start, held);
		inbox->start = 0;
		inbox->end = held;
	} else {
		inbox->room = (inbox->end + size) * 2;
		inbox->data = memory_resize(inbox->data, inbox->room, 1);
	}
	return inbox->data + inbox->end;
}

void inbox_grew(struct inbox *inbox, size_t size)
{
	inbox->end += size;
}

const void *inbox_head(const struct inbox *inbox)
{
	return inbox->data ? inbox->data + inbox->start : (const void *)"";
}

void inbox_drop(struct inbox *inbox, size_t size)
{
	inbox->start += size;
	if (inbox->start == inbox->end)
		inbox->start = inbox->end = 0;
}

void inbox_free(struct inbox *inbox)
{
	free(inbox->data);
	*inbox = (struct inbox){ 0 };
}
