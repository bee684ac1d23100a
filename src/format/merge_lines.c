/* Merge: the properties of one component.  Name by name it is decided what becomes of them; then the lines of
 * the server's version are gone through, and each stays, or makes way for what was decided. */
#include "format/merge_room.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/str.h"
#include "format/canon.h"
#include "format/property.h"

#include <stdio.h>
#include <string.h>

/* What becomes of the properties of one name. */
struct fate {
	const char *label;
	enum { STAY, REPLACE, MAKE } what; /* as the server has them; as here; as is chosen */
	struct merge_list list;            /* MAKE */
	bool done;
	struct fate *next;
};

/* A group of a card: one property and what is said of it (X-ABLabel).  They go together. */
struct cluster {
	const struct line *main;
};

struct component {
	struct merge *merge;
	const struct merge_pair *pair;
	struct slot_list lists[DIFF_VERSIONS]; /* without what is said of others */
	struct map *clusters[DIFF_VERSIONS];   /* by name of the group */
	struct map *fates;                     /* by label */
	struct fate *first, **last;
	struct buf scratch;
	struct line *head, **tail; /* the result */
	struct map *groups;        /* names of groups of the server's that are in it */
	struct {
		VEC(struct line *)
	} ours; /* lines in groups from here */
};

static const char *upper(struct component *component, struct slice text)
{
	buf_clear(&component->scratch);
	canon_upper(&component->scratch, text);
	return component->scratch.data;
}

/* ---- groups of a card ------------------------------------------------------------------------- */

/* These never stand for themselves. */
static bool says_of_another(const struct line *line)
{
	return slice_is(line->name, "X-ABLABEL") || slice_is(line->name, "X-ABADR");
}

/* Is the line the one that its group is about, rather?  Servers sort lines, so it must not hang on their
 * order, as far as names go. */
static bool is_mainer(const struct line *line, const struct line *main)
{
	size_t size = line->name.size < main->name.size ? line->name.size : main->name.size;
	int order = says_of_another(line) - says_of_another(main);

	if (!order)
		order = str_ncasecmp(line->name.at, main->name.at, size);
	if (!order)
		order = (line->name.size > main->name.size) - (line->name.size < main->name.size);
	return order < 0;
}

static void clusters_find(struct component *component, int version)
{
	struct merge *merge = component->merge;

	component->clusters[version] = map_new();
	for (const struct line *line = component->pair->of[version]->part->lines; line; line = line->next) {
		const char *name;
		struct cluster *cluster;

		if (!line->group.size)
			continue;
		name = upper(component, line->group);
		cluster = map_get(component->clusters[version], name);
		if (!cluster) {
			cluster = arena_alloc(merge->arena, sizeof *cluster);
			cluster->main = line;
			map_set(component->clusters[version], name, cluster);
		} else if (is_mainer(line, cluster->main)) {
			cluster->main = line;
		}
	}
}

/* The property that the line is, or says something of. */
static const struct line *main_of(struct component *component, int version, const struct line *line)
{
	const struct cluster *cluster;

	if (!line->group.size)
		return line;
	cluster = map_get(component->clusters[version], upper(component, line->group));
	return cluster->main;
}

static void lists_make(struct component *component, int version)
{
	const struct normal_node *node = component->pair->of[version];
	struct slot_list *list = &component->lists[version];
	struct normal_entry *mains;

	*list = (struct slot_list){ node->entries, node->entry_count };
	clusters_find(component, version);
	if (!map_count(component->clusters[version]))
		return;
	mains = arena_alloc(component->merge->arena, node->entry_count * sizeof *mains);
	*list = (struct slot_list){ mains, 0 };
	for (size_t i = 0; i < node->entry_count; i++)
		if (main_of(component, version, node->entries[i].line) == node->entries[i].line)
			mains[list->count++] = node->entries[i];
}

/* ---- what becomes of them --------------------------------------------------------------------- */

/* Which versions have the same? */
struct equality {
	bool sides, server, local; /* both sides; each and the base */
};

static struct equality equality_of(const struct slot_list named[DIFF_VERSIONS])
{
	return (struct equality){
		.sides = slot_lists_equal(&named[DIFF_SERVER], &named[DIFF_LOCAL]),
		.server = slot_lists_equal(&named[DIFF_SERVER], &named[DIFF_BASE]),
		.local = slot_lists_equal(&named[DIFF_LOCAL], &named[DIFF_BASE]),
	};
}

static const struct normal_entry *any_of(const struct slot_list named[DIFF_VERSIONS])
{
	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (named[v].count)
			return named[v].entries;
	return NULL;
}

/* The higher one: by it the others of a meeting know which version is newer (RFC 5545 3.8.7.4). */
static bool sequence_decide(struct merge *merge, const struct slot_list named[DIFF_VERSIONS],
			    struct fate *fate)
{
	uint64_t number[DIFF_VERSIONS] = { 0 };

	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (named[v].count > 1 ||
		    (named[v].count && !str_u64(named[v].entries->value.at, &number[v])))
			return merge_clash(merge, NULL);
	fate->what = number[DIFF_LOCAL] > number[DIFF_SERVER] ? REPLACE : STAY;
	return true;
}

