/* Fetch: one section of a message, as an entity: a header that says what it is, an empty line, the bytes as
 * they were sent. */
#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "format/structure.h"
#include "store/body.h"
#include "store/imap/fetch.h"

#include <inttypes.h>
#include <string.h>

/* ---- which one ----------------------------------------------------------------------------- */

static const struct structure_part *part_of(const struct structure *structure, const char *section)
{
	const struct structure_part *part = structure->root;

	while (part && strcmp(part->section, section) != 0)
		part = structure_next(structure->root, part);
	return part;
}

/* Where its header is, as a section; NULL: the message's own says it.  A message that is a single part has a
 * header, but none of that part (RFC 3501 6.4.5). */
static const char *header_of(const struct text *text)
{
	const struct structure_part *part = text->part, *parent = part->parent;

	if (!parent)
		return NULL;
	if (structure_is(parent, "message", NULL))
		return arena_printf(text->arena, "%s.HEADER", parent->section);
	return arena_printf(text->arena, "%s.MIME", part->section);
}

const struct fail *part_decide(struct reading *reading, struct wanted *wanted)
{
	struct text *text = wanted->text;
	const char *section = wanted->read->section, *header;

	text->part = part_of(text->structure, section);
	if (!text->part || !*section) {
		bool known = !text->structure->broken && !text->structure->cut;

		return text_give_up(reading, wanted,
				    arena_printf(reading->arena, "the message has no part %s%s", section,
						 known ? "" : ", as far as the server tells its parts"));
	}
	header = header_of(text);
	text->due = header ? 2 : 1;
	text->items = header ? arena_printf(text->arena, "BODY.PEEK[%s] BODY.PEEK[%s]", header, section)
			     : arena_printf(text->arena, "BODY.PEEK[%s]", section);
	wanted->want = WANT_SECTIONS;
	return NULL;
}

/* ---- composing ----------------------------------------------------------------------------- */

/* Adds bytes to the entity.  Lines end in it as they end on disk, but what is binary stays as it is. */
static const struct fail *entity_add(void *context, const void *data, size_t size)
{
	struct body *body = context;

	return body->mail ? body_add_wire(body, data, size) : body_add(body, data, size);
}

static enum body_form form_of(const struct structure_part *part)
{
	return strcmp(part->encoding, "binary") == 0 ? BODY_BYTES : BODY_MAIL;
}

/* The fields of a header that say what its body is, without the empty line. */
static const struct fail *content_add(struct body *body, const char *header, size_t size)
{
	const char *end = header + size;
	const struct fail *f = NULL;
	bool content = false;

	for (const char *next = header; next < end && !f;) {
		const char *lf = memchr(next, '\n', (size_t)(end - next));
		const char *stop = lf ? lf + 1 : end;

		if (*next != ' ' && *next != '\t')
			content = end - next > 8 && str_ncasecmp(next, "Content-", 8) == 0;
		if (content)
			f = entity_add(body, next, (size_t)(stop - next));
		if (content && !lf && !f)
			f = entity_add(body, "\r\n", 2);
		next = stop;
	}
	return f;
}

static const struct fail *entity_fill(const struct buf *header, struct section *bytes, struct body *body)
{
	const struct fail *f = content_add(body, header->data, header->size);

	if (!f)
		f = entity_add(body, "\r\n", 2);
	if (!f)
		f = section_give(bytes, entity_add, body);
	return f ? f : body_end(body);
}

/* Why what came cannot be the part; NULL it can. */
static const char *wrong(const struct text *text, const struct section *mime, const struct section *bytes)
{
	if (mime->body)
		return "the part's header is too long";
	if (!section_size(bytes) && text->part->octets)
		return "the server does not give this part";
	return NULL;
}

const struct fail *part_make(struct reading *reading, struct wanted *wanted)
{
	struct text *text = wanted->text;
	const char *section = text->part->section, *why = "the server gives another part";
	struct section mime = { 0 }, bytes = { 0 };
	const char *header = header_of(text);
	const struct fail *f = NULL;
	struct body *body = NULL;

	if (sections_take(&text->sections, section, &bytes) &&
	    (!header || sections_take(&text->sections, header, &mime)))
		why = wrong(text, &mime, &bytes);
	if (!why && section_size(&bytes) != text->part->octets)
		log_line(LOG_VERBOSE, "UID %" PRIu32 ": part %s has %" PRIu64 " bytes, not %" PRIu64,
			 wanted->uid, section, section_size(&bytes), text->part->octets);
	if (!why)
		f = body_begin(reading->imap->store.spool, form_of(text->part), &body);
	if (!why && !f)
		f = entity_fill(header ? &mime.bytes : &text->header, &bytes, body);
	section_free(&mime);
	section_free(&bytes);
	if (why)
		return text_give_up(reading, wanted, why);
	if (f) {
		body_free(body);
		reading->ended = true;
		return f;
	}
	wanted->read->body = body;
	wanted->read->print = text_print(text);
	text_free(reading, wanted);
	return hand_on(reading, wanted);
}
