/* Attachments: see attachment.h. */
#include "format/attachment.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"
#include "base/str.h"
#include "format/attribute.h"
#include "format/mime.h"
#include "format/textform_room.h"
#include "format/transfer.h"
#include "format/words.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MOST ((size_t)100)
#define LIST_MOST ((size_t)400) /* bytes of a list in a fail's text */

struct attachment_find {
	struct arena *arena;
	struct structure *structure;
	struct mime *mime;
};

/* ---- listing ------------------------------------------------------------------------------ */

struct attachment_find *attachment_find_begin(void)
{
	struct attachment_find *find = memory_alloc(sizeof *find);

	find->arena = arena_new();
	find->structure = structure_new(find->arena);
	find->mime = mime_begin(find->structure);
	return find;
}

void attachment_find_add(struct attachment_find *find, const void *data, size_t size)
{
	mime_add(find->mime, data, size);
}

static const char *type_of(const struct structure_part *part, struct arena *arena)
{
	return arena_printf(arena, "%s/%s", part->type, part->subtype);
}

/* A stub; false: it is none of this message's. */
static bool stub_read(const struct structure_part *part, const struct textform_found *found,
		      struct arena *arena, struct attachment *attachment)
{
	const char *size = attribute_value(part->attributes, "size");
	const struct structure_part *phantom = part->phantom;
	struct textform_mark mark;

	if (!part->mark || !structure_is(part, "message", "external-body") || is_enclosed(part) ||
	    !textform_mark_read(part->mark, &mark) || !mark_same(&mark, &found->mark))
		return false;
	attachment->section = arena_str(arena, mark.section);
	attachment->shown = arena_str(arena, part->description);
	attachment->shown_file = arena_str(arena, part->name);
	if (size)
		(void)str_u64(size, &attachment->size);
	attachment->type = phantom ? type_of(phantom, arena) : "application/octet-stream";
	attachment->name = phantom ? arena_str(arena, phantom->name) : NULL;
	return true;
}

static void part_read(const struct structure_part *part, bool text_form, struct arena *arena,
		      struct attachment *attachment)
{
	attachment->here = true;
	attachment->at = part->header_at;
	attachment->end = part->end_at;
	attachment->section = text_form ? NULL : arena_str(arena, part->section);
	attachment->name = arena_str(arena, part->name);
	attachment->type = type_of(part, arena);
	attachment->size = transfer_size(transfer_of(part->encoding), part->octets);
}

void attachment_find_end(struct attachment_find *find, struct arena *arena, struct attachments *attachments)
{
	const struct structure *structure = find->structure;
	const struct structure_part *part;

	mime_end(find->mime);
	memset(attachments, 0, sizeof *attachments);
	found_read(structure, &attachments->found);
	attachments->items = arena_alloc(arena, structure->count * sizeof *attachments->items);
	for (part = structure->root; part; part = textform_next(structure, part)) {
		struct attachment *attachment = &attachments->items[attachments->count];
		bool text_form = attachments->found.stubs && !attachments->found.enclosed;

		if (strcmp(part->type, "multipart") == 0)
			continue;
		if (!stub_read(part, &attachments->found, arena, attachment))
			part_read(part, text_form, arena, attachment);
		attachments->count++;
	}
	arena_free(find->arena);
	free(find);
}

/* ---- choosing ----------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

static bool has_name(const struct attachment *attachment, const char *name)
{
	return same(attachment->name, name) || same(attachment->shown, name) ||
	       same(attachment->shown_file, name);
}

/* "1 text/plain, 2 a.pdf": those of the name, or all that can be named. */
static void list_add(struct buf *list, const struct attachments *attachments, const char *name)
{
	for (size_t i = 0; i < attachments->count; i++) {
		const struct attachment *attachment = &attachments->items[i];
		char *cut;

		if ((name && !has_name(attachment, name)) || !(attachment->section || attachment->name))
			continue;
		if (list->size >= LIST_MOST) {
			buf_adds(list, ", …");
			return;
		}
		buf_adds(list, list->size ? ", " : "");
		buf_adds(list, attachment->section ? attachment->section : "");
		buf_adds(list, attachment->section ? " " : "");
		cut = words_clean(attachment->name ? attachment->name : attachment->type, NAME_MOST);
		buf_adds(list, cut);
		free(cut);
	}
}

const struct fail *attachment_choose(const struct attachments *attachments, const char *name,
				     const struct attachment **chosen)
{
	const struct fail *f = NULL;
	struct buf list;
	size_t count = 0;

	for (size_t i = 0; i < attachments->count; i++) {
		if (!has_name(&attachments->items[i], name))
			continue;
		*chosen = &attachments->items[i];
		count++;
	}
	for (size_t i = 0; i < attachments->count && !count; i++) {
		if (!same(attachments->items[i].section, name))
			continue;
		*chosen = &attachments->items[i];
		return NULL;
	}
	if (count == 1)
		return NULL;
	buf_init(&list, SIZE_MAX);
	list_add(&list, attachments, count ? name : NULL);
	if (count)
		f = fail_make(FAIL_USAGE, FAIL_ITEM,
			      "several parts are called %s, name one by its number: %s", name, list.data);
	else
		f = fail_make(FAIL_MISSING, FAIL_ITEM, "it has no part %s%s%s", name,
			      list.size ? ", it has " : "", list.data);
	buf_free(&list);
	return f;
}
