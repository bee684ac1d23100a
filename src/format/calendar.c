/* Calendar: texts by our own reader, time zones and recurrences by libical (ical.c). */
#include "format/calendar.h"

#include "base/memory.h"
#include "format/canon.h"
#include "format/fields.h"
#include "format/ical.h"
#include "format/rule.h"

#include <stdlib.h>
#include <string.h>

#define INSTANCES_MOST 500 /* of a rule: more are not counted out */
#define EXDATES_MOST   256

struct reading {
	struct fields fields;
	struct ical_zones *zones;
	const struct part *calendar;
	const struct part *master; /* the component without RECURRENCE-ID, if there is one */
	struct slice tzid;         /* of its start; empty none */
	struct moment local;       /* its start, as it stands there */
	struct moment start, end;  /* in UTC, if that can be known */
};

static struct slice value_of(const struct part *part, const char *name)
{
	const struct line *line = part_line(part, name);

	return line ? line->value : (struct slice){ 0 };
}

static struct slice tzid_of(const struct line *line)
{
	struct slice values, tzid;

	if (param_find(line, "TZID", &values) && param_value(&values, &tzid))
		return tzid;
	return (struct slice){ 0 };
}

/* ---- times ---- */

/* A time, in UTC if it can be known; of whole days, and of no known zone, as it stands. */
static struct moment moment_in(struct reading *reading, struct slice value, struct slice tzid)
{
	struct moment moment;

	if (moment_read(value, &moment) && moment.kind == MOMENT_LOCAL && tzid.size)
		ical_to_utc(reading->zones, tzid, &moment);
	return moment;
}

static struct moment moment_of(struct reading *reading, const struct part *part, const char *name)
{
	const struct line *line = part_line(part, name);

	return line ? moment_in(reading, line->value, tzid_of(line)) : (struct moment){ MOMENT_NONE, 0 };
}

/* RFC 5545 3.6.1: DTEND, or DURATION; else a whole day is one day, and a time has no length. */
static struct moment end_of(struct reading *reading, const struct part *part, struct moment start)
{
	struct moment end = moment_of(reading, part, slice_is(part->name, "VTODO") ? "DUE" : "DTEND");
	uint64_t seconds;
	bool minus;

	if (end.kind != MOMENT_NONE || start.kind == MOMENT_NONE)
		return end;
	if (canon_seconds(value_of(part, "DURATION"), &seconds, &minus) && !minus && seconds < INT32_MAX) {
		start.seconds += (int64_t)seconds;
		return start;
	}
	if (!slice_is(part->name, "VEVENT"))
		return end;
	if (start.kind == MOMENT_DATE)
		start.seconds += 86400;
	return start;
}

/* ---- recurrence ---- */

/* The instances of a rule, on the clock of the start. */
struct instances {
	struct rule rule;
	struct moment until;
	size_t count;
	bool ended;
	int64_t seconds[INSTANCES_MOST];
	int64_t exdates[EXDATES_MOST];
	size_t exdate_count;
};

static bool instance_take(void *context, struct moment instance)
{
	struct instances *instances = context;

	if (instances->until.kind != MOMENT_NONE && instance.seconds > instances->until.seconds) {
		instances->ended = true;
		return false;
	}
	instances->seconds[instances->count++] = instance.seconds;
	instances->ended = instances->count == instances->rule.count;
	return !instances->ended && instances->count < INSTANCES_MOST;
}

/* The moment on the clock of the start. */
static struct moment on_clock(struct reading *reading, struct moment moment)
{
	if (moment.kind == MOMENT_UTC && reading->local.kind == MOMENT_LOCAL && reading->tzid.size)
		ical_to_local(reading->zones, reading->tzid, &moment);
	return moment;
}

/* RFC 5545 3.3.10 wants UNTIL in UTC if the start has a zone. */
static struct moment until_of(struct reading *reading, struct moment until)
{
	until = on_clock(reading, until);
	if (until.kind == MOMENT_DATE && reading->local.kind != MOMENT_DATE)
		until.seconds += 86399;
	return until;
}

/* Takes down what EXDATE takes away; false if that is too much. */
static bool exdates_take(struct reading *reading, struct instances *instances)
{
	for (const struct line *line = reading->master->lines; line; line = line->next) {
		struct slice rest = line->value, value;
		struct moment moment;

		if (!slice_is(line->name, "EXDATE"))
			continue;
		while (slice_cut(&rest, ',', &value)) {
			if (!moment_read(value, &moment))
				continue;
			if (instances->exdate_count == EXDATES_MOST)
				return false;
			instances->exdates[instances->exdate_count++] = on_clock(reading, moment).seconds;
		}
	}
	return true;
}

