/* Merge: which component of one version is which of another, and what becomes of each.  Events and instances
 * go by RECURRENCE-ID, alarms by UID or else by what is in them. */
#include "format/merge_room.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"

#include <stdint.h>
#include <string.h>

#define NAMELESS_MOST 100 /* components of one part that have no name: more are not paired */

static const char unlike[] = "a part of it is twice in one version";

struct pairs {
	VEC(struct merge_pair)
};

/* ---- names ------------------------------------------------------------------------------------ */

static const struct normal_entry *entry_find(const struct normal_node *node, const char *label)
{
	for (size_t i = 0; i < node->entry_count; i++)
		if (strcmp(node->entries[i].label, label) == 0)
			return &node->entries[i];
	return NULL;
}

static bool is_zone(const struct normal_node *node)
{
	return strcmp(node->kind, "VTIMEZONE") == 0;
}

/* Is there one of them in an item (RFC 4791 4.1), but for its instances? */
static bool is_item(const struct normal_node *node)
{
	return strcmp(node->kind, "VEVENT") == 0 || strcmp(node->kind, "VTODO") == 0 ||
	       strcmp(node->kind, "VJOURNAL") == 0 || strcmp(node->kind, "VCALENDAR") == 0 ||
	       strcmp(node->kind, "VCARD") == 0;
}

/* The name that it has in all versions; false: it has none. */
static bool name_make(const struct normal_node *node, struct buf *name)
{
	const struct normal_entry *entry = entry_find(node, "RECURRENCE-ID");

	buf_clear(name);
	buf_adds(name, node->kind);
	buf_addc(name, '\0');
	if (!entry && !is_item(node))
		entry = entry_find(node, "UID");
	if (!entry && !is_item(node))
		entry = entry_find(node, "X-WR-ALARMUID");
	if (!entry)
		return is_item(node);
	buf_adds(name, entry->params);
	buf_addc(name, '\0');
	buf_add(name, entry->value.at, entry->value.size);
	return true;
}

/* ---- pairs ------------------------------------------------------------------------------------ */

static bool nodes_equal(const struct normal_node *a, const struct normal_node *b)
{
	return a && b ? digest_equal(&a->digest, &b->digest) : a == b;
}

static bool entries_alike(const struct normal_entry *a, const struct normal_entry *b)
{
	return a && b ? slot_equal(a, b) : a == b;
}

enum likeness { LIKE_EQUAL, LIKE_TRIGGER, LIKE_LAST, LIKENESSES };

/* Are they one, as far as that can be seen?  LIKE_LAST: if there is no other of their kind left. */
static bool nodes_alike(const struct normal_node *a, const struct normal_node *b, enum likeness likeness)
{
	if (strcmp(a->kind, b->kind) != 0)
		return false;
	switch (likeness) {
	case LIKE_EQUAL:
		return nodes_equal(a, b);
	case LIKE_TRIGGER:
		return entry_find(a, "TRIGGER") &&
		       entries_alike(entry_find(a, "TRIGGER"), entry_find(b, "TRIGGER")) &&
		       entries_alike(entry_find(a, "ACTION"), entry_find(b, "ACTION"));
	case LIKE_LAST:
		return true;
	case LIKENESSES:
		break;
	}
	return false;
}

/* How many pairs could take the node? */
static size_t candidates(const struct pairs *pairs, size_t from, const struct normal_node *node, int version,
			 enum likeness likeness, struct merge_pair **found)
{
	size_t count = 0;

	for (size_t i = from; i < pairs->count; i++) {
		struct merge_pair *pair = &pairs->items[i];
		bool like = false;

		for (int v = 0; v < version && !pair->of[version]; v++)
			like |= pair->of[v] && (v == DIFF_BASE || likeness != LIKE_LAST) &&
				nodes_alike(pair->of[v], node, likeness);
		if (like && !count++)
			*found = pair;
	}
	return count;
}

/* How many of this kind, that nobody knows yet, does the version have? */
static size_t strangers(const struct normal_node *const *nodes, size_t count, const char *kind)
{
	size_t strange = 0;

	for (size_t i = 0; i < count; i++)
		strange += nodes[i] && strcmp(nodes[i]->kind, kind) == 0;
	return strange;
}

/* Those of one version that have no name: equal ones first, then alarms that ring at the same time, then the
 * last of its kind: it was changed. */
static void nameless_pair(struct pairs *pairs, size_t from, const struct normal_node **nodes, size_t count,
			  int version)
{
	for (int likeness = 0; likeness < LIKENESSES; likeness++)
		for (size_t i = 0; i < count; i++) {
			struct merge_pair *pair = NULL;
			size_t found = 0;

			if (nodes[i])
				found = candidates(pairs, from, nodes[i], version, (enum likeness)likeness,
						   &pair);
			if (!found || (likeness != LIKE_EQUAL && found > 1) ||
			    (likeness == LIKE_LAST && strangers(nodes, count, nodes[i]->kind) > 1))
				continue;
			pair->of[version] = nodes[i];
			nodes[i] = NULL;
		}
	for (size_t i = 0; i < count; i++)
		if (nodes[i])
			vec_push(pairs)->of[version] = nodes[i];
}

