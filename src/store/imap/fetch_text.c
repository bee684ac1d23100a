/* Fetch: text forms.  A message is asked for its structure and its header, together with many others; these
 * decide (format/textform.h) which sections are asked for next, again together with all messages that need
 * the same.  What is to be whole is asked for BODY[TEXT], the header being there.
 *
 * Which message a section is of is known only when the response ends: until then it is held, in memory while
 * it is small.  Whatever does not fit together (a contradiction, a section that does not come, sizes that
 * cannot be) makes the message one that is asked for as a whole. */
#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/str.h"
#include "format/mail.h"
#include "format/textform.h"
#include "store/body.h"
#include "store/imap/fetch.h"
#include "store/imap/structure.h"
#include "store/imap/utf7.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HELD_MOST     ((uint64_t)64 * 1024) /* of a section in memory, and of a header at all */
#define SECTIONS_MOST (2 * TEXTFORM_SECTIONS + 2)
#define HELD_ALL      (2 * TEXT_HELD) /* of reading->held: what comes on top of it is read whole */
#define PIECE         ((size_t)32 * 1024)

static const char rest[] = "BODY.PEEK[TEXT]";

struct text {
	struct arena *arena;
	const struct structure *structure; /* NULL: not told yet */
	struct buf header;                 /* empty: not told yet */
	uint64_t size;                     /* RFC822.SIZE; 0 not told */
	struct textform_plan plan;
	const char *items;                 /* of the second question */
	struct {
		VEC(struct arrived)
	} sections; /* that came to it */
	size_t held;
};

/* ---- sections on their way ----------------------------------------------------------------- */

static void arrived_free(struct arrived *arrived)
{
	free(arrived->name);
	buf_free(&arrived->bytes);
	body_free(arrived->body);
	*arrived = (struct arrived){ 0 };
}

const struct fail *text_begin(void *context, const char *section, uint64_t size)
{
	struct reading *reading = ((const struct batch *)context)->reading;
	struct spool *spool = reading->imap->store.spool;
	struct arrived *arrived;
	const struct fail *f = NULL;

	if (reading->arrived.count == SECTIONS_MOST)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
				 "the server sent more sections than there are");
	arrived = vec_push(&reading->arrived);
	arrived->name = memory_str(section);
	buf_init(&arrived->bytes, HELD_MOST);
	if (!*section)
		f = body_begin(spool, BODY_MAIL, &arrived->body);
	else if (size > HELD_MOST)
		f = body_begin(spool, BODY_BYTES, &arrived->body);
	if (f)
		reading->ended = true;
	return f;
}

const struct fail *text_bytes(void *context, const void *data, size_t size)
{
	struct reading *reading = ((const struct batch *)context)->reading;
	struct arrived *arrived = &reading->arrived.items[reading->arrived.count - 1];
	const struct fail *f = NULL;

	reading->bytes += size;
	if (!arrived->body)
		buf_add(&arrived->bytes, data, size);
	else if (arrived->body->mail)
		f = body_add_wire(arrived->body, data, size);
	else
		f = body_add(arrived->body, data, size);
	if (f)
		reading->ended = true;
	return f;
}

/* What lies in the spool can be read from now on; a message is ended by whoever takes it. */
static const struct fail *arrived_end(struct reading *reading)
{
	const struct fail *f = NULL;

	for (size_t i = 0; i < reading->arrived.count && !f; i++)
		if (reading->arrived.items[i].body && !reading->arrived.items[i].body->mail)
			f = body_end(reading->arrived.items[i].body);
	return f;
}

void text_forget(struct reading *reading)
{
	for (size_t i = 0; i < reading->arrived.count; i++)
		arrived_free(&reading->arrived.items[i]);
	vec_free(&reading->arrived);
}

/* Takes a section out of a list; false if it is not there. */
static bool arrived_take(struct arrived *items, size_t count, const char *name, struct arrived *taken)
{
	for (size_t i = 0; i < count; i++) {
		if (!items[i].name || str_casecmp(items[i].name, name) != 0)
			continue;
		*taken = items[i];
		items[i] = (struct arrived){ 0 };
		return true;
	}
	return false;
}

static uint64_t arrived_size(const struct arrived *arrived)
{
	return arrived->body ? arrived->body->size : arrived->bytes.size;
}

