/* Item: the facts of an event, task, note or contact. */
#include "format/item.h"

#include "base/arena.h"
#include "base/memory.h"
#include "format/calendar.h"
#include "format/fields.h"
#include "format/normal.h"
#include "format/vcard.h"

#include <stdlib.h>
#include <string.h>

#define UID_MOST ((size_t)64 * 1024)

static const struct {
	const char *name;
	enum item_component component;
} components[] = {
	{ "VEVENT", ITEM_EVENT },
	{ "VTODO", ITEM_TODO },
	{ "VJOURNAL", ITEM_JOURNAL },
};

/* What the bytes are without their line ends, where nothing else is known of them. */
static struct digest digest_raw(const char *data, size_t size)
{
	struct digest_run *run = digest_begin();
	const char *end = data + size;

	while (data < end) {
		const char *cr = memchr(data, '\r', (size_t)(end - data));
		const char *stop = cr ? cr : end;
		bool crlf = cr && cr + 1 < end && cr[1] == '\n';

		digest_add(run, data, (size_t)(stop - data) + (cr && !crlf));
		data = cr ? cr + 1 : end;
	}
	return digest_end(run);
}

static char *uid_of(const struct line *line)
{
	return line ? fields_clean(line->value, UID_MOST) : NULL;
}

/* That of the whole, or else of the first instance. */
static void summary_take(const struct part *part, struct item_facts *facts)
{
	const struct line *line = part_line(part, "SUMMARY");

	if (!line || (facts->summary && part_line(part, "RECURRENCE-ID")))
		return;
	free(facts->summary);
	facts->summary = fields_clean(line->value, FIELDS_TEXT_MOST);
}

static bool is_scheduled(const struct part *part)
{
	return part_line(part, "ORGANIZER") || part_line(part, "ATTENDEE");
}

/* ---- iCalendar ---- */

static enum item_component component_of(const struct part *part)
{
	for (size_t i = 0; i < sizeof components / sizeof *components; i++)
		if (slice_is(part->name, components[i].name))
			return components[i].component;
	return 0;
}

/* RFC 4791 4.1: one calendar; in it, besides time zones, components of one type and one UID. */
static const char *calendar_read(const struct part *first, struct item_facts *facts)
{
	const struct line *uid = NULL;
	const char *wrong = NULL;
	bool lacks_uid = false;

	if (!slice_is(first->name, "VCALENDAR"))
		return "it is not iCalendar";
	for (const struct part *part = first->parts; part; part = part->next) {
		enum item_component component = component_of(part);
		const struct line *own = part_line(part, "UID");

		if (!component)
			continue;
		facts->components |= component;
		facts->scheduled = facts->scheduled || is_scheduled(part);
		summary_take(part, facts);
		if (!own || !own->value.size)
			lacks_uid = true;
		else if (!uid)
			uid = own;
		else if (!slice_equal(uid->value, own->value))
			wrong = "it holds several items";
	}
	if (uid && uid->value.size > UID_MOST)
		return "its UID is too long";
	facts->uid = uid_of(uid);
	if (!facts->components)
		return "it holds no event, task or note";
	if (first->next)
		return "it holds several calendars";
	if (facts->components & (facts->components - 1))
		return "it holds items of several kinds";
	if (!facts->uid)
		return "it has no UID";
	return lacks_uid ? "a part of it has no UID" : wrong;
}

/* ---- vCard ---- */

static const char *card_read(const struct part *first, struct item_facts *facts)
{
	const struct line *uid;

	if (!slice_is(first->name, "VCARD"))
		return "it is no vCard";
	facts->components = ITEM_CARD;
	facts->summary = vcard_name(first);
	uid = part_line(first, "UID");
	if (uid && uid->value.size > UID_MOST)
		return "its UID is too long";
	facts->uid = uid_of(uid);
	if (first->next)
		return "it holds several cards";
	return facts->uid ? NULL : "it has no UID";
}

/* The parts of an item, and the facts that need nothing else. */
struct reading {
	struct arena *arena;
	struct lines lines;
	struct part *first;
	bool readable;
};

static void reading_begin(struct reading *reading, const char *data, size_t size, bool card,
			  struct item_facts *facts)
{
	*reading = (struct reading){ .arena = arena_new() };
	*facts = (struct item_facts){ 0 };
	if (size > ITEM_MOST) {
		facts->wrong = "it is too large";
		return;
	}
	reading->readable = lines_read(data, size, &reading->lines) &&
			    parts_make(&reading->lines, reading->arena, &reading->first);
	if (reading->lines.many)
		facts->wrong = "it has too many lines";
	else if (!reading->readable)
		facts->wrong = card ? "it is no vCard, or damaged" : "it is not iCalendar, or damaged";
	else
		facts->wrong = card ? card_read(reading->first, facts) : calendar_read(reading->first, facts);
}

static void reading_end(struct reading *reading)
{
	lines_free(&reading->lines);
	arena_free(reading->arena);
}

void item_read(const char *data, size_t size, bool card, struct item_facts *facts)
{
	struct normal normal = { 0 };
	struct reading reading;

	reading_begin(&reading, data, size, card, facts);
	if (facts->components)
		facts->fields = card ? vcard_fields(reading.first) : calendar_fields(reading.first);
	else
		facts->fields = memory_str("{}");
	if (reading.readable && normal_make(reading.first, card, reading.arena, &normal))
		facts->normal = normal.digest;
	else
		facts->normal = digest_raw(data, size);
	reading_end(&reading);
}

char *item_uid(const char *data, size_t size, bool card)
{
	struct reading reading;
	struct item_facts facts;
	char *uid;

	reading_begin(&reading, data, size, card, &facts);
	uid = facts.uid;
	facts.uid = NULL;
	item_facts_free(&facts);
	reading_end(&reading);
	return uid;
}

void item_facts_free(struct item_facts *facts)
{
	free(facts->uid);
	free(facts->summary);
	free(facts->fields);
	memset(facts, 0, sizeof *facts);
}
