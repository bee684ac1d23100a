/* Diff: finds which component and which property of one version is which of another, and what differs. */
#include "format/diff_room.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"
#include "format/item.h"
#include "format/slots.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIKE_MOST 200 /* components of one kind: of more the rest is not paired one by one */

struct diff_field *diff_add(struct diff *diff, struct arena *arena, const char *name)
{
	struct diff_field *field;

	if (diff->count == DIFF_FIELDS_MOST) {
		diff->more++;
		return NULL;
	}
	if (!diff->fields)
		diff->fields = arena_alloc(arena, DIFF_FIELDS_MOST * sizeof *diff->fields);
	field = &diff->fields[diff->count++];
	field->field = name;
	return field;
}

bool diff_sides(const bool there[DIFF_VERSIONS], enum diff_version *one, enum diff_version *other)
{
	*one = there[DIFF_SERVER] ? DIFF_SERVER : DIFF_BASE;
	*other = there[DIFF_LOCAL] ? DIFF_LOCAL : DIFF_BASE;
	return *one != *other && there[*one] && there[*other];
}

/* ---- reading --------------------------------------------------------------------------------- */

static void components_make(struct diff_side *side, struct arena *arena)
{
	const struct normal *normal = &side->normal;

	side->components = arena_alloc(arena, (normal->count + 1) * sizeof *side->components);
	for (size_t i = 0; i < normal->count; i++) {
		const struct normal_entry *entry = &normal->entries[i];
		struct diff_component *last = &side->components[side->component_count];

		if (side->component_count && strcmp(last[-1].path, entry->path) == 0) {
			last[-1].count++;
			continue;
		}
		*last = (struct diff_component){ entry->path, entry, 1 };
		side->component_count++;
	}
}

static void side_read(struct diff_side *side, const struct diff_input *input, bool card, struct arena *arena)
{
	side->there = input->data != NULL;
	side->readable = side->there && input->size <= ITEM_MOST &&
			 lines_read(input->data, input->size, &side->lines) &&
			 parts_make(&side->lines, arena, &side->first) &&
			 normal_make(side->first, card, arena, &side->normal);
	if (side->readable)
		components_make(side, arena);
}

static void side_end(struct diff_side *side)
{
	if (side->zones)
		ical_zones_free(side->zones);
	lines_free(&side->lines);
}

/* ---- pairing ---------------------------------------------------------------------------------- */

/* One component in all versions that have it. */
struct group {
	const struct diff_component *of[DIFF_VERSIONS];
	struct group *alike; /* the next of the same kind and instance */
	struct group *next;
};

struct pairing {
	struct diff *diff;
	struct arena *arena;
	struct diff_side *sides;
	bool card;
	enum diff_version one, other;
	struct map *kinds; /* path without its number → the first group */
	struct group *first, **last;
};

/* The path without " #2": which of several alarms is the second hangs on their content. */
static size_t path_kind(const char *path)
{
	const char *number = strrchr(path, '#');

	if (!number || number - path < 2 || number[-1] != ' ' || number[1 + strspn(number + 1, "0123456789")])
		return strlen(path);
	return (size_t)(number - 1 - path);
}

static bool component_equal(const struct diff_component *a, const struct diff_component *b)
{
	struct slot_list one = { a->entries, a->count }, other = { b->entries, b->count };

	return slot_lists_equal(&one, &other);
}

static bool group_holds(const struct group *group, const struct diff_component *component)
{
	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (group->of[v] && component_equal(group->of[v], component))
			return true;
	return false;
}

/* Puts the component into a group that lacks it in this version: one that holds its equal, or any. */
static bool group_join(struct pairing *pairing, int version, const struct diff_component *component,
		       bool equal)
{
	struct group *group = map_getn(pairing->kinds, component->path, path_kind(component->path));

	for (size_t i = 0; group && i < ALIKE_MOST; i++, group = group->alike) {
		if (group->of[version] || (equal && !group_holds(group, component)))
			continue;
		group->of[version] = component;
		return true;
	}
	return false;
}