/* Writes a section's bytes, in pieces. */
static const struct fail *arrived_give(void *context, textform_write *write, void *to)
{
	const struct arrived *arrived = context;
	const struct fail *f = NULL;
	uint64_t offset = 0;
	size_t got = 1;
	char *piece;

	if (!arrived->body)
		return arrived->bytes.size ? write(to, arrived->bytes.data, arrived->bytes.size) : NULL;
	piece = memory_alloc(PIECE);
	while (!f && got) {
		f = body_read(arrived->body, offset, piece, PIECE, &got);
		if (!f && got)
			f = write(to, piece, got);
		offset += got;
	}
	free(piece);
	return f;
}

/* ---- one message --------------------------------------------------------------------------- */

static void text_free(struct reading *reading, struct wanted *wanted)
{
	struct text *text = wanted->text;

	if (!text)
		return;
	reading->held -= text->held;
	for (size_t i = 0; i < text->sections.count; i++)
		arrived_free(&text->sections.items[i]);
	vec_free(&text->sections);
	buf_free(&text->header);
	arena_free(text->arena);
	free(text);
	wanted->text = NULL;
}

void text_give_up(struct reading *reading, struct wanted *wanted)
{
	text_free(reading, wanted);
	wanted->want = WANT_WHOLE;
}

/* More of it is held. */
static void text_hold(struct reading *reading, struct text *text, size_t more)
{
	text->held += more;
	reading->held += more;
}

static struct text *text_of(struct wanted *wanted)
{
	if (!wanted->text) {
		wanted->text = memory_alloc(sizeof *wanted->text);
		wanted->text->arena = arena_new();
		buf_init(&wanted->text->header, HELD_MOST);
	}
	return wanted->text;
}

bool text_has_some(const struct wanted *wanted)
{
	const struct text *text = wanted->text;

	return text && (wanted->want == WANT_SECTIONS ? text->sections.count > 0
						      : text->structure || text->header.size);
}

const char *text_items(const struct wanted *wanted)
{
	return wanted->text ? wanted->text->items : NULL;
}

static const struct fail *body_wire(void *context, const void *data, size_t size)
{
	return body_add_wire(context, data, size);
}

/* Where stubs say that the message lies. */
static struct textform_source source_of(const struct reading *reading, const struct wanted *wanted,
					struct arena *arena)
{
	const struct imap_options *options = &reading->imap->options;
	struct textform_source source = {
		.account = options->account,
		.host = options->host,
		.user = options->user,
		.validity = wanted->box->validity,
		.uid = wanted->uid,
	};
	uint32_t port;
	char *mailbox;
	struct buf name;

	source.port = options->port && str_u32(options->port, &port) ? port : 0;
	buf_init(&name, 4096);
	mailbox = arena_str(arena, utf7_decode(&name, wanted->box->name) ? name.data : wanted->box->name);
	for (char *c = mailbox; *c; c++)
		if (*c == wanted->box->delimiter && *c)
			*c = '/';
	source.mailbox = mailbox;
	buf_free(&name);
	return source;
}

/* The message's own print, not that of the file that stands for it. */
static struct print print_of(const struct text *text)
{
	struct mail_scan *scan = mail_scan_begin();
	struct print print;

	mail_scan_add(scan, text->header.data, text->header.size);
	mail_scan_end(scan, text->size, &print, NULL);
	return print;
}

static const struct fail *collect(void *context, const void *data, size_t size)
{
	struct buf *bytes = context;
	size_t room = bytes->limit - bytes->size;

	buf_add(bytes, data, size < room ? size : room);
	return NULL;
}

/* The text of an HTML section; without libxml2 there is none. */
static const struct fail *make(const struct structure_part *part, struct arrived *arrived, struct buf *made)
{
	const struct fail *f, *none;
	struct buf html;

	buf_init(&html, TEXTFORM_HTML);
	f = arrived_give(arrived, collect, &html);
	none = f ? NULL : textform_make(part, html.data, html.size, made);
	if (none)
		log_line(LOG_NORMAL, "HTML is not made into text: %s", none->text);
	buf_free(&html);
	return f;
}

/* ---- composing ----------------------------------------------------------------------------- */