/* Both sides changed what is of this name. */
static bool fate_make(struct merge *merge, const struct slot_list named[DIFF_VERSIONS], struct fate *fate)
{
	const struct property *property = any_of(named)->property;
	bool many = false;

	for (int v = 0; v < DIFF_VERSIONS; v++)
		many |= named[v].count > SLOTS_ALIKE;
	fate->what = MAKE;
	if (property->marks & PROPERTY_SPLIT || (many && property->marks & PROPERTY_UNORDERED))
		return merge_choose_set(merge, named, &fate->list);
	if (many)
		return merge_clash(merge, NULL);
	return merge_choose(merge, named, &fate->list);
}

static bool fate_decide(struct merge *merge, const struct slot_list named[DIFF_VERSIONS], struct fate *fate)
{
	struct equality equality = equality_of(named);

	if (strcmp(fate->label, "SEQUENCE") == 0)
		return sequence_decide(merge, named, fate);
	if (equality.sides || equality.local)
		fate->what = STAY;
	else if (equality.server)
		fate->what = REPLACE;
	else
		return fate_make(merge, named, fate);
	return true;
}

/* Groups of properties are taken from one side as a whole. */
static void groups_compare(struct component *component, struct equality groups[MERGE_GROUPS])
{
	struct slot_list named[DIFF_VERSIONS];
	size_t at[DIFF_VERSIONS] = { 0 };

	for (int g = 0; g < MERGE_GROUPS; g++)
		groups[g] = (struct equality){ true, true, true };
	while (slots_next(component->lists, at, named)) {
		struct equality equality = equality_of(named);
		struct equality *group =
			&groups[merge_group(component->pair->of[DIFF_SERVER]->kind, any_of(named)->label)];

		group->sides &= equality.sides;
		group->server &= equality.server;
		group->local &= equality.local;
	}
}

static bool fates_decide(struct component *component)
{
	struct merge *merge = component->merge;
	const char *kind = component->pair->of[DIFF_SERVER]->kind;
	struct equality groups[MERGE_GROUPS];
	struct slot_list named[DIFF_VERSIONS];
	size_t at[DIFF_VERSIONS] = { 0 };

	groups_compare(component, groups);
	while (slots_next(component->lists, at, named)) {
		struct fate *fate = arena_alloc(merge->arena, sizeof *fate);
		enum merge_group group;
		bool decided = true;

		fate->label = any_of(named)->label;
		group = merge_group(kind, fate->label);
		if (group == GROUP_NONE)
			decided = fate_decide(merge, named, fate);
		else if (groups[group].sides || groups[group].local)
			fate->what = STAY;
		else if (groups[group].server)
			fate->what = REPLACE;
		else
			decided = merge_clash(merge, NULL);
		*component->last = fate;
		component->last = &fate->next;
		map_set(component->fates, fate->label, fate);
		if (!decided)
			return false;
	}
	return true;
}

/* ---- the lines -------------------------------------------------------------------------------- */

static struct line *line_add(struct component *component, const struct line *like, int version)
{
	struct line *line = arena_alloc(component->merge->arena, sizeof *line);

	*line = *like;
	line->next = NULL;
	*component->tail = line;
	component->tail = &line->next;
	if (line->group.size && version == DIFF_SERVER)
		map_set(component->groups, upper(component, line->group), component);
	else if (line->group.size)
		*vec_push(&component->ours) = line;
	return line;
}

/* The line of a version, and what the others of its group say of it. */
static void cluster_add(struct component *component, const struct line *main, const struct line *as,
			int version)
{
	line_add(component, as ? as : main, version);
	if (!main->group.size)
		return;
	for (const struct line *line = component->pair->of[version]->part->lines; line; line = line->next)
		if (line != main && slice_like(line->group, main->group))
			line_add(component, line, version);
}

/* The values of a list that were chosen from one line of a version; behind those of the server's line that
 * has the same parameters, if there is one. */
static void values_add(struct component *component, const struct merge_chosen *items, size_t count)
{
	const struct normal_entry *entry = items->entry;
	struct line *line = NULL;
	struct buf value;

	buf_init(&value, SIZE_MAX);
	for (struct line *made = component->head; made && items->from == DIFF_LOCAL; made = made->next)
		if (slice_like(made->name, entry->line->name) &&
		    slice_like(made->params, entry->line->params) && !made->group.size &&
		    !entry->line->group.size)
			line = made;
	if (line) {
		buf_add(&value, line->value.at, line->value.size);
		buf_addc(&value, ',');
	} else {
		line = line_add(component, entry->line, items->from);
	}
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_addc(&value, ',');
		buf_add(&value, items[i].entry->raw.at, items[i].entry->raw.size);
	}
	line->value =
		(struct slice){ arena_strn(component->merge->arena, value.data, value.size), value.size };
	buf_free(&value);
}

