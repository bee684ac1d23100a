/* Entity: see entity.h. */
#include "format/entity.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/memory.h"
#include "format/mime.h"
#include "format/transfer.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_MOST ((size_t)64 * 1024)
#define PIECE       ((size_t)32 * 1024)

struct entity {
	int fd;
	struct buf header;
	size_t line; /* of the header: where the line begins that is not complete */
	bool body;
	struct transfer_run run;
	struct buf out;
};

struct entity *entity_begin(int fd)
{
	struct entity *entity = memory_alloc(sizeof *entity);

	entity->fd = fd;
	buf_init(&entity->header, HEADER_MOST);
	buf_init(&entity->out, SIZE_MAX);
	return entity;
}

/* The header is all there: how is the body encoded? */
static void header_end(struct entity *entity)
{
	struct arena *arena = arena_new();
	struct structure *structure = structure_new(arena);
	struct mime *mime = mime_begin(structure);

	mime_add(mime, entity->header.data, entity->header.size);
	mime_end(mime);
	entity->run.how = transfer_of(structure->root->encoding);
	entity->body = true;
	arena_free(arena);
}

/* Takes the lines of the header; what is left of the bytes is the body's. */
static const struct fail *header_add(struct entity *entity, const char **data, size_t *size)
{
	struct buf *header = &entity->header;

	while (*size && !entity->body) {
		const char *lf = memchr(*data, '\n', *size);
		size_t piece = lf ? (size_t)(lf + 1 - *data) : *size;

		buf_add(header, *data, piece);
		if (header->over)
			return fail_make(FAIL_DATA, FAIL_ITEM, "the part's header is too long");
		*data += piece;
		*size -= piece;
		if (!lf)
			continue;
		if (header->size - entity->line == 1 ||
		    (header->size - entity->line == 2 && header->data[entity->line] == '\r'))
			header_end(entity);
		entity->line = header->size;
	}
	return NULL;
}

static const struct fail *out_flush(struct entity *entity)
{
	const struct fail *f =
		entity->out.size ? file_write(entity->fd, entity->out.data, entity->out.size) : NULL;

	buf_clear(&entity->out);
	return f;
}

const struct fail *entity_add(struct entity *entity, const void *data, size_t size)
{
	const char *next = data;
	const struct fail *f = header_add(entity, &next, &size);

	while (size && !f) {
		size_t piece = size < PIECE ? size : PIECE;

		transfer_add(&entity->run, next, piece, &entity->out);
		f = out_flush(entity);
		next += piece;
		size -= piece;
	}
	return f;
}

const struct fail *entity_end(struct entity *entity, bool *decoded)
{
	const struct fail *f;

	transfer_end(&entity->run, &entity->out);
	f = out_flush(entity);
	*decoded = entity->run.how != TRANSFER_UNKNOWN;
	buf_free(&entity->header);
	buf_free(&entity->out);
	free(entity);
	return f;
}
