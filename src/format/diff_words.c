/* Diff: the names of things, and values as people say them. */
#include "format/diff_room.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "format/canon.h"
#include "format/rule_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MOST   ((size_t)64 * 1024)
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* In the order in which people look for them. */
static const struct {
	const char *label, *words;
} names[] = {
	{ "SUMMARY", "Summary" },
	{ "FN", "Name" },
	{ "N", "Name in parts" },
	{ "NICKNAME", "Nickname" },
	{ "DTSTART", "Start" },
	{ "DTEND", "End" },
	{ "DURATION", "Duration" },
	{ "DUE", "Due" },
	{ "RECURRENCE-ID", "Occurrence" },
	{ "RRULE", "Repeats" },
	{ "RDATE", "Also on" },
	{ "EXDATE", "Not on" },
	{ "EXRULE", "Does not repeat" },
	{ "TRIGGER", "Time" },
	{ "LOCATION", "Location" },
	{ "STATUS", "Status" },
	{ "COMPLETED", "Completed" },
	{ "PERCENT-COMPLETE", "Percent done" },
	{ "PRIORITY", "Priority" },
	{ "ORGANIZER", "Organizer" },
	{ "ATTENDEE", "Attendee" },
	{ "TEL", "Phone" },
	{ "EMAIL", "Email" },
	{ "ADR", "Address" },
	{ "LABEL", "Address label" },
	{ "IMPP", "Chat" },
	{ "ORG", "Organization" },
	{ "TITLE", "Title" },
	{ "ROLE", "Role" },
	{ "BDAY", "Birthday" },
	{ "ANNIVERSARY", "Anniversary" },
	{ "GENDER", "Gender" },
	{ "MEMBER", "Member" },
	{ "DESCRIPTION", "Description" },
	{ "NOTE", "Note" },
	{ "COMMENT", "Comment" },
	{ "CATEGORIES", "Category" },
	{ "CLASS", "Access" },
	{ "TRANSP", "Shown as" },
	{ "URL", "Web page" },
	{ "CONTACT", "Contact" },
	{ "RESOURCES", "Resource" },
	{ "ATTACH", "Attachment" },
	{ "RELATED-TO", "Related to" },
	{ "GEO", "Position" },
	{ "ACTION", "Action" },
	{ "REPEAT", "Repeated" },
	{ "PHOTO", "Picture" },
	{ "LOGO", "Logo" },
	{ "SOUND", "Sound" },
	{ "KEY", "Key" },
	{ "KIND", "Kind" },
	{ "CREATED", "Created" },
	{ "SEQUENCE", "Revision number" },
	{ "TZID", "Time zone" },
};

size_t diff_rank(const char *label)
{
	size_t i = 0;

	while (i < COUNT(names) && strcmp(names[i].label, label) != 0)
		i++;
	return i;
}

/* ---- values ----------------------------------------------------------------------------------- */

static bool param_of(const struct normal_entry *entry, const char *name, struct slice *value)
{
	const struct line line = { .params = { entry->params, strlen(entry->params) } };
	struct slice values;

	return param_find(&line, name, &values) && param_value(&values, value);
}

static void add_lower(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];

		buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
	}
}

/* "2 hours 30 minutes". */
static void add_seconds(struct buf *out, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *one, *many;
	} units[] = {
		{ 86400, "day", "days" },
		{ 3600, "hour", "hours" },
		{ 60, "minute", "minutes" },
		{ 1, "second", "seconds" },
	};
	const char *between = "";

	for (size_t i = 0; i < COUNT(units); i++) {
		uint64_t count = seconds / units[i].seconds;

		if (!count && (seconds || i + 1 < COUNT(units)))
			continue;
		if (!count && *between)
			break;
		buf_addf(out, "%s%" PRIu64 " %s", between, count, count == 1 ? units[i].one : units[i].many);
		seconds %= units[i].seconds;
		between = " ";
		if (!seconds)
			break;
	}
}