static void made_add(struct component *component, const struct merge_list *list)
{
	size_t count;

	for (size_t i = 0; i < list->count; i += count) {
		const struct merge_chosen *item = &list->items[i];

		count = 1;
		if (!(item->entry->property->marks & PROPERTY_SPLIT)) {
			cluster_add(component, item->entry->line, item->line, item->from);
			continue;
		}
		while (i + count < list->count && item[count].entry->line == item->entry->line)
			count++;
		values_add(component, item, count);
	}
}

static void fate_fulfil(struct component *component, struct fate *fate)
{
	if (fate->done || fate->what == STAY)
		return;
	fate->done = true;
	if (fate->what == MAKE) {
		made_add(component, &fate->list);
		return;
	}
	for (const struct line *line = component->pair->of[DIFF_LOCAL]->part->lines; line; line = line->next)
		if (main_of(component, DIFF_LOCAL, line) == line &&
		    strcmp(upper(component, line->name), fate->label) == 0)
			cluster_add(component, line, NULL, DIFF_LOCAL);
}

static const struct line *line_in(const struct component *component, int version, struct slice name)
{
	const struct line *line = component->pair->of[version]->part->lines;

	while (line && !slice_like(line->name, name))
		line = line->next;
	return line;
}

/* What says nothing stays as the server has it, but for the later of two stamps. */
static void noise_add(struct component *component, const struct line *line)
{
	const struct line *here = line_in(component, DIFF_LOCAL, line->name);

	if (here && merge_is_stamp(line->name) && merge_is_later(here->value, line->value))
		line_add(component, here, DIFF_LOCAL);
	else
		line_add(component, line, DIFF_SERVER);
}

static bool is_noise(const struct component *component, const struct line *line)
{
	return property_find(line->name, component->merge->card)->marks & PROPERTY_NOISE;
}

static void lines_write(struct component *component)
{
	const struct part *server = component->pair->of[DIFF_SERVER]->part;

	for (const struct line *line = server->lines; line; line = line->next) {
		const struct line *main = main_of(component, DIFF_SERVER, line);
		struct fate *fate = map_get(component->fates, upper(component, main->name));

		if (is_noise(component, line))
			noise_add(component, line);
		else if (!fate || fate->what == STAY)
			line_add(component, line, DIFF_SERVER);
		else
			fate_fulfil(component, fate);
	}
	for (struct fate *fate = component->first; fate; fate = fate->next)
		fate_fulfil(component, fate);
	for (const struct line *line = component->pair->of[DIFF_LOCAL]->part->lines; line; line = line->next)
		if (is_noise(component, line) &&
		    (merge_is_stamp(line->name) || slice_is(line->name, "PRODID")) &&
		    !line_in(component, DIFF_SERVER, line->name))
			line_add(component, line, DIFF_LOCAL);
}

/* Groups from here that are called as one of the server's get another name. */
static void groups_rename(struct component *component)
{
	struct map *names = map_new(); /* ours, old → new */
	struct map *taken = map_new();
	unsigned next = 1;

	for (size_t i = 0; i < component->ours.count; i++)
		map_set(taken, upper(component, component->ours.items[i]->group), taken);
	for (size_t i = 0; i < component->ours.count; i++) {
		struct line *line = component->ours.items[i];
		const char *old = upper(component, line->group), *name = map_get(names, old);

		if (!map_get(component->groups, old))
			continue;
		while (!name) {
			char made[24];

			snprintf(made, sizeof made, "ITEM%u", next++);
			if (map_get(component->groups, made) || map_get(taken, made))
				continue;
			name = arena_printf(component->merge->arena, "item%u", next - 1);
			map_set(names, old, (void *)(uintptr_t)name);
		}
		line->group = (struct slice){ name, strlen(name) };
	}
	map_free(taken);
	map_free(names);
}

bool merge_lines(struct merge *merge, const struct merge_pair *pair, struct line **lines)
{
	struct component component = { .merge = merge, .pair = pair };
	bool ok;

	component.last = &component.first;
	component.tail = &component.head;
	component.fates = map_new();
	component.groups = map_new();
	buf_init(&component.scratch, SIZE_MAX);
	for (int v = 0; v < DIFF_VERSIONS; v++)
		lists_make(&component, v);
	ok = fates_decide(&component);
	if (ok) {
		lines_write(&component);
		groups_rename(&component);
		*lines = component.head;
	}
	for (int v = 0; v < DIFF_VERSIONS; v++)
		map_free(component.clusters[v]);
	for (struct fate *fate = component.first; fate; fate = fate->next)
		vec_free(&fate->list);
	map_free(component.fates);
	map_free(component.groups);
	vec_free(&component.ours);
	buf_free(&component.scratch);
	return ok;
}
