/* Fetch: text forms (format/textform.h).  What is to be whole is asked for BODY[TEXT], the header being
 * there; of what is not, the sections that the plan names. */
#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/str.h"
#include "format/mail.h"
#include "store/body.h"
#include "store/imap/fetch.h"
#include "store/imap/utf7.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SIZES_WRONG 3 /* messages whose parts did not add up: then their size is not believed any more */

static const char rest[] = "BODY.PEEK[TEXT]";

static const struct fail *body_wire(void *context, const void *data, size_t size)
{
	return body_add_wire(context, data, size);
}

/* ---- whole messages ------------------------------------------------------------------------ */

/* The header and the rest are the message, if their sizes are its size. */
static const struct fail *rest_join(struct reading *reading, struct wanted *wanted, struct section *more)
{
	struct text *text = wanted->text;
	const struct fail *f;
	struct body *body = NULL;

	if (text->header.size + section_size(more) != text->size) {
		reading->imap->sizes_wrong++;
		return text_give_up(reading, wanted, "its header and text are not of its size");
	}
	f = body_begin(reading->imap->store.spool, BODY_MAIL, &body);
	if (!f)
		f = body_add_wire(body, text->header.data, text->header.size);
	if (!f)
		f = section_give(more, body_wire, body);
	text_free(reading, wanted);
	if (!f)
		return whole_take(reading, wanted, body);
	body_free(body);
	reading->ended = true;
	return f;
}

static const struct fail *rest_take(struct reading *reading, struct wanted *wanted)
{
	struct section more;
	const struct fail *f;

	if (!sections_take(&wanted->text->sections, "TEXT", &more))
		return text_give_up(reading, wanted, "the server gave something else than its text");
	f = rest_join(reading, wanted, &more);
	section_free(&more);
	return f;
}

/* Nothing but the header is needed any more. */
static const struct fail *whole_decide(struct reading *reading, struct wanted *wanted)
{
	struct text *text = wanted->text;

	/* QUIRK(exchange): RFC822.SIZE is an estimate. */
	if (reading->imap->sizes_wrong >= SIZES_WRONG)
		return text_give_up(reading, wanted, text->plan.whole);
	arena_free(text->arena);
	text->arena = NULL;
	text->structure = NULL;
	text->items = rest;
	text->due = 1;
	if (text->size == text->header.size)
		return rest_join(reading, wanted, &(struct section){ 0 });
	if (text->size < text->header.size)
		return text_give_up(reading, wanted, "its size is not told, or wrong");
	return NULL;
}

/* ---- composing ----------------------------------------------------------------------------- */

/* Where stubs say that the message lies. */
static struct textform_source source_of(const struct reading *reading, const struct wanted *wanted)
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
	mailbox = arena_str(wanted->text->arena,
			    utf7_decode(&name, wanted->box->name) ? name.data : wanted->box->name);
	for (char *c = mailbox; *c; c++)
		if (*c == wanted->box->delimiter)
			*c = '/';
	source.mailbox = mailbox;
	buf_free(&name);
	return source;
}

struct print text_print(const struct text *text)
{
	struct mail_scan *scan = mail_scan_begin();
	struct print print;

	mail_scan_add(scan, text->header.data, text->header.size);
	mail_scan_end(scan, text->size, &print, NULL);
	return print;
}

/* What was fetched for the plan's sections. */
struct given {
	struct section mime, bytes;
	struct buf made;
};

/* Takes what is needed out of what came; false: not all of it came, or less than there is. */
static bool given_take(struct text *text, struct given *given)
{
	for (size_t i = 0; i < text->plan.count; i++) {
		const struct structure_part *part = text->plan.sections[i].part;
		const char *mime = arena_printf(text->arena, "%s.MIME", part->section);
		bool made = text->plan.sections[i].made;
		uint64_t least = made && part->octets > TEXTFORM_HTML ? TEXTFORM_HTML : part->octets;

		if (!sections_take(&text->sections, part->section, &given[i].bytes) ||
		    section_size(&given[i].bytes) < least)
			return false;
		if (!made && (!sections_take(&text->sections, mime, &given[i].mime) || given[i].mime.body))
			return false;
	}
	return true;
}

static const struct fail *html_add(void *context, const void *data, size_t size)
{
	struct buf *html = context;
	size_t room = html->limit - html->size;

	buf_add(html, data, size < room ? size : room);
	return NULL;
}

/* The text of an HTML section. */
static const struct fail *html_make(const struct structure_part *part, struct given *given)
{
	const struct fail *f;
	struct buf html;

	buf_init(&html, TEXTFORM_HTML);
	f = section_give(&given->bytes, html_add, &html);
	if (!f)
		f = textform_make(part, html.data, html.size, &given->made);
	buf_free(&html);
	return f;
}