static bool is_excluded(const struct instances *instances, int64_t seconds)
{
	for (size_t i = 0; i < instances->exdate_count; i++)
		if (instances->exdates[i] == seconds)
			return true;
	return false;
}

/* Without libical: the last ones of a rule whose instances are all as far from each other. */
static void instances_step(struct instances *instances, struct moment start)
{
	const struct rule *rule = &instances->rule;
	int64_t last = rule->count && rule->count < INT32_MAX ? (int64_t)rule->count - 1 : INT32_MAX;
	int64_t until = instances->until.seconds - start.seconds;

	if (instances->until.kind != MOMENT_NONE && until / rule->step < last)
		last = until < 0 ? -1 : until / rule->step;
	for (int64_t i = last > EXDATES_MOST ? last - EXDATES_MOST : 0; i <= last; i++)
		instances->seconds[instances->count++] = start.seconds + i * rule->step;
	instances->ended = true;
}

/* The last one that no EXDATE takes away; false: there is none. */
static bool instance_last(struct instances *instances, int64_t *seconds)
{
	while (instances->ended && instances->count) {
		*seconds = instances->seconds[--instances->count];
		if (!is_excluded(instances, *seconds))
			return true;
	}
	return false;
}

static bool instances_find(struct reading *reading, struct instances *instances, int64_t *seconds)
{
	const struct rule *rule = &instances->rule;
	struct moment from = instances->until;

	if (rule->step) {
		instances_step(instances, reading->local);
		return instance_last(instances, seconds);
	}
	from.seconds -= rule->window;
	if (!rule->count && from.seconds > reading->local.seconds) { /* most likely that is enough */
		from.kind = reading->local.kind;
		ical_instances(rule->text, reading->local, from, INSTANCES_MOST, instance_take, instances);
		if (instance_last(instances, seconds))
			return true;
		instances->count = 0;
		instances->ended = false;
	}
	from.kind = MOMENT_NONE;
	ical_instances(rule->text, reading->local, from, INSTANCES_MOST, instance_take, instances);
	return instance_last(instances, seconds);
}

/* Finds when the last instance of the rule begins, as moment_of gives it.  False: not known. */
static bool rule_last(struct reading *reading, struct slice text, struct moment *last)
{
	struct instances *instances = memory_alloc(sizeof *instances);
	bool known = false;

	if (!moment_usual(reading->local) || !rule_read(text, reading->local, &instances->rule))
		goto out;
	if (!instances->rule.count && instances->rule.until.kind == MOMENT_NONE)
		goto out;
	if (!exdates_take(reading, instances))
		goto out;
	instances->until = until_of(reading, instances->rule.until);
	last->kind = reading->local.kind;
	known = instances_find(reading, instances, &last->seconds);
	if (known && last->kind == MOMENT_LOCAL && reading->tzid.size)
		ical_to_utc(reading->zones, reading->tzid, last);
	known = known && last->kind == reading->start.kind && moment_usual(*last);
out:
	free(instances);
	return known;
}

/* When the last of all instances ends: those of the rule, RDATE, and those that were changed one by
 * one. */
static struct moment last_of(struct reading *reading)
{
	struct slice rule = value_of(reading->master, "RRULE");
	struct moment last = reading->start, none = { MOMENT_NONE, 0 };
	int64_t length = reading->end.kind == reading->start.kind ? reading->end.seconds - last.seconds : 0;
	bool recurs = rule.size;

	if (rule.size && !rule_last(reading, rule, &last))
		return none;
	last.seconds += length;
	for (const struct line *line = reading->master->lines; line; line = line->next) {
		struct slice rest = line->value, value;

		while (slice_is(line->name, "RDATE") && slice_cut(&rest, ',', &value)) {
			struct moment moment = moment_in(reading, value, tzid_of(line));

			recurs = true;
			if (moment.kind == last.kind && moment.seconds + length > last.seconds)
				last.seconds = moment.seconds + length;
		}
	}
	if (!recurs || last.kind == MOMENT_NONE)
		return none;
	for (const struct part *part = reading->calendar->parts; part; part = part->next) {
		struct moment start = moment_of(reading, part, "DTSTART");
		struct moment end = end_of(reading, part, start);

		if (part != reading->master && slice_like(part->name, reading->master->name) &&
		    end.kind == last.kind && end.seconds > last.seconds)
			last = end;
	}
	return last;
}

