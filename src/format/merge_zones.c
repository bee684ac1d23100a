/* Merge: VTIMEZONEs.  They follow the values that name them (TZID). */
#include "format/merge_room.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "format/canon.h"

#include <stdint.h>

/* One zone in all versions that have it. */
struct zone {
	const struct part *of[DIFF_VERSIONS];
	bool used;
};

struct zones {
	struct merge *merge;
	const struct merge_pair *calendar;
	struct map *by_name;
	struct buf name;
};

static bool is_zone(const struct part *part)
{
	return slice_is(part->name, "VTIMEZONE");
}

static const char *name_of(struct zones *zones, struct slice text)
{
	buf_clear(&zones->name);
	canon_unescape(&zones->name, text);
	return zones->name.data;
}

/* The zone that goes by the name of this part; NULL: it has none. */
static struct zone *zone_of(struct zones *zones, const struct part *part)
{
	const struct line *name = part_line(part, "TZID");

	return name ? map_get(zones->by_name, name_of(zones, name->value)) : NULL;
}

static void zones_find(struct zones *zones, int version)
{
	for (const struct part *part = zones->calendar->of[version]->part->parts; part; part = part->next) {
		const struct line *name = is_zone(part) ? part_line(part, "TZID") : NULL;
		struct zone *zone = NULL;

		if (!name)
			continue;
		zone = zone_of(zones, part);
		if (!zone) {
			zone = arena_alloc(zones->merge->arena, sizeof *zone);
			map_set(zones->by_name, name_of(zones, name->value), zone);
		}
		if (!zone->of[version])
			zone->of[version] = part;
	}
}

/* Which zones do these values name? */
static void names_find(struct zones *zones, const struct part *parts)
{
	for (; parts; parts = parts->next) {
		for (const struct line *line = parts->lines; line; line = line->next) {
			struct slice values, name;
			struct zone *zone = NULL;

			if (param_find(line, "TZID", &values) && param_value(&values, &name))
				zone = map_get(zones->by_name, name_of(zones, name));
			if (zone)
				zone->used = true;
		}
		names_find(zones, parts->parts);
	}
}

/* What it says; NULL: what every program knows of it anyway (normal.h). */
static const struct normal_node *node_of(const struct zones *zones, const struct zone *zone, int version)
{
	const struct normal_node *calendar = zones->calendar->of[version];

	for (size_t i = 0; zone->of[version] && i < calendar->node_count; i++)
		if (calendar->nodes[i].part == zone->of[version])
			return &calendar->nodes[i];
	return NULL;
}

static bool nodes_equal(const struct normal_node *a, const struct normal_node *b)
{
	return a && b ? digest_equal(&a->digest, &b->digest) : a == b;
}

/* The one that goes into the result; NULL none.  False: a clash. */
static bool zone_merge(const struct zones *zones, const struct zone *zone, const struct part **part)
{
	const struct part *server = zone->of[DIFF_SERVER], *local = zone->of[DIFF_LOCAL];
	const struct normal_node *nodes[DIFF_VERSIONS];

	*part = server ? server : local;
	if (!server || !local) { /* without a value that names it: unless one side took it away */
		if (!zone->used && zone->of[DIFF_BASE])
			*part = NULL;
		return true;
	}
	for (int v = 0; v < DIFF_VERSIONS; v++)
		nodes[v] = node_of(zones, zone, v);
	if (nodes_equal(nodes[DIFF_SERVER], nodes[DIFF_LOCAL]) ||
	    nodes_equal(nodes[DIFF_LOCAL], nodes[DIFF_BASE]))
		return true;
	*part = local;
	return nodes_equal(nodes[DIFF_SERVER], nodes[DIFF_BASE]);
}

bool merge_zones(struct merge *merge, const struct merge_pair *calendar, struct part *result)
{
	static const enum diff_version order[] = { DIFF_SERVER, DIFF_LOCAL };
	struct zones zones = { .merge = merge, .calendar = calendar, .by_name = map_new() };
	struct part *first = NULL, **last = &first;
	bool ok = true;

	buf_init(&zones.name, SIZE_MAX);
	for (int v = 0; v < DIFF_VERSIONS; v++)
		zones_find(&zones, v);
	names_find(&zones, result->parts);
	for (size_t v = 0; v < sizeof order / sizeof *order; v++)
		for (const struct part *part = calendar->of[order[v]]->part->parts; ok && part;
		     part = part->next) {
			const struct zone *zone = is_zone(part) ? zone_of(&zones, part) : NULL;
			const struct part *merged = NULL;

			if (!zone || zone->of[order[v]] != part || (v && zone->of[DIFF_SERVER]))
				continue;
			ok = zone_merge(&zones, zone, &merged) ||
			     merge_clash(merge, "both sides changed a time zone");
			if (!ok || !merged)
				continue;
			*last = merge_part_copy(merge, merged);
			last = &(*last)->next;
			result->part_count++;
		}
	*last = result->parts;
	result->parts = first;
	buf_free(&zones.name);
	map_free(zones.by_name);
	return ok;
}