/* All sections are there: `given` and `made` go with those of the plan. */
static const struct fail *compose(struct reading *reading, struct wanted *wanted, struct arrived *given,
				  const struct buf *made, struct body *body)
{
	struct text *text = wanted->text;
	struct textform_source source = source_of(reading, wanted, text->arena);
	struct textform_text *texts =
		arena_alloc(text->arena, (text->plan.count + 1) * sizeof *texts);

	for (size_t i = 0; i < text->plan.count; i++) {
		struct arrived *mime = &given[2 * i], *bytes = &given[2 * i + 1];

		if (text->plan.sections[i].made)
			texts[i] = (struct textform_text){ .body = made[i].size ? made[i].data : NULL,
							   .body_size = made[i].size };
		else
			texts[i] = (struct textform_text){ .mime = mime->bytes.data,
							   .mime_size = mime->bytes.size,
							   .give = arrived_give,
							   .context = bytes };
	}
	return textform_compose(text->structure, &text->plan, &source, text->header.data, text->header.size,
				texts, body_wire, body, text->arena);
}

/* Takes what is needed out of what came; false: not all of it came, or a MIME header is beyond measure. */
static bool sections_take(struct text *text, struct arrived *given)
{
	for (size_t i = 0; i < text->plan.count; i++) {
		const char *section = text->plan.sections[i].part->section;
		const char *mime = arena_printf(text->arena, "%s.MIME", section);

		if (!arrived_take(text->sections.items, text->sections.count, section, &given[2 * i + 1]))
			return false;
		if (text->plan.sections[i].made)
			continue;
		if (!arrived_take(text->sections.items, text->sections.count, mime, &given[2 * i]) ||
		    given[2 * i].body)
			return false;
	}
	return true;
}

static const struct fail *text_done(struct reading *reading, struct wanted *wanted, struct body *body)
{
	struct read *read = wanted->read;

	read->text = true;
	read->body = body;
	read->print = print_of(wanted->text);
	text_free(reading, wanted);
	return hand_on(reading, wanted);
}

/* The text form of what came; a contradiction makes it a message that is asked for as a whole. */
static const struct fail *text_make(struct reading *reading, struct wanted *wanted)
{
	struct text *text = wanted->text;
	size_t count = text->plan.count;
	struct arrived *given = memory_alloc((2 * count + 1) * sizeof *given);
	struct buf *made = memory_alloc((count + 1) * sizeof *made);
	bool all = sections_take(text, given);
	const struct fail *f = NULL;
	struct body *body = NULL;

	for (size_t i = 0; i < count; i++)
		buf_init(&made[i], SIZE_MAX);
	for (size_t i = 0; all && i < count && !f; i++)
		if (text->plan.sections[i].made)
			f = make(text->plan.sections[i].part, &given[2 * i + 1], &made[i]);
	if (!f && all)
		f = body_begin(reading->imap->store.spool, BODY_MAIL, &body);
	if (!f && all)
		f = compose(reading, wanted, given, made, body);
	if (fail_is(f, FAIL_DATA)) {
		log_line(LOG_VERBOSE, "UID %" PRIu32 " is read whole: %s", wanted->uid, f->text);
		all = false;
		f = NULL;
	}
	if (!f && all)
		f = body_end(body);
	for (size_t i = 0; i < count; i++)
		buf_free(&made[i]);
	for (size_t i = 0; i < 2 * count; i++)
		arrived_free(&given[i]);
	free(made);
	free(given);
	if (!f && all)
		return text_done(reading, wanted, body);
	body_free(body);
	if (!f)
		text_give_up(reading, wanted);
	else
		reading->ended = true;
	return f;
}

/* The header and the rest are the message, if their sizes are its size. */
static const struct fail *rest_join(struct reading *reading, struct wanted *wanted, struct arrived *more)
{
	struct text *text = wanted->text;
	const struct fail *f;
	struct body *body = NULL;

	if (text->header.size + arrived_size(more) != text->size) {
		text_give_up(reading, wanted);
		return NULL;
	}
	f = body_begin(reading->imap->store.spool, BODY_MAIL, &body);
	if (!f)
		f = body_add_wire(body, text->header.data, text->header.size);
	if (!f)
		f = arrived_give(more, body_wire, body);
	text_free(reading, wanted);
	if (!f)
		return whole_take(reading, wanted, body);
	body_free(body);
	reading->ended = true;
	return f;
}

/* ---- what came ----------------------------------------------------------------------------- */