/* ---- the object ---- */

static void address_add(struct fields *fields, const char *key, struct slice value)
{
	if (slice_starts(value, "mailto:"))
		value = (struct slice){ value.at + 7, value.size - 7 };
	fields_text(fields, key, value);
}

static size_t lines_named(const struct part *part, const char *name)
{
	size_t count = 0;

	for (const struct line *line = part->lines; line; line = line->next)
		count += slice_is(line->name, name);
	return count;
}

static size_t alarms_in(const struct part *part)
{
	size_t count = 0;

	for (const struct part *inner = part->parts; inner; inner = inner->next)
		count += slice_is(inner->name, "VALARM");
	return count;
}

static void categories_add(struct fields *fields, const struct part *part)
{
	if (!part_line(part, "CATEGORIES"))
		return;
	fields_list(fields, "categories");
	for (const struct line *line = part->lines; line; line = line->next) {
		struct slice rest = line->value, value;

		while (slice_is(line->name, "CATEGORIES") && fields->listed < FIELDS_LIST_MOST &&
		       slice_cut(&rest, ',', &value))
			fields_list_text(fields, value);
	}
	fields_list_end(fields);
}

static void times_add(struct reading *reading)
{
	const struct part *master = reading->master;
	bool task = slice_is(master->name, "VTODO");
	const struct line *line = part_line(master, "DTSTART");
	const struct line *shown = line || !task ? line : part_line(master, "DUE");
	struct moment any;

	if (line)
		moment_read(line->value, &reading->local);
	reading->tzid = shown ? tzid_of(shown) : reading->tzid;
	reading->start = moment_of(reading, master, "DTSTART");
	reading->end = end_of(reading, master, reading->start);
	any = reading->start.kind == MOMENT_NONE ? reading->end : reading->start;
	fields_moment(&reading->fields, "start", reading->start);
	if (!slice_is(master->name, "VJOURNAL"))
		fields_moment(&reading->fields, task ? "due" : "end", reading->end);
	fields_moment(&reading->fields, "completed", moment_of(reading, master, "COMPLETED"));
	fields_true(&reading->fields, "all_day", any.kind == MOMENT_DATE);
	if (any.kind != MOMENT_DATE && reading->tzid.size)
		fields_text(&reading->fields, "zone", reading->tzid);
	else if (any.kind == MOMENT_UTC)
		fields_text(&reading->fields, "zone", (struct slice){ "UTC", 3 });
	fields_text(&reading->fields, "rrule", value_of(master, "RRULE"));
	fields_moment(&reading->fields, "last", last_of(reading));
}

/* The first component that is an item; one without RECURRENCE-ID before the others. */
static const struct part *master_of(const struct part *calendar, const char **word)
{
	static const struct {
		const char *name, *word;
	} kinds[] = { { "VEVENT", "event" }, { "VTODO", "task" }, { "VJOURNAL", "note" } };
	const struct part *master = NULL;

	for (const struct part *part = calendar->parts; part; part = part->next) {
		bool instance = part_line(part, "RECURRENCE-ID");

		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
			if (!slice_is(part->name, kinds[i].name) || (master && instance))
				continue;
			*word = kinds[i].word;
			master = part;
			if (!instance)
				return master;
		}
	}
	return master;
}

char *calendar_fields(const struct part *calendar)
{
	const char *word = NULL;
	struct reading reading = { .calendar = calendar, .master = master_of(calendar, &word) };
	struct fields *fields = &reading.fields;

	fields_begin(fields);
	if (!reading.master)
		return fields_end(fields);
	reading.zones = ical_zones_new(calendar->parts);
	fields_text(fields, "component", (struct slice){ word, strlen(word) });
	fields_text(fields, "summary", value_of(reading.master, "SUMMARY"));
	fields_text(fields, "location", value_of(reading.master, "LOCATION"));
	fields_text(fields, "description", value_of(reading.master, "DESCRIPTION"));
	times_add(&reading);
	fields_word(fields, "status", value_of(reading.master, "STATUS"));
	fields_number(fields, "percent", value_of(reading.master, "PERCENT-COMPLETE"), 100);
	fields_number(fields, "priority", value_of(reading.master, "PRIORITY"), 9);
	address_add(fields, "organizer", value_of(reading.master, "ORGANIZER"));
	fields_count(fields, "attendees", lines_named(reading.master, "ATTENDEE"));
	categories_add(fields, reading.master);
	fields_count(fields, "alarms", alarms_in(reading.master));
	ical_zones_free(reading.zones);
	return fields_end(fields);
}
