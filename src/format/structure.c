/* Structure: the tree, its limits, and what follows from it.  Never recursive: how deep it is was decided
 * by others. */
#include "format/structure.h"

#include "base/arena.h"
#include "base/str.h"
#include "format/attribute.h"
#include "format/words.h"

#include <stdlib.h>
#include <string.h>

struct structure *structure_new(struct arena *arena)
{
	struct structure *structure = arena_alloc(arena, sizeof *structure);

	structure->arena = arena;
	return structure;
}

static struct structure_part *part_new(struct structure *structure)
{
	struct structure_part *part = arena_alloc(structure->arena, sizeof *part);

	part->type = part->subtype = part->encoding = part->disposed = part->id = "";
	return part;
}

struct structure_part *structure_phantom(struct structure *structure, struct structure_part *part)
{
	part->phantom = part_new(structure);
	part->phantom->section = "";
	return part->phantom;
}

struct structure_part *structure_add(struct structure *structure, struct structure_part *parent)
{
	struct structure_part *part;

	if (structure->count == STRUCTURE_PARTS || (parent && parent->depth == STRUCTURE_DEPTH) ||
	    (!parent && structure->root)) {
		structure->cut = true;
		return NULL;
	}
	part = part_new(structure);
	part->parent = parent;
	part->number = structure->count++;
	if (!parent) {
		structure->root = part;
		return part;
	}
	part->depth = parent->depth + 1;
	if (parent->last)
		parent->last->next = part;
	else
		parent->first = part;
	parent->last = part;
	return part;
}

bool structure_is(const struct structure_part *part, const char *type, const char *subtype)
{
	return strcmp(part->type, type) == 0 && (!subtype || strcmp(part->subtype, subtype) == 0);
}

const char *structure_lower(struct arena *arena, const char *text)
{
	char *copy = arena_str(arena, text);

	for (char *c = copy; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	return copy;
}

/* ---- walking ------------------------------------------------------------------------------ */

struct structure_part *structure_skip(const struct structure_part *root, const struct structure_part *part)
{
	while (part != root && !part->next)
		part = part->parent;
	return part == root ? NULL : part->next;
}

struct structure_part *structure_next(const struct structure_part *root, const struct structure_part *part)
{
	return part->first ? part->first : structure_skip(root, part);
}

/* ---- sections ----------------------------------------------------------------------------- */

static bool is_multipart(const struct structure_part *part)
{
	return structure_is(part, "multipart", NULL) && part->first;
}

/* The number of the n-th part of `parent`. */
static const char *section_of(struct arena *arena, const struct structure_part *parent, size_t n)
{
	if (!*parent->section)
		return arena_printf(arena, "%zu", n);
	return arena_printf(arena, "%s.%zu", parent->section, n);
}

static void number_parts(struct arena *arena, struct structure_part *parent)
{
	size_t n = 0;

	for (struct structure_part *part = parent->first; part; part = part->next)
		part->section = section_of(arena, parent, ++n);
}

/* A multipart that is the whole of a message has no number of its own: its parts bear that message's.  What
 * is no multipart is a message's part 1. */
static void number(struct structure *structure)
{
	struct structure_part *root = structure->root;

	for (struct structure_part *part = root; part; part = structure_next(root, part)) {
		const struct structure_part *message = part->parent;

		if (!message)
			part->section = is_multipart(part) ? "" : "1";
		else if (!is_multipart(message))
			part->section = is_multipart(part) ? message->section
							   : section_of(structure->arena, message, 1);
		if (is_multipart(part))
			number_parts(structure->arena, part);
	}
}

/* ---- the rest ----------------------------------------------------------------------------- */

static const char *text_of(struct structure *structure, const char *said)
{
	const char *text = NULL;
	char *decoded;

	if (!said)
		return NULL;
	decoded = words_decode(said, STRUCTURE_NAME);
	if (*decoded)
		text = arena_str(structure->arena, decoded);
	free(decoded);
	return text;
}

static void settle(struct structure *structure, struct structure_part *part)
{
	if (*part->disposed)
		part->disposition = str_casecmp(part->disposed, "inline") == 0 ? DISPOSITION_INLINE
									       : DISPOSITION_ATTACHMENT;
	part->name = attribute_text(part->disposed_attributes, "filename", STRUCTURE_NAME, structure->arena);
	if (!part->name)
		part->name = attribute_text(part->attributes, "name", STRUCTURE_NAME, structure->arena);
	part->charset = attribute_value(part->attributes, "charset");
	part->format = attribute_value(part->attributes, "format");
	part->description = text_of(structure, part->described);
	part->subject = text_of(structure, part->titled);
}

void structure_settle(struct structure *structure)
{
	struct structure_part *root = structure->root;

	for (struct structure_part *part = root; part; part = structure_next(root, part)) {
		settle(structure, part);
		if (part->phantom)
			settle(structure, part->phantom);
	}
	number(structure);
}