static void group_make(struct pairing *pairing, int version, const struct diff_component *component)
{
	size_t kind = path_kind(component->path);
	struct group *group = arena_alloc(pairing->arena, sizeof *group);
	struct group *before = map_getn(pairing->kinds, component->path, kind);
	size_t seen = 0;

	group->of[version] = component;
	*pairing->last = group;
	pairing->last = &group->next;
	while (before && before->alike && ++seen < ALIKE_MOST)
		before = before->alike;
	if (!before)
		map_setn(pairing->kinds, component->path, kind, group);
	else if (!before->alike)
		before->alike = group;
}

static void groups_make(struct pairing *pairing)
{
	pairing->last = &pairing->first;
	for (int v = 0; v < DIFF_VERSIONS; v++) {
		const struct diff_side *side = &pairing->sides[v];
		bool *placed = memory_alloc(side->component_count + 1);

		for (size_t i = 0; i < side->component_count; i++)
			placed[i] = group_join(pairing, v, &side->components[i], true);
		for (size_t i = 0; i < side->component_count; i++)
			if (!placed[i] && !group_join(pairing, v, &side->components[i], false))
				group_make(pairing, v, &side->components[i]);
		free(placed);
	}
}

/* ---- properties ------------------------------------------------------------------------------- */

static bool slot_differs(const struct pairing *pairing, const struct slot *slot)
{
	const struct normal_entry *a = slot->of[pairing->one], *b = slot->of[pairing->other];

	return (a || b) && !(a && b && slot_equal(a, b));
}

static void slot_tell(struct pairing *pairing, const struct group *group, const char *prefix,
		      const struct slot *slot)
{
	struct diff_field *field = diff_add(pairing->diff, pairing->arena, NULL);

	if (!field)
		return;
	memcpy(field->entry, slot->of, sizeof field->entry);
	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (group->of[v])
			field->path = group->of[v]->path;
	diff_words(field, prefix, pairing->sides, pairing->card, pairing->arena);
}

/* More than can be paired: how many there are. */
static void many_tell(struct pairing *pairing, const char *prefix,
		      const struct slot_list named[DIFF_VERSIONS])
{
	struct diff_field *field;

	if (slot_lists_equal(&named[pairing->one], &named[pairing->other]))
		return;
	field = diff_add(pairing->diff, pairing->arena, "");
	for (int v = 0; field && v < DIFF_VERSIONS; v++) {
		if (!named[v].count)
			continue;
		field->path = named[v].entries->path;
		field->text[v] = arena_printf(pairing->arena, "%zu of them", named[v].count);
		field->field = arena_printf(pairing->arena, "%s%.60s", prefix, named[v].entries->label);
	}
}

static size_t field_rank(const struct diff_field *field)
{
	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (field->entry[v])
			return diff_rank(field->entry[v]->label);
	return SIZE_MAX;
}

/* What people look for first; the others stay in their order. */
static void fields_sort(struct diff_field *fields, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct diff_field field = fields[i];
		size_t rank = field_rank(&field), at = i;

		for (; at && field_rank(&fields[at - 1]) > rank; at--)
			fields[at] = fields[at - 1];
		fields[at] = field;
	}
}

static void properties_tell(struct pairing *pairing, const struct group *group, const char *prefix)
{
	struct slot *slots = memory_alloc(DIFF_VERSIONS * SLOTS_ALIKE * sizeof *slots);
	size_t at[DIFF_VERSIONS] = { 0 }, before = pairing->diff->count;
	struct slot_list lists[DIFF_VERSIONS] = { { 0 } }, named[DIFF_VERSIONS];

	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (group->of[v])
			lists[v] = (struct slot_list){ group->of[v]->entries, group->of[v]->count };
	while (slots_next(lists, at, named)) {
		bool many = false;
		size_t count;

		for (int v = 0; v < DIFF_VERSIONS; v++)
			many |= named[v].count > SLOTS_ALIKE;
		if (many) {
			many_tell(pairing, prefix, named);
			continue;
		}
		count = slots_fill(slots, named);
		for (size_t i = 0; i < count; i++)
			if (slot_differs(pairing, &slots[i]))
				slot_tell(pairing, group, prefix, &slots[i]);
	}
	free(slots);
	if (pairing->diff->count > before)
		fields_sort(&pairing->diff->fields[before], pairing->diff->count - before);
}

