/* Sections: see section.h. */
#include "store/imap/section.h"

#include "base/memory.h"
#include "base/str.h"
#include "store/body.h"

#include <stdlib.h>

#define PIECE ((size_t)32 * 1024)

/* ---- one ----------------------------------------------------------------------------------- */

uint64_t section_size(const struct section *section)
{
	return section->body ? section->body->size : section->bytes.size;
}

const struct fail *section_give(void *context, textform_write *write, void *to)
{
	const struct section *section = context;
	const struct fail *f = NULL;
	uint64_t offset = 0;
	size_t got = 1;
	char *piece;

	if (!section->body)
		return section->bytes.size ? write(to, section->bytes.data, section->bytes.size) : NULL;
	piece = memory_alloc(PIECE);
	while (!f && got) {
		f = body_read(section->body, offset, piece, PIECE, &got);
		if (!f && got)
			f = write(to, piece, got);
		offset += got;
	}
	free(piece);
	return f;
}

void section_free(struct section *section)
{
	free(section->name);
	buf_free(&section->bytes);
	body_free(section->body);
	*section = (struct section){ 0 };
}

/* ---- all that came ------------------------------------------------------------------------- */

const struct fail *sections_begin(struct sections *sections, struct spool *spool, const char *name,
				  uint64_t size)
{
	const struct fail *f = sections_end(sections);
	struct section *section;

	if (f)
		return f;
	section = vec_push(sections);
	section->name = memory_str(name);
	if (!*name)
		return body_begin(spool, BODY_MAIL, &section->body);
	if (size > SECTION_MOST || sections->held + size > SECTIONS_HELD)
		return body_begin(spool, BODY_BYTES, &section->body);
	buf_init(&section->bytes, SECTION_MOST);
	sections->held += size;
	return NULL;
}

const struct fail *sections_add(struct sections *sections, const void *data, size_t size)
{
	struct section *section = &sections->items[sections->count - 1];

	if (!section->body) {
		buf_add(&section->bytes, data, size);
		return NULL;
	}
	return section->body->mail ? body_add_wire(section->body, data, size)
				   : body_add(section->body, data, size);
}

const struct fail *sections_end(struct sections *sections)
{
	struct section *last = sections->count ? &sections->items[sections->count - 1] : NULL;

	/* A message is ended by whoever takes it. */
	if (!last || !last->body || last->body->mail || last->ended)
		return NULL;
	last->ended = true;
	return body_end(last->body);
}

void sections_move(struct sections *from, struct sections *to, size_t most)
{
	for (size_t i = 0; i < from->count && to->count < most; i++) {
		if (!from->items[i].name)
			continue;
		*vec_push(to) = from->items[i];
		to->held += from->items[i].bytes.size;
		from->items[i] = (struct section){ 0 };
	}
}

bool sections_take(struct sections *sections, const char *name, struct section *taken)
{
	for (size_t i = 0; i < sections->count; i++) {
		if (!sections->items[i].name || str_casecmp(sections->items[i].name, name) != 0)
			continue;
		*taken = sections->items[i];
		sections->items[i] = (struct section){ 0 };
		return true;
	}
	return false;
}

void sections_free(struct sections *sections)
{
	for (size_t i = 0; i < sections->count; i++)
		section_free(&sections->items[i]);
	vec_free(sections);
	sections->held = 0;
}