/* Structure and header are there: what else is needed? */
static const struct fail *decide(struct reading *reading, struct wanted *wanted)
{
	struct text *text = wanted->text;
	struct buf items;

	textform_plan(text->structure, text->header.data, text->header.size, text->size, text->arena,
		      &text->plan);
	wanted->want = WANT_SECTIONS;
	if (text->plan.whole) {
		/* Nothing but the header is needed any more. */
		arena_free(text->arena);
		text->arena = NULL;
		text->structure = NULL;
		text->items = rest;
		if (text->size == text->header.size)
			return rest_join(reading, wanted, &(struct arrived){ 0 });
		if (text->size < text->header.size)
			text_give_up(reading, wanted);
		return NULL;
	}
	if (!text->plan.count)
		return text_make(reading, wanted);
	buf_init(&items, SIZE_MAX);
	for (size_t i = 0; i < text->plan.count; i++) {
		const struct structure_part *part = text->plan.sections[i].part;

		buf_adds(&items, i ? " " : "");
		if (!text->plan.sections[i].made)
			buf_addf(&items, "BODY.PEEK[%s.MIME] BODY.PEEK[%s]", part->section, part->section);
		else if (part->octets <= TEXTFORM_HTML)
			buf_addf(&items, "BODY.PEEK[%s]", part->section);
		else
			buf_addf(&items, "BODY.PEEK[%s]<0.%" PRIu64 ">", part->section, TEXTFORM_HTML);
	}
	text->items = arena_str(text->arena, items.data);
	buf_free(&items);
	return NULL;
}

static const struct fail *structure_take(struct reading *reading, struct wanted *wanted,
					 const struct fetched *fetched)
{
	struct text *text = text_of(wanted);
	struct arrived header = { 0 };
	bool long_header = false;

	if (fetched->structure && !text->structure)
		text->structure =
			structure_read(text->arena, fetched->structure, strlen(fetched->structure));
	if (fetched->has_size)
		text->size = fetched->size;
	if (arrived_take(reading->arrived.items, reading->arrived.count, "HEADER", &header)) {
		long_header = header.body != NULL;
		buf_clear(&text->header);
		buf_add(&text->header, header.bytes.data, header.bytes.size);
		arrived_free(&header);
	}
	text_hold(reading, text, text->header.size + arena_size(text->arena) - text->held);
	if (long_header || reading->held > HELD_ALL)
		text_give_up(reading, wanted);
	else if (text->structure && text->header.size)
		return decide(reading, wanted);
	return NULL;
}

/* How many sections were asked for? */
static size_t sections_due(const struct text *text)
{
	size_t due = 0;

	if (text->items == rest)
		return 1;
	for (size_t i = 0; i < text->plan.count; i++)
		due += text->plan.sections[i].made ? 1 : 2;
	return due;
}

static const struct fail *sections_add(struct reading *reading, struct wanted *wanted)
{
	struct text *text = wanted->text;
	size_t due = sections_due(text);
	struct arrived more;
	const struct fail *f;

	for (size_t i = 0; i < reading->arrived.count && text->sections.count < due; i++) {
		if (!reading->arrived.items[i].name)
			continue;
		*vec_push(&text->sections) = reading->arrived.items[i];
		text_hold(reading, text, reading->arrived.items[i].bytes.size);
		reading->arrived.items[i] = (struct arrived){ 0 };
	}
	if (text->sections.count < due) {
		if (reading->held > HELD_ALL)
			text_give_up(reading, wanted);
		return NULL;
	}
	if (text->items != rest)
		return text_make(reading, wanted);
	if (!arrived_take(text->sections.items, text->sections.count, "TEXT", &more)) {
		text_give_up(reading, wanted);
		return NULL;
	}
	f = rest_join(reading, wanted, &more);
	arrived_free(&more);
	return f;
}

const struct fail *text_take(struct reading *reading, struct wanted *wanted, const struct fetched *fetched)
{
	const struct fail *f = arrived_end(reading);
	struct arrived whole;
	struct body *body;

	if (f) {
		reading->ended = true;
		return f;
	}
	if (wanted->want == WANT_STRUCTURE) {
		fetched_note(reading, wanted, fetched);
		f = structure_take(reading, wanted, fetched);
	} else if (wanted->want == WANT_SECTIONS) {
		f = sections_add(reading, wanted);
	} else if (arrived_take(reading->arrived.items, reading->arrived.count, "", &whole)) {
		fetched_note(reading, wanted, fetched);
		body = whole.body;
		whole.body = NULL;
		arrived_free(&whole);
		f = whole_take(reading, wanted, body);
	}
	text_forget(reading);
	return f;
}