/* ---- components ------------------------------------------------------------------------------- */

static const char *group_prefix(struct pairing *pairing, const struct group *group)
{
	int version = group->of[DIFF_LOCAL] ? DIFF_LOCAL : group->of[DIFF_SERVER] ? DIFF_SERVER : DIFF_BASE;

	if (pairing->diff->count == DIFF_FIELDS_MOST)
		return ""; /* nothing more will be told */
	return diff_prefix(&pairing->sides[version], group->of[version], pairing->arena);
}

/* An alarm, an instance, that one of both lacks. */
static void component_tell(struct pairing *pairing, const struct group *group)
{
	struct diff_field *field = diff_add(pairing->diff, pairing->arena, "");
	const char *full[DIFF_VERSIONS] = { NULL };

	if (!field)
		return;
	for (int v = 0; v < DIFF_VERSIONS; v++) {
		const struct diff_component *component = group->of[v];

		if (!component)
			continue;
		field->path = component->path;
		field->field = diff_component_name(&pairing->sides[v], component, pairing->arena);
		full[v] = diff_component_text(&pairing->sides[v], component, pairing->arena);
	}
	diff_texts(field, full, pairing->arena);
}

static void group_tell(struct pairing *pairing, const struct group *group)
{
	const struct diff_component *a = group->of[pairing->one], *b = group->of[pairing->other];

	if (a && b && !component_equal(a, b))
		properties_tell(pairing, group, group_prefix(pairing, group));
	else if (!a != !b)
		component_tell(pairing, group);
}

/* ---- items ------------------------------------------------------------------------------------ */

static void content_tell(const struct diff_side sides[DIFF_VERSIONS],
			 const struct diff_input inputs[DIFF_VERSIONS], struct arena *arena,
			 struct diff *diff)
{
	struct diff_field *field = diff_add(diff, arena, "Content");

	for (int v = 0; field && v < DIFF_VERSIONS; v++)
		if (sides[v].there)
			field->text[v] = arena_printf(arena, "%zu bytes%s", inputs[v].size,
						      sides[v].readable ? "" : ", not readable");
}

void diff_items(const struct diff_input inputs[DIFF_VERSIONS], bool card, struct arena *arena,
		struct diff *diff)
{
	struct diff_side sides[DIFF_VERSIONS] = { 0 };
	struct pairing pairing = { .diff = diff, .arena = arena, .sides = sides, .card = card };
	bool there[DIFF_VERSIONS];

	*diff = (struct diff){ 0 };
	for (int v = 0; v < DIFF_VERSIONS; v++) {
		side_read(&sides[v], &inputs[v], card, arena);
		there[v] = v == DIFF_BASE ? sides[v].readable : sides[v].there;
	}
	if (!diff_sides(there, &pairing.one, &pairing.other))
		goto out;
	if (!sides[pairing.one].readable || !sides[pairing.other].readable) {
		content_tell(sides, inputs, arena, diff);
		goto out;
	}
	pairing.kinds = map_new();
	groups_make(&pairing);
	for (const struct group *group = pairing.first; group; group = group->next)
		group_tell(&pairing, group);
	map_free(pairing.kinds);
out:
	for (int v = 0; v < DIFF_VERSIONS; v++)
		side_end(&sides[v]);
}

const char *diff_title(const struct diff_input *input, bool card, struct arena *arena)
{
	const char *full[DIFF_VERSIONS] = { NULL };
	struct diff_side side = { 0 };
	struct diff_field field = { 0 };
	const struct diff_component *found = NULL;

	side_read(&side, input, card, arena);
	for (size_t i = 0; i < side.component_count; i++)
		if (diff_is_whole(&side.components[i], !found))
			found = &side.components[i];
	if (found)
		full[DIFF_LOCAL] = diff_component_text(&side, found, arena);
	diff_texts(&field, full, arena);
	side_end(&side);
	return field.text[DIFF_LOCAL];
}
