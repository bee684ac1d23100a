/* The text form of a message whose bytes are at hand. */
#ifndef KOC_TESTS_TEXTFORM_MAKE_H
#define KOC_TESTS_TEXTFORM_MAKE_H

#include "base/arena.h"
#include "base/buf.h"
#include "format/mime.h"
#include "format/textform.h"

static const struct textform_source textform_source = {
	.account = "test", .host = "mail.example.com", .port = 993, .user = "jane@example.com",
	.mailbox = "Work/Projekt \xc3\x84", .validity = 1700000000, .uid = 4711,
};

static inline struct structure *structure_of(struct arena *arena, const char *message, size_t size)
{
	struct structure *structure = structure_new(arena);
	struct mime *mime = mime_begin(structure);

	mime_add(mime, message, size);
	mime_end(mime);
	return structure;
}

static inline const struct fail *textform_add(void *context, const void *data, size_t size)
{
	buf_add(context, data, size);
	return NULL;
}

/* Plans, and composes into `out` unless the message is to be fetched whole: then plan->whole says why.  What
 * lies in the plan lies in the arena. */
static inline void textform_of(const char *message, size_t size, struct arena *arena, struct textform_plan *plan,
			struct buf *out)
{
	const struct structure *structure = structure_of(arena, message, size);
	size_t header = (size_t)structure->root->body_at;
	struct textform_text texts[TEXTFORM_SECTIONS] = { 0 };
	const struct fail *f = NULL;
	struct buf made[TEXTFORM_SECTIONS];

	textform_plan(structure, message, header, size, arena, plan);
	if (plan->whole)
		return;
	for (size_t i = 0; i < plan->count; i++) {
		const struct structure_part *part = plan->sections[i].part;
		const char *body = message + part->body_at;
		size_t body_size = (size_t)(part->end_at - part->body_at);

		buf_init(&made[i], SIZE_MAX);
		texts[i].body = body;
		texts[i].body_size = body_size;
		if (!plan->sections[i].made) {
			texts[i].mime = message + part->header_at;
			texts[i].mime_size = (size_t)(part->body_at - part->header_at);
			continue;
		}
		if (!f)
			f = textform_make(part, body, body_size, &made[i]);
		texts[i].body = made[i].size ? made[i].data : NULL;
		texts[i].body_size = made[i].size;
	}
	if (!f)
		f = textform_compose(structure, plan, &textform_source, message, header, texts, textform_add,
				     out, arena);
	for (size_t i = 0; i < plan->count; i++)
		buf_free(&made[i]);
	if (f)
		plan->whole = f->text;
}

#endif
