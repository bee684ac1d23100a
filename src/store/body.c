/* Body: the bytes of one item.  While it is filled they go through a buffer into memory or a spool
 * file, and are digested and scanned as they pass.  Reading them is in body_read.c. */
#include "store/body.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/body_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUT_ROOM ((size_t)64 * 1024)

enum body_form body_form_of(enum kind kind)
{
	switch (kind) {
	case KIND_MAIL:
		return BODY_MAIL;
	case KIND_EVENTS:
	case KIND_TASKS:
	case KIND_NOTES:
		return BODY_CALENDAR;
	case KIND_CONTACTS:
		return BODY_CARD;
	case KINDS:
		break;
	}
	return BODY_BYTES;
}

/* Is it looked into as a whole, and so kept in memory? */
static bool is_item(const struct body *body)
{
	return body->form == BODY_CALENDAR || body->form == BODY_CARD;
}

static struct body *body_new(struct spool *spool, enum body_form form)
{
	struct body *body = memory_alloc(sizeof *body);

	body->form = form;
	body->mail = form == BODY_MAIL;
	body->spool = spool && spool->directory >= 0 && !is_item(body) ? spool : NULL;
	body->fd = -1;
	body->run = digest_begin();
	if (body->mail) {
		body->scan = mail_scan_begin();
		body->header = true;
	}
	return body;
}

const struct fail *body_begin(struct spool *spool, enum body_form form, struct body **body)
{
	*body = body_new(spool, form);
	(*body)->out = memory_resize(NULL, OUT_ROOM, 1); /* not zeroed */
	return NULL;
}

/* ---- towards memory or the spool ---------------------------------------------------------- */

static const struct fail *spool_create(struct body *body)
{
	struct spool *spool = body->spool;

	snprintf(body->name, sizeof body->name, "%s%u", spool->prefix, spool->next++);
	return file_create(spool->directory, body->name, &body->fd);
}

static void memory_append(struct body *body, const char *data, size_t size)
{
	size_t used = (size_t)body->size;

	if (!size)
		return;
	if (size > body->memory_room - used) {
		/* Exact for what comes in one piece, doubled for what grows. */
		size_t room = used > size ? 2 * used : used + size;

		body->memory = memory_resize(body->memory, room, 1);
		body->memory_room = room;
	}
	memcpy(body->memory + used, data, size);
}

/* How many bytes on disk, from the start, are the header's: those are digested in their own way. */
static uint64_t header_on_disk(const struct body *body)
{
	uint64_t crlf = 0, size = 0;

	if (!body->mail)
		return 0;
	if (body->header)
		return MAIL_HEADER_MOST;
	size = mail_scan_header(body->scan, &crlf);
	if (body->converts && !body->wire)
		size -= crlf;
	return size < MAIL_HEADER_MOST ? size : MAIL_HEADER_MOST;
}

/* Digests bytes that lie at `offset` on disk, as far as they stand behind the header. */
static void digest_content(struct body *body, uint64_t offset, const char *data, size_t size)
{
	uint64_t header = header_on_disk(body);
	size_t skip = 0;

	if (offset < header)
		skip = header - offset < size ? (size_t)(header - offset) : size;
	digest_add(body->run, data + skip, size - skip);
}

static const struct fail *too_large(void)
{
	return fail_make(FAIL_DATA, FAIL_ITEM, "larger than %zu MB", ITEM_MOST >> 20);
}

/* Where all bytes pass on their way to where they stay. */
static const struct fail *flush(struct body *body)
{
	const struct fail *fail = NULL;

	if (!body->out_size)
		return NULL;
	if (is_item(body) && body->size + body->out_size > ITEM_MOST)
		return too_large();
	digest_content(body, body->size, body->out, body->out_size);
	if (body->spool && body->fd < 0)
		fail = spool_create(body);
	if (!fail && body->spool)
		fail = file_write(body->fd, body->out, body->out_size);
	else if (!fail)
		memory_append(body, body->out, body->out_size);
	if (fail)
		return fail;
	body->size += body->out_size;
	body->out_size = 0;
	return NULL;
}

static const struct fail *put_slowly(struct body *body, const char *data, size_t size)
{
	while (size) {
		size_t room = OUT_ROOM - body->out_size;
		size_t part = size < room ? size : room;
		const struct fail *fail;

		memcpy(body->out + body->out_size, data, part);
		body->out_size += part;
		data += part;
		size -= part;
		if (body->out_size == OUT_ROOM && (fail = flush(body)))
			return fail;
	}
	return NULL;
}

/* Most pieces are lines that fit. */
static inline const struct fail *put(struct body *body, const char *data, size_t size)
{
	if (size >= OUT_ROOM - body->out_size)
		return put_slowly(body, data, size);
	memcpy(body->out + body->out_size, data, size);
	body->out_size += size;
	return NULL;
}

