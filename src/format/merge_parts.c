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

/* Those that have no name. */
struct nameless {
	const struct normal_node *nodes[DIFF_VERSIONS][NAMELESS_MOST]; /* NULL: it is in a pair */
	size_t count[DIFF_VERSIONS];
};

/* One that the node could be paired with: a pair, or a node of an earlier version that is in none. */
struct candidate {
	struct merge_pair *pair;
	const struct normal_node **node;
	int version;  /* of the node */
	size_t count; /* how many there are */
};

static void candidate_found(struct candidate *candidate, struct merge_pair *pair,
			    const struct normal_node **node, int version)
{
	if (!candidate->count++)
		*candidate = (struct candidate){ pair, node, version, 1 };
}

/* What was changed beyond recognition is one of the base. */
static bool may_be_like(const struct normal_node *a, int version, const struct normal_node *b, int other,
			enum likeness likeness)
{
	return a && (version == DIFF_BASE || other == DIFF_BASE || likeness != LIKE_LAST) &&
	       nodes_alike(a, b, likeness);
}

static struct candidate candidate_find(struct pairs *pairs, size_t from, struct nameless *nameless,
				       const struct normal_node *node, int version, enum likeness likeness)
{
	struct candidate found = { 0 };

	for (size_t i = from; i < pairs->count; i++) {
		struct merge_pair *pair = &pairs->items[i];
		bool like = false;

		for (int v = 0; v < DIFF_VERSIONS && !pair->of[version]; v++)
			like |= may_be_like(pair->of[v], v, node, version, likeness);
		if (like)
			candidate_found(&found, pair, NULL, 0);
	}
	for (int v = 0; v < version; v++)
		for (size_t i = 0; i < nameless->count[v]; i++)
			if (may_be_like(nameless->nodes[v][i], v, node, version, likeness))
				candidate_found(&found, NULL, &nameless->nodes[v][i], v);
	return found;
}

/* How many of this kind are in no pair? */
static size_t strangers(const struct nameless *nameless, int version, const char *kind)
{
	size_t strange = 0;

	for (size_t i = 0; i < nameless->count[version]; i++)
		strange +=
			nameless->nodes[version][i] && strcmp(nameless->nodes[version][i]->kind, kind) == 0;
	return strange;
}

static void nameless_place(struct pairs *pairs, size_t from, struct nameless *nameless,
			   const struct normal_node **node, int version, enum likeness likeness)
{
	struct candidate found = candidate_find(pairs, from, nameless, *node, version, likeness);

	if (!found.count || (likeness != LIKE_EQUAL && found.count > 1) ||
	    (likeness == LIKE_LAST && strangers(nameless, version, (*node)->kind) > 1))
		return;
	if (!found.pair) {
		found.pair = vec_push(pairs);
		found.pair->of[found.version] = *found.node;
		*found.node = NULL;
	}
	found.pair->of[version] = *node;
	found.pair->guessed |= likeness == LIKE_LAST;
	*node = NULL;
}

/* Equal ones first, in all versions; then alarms that ring at the same time; then the last of its kind: it
 * was changed. */
static void nameless_pair(struct pairs *pairs, struct nameless *nameless)
{
	size_t from = pairs->count;

	for (int likeness = 0; likeness < LIKENESSES; likeness++)
		for (int v = 0; v < DIFF_VERSIONS; v++)
			for (size_t i = 0; i < nameless->count[v]; i++)
				if (nameless->nodes[v][i])
					nameless_place(pairs, from, nameless, &nameless->nodes[v][i], v,
						       (enum likeness)likeness);
	for (int v = 0; v < DIFF_VERSIONS; v++)
		for (size_t i = 0; i < nameless->count[v]; i++)
			if (nameless->nodes[v][i])
				vec_push(pairs)->of[v] = nameless->nodes[v][i];
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
	struct nameless nameless = { .count = { 0 } };
	struct map *names = map_new();
	struct buf name;
	bool ok = true;

	buf_init(&name, SIZE_MAX);
	for (int v = 0; v < DIFF_VERSIONS; v++)
		for (size_t i = 0; ok && i < parent->of[v]->node_count; i++) {
			const struct normal_node *node = &parent->of[v]->nodes[i];

			if (is_zone(node))
				continue;
			if (name_make(node, &name))
				ok = named_pair(merge, pairs, names, &name, node, v);
			else if (nameless.count[v] == NAMELESS_MOST)
				ok = merge_clash(merge, "it has too many alarms");
			else
				nameless.nodes[v][nameless.count[v]++] = node;
		}
	if (ok)
		nameless_pair(pairs, &nameless);
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
	else if (pair->guessed && !(server && local)) /* so that one is gone, this is new */
		stands = server ? server : local;
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
