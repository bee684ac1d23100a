/* Fetch: messages that are asked for in two steps.  The structure and the header of many messages come first;
 * these decide which sections are asked for next, again together for all messages that need the same.
 *
 * Which message a section is of is known only when the response ends: until then it is held.  Whatever does
 * not fit together (a contradiction, a section that does not come, sizes that cannot be) ends in
 * text_give_up. */
#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/body.h"
#include "store/imap/fetch.h"
#include "store/imap/structure.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HELD_AIM  ((size_t)8 << 20)  /* of reading->held: as much is asked for as should fill it */
#define HELD_MOST ((size_t)12 << 20) /* what is beyond it is dropped, and asked for again later */
#define HELD_ONE  ((size_t)3 << 20)  /* what one message may take of it */
#define FIRST     ((size_t)500)      /* structures in a flight, until it is known how large they are */
#define ROOM_MOST ((size_t)4000)

/* ---- sections on their way ----------------------------------------------------------------- */

/* More than a message can be asked for at once: textform.h; two of each, and what was asked for first. */
#define SECTIONS_MOST (2 * TEXTFORM_SECTIONS + 2)

const struct fail *text_begin(void *context, const char *section, uint64_t size)
{
	struct reading *reading = ((const struct batch *)context)->reading;
	const struct fail *f;

	if (reading->arrived.count == SECTIONS_MOST)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "the server sent more sections than there are");
	f = sections_begin(&reading->arrived, reading->imap->store.spool, section, size);
	if (f)
		reading->ended = true;
	return f;
}

const struct fail *text_bytes(void *context, const void *data, size_t size)
{
	struct reading *reading = ((const struct batch *)context)->reading;
	const struct fail *f = sections_add(&reading->arrived, data, size);

	reading->bytes += size;
	if (f)
		reading->ended = true;
	return f;
}

/* ---- one message --------------------------------------------------------------------------- */

static struct text *text_of(struct wanted *wanted)
{
	if (!wanted->text) {
		wanted->text = memory_alloc(sizeof *wanted->text);
		wanted->text->arena = arena_new();
		buf_init(&wanted->text->header, SECTION_MOST);
	}
	return wanted->text;
}

/* Counts what is held of it now. */
static void text_hold(struct reading *reading, struct text *text)
{
	size_t held = sizeof *text + text->header.room + (size_t)text->sections.held +
		      (text->arena ? arena_size(text->arena) : 0);

	reading->held += held - text->held;
	text->held = held;
}

void text_free(struct reading *reading, struct wanted *wanted)
{
	struct text *text = wanted->text;

	if (!text)
		return;
	reading->held -= text->held;
	sections_free(&text->sections);
	buf_free(&text->header);
	arena_free(text->arena);
	free(text);
	wanted->text = NULL;
}

const struct fail *text_give_up(struct reading *reading, struct wanted *wanted, const char *why)
{
	text_free(reading, wanted);
	if (wanted->read->part == PART_SECTION) {
		wanted->read->fail = fail_make(FAIL_DATA, FAIL_ITEM, "%s", why);
		return hand_on(reading, wanted);
	}
	log_line(LOG_VERBOSE, "UID %" PRIu32 " is read whole: %s", wanted->uid, why);
	wanted->want = WANT_WHOLE;
	return NULL;
}

bool text_has_some(const struct wanted *wanted)
{
	const struct text *text = wanted->text;

	return text && (wanted->want == WANT_SECTIONS ? text->sections.count > 0
						      : text->structure || text->header.size);
}

size_t text_room(const struct reading *reading)
{
	const struct imap *imap = reading->imap;
	size_t room = FIRST;

	if (reading->held >= HELD_AIM)
		return 0;
	if (imap->told.count)
		room = (HELD_AIM - reading->held) / (imap->told.bytes / imap->told.count + 1) + 1;
	return room < ROOM_MOST ? room : ROOM_MOST;
}

/* ---- the first step ------------------------------------------------------------------------ */

static const struct fail *header_add(void *context, const void *data, size_t size)
{
	buf_add(context, data, size);
	return NULL;
}

static const struct fail *structure_take(struct reading *reading, struct wanted *wanted,
					 const struct fetched *fetched)
{
	struct text *text = text_of(wanted);
	struct section header = { 0 };
	const struct fail *f = NULL;
	bool beyond = false;

	if (fetched->structure && !text->structure)
		text->structure = structure_read(text->arena, fetched->structure, strlen(fetched->structure));
	if (fetched->has_size)
		text->size = fetched->size;
	if (sections_take(&reading->arrived, "HEADER", &header)) {
		buf_clear(&text->header);
		beyond = section_size(&header) > SECTION_MOST;
		if (!beyond)
			f = section_give(&header, header_add, &text->header);
	}
	section_free(&header);
	text_hold(reading, text);
	if (f) {
		reading->ended = true;
		return f;
	}
	if (beyond || text->held > HELD_ONE)
		return text_give_up(reading, wanted, "its header or structure is too long");
	if (reading->held > HELD_MOST) {
		text_free(reading, wanted);
		wanted->later = true;
		return NULL;
	}
	if (!text->structure || !text->header.size)
		return NULL;
	f = wanted->read->part == PART_TEXT ? text_decide(reading, wanted) : part_decide(reading, wanted);
	reading->imap->told.count++;
	if (wanted->text) {
		text_hold(reading, wanted->text);
		reading->imap->told.bytes += wanted->text->held;
	}
	return f;
}

/* ---- the second step ----------------------------------------------------------------------- */

static const struct fail *sections_took(struct reading *reading, struct wanted *wanted)
{
	struct text *text = wanted->text;

	sections_move(&reading->arrived, &text->sections, text->due);
	text_hold(reading, text);
	if (text->sections.count == text->due)
		return wanted->read->part == PART_TEXT ? text_make(reading, wanted)
						       : part_make(reading, wanted);
	/* Sections of one message in several responses, of many at a time: nothing that a server does. */
	if (reading->held > HELD_MOST + HELD_ONE)
		return text_give_up(reading, wanted, "its parts came in too many pieces");
	return NULL;
}

/* The whole message after all. */
static const struct fail *whole_arrived(struct reading *reading, struct wanted *wanted,
					const struct fetched *fetched)
{
	struct section whole;
	struct body *body;

	if (!sections_take(&reading->arrived, "", &whole))
		return NULL;
	body = whole.body;
	whole.body = NULL;
	section_free(&whole);
	fetched_note(reading, wanted, fetched);
	return whole_take(reading, wanted, body);
}

const struct fail *text_take(struct reading *reading, struct wanted *wanted, const struct fetched *fetched)
{
	const struct fail *f = sections_end(&reading->arrived);

	if (f) {
		reading->ended = true;
		return f;
	}
	switch (wanted->want) {
	case WANT_STRUCTURE:
		fetched_note(reading, wanted, fetched);
		if (!wanted->later)
			f = structure_take(reading, wanted, fetched);
		break;
	case WANT_SECTIONS:
		f = sections_took(reading, wanted);
		break;
	case WANT_WHOLE:
		f = whole_arrived(reading, wanted, fetched);
		break;
	case WANT_PRINT:
		break;
	}
	sections_free(&reading->arrived);
	return f;
}