/* ---- what is learnt on the way ------------------------------------------------------------ */

static inline void scan(struct body *body, const void *data, size_t size)
{
	if (body->header)
		body->header = mail_scan_add(body->scan, data, size);
	if (body->mail)
		textform_hint_add(&body->hint, data, size);
}

/* Counts the line ends that are not CRLF. */
static void count(struct body *body, const char *data, size_t size)
{
	const char *end = data + size;
	const char *lf = data;

	if (!size)
		return;
	while ((lf = memchr(lf, '\n', (size_t)(end - lf)))) {
		bool cr = lf > data ? lf[-1] == '\r' : body->after_cr;

		body->bare += !cr;
		lf++;
	}
	body->after_cr = end[-1] == '\r';
}

/* Bytes as they are to lie on disk, behind what was put before. */
static const struct fail *put_counted(struct body *body, const char *data, size_t size)
{
	count(body, data, size);
	return put(body, data, size);
}

const struct fail *body_add(struct body *body, const void *data, size_t size)
{
	scan(body, data, size);
	return put_counted(body, data, size);
}

/* ---- from the wire ------------------------------------------------------------------------ */

/* Puts converted bytes as they were on the wire: before each LF there was a CR. */
static const struct fail *put_back(struct body *body, const char *data, size_t size)
{
	const char *end = data + size;
	const struct fail *fail = NULL;

	while (!fail && data < end) {
		const char *lf = memchr(data, '\n', (size_t)(end - data));

		fail = put_counted(body, data, (size_t)((lf ? lf : end) - data));
		if (!fail && lf)
			fail = put_counted(body, "\r\n", 2);
		data = lf ? lf + 1 : end;
	}
	return fail;
}

static const struct fail *put_back_spooled(struct body *body, int fd, uint64_t size)
{
	char *chunk = memory_resize(NULL, OUT_ROOM, 1);
	const struct fail *fail = NULL;
	uint64_t offset = 0;

	while (!fail && offset < size) {
		ssize_t got = pread(fd, chunk, OUT_ROOM, (off_t)offset);

		if (got > 0) {
			fail = put_back(body, chunk, (size_t)got);
			offset += (uint64_t)got;
		} else if (got == 0) {
			fail = fail_make(FAIL_SYSTEM, FAIL_ITEM, "a spool file was cut short");
		} else if (errno != EINTR) {
			fail = fail_errno(FAIL_ITEM, errno, "cannot read a spool file");
		}
	}
	free(chunk);
	return fail;
}

/* From here on the body keeps its wire bytes.  What was converted so far is turned back: into a new
 * spool file (or new memory), since it grows, with a new digest. */
static const struct fail *turn_back(struct body *body)
{
	char old_name[sizeof body->name];
	char *old_memory = body->memory;
	char *old_out = body->out;
	size_t old_out_size = body->out_size;
	uint64_t old_size = body->size;
	int old_fd = body->fd;
	const struct fail *fail = NULL;

	memcpy(old_name, body->name, sizeof old_name);
	digest_cancel(body->run);
	body->run = digest_begin();
	body->wire = true;
	body->after_cr = false;
	body->bare = 0;
	body->size = 0;
	body->memory = NULL;
	body->memory_room = 0;
	body->out = memory_resize(NULL, OUT_ROOM, 1);
	body->out_size = 0;
	body->name[0] = '\0';
	body->fd = -1;
	if (old_fd >= 0)
		fail = put_back_spooled(body, old_fd, old_size);
	else if (old_memory)
		fail = put_back(body, old_memory, (size_t)old_size);
	if (!fail)
		fail = put_back(body, old_out, old_out_size);
	free(old_out);
	free(old_memory);
	if (old_fd >= 0) {
		close(old_fd);
		unlinkat(body->spool->directory, old_name, 0);
	}
	return fail;
}

/* Gives out the CR that was held back. */
static const struct fail *release_cr(struct body *body)
{
	if (!body->cr)
		return NULL;
	body->cr = false;
	body->after_cr = true;
	return put(body, "\r", 1);
}

/* Converts CRLF to LF up to where that cannot be undone; *next is where that is, or `end`. */
static const struct fail *convert(struct body *body, const char **next, const char *end)
{
	const char *at = *next;
	const struct fail *fail = NULL;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const char *stop = lf ? lf : end;

		/* [at, stop) is a piece of a line. */
		if (stop > at) {
			bool cr = stop[-1] == '\r';
			size_t size = (size_t)(stop - at) - cr;

			if ((fail = release_cr(body)) || (fail = put(body, at, size)))
				return fail;
			if (size)
				body->after_cr = stop[-1 - cr] == '\r';
			body->cr = cr;
			at = *next = stop;
		}
		if (!lf)
			break;
		/* Without a CR, or with two, it is no line end of mail. */
		if (!body->cr || body->after_cr)
			return NULL;
		if ((fail = put(body, "\n", 1)))
			return fail;
		body->bare++;
		body->cr = body->after_cr = false;
		at = *next = lf + 1;
	}
	*next = end;
	return NULL;
}