static void add_duration(struct buf *out, const struct normal_entry *entry)
{
	struct slice related;
	bool end = param_of(entry, "RELATED", &related) && slice_is(related, "END");
	uint64_t seconds;
	bool minus;

	if (!canon_seconds(entry->value, &seconds, &minus)) {
		buf_add(out, entry->value.at, entry->value.size);
	} else if (strcmp(entry->label, "TRIGGER") != 0) {
		buf_adds(out, minus ? "minus " : "");
		add_seconds(out, seconds);
	} else if (!seconds) {
		buf_adds(out, end ? "at the end" : "at the start");
	} else {
		add_seconds(out, seconds);
		buf_addf(out, " %s the %s", minus ? "before" : "after", end ? "end" : "start");
	}
}

/* A time on the user's clock. */
static void add_time(struct buf *out, struct diff_side *side, const struct normal_entry *entry)
{
	struct slice tzid = { 0 };
	struct moment moment;
	char text[MOMENT_TEXT];

	if (!moment_read(entry->value, &moment)) {
		buf_add(out, entry->value.at, entry->value.size);
		return;
	}
	if (moment.kind == MOMENT_LOCAL && param_of(entry, "TZID", &tzid)) {
		if (!side->zones)
			side->zones = ical_zones_new(side->first->parts);
		ical_to_utc(side->zones, tzid, &moment);
	}
	if (moment.kind == MOMENT_UTC && moment_usual(moment)) {
		clock_text(moment.seconds, text);
		buf_adds(out, text);
		return;
	}
	if (moment.kind == MOMENT_DATE && strcmp(entry->label, "DTEND") == 0)
		moment.seconds -= 86400; /* RFC 5545 3.6.1: it ends before that day */
	moment_text(moment, text);
	if (moment.kind != MOMENT_DATE)
		text[strlen(text) - 3] = '\0'; /* without its seconds */
	buf_adds(out, text);
	if (moment.kind == MOMENT_DATE)
		buf_adds(out, " (all day)");
	else if (tzid.size)
		buf_addf(out, " (%.*s)", (int)(tzid.size < 60 ? tzid.size : 60), tzid.at);
	else if (moment.kind == MOMENT_UTC)
		buf_adds(out, " (UTC)");
}

/* "Doe; Jane;;": its pieces that are not empty, with commas between. */
static void add_pieces(struct buf *out, struct slice value)
{
	struct slice piece;
	bool any = false;

	while (slice_cut(&value, ';', &piece)) {
		if (!piece.size)
			continue;
		buf_adds(out, any ? ", " : "");
		canon_unescape(out, piece);
		any = true;
	}
}

static void add_address(struct buf *out, const struct normal_entry *entry)
{
	struct slice name, address = entry->value;

	if (slice_starts(address, "mailto:"))
		address = (struct slice){ address.at + 7, address.size - 7 };
	if (param_of(entry, "CN", &name) && name.size && !slice_like(name, address)) {
		buf_add(out, name.at, name.size);
		buf_adds(out, " <");
		buf_add(out, address.at, address.size);
		buf_addc(out, '>');
	} else {
		buf_add(out, address.at, address.size);
	}
}

/* "12345 bytes, SHA-256 0a1b2c3d…" */
static void add_hashed(struct buf *out, struct slice value)
{
	size_t shown = value.size > 56 ? value.size - 56 : value.size;

	buf_add(out, value.at, shown);
	buf_adds(out, "…");
}

static void add_value(struct buf *out, struct diff_side *side, const struct normal_entry *entry, bool card)
{
	struct slice type;
	const struct line line = { .name = { entry->label, strlen(entry->label) },
				   .params = { entry->params, strlen(entry->params) },
				   .value = entry->value };

	if (entry->hashed) {
		add_hashed(out, entry->value);
		return;
	}
	switch (property_shape(entry->property, &line, card)) {
	case SHAPE_TEXT:
	case SHAPE_TEXTS:
		canon_unescape(out, entry->value);
		return;
	case SHAPE_PARTS:
		add_pieces(out, entry->value);
		return;
	case SHAPE_WORD:
		add_lower(out, entry->value);
		return;
	case SHAPE_TIME:
	case SHAPE_TIMES:
		if (!card && !(param_of(entry, "VALUE", &type) && slice_is(type, "PERIOD")))
			add_time(out, side, entry);
		else
			buf_add(out, entry->value.at, entry->value.size);
		return;
	case SHAPE_DURATION:
		add_duration(out, entry);
		return;
	case SHAPE_RULE:
		rule_words(out, entry->value);
		return;
	case SHAPE_ADDRESS:
		add_address(out, entry);
		return;
	case SHAPE_PLAIN:
	case SHAPE_NUMBER:
	case SHAPE_BINARY:
		buf_add(out, entry->value.at, entry->value.size);
		return;
	}
}

