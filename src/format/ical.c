/* Ical: libical 3, behind pointers. */
#include "format/ical.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/library.h"
#include "base/memory.h"
#include "base/vec.h"
#include "format/date.h"
#include "format/rule.h"

#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>

/* ---- the library ---- */

static struct {
	enum { UNTRIED, LOADED, ABSENT } status;
	__typeof__(&icalerror_set_errors_are_fatal) errors_are_fatal;
	__typeof__(&icalparser_parse_string) parse;
	__typeof__(&icaltimezone_new) zone_new;
	__typeof__(&icaltimezone_free) zone_free;
	__typeof__(&icaltimezone_set_component) zone_set;
	__typeof__(&icaltimezone_get_builtin_timezone) zone_builtin;
	__typeof__(&icaltimezone_get_utc_offset) zone_offset;
	__typeof__(&icaltimezone_get_utc_offset_of_utc_time) zone_offset_of_utc;
	__typeof__(&icalrecurrencetype_from_string) rule_from;
	__typeof__(&icalrecur_iterator_new) instances_new;
	__typeof__(&icalrecur_iterator_set_start) instances_from;
	__typeof__(&icalrecur_iterator_next) instances_next;
	__typeof__(&icalrecur_iterator_free) instances_free;
} lib;

static bool library_ready(void)
{
	static const char *const files[] = { "libical.so.3", NULL };
	static const struct library_symbol symbols[] = {
		{ "icalerror_set_errors_are_fatal", &lib.errors_are_fatal },
		{ "icalparser_parse_string", &lib.parse },
		{ "icaltimezone_new", &lib.zone_new },
		{ "icaltimezone_free", &lib.zone_free },
		{ "icaltimezone_set_component", &lib.zone_set },
		{ "icaltimezone_get_builtin_timezone", &lib.zone_builtin },
		{ "icaltimezone_get_utc_offset", &lib.zone_offset },
		{ "icaltimezone_get_utc_offset_of_utc_time", &lib.zone_offset_of_utc },
		{ "icalrecurrencetype_from_string", &lib.rule_from },
		{ "icalrecur_iterator_new", &lib.instances_new },
		{ "icalrecur_iterator_set_start", &lib.instances_from },
		{ "icalrecur_iterator_next", &lib.instances_next },
		{ "icalrecur_iterator_free", &lib.instances_free },
	};

	if (lib.status == UNTRIED) {
		lib.status = library_load(files, symbols, sizeof symbols / sizeof *symbols) ? ABSENT : LOADED;
		if (lib.status == LOADED)
			lib.errors_are_fatal(0);
	}
	return lib.status == LOADED;
}

static struct icaltimetype time_from(struct moment moment)
{
	int64_t of_day = (moment.seconds % 86400 + 86400) % 86400;
	struct icaltimetype time = { 0 };

	date_civil((moment.seconds - of_day) / 86400, &time.year, &time.month, &time.day);
	time.hour = (int)(of_day / 3600);
	time.minute = (int)(of_day / 60 % 60);
	time.second = (int)(of_day % 60);
	time.is_date = moment.kind == MOMENT_DATE;
	return time;
}

/* ---- time zones ---- */

/* A VTIMEZONE is small; who has more of it than this is not believed. */
#define ZONE_TEXT_MOST  ((size_t)8 * 1024)
#define ZONE_PARTS_MOST 40
#define ZONE_NAME_MOST  64
#define ZONES_MOST      16

struct zone {
	struct slice tzid;
	icaltimezone *handle; /* NULL: nobody knows it */
	bool own;
};

struct ical_zones {
	const struct part *parts;
	VEC(struct zone)
};

struct ical_zones *ical_zones_new(const struct part *parts)
{
	struct ical_zones *zones = memory_alloc(sizeof *zones);

	zones->parts = parts;
	return zones;
}

void ical_zones_free(struct ical_zones *zones)
{
	for (size_t i = 0; i < zones->count; i++)
		if (zones->items[i].own)
			lib.zone_free(zones->items[i].handle, 1);
	free(zones->items);
	free(zones);
}

/* Names of the tz database are made of these: what has others could be a path that leads elsewhere. */
static bool in_zone_name(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       memchr("+-_/", c, 4);
}

/* "Europe/Prague" of "/vendor.org/20250101_1/Europe/Prague": the last two or three pieces, or all. */
static icaltimezone *zone_by_name(struct slice tzid)
{
	size_t start = tzid.size > ZONE_NAME_MOST ? tzid.size - ZONE_NAME_MOST : 0;
	char name[ZONE_NAME_MOST + 1];
	unsigned pieces = 0;

	memcpy(name, tzid.at + start, tzid.size - start);
	name[tzid.size - start] = '\0';
	for (size_t i = tzid.size; i-- > start && pieces < 3 && in_zone_name(tzid.at[i]);) {
		icaltimezone *zone = NULL;

		if (tzid.at[i] == '/' || (i && tzid.at[i - 1] != '/'))
			continue;
		if (++pieces > 1 || !i)
			zone = lib.zone_builtin(name + i - start);
		if (zone)
			return zone;
	}
	return NULL;
}

