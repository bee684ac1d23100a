/* Body: reading it, as it lies on disk and as it goes over the wire. */
#include "store/body.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_CHUNK ((size_t)32 * 1024)

/* A spool file is closed between filling and reading: many bodies may wait for their turn. */
static const struct fail *spool_open(struct body *body)
{
	struct stat status;

	if (body->fd >= 0)
		return NULL;
	if (!body->name[0])
		return fail_make(FAIL_MISSING, FAIL_ITEM, "the body was given away");
	return file_open_read(body->spool->directory, body->name, &body->fd, &status);
}

const struct fail *body_read(struct body *body, uint64_t offset, void *data, size_t room,
			     size_t *got)
{
	const struct fail *fail;
	ssize_t result;

	*got = 0;
	if (offset >= body->size || !room)
		return NULL;
	if (room > body->size - offset)
		room = (size_t)(body->size - offset);
	if (body->memory) {
		memcpy(data, body->memory + offset, room);
		*got = room;
		return NULL;
	}
	fail = spool_open(body);
	if (fail)
		return fail;
	do {
		result = pread(body->fd, data, room, (off_t)offset);
	} while (result < 0 && errno == EINTR);
	if (result < 0)
		return fail_errno(FAIL_ITEM, errno, "cannot read");
	/* Its size is fixed once its digest is known. */
	if (result == 0)
		return fail_make(FAIL_STALE, FAIL_ITEM, "the file was cut short");
	*got = (size_t)result;
	return NULL;
}

const struct fail *body_all(struct body *body, char **data, size_t *size)
{
	const struct fail *fail;
	size_t got;

	*data = memory_alloc((size_t)body->size + 1);
	*size = 0;
	do {
		fail = body_read(body, *size, *data + *size, (size_t)body->size - *size, &got);
		*size += got;
	} while (!fail && got && *size < body->size);
	if (fail) {
		free(*data);
		*data = NULL;
	}
	return fail;
}

uint64_t body_wire_size(const struct body *body)
{
	return body->wire ? body->size : body->size + body->bare;
}

struct window {
	char *at;
	size_t room;
};

/* Copies from the piece as much as fits, with CR put before each LF that has none; returns how many
 * bytes of the piece were used.  `cr`: what lies before the piece is a CR. */
static size_t convert(struct window *to, const char *piece, size_t size, bool cr)
{
	size_t used = 0;

	while (used < size && to->room) {
		const char *lf = memchr(piece + used, '\n', size - used);
		size_t run = (lf ? (size_t)(lf - piece) : size) - used;
		bool fits = run <= to->room;

		if (!fits)
			run = to->room;
		memcpy(to->at, piece + used, run);
		to->at += run;
		to->room -= run;
		used += run;
		if (!lf || !fits)
			continue;
		if (used)
			cr = piece[used - 1] == '\r';
		if (to->room < (cr ? 1 : 2))
			break;
		memcpy(to->at, cr ? "\n" : "\r\n", cr ? 1 : 2);
		to->at += cr ? 1 : 2;
		to->room -= cr ? 1 : 2;
		used++;
	}
	return used;
}

const struct fail *body_read_wire(struct body *body, uint64_t *offset, void *data, size_t room,
				  size_t *got)
{
	struct window to = { .at = data, .room = room };
	const struct fail *fail;
	char chunk[READ_CHUNK];
	size_t size, used;

	if (body->wire) {
		fail = body_read(body, *offset, data, room, got);
		*offset += *got;
		return fail;
	}
	*got = 0;
	do {
		/* One byte more: the one before, which may be a CR. */
		size_t before = *offset ? 1 : 0;
		size_t want = to.room < sizeof chunk - 1 ? to.room : sizeof chunk - 1;

		fail = body_read(body, *offset - before, chunk, want + before, &size);
		if (fail)
			return fail;
		if (size <= before)
			break;
		used = convert(&to, chunk + before, size - before, before && chunk[0] == '\r');
		*offset += used;
	} while (used && to.room >= 2);
	*got = room - to.room;
	return NULL;
}
