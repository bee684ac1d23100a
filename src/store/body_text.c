/* Body text: is a body a text form?  Only one in whose bytes a stub's name was seen is read as MIME. */
#include "store/body_text.h"

#include "base/arena.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)32 * 1024)

static const struct fail *read_all(struct body *body, struct textform_find *find,
				   struct textform_digest *digest)
{
	char *chunk = memory_resize(NULL, CHUNK, 1);
	const struct fail *fail = NULL;
	uint64_t offset = 0;
	bool more = true;
	size_t got = 0;

	do {
		fail = body_read(body, offset, chunk, CHUNK, &got);
		offset += got;
		textform_digest_add(digest, chunk, got);
		more = more && textform_find_add(find, chunk, got);
	} while (!fail && got && more);
	free(chunk);
	return fail;
}

const struct fail *body_find_text(struct body *body)
{
	struct textform_digest *digest = NULL;
	struct textform_find *find = NULL;
	struct textform_found found;
	struct digest says;
	const struct fail *fail = NULL;

	if (!body->hint.seen)
		return NULL;
	find = textform_find_begin();
	digest = textform_digest_begin();
	fail = read_all(body, find, digest);
	textform_find_end(find, &found);
	says = textform_digest_end(digest);
	/* Many bodies may wait for their turn: a spool file is opened again when it is read. */
	if (body->name[0] && body->fd >= 0) {
		close(body->fd);
		body->fd = -1;
	}
	/* In a message that somebody attached, stubs are part of what the user sent or got. */
	if (fail || !found.stubs || found.enclosed)
		return fail;
	body->mark = memory_alloc(sizeof *body->mark);
	*body->mark = found.mark;
	body->says = says;
	if (found.mixed)
		memset(&body->mark->head, 0, sizeof body->mark->head);
	return NULL;
}

const struct stub *body_stub(const struct body *body, struct arena *arena)
{
	const struct textform_mark *mark = body->mark;
	struct stub *stub = NULL;

	if (!mark)
		return NULL;
	stub = arena_alloc(arena, sizeof *stub);
	stub->epoch = arena_printf(arena, "%" PRIu32, mark->validity);
	stub->ref = arena_printf(arena, "%010" PRIu32, mark->uid);
	stub->head = mark->head;
	return stub;
}