/* Adds the lines of an observance that decide when it begins.  Rules must be quick, and yearly:
 * libical counts their instances out. */
static bool observance_add(struct buf *text, const struct part *part)
{
	static const char *const names[] = { "DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RDATE", "RRULE" };
	const struct line *start_line = part_line(part, "DTSTART");
	struct moment start;
	struct rule rule;

	if (!start_line || !moment_read(start_line->value, &start) || !moment_usual(start))
		return false;
	buf_addf(text, "BEGIN:%s\r\n", slice_is(part->name, "DAYLIGHT") ? "DAYLIGHT" : "STANDARD");
	for (const struct line *line = part->lines; line; line = line->next) {
		size_t i = 0;

		while (i < sizeof names / sizeof *names && !slice_is(line->name, names[i]))
			i++;
		if (i == sizeof names / sizeof *names)
			continue;
		if (slice_is(line->name, "RRULE") && (!rule_read(line->value, start, &rule) || !rule.yearly))
			return false;
		for (size_t c = 0; c < line->value.size; c++)
			if (line->value.at[c] < '+' || line->value.at[c] > 'z')
				return false;
		buf_addf(text, "%s:%.*s\r\n", names[i], (int)line->value.size, line->value.at);
	}
	buf_addf(text, "END:%s\r\n", slice_is(part->name, "DAYLIGHT") ? "DAYLIGHT" : "STANDARD");
	return true;
}

static icaltimezone *zone_by_part(const struct part *part)
{
	icaltimezone *zone = NULL;
	icalcomponent *component;
	bool good = part->part_count <= ZONE_PARTS_MOST;
	struct buf text;

	buf_init(&text, ZONE_TEXT_MOST);
	buf_adds(&text, "BEGIN:VTIMEZONE\r\nTZID:zone\r\n");
	for (part = part->parts; good && part; part = part->next)
		good = observance_add(&text, part);
	buf_adds(&text, "END:VTIMEZONE\r\n");
	component = good && !text.over ? lib.parse(text.data) : NULL;
	buf_free(&text);
	if (!component)
		return NULL;
	zone = lib.zone_new();
	if (!lib.zone_set(zone, component)) { /* else it owns it */
		lib.zone_free(zone, 1);
		return NULL;
	}
	return zone;
}

/* NULL: there are too many. */
static const struct zone *zone_find(struct ical_zones *zones, struct slice tzid)
{
	struct zone zone = { .tzid = tzid };

	for (size_t i = 0; i < zones->count; i++)
		if (slice_equal(zones->items[i].tzid, tzid))
			return &zones->items[i];
	if (zones->count == ZONES_MOST)
		return NULL;
	zone.handle = zone_by_name(tzid);
	for (const struct part *part = zones->parts; part && !zone.handle; part = part->next) {
		const struct line *line = slice_is(part->name, "VTIMEZONE") ? part_line(part, "TZID") : NULL;

		if (!line || !slice_equal(line->value, tzid))
			continue;
		zone.handle = zone_by_part(part);
		zone.own = zone.handle;
		break;
	}
	*vec_push(zones) = zone;
	return &zones->items[zones->count - 1];
}

bool ical_to_utc(struct ical_zones *zones, struct slice tzid, struct moment *moment)
{
	struct icaltimetype time = time_from(*moment);
	const struct zone *zone;
	int in_summer;

	if (!library_ready() || !moment_usual(*moment))
		return false;
	zone = zone_find(zones, tzid);
	if (!zone || !zone->handle)
		return false;
	moment->seconds -= lib.zone_offset(zone->handle, &time, &in_summer);
	moment->kind = MOMENT_UTC;
	return true;
}

bool ical_to_local(struct ical_zones *zones, struct slice tzid, struct moment *moment)
{
	struct icaltimetype time = time_from(*moment);
	const struct zone *zone;
	int in_summer;

	if (!library_ready() || !moment_usual(*moment))
		return false;
	zone = zone_find(zones, tzid);
	if (!zone || !zone->handle)
		return false;
	moment->seconds += lib.zone_offset_of_utc(zone->handle, &time, &in_summer);
	moment->kind = MOMENT_LOCAL;
	return true;
}

/* ---- recurrences ---- */

void ical_instances(const char *rule, struct moment start, struct moment from, size_t most,
		    ical_instance *next, void *context)
{
	icalrecur_iterator *instances;
	struct icalrecurrencetype parsed;

	if (!library_ready() || !moment_usual(start))
		return;
	parsed = lib.rule_from(rule);
	instances = lib.instances_new(parsed, time_from(start));
	if (instances && from.kind != MOMENT_NONE)
		lib.instances_from(instances, time_from(from));
	while (instances && most-- > 0) {
		struct icaltimetype time = lib.instances_next(instances);
		struct moment moment = { .kind = start.kind };

		if (!date_exists(time.year, time.month, time.day))
			break;
		moment.seconds = date_days(time.year, time.month, time.day) * 86400 + time.hour * 3600 +
				 time.minute * 60 + time.second;
		if (!next(context, moment))
			break;
	}
	if (instances)
		lib.instances_free(instances);
}
