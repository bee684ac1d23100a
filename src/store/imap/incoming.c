/* Incoming: lines and runs of bytes out of a stream. */
#include "store/imap/incoming.h"

#include "base/buf.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void incoming_free(struct incoming *incoming)
{
	free(incoming->data);
	incoming->data = NULL;
	incoming->at = incoming->end = 0;
}

bool incoming_empty(const struct incoming *incoming)
{
	return incoming->at == incoming->end;
}

/* Receives more behind what is there; what is there is at most a few bytes whenever space is short.
 */
static const struct fail *incoming_fill(struct incoming *incoming)
{
	const struct fail *f;
	size_t got = 0;

	if (!incoming->data)
		incoming->data = memory_alloc(INCOMING_ROOM);
	if (incoming->at == incoming->end)
		incoming->at = incoming->end = 0;
	if (incoming->end == INCOMING_ROOM) {
		memmove(incoming->data, incoming->data + incoming->at,
			incoming->end - incoming->at);
		incoming->end -= incoming->at;
		incoming->at = 0;
	}
	f = incoming->read(incoming->context, incoming->data + incoming->end,
			   INCOMING_ROOM - incoming->end, &got);
	if (f)
		return f;
	incoming->end += got;
	return NULL;
}

const struct fail *incoming_line(struct incoming *incoming, struct buf *line)
{
	const struct fail *f;

	for (;;) {
		const char *from, *stop;
		size_t size;

		if (incoming_empty(incoming)) {
			f = incoming_fill(incoming);
			if (f)
				return f;
		}
		from = incoming->data + incoming->at;
		size = incoming->end - incoming->at;
		stop = memchr(from, '\n', size);
		if (stop)
			size = (size_t)(stop - from);
		if (memchr(from, '\0', size))
			return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
					 "the server sent a NUL in a line");
		buf_add(line, from, size);
		if (line->over)
			return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
					 "the server sent a line of more than %zu bytes",
					 line->limit);
		incoming->at += size + (stop != NULL);
		if (stop)
			break;
	}
	if (line->size && line->data[line->size - 1] == '\r')
		line->data[--line->size] = '\0';
	return NULL;
}

const struct fail *incoming_bytes(struct incoming *incoming, size_t most, const char **data,
				  size_t *size)
{
	if (incoming_empty(incoming)) {
		const struct fail *f = incoming_fill(incoming);

		if (f)
			return f;
	}
	*data = incoming->data + incoming->at;
	*size = incoming->end - incoming->at;
	if (*size > most)
		*size = most;
	incoming->at += *size;
	return NULL;
}

const struct fail *incoming_starts(struct incoming *incoming, const char *prefix, bool *starts)
{
	size_t size = strlen(prefix);

	*starts = false;
	for (;;) {
		size_t have = incoming->end - incoming->at;

		if (have &&
		    memcmp(incoming->data + incoming->at, prefix, have < size ? have : size) != 0)
			return NULL;
		if (have >= size)
			break;
		const struct fail *f = incoming_fill(incoming);

		if (f)
			return f;
	}
	incoming->at += size;
	*starts = true;
	return NULL;
}