const struct fail *body_add_wire(struct body *body, const void *data, size_t size)
{
	const char *next = data;
	const char *end = next + size;
	const struct fail *fail;

	body->converts = true;
	scan(body, data, size);
	if (body->wire)
		return put_counted(body, next, size);
	fail = convert(body, &next, end);
	if (fail || next == end)
		return fail;
	fail = turn_back(body);
	if (!fail)
		fail = release_cr(body);
	return fail ? fail : put_counted(body, next, (size_t)(end - next));
}

/* The content of a mail: its header without noise, and what follows. */
static struct digest digest_with(const struct digest *head, const struct digest *rest)
{
	struct digest both[2] = { *head, *rest };

	return digest_of(both, sizeof both);
}

/* ---- the end ------------------------------------------------------------------------------ */

static const struct fail *finish(struct body *body)
{
	const struct fail *fail = release_cr(body);

	if (!fail)
		fail = flush(body);
	if (!fail && body->spool && body->fd < 0)
		fail = spool_create(body); /* an empty item is a file too */
	if (body->fd >= 0)
		close(body->fd);
	body->fd = -1;
	free(body->out);
	body->out = NULL;
	if (fail)
		return fail;
	body->digest = digest_end(body->run);
	body->run = NULL;
	if (body->mail) {
		mail_scan_end(body->scan, body->size + body->bare, &body->print, &body->fields);
		body->digest = digest_with(&body->print.head, &body->digest);
	}
	body->scan = NULL;
	if (is_item(body)) {
		item_read(body->memory ? body->memory : "", (size_t)body->size, body->form == BODY_CARD,
			  &body->facts);
		body->print.size = body->size;
	}
	return NULL;
}

const struct fail *body_end(struct body *body)
{
	const struct fail *fail = finish(body);

	return fail ? fail : body_find_text(body);
}

const struct fail *body_of_memory(const void *data, size_t size, enum body_form form, struct body **body)
{
	*body = body_new(NULL, form);
	scan(*body, data, size);
	count(*body, data, size);
	digest_content(*body, 0, data, size);
	memory_append(*body, data, size);
	(*body)->size = size;
	return body_end(*body);
}

const struct fail *body_of_file(int fd, uint64_t size, enum body_form form, bool wire, struct body **body)
{
	struct body *made = body_new(NULL, form);
	char *chunk = memory_resize(NULL, OUT_ROOM, 1);
	const struct fail *fail = NULL;
	ssize_t got = 1;

	*body = NULL;
	if (is_item(made) && size > ITEM_MOST)
		fail = too_large();
	while (got && !fail) {
		got = pread(fd, chunk, OUT_ROOM, (off_t)made->size);
		if (got < 0 && errno != EINTR)
			fail = fail_errno(FAIL_ITEM, errno, "cannot read");
		if (got <= 0)
			continue;
		scan(made, chunk, (size_t)got);
		count(made, chunk, (size_t)got);
		digest_content(made, made->size, chunk, (size_t)got);
		if (is_item(made))
			memory_append(made, chunk, (size_t)got);
		made->size += (uint64_t)got;
		if (made->size > size)
			break;
	}
	free(chunk);
	if (!fail && made->size != size)
		fail = fail_make(FAIL_STALE, FAIL_ITEM, "changed while it was read");
	if (!fail)
		fail = finish(made);
	made->wire = wire;
	made->fd = fd;
	if (!fail)
		fail = body_find_text(made);
	if (!fail)
		*body = made;
	else
		body_free(made);
	return fail;
}

const struct words *body_words(const struct body *body, struct arena *arena)
{
	const struct mail_fields *fields = &body->fields;
	struct words *words = NULL;

	if (!body->mail)
		return NULL;
	words = arena_alloc(arena, sizeof *words);
	words->message_id = arena_str(arena, fields->message_id);
	words->subject = arena_str(arena, fields->subject);
	words->from = arena_str(arena, fields->from);
	words->sent = fields->sent;
	return words;
}

const char *body_spool_name(const struct body *body)
{
	return body->name[0] ? body->name : NULL;
}

void body_taken(struct body *body)
{
	body->name[0] = '\0';
}

void body_free(struct body *body)
{
	if (!body)
		return;
	if (body->scan)
		mail_scan_end(body->scan, 0, NULL, NULL);
	digest_cancel(body->run);
	if (body->fd >= 0)
		close(body->fd);
	if (body->name[0])
		unlinkat(body->spool->directory, body->name, 0);
	mail_fields_free(&body->fields);
	item_facts_free(&body->facts);
	free(body->mark);
	free(body->memory);
	free(body->out);
	free(body);
}
