/* Text form: which parts of a message are fetched. */
#include "format/textform.h"

#include "base/arena.h"
#include "base/str.h"
#include "format/attribute.h"
#include "format/mime.h"
#include "format/textform_room.h"
#include "format/transfer.h"

#include <string.h>

/* More bytes than these that lie in no part hold something: a structure that does not see it is wrong. */
#define OUTSIDE_MOST ((uint64_t)8192)
#define OUTSIDE_PART ((uint64_t)4096) /* for the header of each part */

/* A text part of fewer octets says nothing: a line end. */
#define TEXT_LEAST 3

/* ---- signed and encrypted ----------------------------------------------------------------- */

static bool is_sealed(const struct structure_part *part)
{
	static const struct {
		const char *type, *subtype;
	} sealed[] = {
		{ "multipart", "signed" },
		{ "multipart", "encrypted" },
		{ "multipart", "x-pgp-signed" },
		{ "application", "pkcs7-mime" },
		{ "application", "x-pkcs7-mime" },
		{ "application", "pkcs7-signature" },
		{ "application", "x-pkcs7-signature" },
		{ "application", "pgp-encrypted" },
		{ "application", "pgp-signature" },
		{ "application", "pgp" },
		{ "application", "x-pgp" },
		{ "application", "x-pgp-message" },
	};

	for (size_t i = 0; i < sizeof sealed / sizeof *sealed; i++)
		if (structure_is(part, sealed[i].type, sealed[i].subtype))
			return true;
	/* Text that mutt and others signed or encrypted by itself; S/MIME under a type that is none. */
	return (structure_is(part, "text", NULL) && attribute_value(part->attributes, "x-action")) ||
	       (part->name && str_ends(part->name, ".p7m"));
}

/* ---- trust -------------------------------------------------------------------------------- */

bool boundary_usable(const char *boundary)
{
	size_t size = boundary ? strlen(boundary) : 0;

	if (size == 0 || size > TEXTFORM_BOUNDARY || boundary[size - 1] == ' ')
		return false;
	for (size_t i = 0; i < size; i++)
		if (boundary[i] < ' ' || boundary[i] > '~')
			return false;
	return true;
}

struct structure_part *textform_next(const struct structure *structure, const struct structure_part *part)
{
	return strcmp(part->type, "multipart") == 0 ? structure_next(structure->root, part)
						    : structure_skip(structure->root, part);
}

/* What the header says by itself. */
static const struct structure_part *header_read(struct arena *arena, const char *header, size_t size)
{
	struct structure *structure = structure_new(arena);
	struct mime *mime = mime_begin(structure);

	mime_add(mime, header, size);
	mime_end(mime);
	return structure->root;
}

/* Does what the server tells of the parts fit the message's header and size? */
static bool is_plausible(const struct structure *structure, const struct structure_part *said,
			 const char *header, size_t header_size, uint64_t size)
{
	const struct structure_part *root = structure->root;
	uint64_t octets = 0, most = OUTSIDE_MOST;

	if (structure->cut || structure->broken || !root || said->typed_twice ||
	    !structure_is(root, said->type, said->subtype))
		return false;
	/* Readers do not agree where a line with a NUL ends, nor what a field of such a name is. */
	if (memchr(header, '\0', header_size))
		return false;
	if (root->first && strcmp(root->type, "multipart") == 0) {
		const char *boundary = attribute_value(said->attributes, "boundary");
		const char *told = attribute_value(root->attributes, "boundary");

		/* It is the header's that stays, and that all readers see. */
		if (!boundary_usable(boundary) || (told && strcmp(told, boundary) != 0) ||
		    transfer_of(said->encoding) != TRANSFER_NONE)
			return false;
	}
	for (const struct structure_part *part = root; part; part = textform_next(structure, part)) {
		bool multipart = strcmp(part->type, "multipart") == 0;

		if (multipart != (part->first && !structure_is(part, "message", NULL)))
			return false;
		octets += multipart ? 0 : part->octets;
		most += OUTSIDE_PART;
		if (octets > UINT64_MAX / 4)
			return false;
	}
	if (octets == 0)
		return false;
	return !size || (octets <= size && size - octets <= most + header_size);
}

/* ---- the choice --------------------------------------------------------------------------- */

static bool is_body(const struct structure_part *part, const char *subtype)
{
	return structure_is(part, "text", subtype) && part->disposition != DISPOSITION_ATTACHMENT;
}

static void section_add(struct textform_plan *plan, const struct structure_part *part, bool made)
{
	if (plan->count < TEXTFORM_SECTIONS)
		plan->sections[plan->count++] = (struct textform_section){ part, made };
	else
		plan->whole = "it has too many texts";
}

/* Of several HTML alternatives the last is the preferred one (RFC 2046 5.1.4). */
static bool is_last_alternative(const struct structure_part *part)
{
	if (!part->parent || !structure_is(part->parent, "multipart", "alternative"))
		return true;
	for (const struct structure_part *later = part->next; later; later = later->next)
		if (is_body(later, "html"))
			return false;
	return true;
}

static bool can_be_text(const struct structure_part *part)
{
	return is_body(part, "html") && is_last_alternative(part) && part->octets &&
	       transfer_of(part->encoding) != TRANSFER_UNKNOWN;
}

static void choose(const struct structure *structure, struct textform_plan *plan)
{
	const struct structure_part *part;
	bool text = false, stub = false;

	for (part = structure->root; part; part = textform_next(structure, part))
		text = text || (is_body(part, "plain") && part->octets >= TEXT_LEAST);
	for (part = structure->root; part && !plan->whole; part = textform_next(structure, part)) {
		if (is_body(part, "plain"))
			section_add(plan, part, false);
		else if (!text && can_be_text(part))
			section_add(plan, part, true);
		stub = stub || (strcmp(part->type, "multipart") != 0 && !is_body(part, "plain"));
	}
	if (!plan->whole && !stub)
		plan->whole = "it has nothing but text";
}

void textform_plan(const struct structure *structure, const char *header, size_t header_size, uint64_t size,
		   struct arena *arena, struct textform_plan *plan)
{
	const struct structure_part *said = header_read(arena, header, header_size), *part;

	*plan = (struct textform_plan){ 0 };
	/* What the header alone says is enough for some. */
	if (is_sealed(said))
		plan->whole = "it is signed or encrypted";
	else if (structure_is(said, "text", "plain"))
		plan->whole = "it is one text";
	else if (!is_plausible(structure, said, header, header_size, size))
		plan->whole = "its structure cannot be trusted";
	for (part = structure->root; part && !plan->whole; part = textform_next(structure, part))
		if (is_sealed(part))
			plan->whole = "it is signed or encrypted";
	if (plan->whole)
		return;
	plan->sections = arena_alloc(arena, TEXTFORM_SECTIONS * sizeof *plan->sections);
	choose(structure, plan);
}