/* All sections are there, and the texts that were made. */
static const struct fail *compose(struct reading *reading, struct wanted *wanted, struct given *given,
				  struct body *body)
{
	struct text *text = wanted->text;
	struct textform_source source = source_of(reading, wanted);
	struct textform_text *texts = arena_alloc(text->arena, (text->plan.count + 1) * sizeof *texts);

	for (size_t i = 0; i < text->plan.count; i++) {
		if (text->plan.sections[i].made)
			texts[i] = (struct textform_text){
				.body = given[i].made.size ? given[i].made.data : NULL,
				.body_size = given[i].made.size,
			};
		else
			texts[i] = (struct textform_text){
				.mime = given[i].mime.bytes.data,
				.mime_size = given[i].mime.bytes.size,
				.give = section_give,
				.context = &given[i].bytes,
			};
	}
	return textform_compose(text->structure, &text->plan, &source, text->header.data, text->header.size,
				texts, body_wire, body, text->arena);
}

/* Would it be known again, without any state, as what it is?  One that is not must never lie on disk. */
static bool is_known(const struct reading *reading, const struct wanted *wanted, const struct body *body)
{
	const struct textform_mark *mark = body->mark;
	struct print print = text_print(wanted->text);

	return mark && strcmp(mark->account, reading->imap->options.account) == 0 &&
	       mark->validity == wanted->box->validity && mark->uid == wanted->uid &&
	       digest_equal(&mark->head, &print.head);
}

static const struct fail *form_make(struct reading *reading, struct wanted *wanted, struct given *given,
				    struct body **body)
{
	const struct textform_plan *plan = &wanted->text->plan;
	const struct fail *f = NULL;

	if (!given_take(wanted->text, given))
		return fail_make(FAIL_DATA, FAIL_ITEM, "its parts are not what its structure says");
	for (size_t i = 0; i < plan->count && !f; i++)
		if (plan->sections[i].made)
			f = html_make(plan->sections[i].part, &given[i]);
	/* Without libxml2 nobody could read it. */
	if (fail_is(f, FAIL_SYSTEM) && f->scope == FAIL_ALL)
		return fail_make(FAIL_DATA, FAIL_ITEM, "its HTML is not made into text: %s", f->text);
	if (!f)
		f = body_begin(reading->imap->store.spool, BODY_MAIL, body);
	if (!f)
		f = compose(reading, wanted, given, *body);
	if (!f)
		f = body_end(*body);
	if (!f && !is_known(reading, wanted, *body))
		f = fail_make(FAIL_DATA, FAIL_ITEM, "its text form would not be known for one");
	return f;
}

/* All sections of the plan are there. */
static const struct fail *plan_make(struct reading *reading, struct wanted *wanted)
{
	struct read *read = wanted->read;
	size_t count = wanted->text->plan.count;
	struct given *given = memory_alloc((count + 1) * sizeof *given);
	const struct fail *f;
	struct body *body = NULL;

	for (size_t i = 0; i < count; i++)
		buf_init(&given[i].made, SIZE_MAX);
	f = form_make(reading, wanted, given, &body);
	for (size_t i = 0; i < count; i++) {
		section_free(&given[i].mime);
		section_free(&given[i].bytes);
		buf_free(&given[i].made);
	}
	free(given);
	if (!f) {
		read->text = true;
		read->body = body;
		read->print = text_print(wanted->text);
		text_free(reading, wanted);
		return hand_on(reading, wanted);
	}
	body_free(body);
	if (fail_is(f, FAIL_DATA))
		return text_give_up(reading, wanted, f->text);
	reading->ended = true;
	return f;
}

/* ---- the two steps ------------------------------------------------------------------------- */

const struct fail *text_decide(struct reading *reading, struct wanted *wanted)
{
	struct text *text = wanted->text;
	struct buf items;

	textform_plan(text->structure, text->header.data, text->header.size, text->size, text->arena,
		      &text->plan);
	wanted->want = WANT_SECTIONS;
	if (text->plan.whole)
		return whole_decide(reading, wanted);
	if (!text->plan.count)
		return plan_make(reading, wanted);
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
		text->due += text->plan.sections[i].made ? 1 : 2;
	}
	text->items = arena_str(text->arena, items.data);
	buf_free(&items);
	return NULL;
}

const struct fail *text_make(struct reading *reading, struct wanted *wanted)
{
	return wanted->text->items == rest ? rest_take(reading, wanted) : plan_make(reading, wanted);
}