/* ---- parameters ------------------------------------------------------------------------------- */

/* Those that the value's text does not show already. */
static void add_params(struct buf *out, const struct normal_entry *entry)
{
	static const char *const shown[] = { "TZID", "VALUE", "CN", "ENCODING", "CHARSET", "RELATED" };
	static const char *const words[] = { "TYPE", "PARTSTAT", "ROLE", "CUTYPE", "RELTYPE", "LANGUAGE" };
	struct slice rest = { entry->params, strlen(entry->params) }, name, values;
	const char *between = "";

	while (param_next(&rest, &name, &values)) {
		bool skip = false, word = false;

		for (size_t i = 0; i < COUNT(shown); i++)
			skip |= slice_is(name, shown[i]);
		for (size_t i = 0; i < COUNT(words); i++)
			word |= slice_is(name, words[i]);
		if (skip)
			continue;
		buf_adds(out, between);
		if (!word) {
			add_lower(out, name);
			buf_addc(out, '=');
		}
		add_lower(out, values);
		between = ", ";
	}
}

static const char *kept(struct arena *arena, struct buf *text)
{
	const char *copy;

	for (size_t i = 0; i < text->size; i++) /* it becomes a string */
		if (!text->data[i])
			text->data[i] = ' ';
	copy = arena_strn(arena, text->data, text->size);
	buf_clear(text);
	return copy;
}

/* ---- fields ----------------------------------------------------------------------------------- */

static bool all_equal(const char *const texts[DIFF_VERSIONS])
{
	const char *first = NULL;

	for (int v = 0; v < DIFF_VERSIONS; v++) {
		if (!texts[v])
			continue;
		if (first && strcmp(first, texts[v]) != 0)
			return false;
		first = texts[v];
	}
	return true;
}

/* Server and local differ, but what is shown of them does not (the zone that a time is in): as it stands
 * there, too. */
static void show_raw(const struct diff_field *field, const struct diff_side sides[DIFF_VERSIONS],
		     const char *full[DIFF_VERSIONS], struct arena *arena)
{
	const char *a = full[sides[DIFF_SERVER].there ? DIFF_SERVER : DIFF_BASE];
	const char *b = full[sides[DIFF_LOCAL].there ? DIFF_LOCAL : DIFF_BASE];

	if (!a || !b || a == b || strcmp(a, b) != 0)
		return;
	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (full[v])
			full[v] = arena_printf(
				arena, "%s [%s:%.*s]", full[v], field->entry[v]->params,
				(int)(field->entry[v]->value.size < 200 ? field->entry[v]->value.size : 200),
				field->entry[v]->value.at);
}

void diff_words(struct diff_field *field, const char *prefix, struct diff_side sides[DIFF_VERSIONS],
		bool card, struct arena *arena)
{
	const char *full[DIFF_VERSIONS] = { NULL }, *params[DIFF_VERSIONS] = { NULL };
	const struct normal_entry *any = NULL;
	const char *name, *of = "";
	bool same;
	struct buf text;
	size_t rank;

	buf_init(&text, 2 * VALUE_MOST);
	for (int v = 0; v < DIFF_VERSIONS; v++) {
		if (!field->entry[v])
			continue;
		any = field->entry[v];
		add_value(&text, &sides[v], any, card);
		full[v] = kept(arena, &text);
		add_params(&text, any);
		params[v] = of = kept(arena, &text);
	}
	same = all_equal(params);
	for (int v = 0; v < DIFF_VERSIONS && !same; v++)
		if (full[v] && *params[v])
			full[v] = arena_printf(arena, "%s (%s)", full[v], params[v]);
	show_raw(field, sides, full, arena);
	rank = diff_rank(any->label);
	name = rank < COUNT(names) ? names[rank].words : any->label;
	if (same && *of && strlen(of) <= 40)
		buf_addf(&text, "%s%.60s (%s)", prefix, name, of);
	else
		buf_addf(&text, "%s%.60s", prefix, name);
	field->field = diff_safe(text.data, text.size, DIFF_TEXT_MOST, arena);
	diff_texts(field, full, arena);
	buf_free(&text);
}