static bool named_pair(struct merge *merge, struct pairs *pairs, struct map *names, const struct buf *name,
		       const struct normal_node *node, int version)
{
	size_t at = (size_t)(uintptr_t)map_getn(names, name->data, name->size);

	if (!at) {
		vec_push(pairs)->of[version] = node;
		map_setn(names, name->data, name->size, (void *)(uintptr_t)pairs->count);
		return true;
	}
	if (pairs->items[at - 1].of[version])
		return merge_clash(merge, unlike);
	pairs->items[at - 1].of[version] = node;
	return true;
}

/* The components that are in this one; time zones aside. */
static bool pairs_make(struct merge *merge, const struct merge_pair *parent, struct pairs *pairs)
{
	struct map *names = map_new();
	struct buf name;
	size_t from = 0;
	bool ok = true;

	buf_init(&name, SIZE_MAX);
	for (int v = 0; ok && v < DIFF_VERSIONS; v++)
		for (size_t i = 0; ok && i < parent->of[v]->node_count; i++) {
			const struct normal_node *node = &parent->of[v]->nodes[i];

			if (!is_zone(node) && name_make(node, &name))
				ok = named_pair(merge, pairs, names, &name, node, v);
		}
	from = pairs->count;
	for (int v = 0; ok && v < DIFF_VERSIONS; v++) {
		const struct normal_node *nodes[NAMELESS_MOST];
		size_t count = 0;

		for (size_t i = 0; ok && i < parent->of[v]->node_count; i++) {
			const struct normal_node *node = &parent->of[v]->nodes[i];

			if (is_zone(node) || name_make(node, &name))
				continue;
			if (count == NAMELESS_MOST)
				ok = merge_clash(merge, "it has too many alarms");
			else
				nodes[count++] = node;
		}
		if (ok)
			nameless_pair(pairs, from, nodes, count, v);
	}
	buf_free(&name);
	map_free(names);
	return ok;
}

/* ---- what becomes of them --------------------------------------------------------------------- */

struct part *merge_part_copy(struct merge *merge, const struct part *part)
{
	struct part *copy = arena_alloc(merge->arena, sizeof *copy);

	*copy = *part;
	copy->next = NULL;
	return copy;
}

/* *part NULL: nothing.  False: merge_clash. */
static bool pair_merge(struct merge *merge, const struct merge_pair *pair, struct part **part)
{
	const struct normal_node *base = pair->of[DIFF_BASE], *server = pair->of[DIFF_SERVER],
				 *local = pair->of[DIFF_LOCAL];
	const struct normal_node *stands = NULL;

	*part = NULL;
	if (nodes_equal(server, local) || nodes_equal(local, base))
		stands = server;
	else if (nodes_equal(server, base))
		stands = local;
	else if (base && server && local)
		return (*part = merge_part(merge, pair)) != NULL;
	else
		return merge_clash(merge, base ? "one side changed a part of it that the other removed"
					       : "both sides added the same part, each its own");
	if (stands)
		*part = merge_part_copy(merge, stands->part);
	return true;
}

/* The parts in the order of the server's; then what is only here, as it stands here. */
static bool parts_merge(struct merge *merge, const struct merge_pair *parent, const struct pairs *pairs,
			struct part *result)
{
	static const enum diff_version order[] = { DIFF_SERVER, DIFF_LOCAL };
	struct part **last = &result->parts;
	struct map *by_part = map_new();
	bool ok = true;

	for (size_t i = 0; i < pairs->count; i++) {
		const struct merge_pair *pair = &pairs->items[i];
		const struct normal_node *first =
			pair->of[DIFF_SERVER] ? pair->of[DIFF_SERVER] : pair->of[DIFF_LOCAL];

		if (first)
			map_setn(by_part, &first->part, sizeof first->part, &pairs->items[i]);
	}
	for (size_t v = 0; v < sizeof order / sizeof *order; v++)
		for (const struct part *part = parent->of[order[v]]->part->parts; ok && part;
		     part = part->next) {
			const struct merge_pair *pair = map_getn(by_part, &part, sizeof part);

			if (pair)
				ok = pair_merge(merge, pair, last);
			if (pair && ok && *last) {
				last = &(*last)->next;
				result->part_count++;
			}
		}
	map_free(by_part);
	return ok;
}

/* The event, task or note itself, of which the others are single dates. */
static const struct merge_pair *whole_of(const struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		const struct normal_node *any = NULL;

		for (int v = 0; v < DIFF_VERSIONS && !any; v++)
			any = pairs->items[i].of[v];
		if (is_item(any) && !*any->instance)
			return &pairs->items[i];
	}
	return NULL;
}

struct part *merge_part(struct merge *merge, const struct merge_pair *pair)
{
	struct part *result = merge_part_copy(merge, pair->of[DIFF_SERVER]->part);
	struct pairs pairs = { 0 };
	bool ok;

	result->lines = NULL;
	result->parts = NULL;
	result->line_count = result->part_count = 0;
	ok = pairs_make(merge, pair, &pairs) &&
	     merge_dates_fit(merge, whole_of(&pairs), pairs.items, pairs.count) &&
	     merge_lines(merge, pair, &result->lines) && parts_merge(merge, pair, &pairs, result);
	if (ok && strcmp(pair->of[DIFF_SERVER]->kind, "VCALENDAR") == 0)
		ok = merge_zones(merge, pair, result);
	vec_free(&pairs);
	return ok ? result : NULL;
}