/* ---- components ------------------------------------------------------------------------------- */

/* The last component of the path: "VALARM #2" of "VEVENT/VALARM #2". */
static const char *path_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool path_is(const char *path, const char *kind)
{
	size_t size = strlen(kind);

	path = path_last(path);
	return strncmp(path, kind, size) == 0 && (!path[size] || path[size] == ' ');
}

static const char *component_name(const struct diff_component *component)
{
	static const struct {
		const char *kind, *words;
	} kinds[] = {
		{ "VALARM", "Alarm" },       { "VEVENT", "Event" },        { "VTODO", "Task" },
		{ "VJOURNAL", "Note" },      { "VTIMEZONE", "Time zone" }, { "STANDARD", "Time zone" },
		{ "DAYLIGHT", "Time zone" }, { "VCARD", "Contact" },
	};

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (path_is(component->path, kinds[i].kind))
			return kinds[i].words;
	return "Component";
}

static const struct normal_entry *entry_of(const struct diff_component *component, const char *name)
{
	for (size_t i = 0; i < component->count; i++)
		if (strcmp(component->entries[i].name, name) == 0)
			return &component->entries[i];
	return NULL;
}

/* The component that this one lies in; NULL: in none, or it has no properties. */
static const struct diff_component *parent_of(const struct diff_side *side,
					      const struct diff_component *component)
{
	size_t size = (size_t)(path_last(component->path) - component->path);

	for (size_t i = 0; size && i < side->component_count; i++)
		if (strlen(side->components[i].path) == size - 1 &&
		    memcmp(side->components[i].path, component->path, size - 1) == 0)
			return &side->components[i];
	return NULL;
}

bool diff_is_whole(const struct diff_component *component, bool any)
{
	static const char *const kinds[] = { "VEVENT", "VTODO", "VJOURNAL", "VCARD" };

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (path_is(component->path, kinds[i]))
			return any || !entry_of(component, "RECURRENCE-ID");
	return false;
}

const char *diff_prefix(struct diff_side *side, const struct diff_component *component, struct arena *arena)
{
	const struct diff_component *parent = parent_of(side, component);
	const struct normal_entry *instance = entry_of(component, "RECURRENCE-ID");
	struct buf text;
	const char *prefix;

	buf_init(&text, VALUE_MOST);
	if (parent)
		buf_adds(&text, diff_prefix(side, parent, arena));
	if (instance) {
		add_time(&text, side, instance);
		buf_adds(&text, ": ");
	} else if (parent || path_is(component->path, "VTIMEZONE")) {
		buf_adds(&text, component_name(component));
		buf_adds(&text, ": ");
	}
	prefix = diff_safe(text.data, text.size, DIFF_TEXT_MOST, arena);
	buf_free(&text);
	return prefix;
}

const char *diff_component_name(struct diff_side *side, const struct diff_component *component,
				struct arena *arena)
{
	const char *prefix = diff_prefix(side, component, arena), *name = component_name(component);
	size_t size = strlen(prefix);

	size -= size >= 2 ? 2 : size; /* ": " */
	if (!size)
		return name;
	if (size >= strlen(name) && memcmp(prefix + size - strlen(name), name, strlen(name)) == 0)
		return arena_strn(arena, prefix, size);
	return arena_printf(arena, "%s %.*s", name, (int)size, prefix);
}

const char *diff_component_text(struct diff_side *side, const struct diff_component *component,
				struct arena *arena)
{
	static const char *const telling[] = { "SUMMARY", "FN",  "TZID",       "TRIGGER",
					       "DTSTART", "DUE", "DESCRIPTION" };
	const char *between = "";
	struct buf text;
	const char *copy;
	size_t told = 0;

	buf_init(&text, 4 * VALUE_MOST);
	for (size_t i = 0; i < COUNT(telling) && told < 2; i++) {
		const struct normal_entry *entry = entry_of(component, telling[i]);

		if (!entry || (told && i + 1 == COUNT(telling))) /* a description is for want of others */
			continue;
		buf_adds(&text, between);
		add_value(&text, side, entry, path_is(component->path, "VCARD"));
		between = ", ";
		told++;
	}
	if (!told)
		buf_addf(&text, "%zu properties", component->count);
	copy = kept(arena, &text);
	buf_free(&text);
	return copy;
}
