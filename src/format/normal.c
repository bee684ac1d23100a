/* Normal: each property is written anew (canon), properties and components are sorted, digests go
 * from the leaves to the root. */
#include "format/normal.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"
#include "base/str.h"
#include "format/canon.h"

#include <stdlib.h>
#include <string.h>

#define PATH_PIECE_MOST   80            /* bytes of what names a component in a path */
#define SPLIT_PARAMS_MOST ((size_t)256) /* lists with more are not split: each value gets all */

struct maker {
	bool card;
	struct arena *arena;
	struct buf scratch;
	size_t room;    /* for entries in the node that is being made */
	size_t grouped; /* of them in a group */
	size_t entries; /* in all nodes */
	uint64_t work;
};

static const char *keep(struct maker *maker)
{
	maker->work += maker->scratch.size;
	return arena_strn(maker->arena, maker->scratch.data, maker->scratch.size);
}

static const char *keep_upper(struct maker *maker, struct slice text)
{
	buf_clear(&maker->scratch);
	canon_upper(&maker->scratch, text);
	return keep(maker);
}

/* ---- properties ---- */

/* What stands for bytes that are not shown; with the blanks of base64 left out. */
static struct slice digest_text(struct maker *maker, struct slice bytes, bool blanks)
{
	struct digest_run *run = digest_begin();
	const char *at = bytes.at, *end = bytes.at + bytes.size;
	char hex[2 * DIGEST_SIZE + 1];
	struct digest digest;
	size_t size = 0;
	const char *text;

	while (at < end) {
		const char *stop = blanks ? end : at;

		while (stop < end && !memchr(" \t\r\n", *stop, 4))
			stop++;
		digest_add(run, at, (size_t)(stop - at));
		size += (size_t)(stop - at);
		at = stop < end ? stop + 1 : end;
	}
	digest = digest_end(run);
	str_hex(hex, digest.bytes, DIGEST_SIZE);
	text = arena_printf(maker->arena, "%zu bytes, SHA-256 %s", size, hex);
	maker->work += bytes.size;
	return (struct slice){ text, strlen(text) };
}

static struct slice value_text(struct maker *maker, const struct normal_entry *entry, enum shape shape,
			       struct slice value)
{
	if (entry->hashed)
		return digest_text(maker, value, shape != SHAPE_BINARY);
	buf_clear(&maker->scratch);
	canon_value(&maker->scratch, shape, entry->property, value);
	return (struct slice){ keep(maker), maker->scratch.size };
}

static void entry_add(struct maker *maker, struct normal_node *node, struct normal_entry entry,
		      enum shape shape, struct slice value)
{
	const char *nothing = entry.property->value;

	entry.raw = value;
	entry.hashed = shape == SHAPE_BINARY || value.size > CANON_VALUE_MOST;
	entry.value = value_text(maker, &entry, shape, value);
	if (nothing && !*entry.params && slice_is(entry.value, nothing))
		return;
	if (node->entry_count == maker->room) {
		size_t room = maker->room ? 2 * maker->room : 16;
		struct normal_entry *more = arena_alloc(maker->arena, room * sizeof *more);

		if (node->entry_count)
			memcpy(more, node->entries, node->entry_count * sizeof *more);
		node->entries = more;
		maker->room = room;
	}
	entry.number = node->entry_count;
	node->entries[node->entry_count++] = entry;
	maker->entries++;
}

static const char *params_text(struct maker *maker, const struct property *property, const struct line *line)
{
	if (!line->params.size)
		return "";
	if (line->params.size > CANON_PARAMS_MOST)
		return digest_text(maker, line->params, true).at;
	buf_clear(&maker->scratch);
	canon_params(&maker->scratch, property, line, maker->card);
	return keep(maker);
}

static void line_take(struct maker *maker, struct normal_node *node, const struct line *line)
{
	struct normal_entry entry = { .property = property_find(line->name, maker->card), .line = line };
	enum shape shape = property_shape(entry.property, line, maker->card);
	struct slice rest = line->value, value;

	if (entry.property->marks & PROPERTY_NOISE && !memchr(rest.at, '\n', rest.size))
		return; /* unless lines that are none came along */
	if (line->group.size) {
		struct slice whole = { line->group.at, line->group.size + 1 + line->name.size };

		entry.name = keep_upper(maker, whole);
		entry.label = entry.name + line->group.size + 1;
		maker->grouped++;
	} else {
		entry.name = entry.label = keep_upper(maker, line->name);
	}
	entry.params = params_text(maker, entry.property, line);
	if (!(entry.property->marks & PROPERTY_SPLIT) || shape == SHAPE_PLAIN ||
	    rest.size > CANON_VALUE_MOST || strlen(entry.params) > SPLIT_PARAMS_MOST) {
		entry_add(maker, node, entry, shape, rest);
		return;
	}
	while (maker->entries <= LINES_MOST && slice_cut(&rest, ',', &value))
		entry_add(maker, node, entry, shape, value);
}

static int bytes_order(struct maker *maker, struct slice a, struct slice b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size ? memcmp(a.at, b.at, size) : 0;

	maker->work += size + 1;
	return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int text_order(struct maker *maker, const char *a, const char *b)
{
	if (a == b)
		return 0;
	return bytes_order(maker, (struct slice){ a, strlen(a) }, (struct slice){ b, strlen(b) });
}

static int entry_order(const void *a, const void *b, void *context)
{
	const struct normal_entry *first = a, *second = b;
	struct maker *maker = context;
	int order = text_order(maker, first->label, second->label);

	if (!order && first->property->marks & PROPERTY_UNORDERED) {
		order = bytes_order(maker, first->value, second->value);
		if (!order)
			order = text_order(maker, first->params, second->params);
		if (!order)
			order = text_order(maker, first->name, second->name);
	}
	return order ? order : (first->number > second->number) - (first->number < second->number);
}

static const char *entry_value(const struct normal_node *node, const char *name)
{
	for (size_t i = 0; i < node->entry_count; i++)
		if (strcmp(node->entries[i].name, name) == 0)
			return node->entries[i].value.at;
	return "";
}

/* ---- components ---- */

/* Does the zone's name end in one of the tz database?  By its form, since the same item must have
 * the same digest on a machine with another tz database, or with none. */
static bool zone_known(const char *tzid)
{
	static const char *const areas[] = {
		"Africa/",    "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/",
		"Australia/", "Brazil/",  "Canada/",     "Chile/",  "Etc/",  "Europe/",
		"Indian/",    "Mexico/",  "Pacific/",    "US/",
	};

	if (strcmp(tzid, "UTC") == 0 || strcmp(tzid, "GMT") == 0)
		return true;
	for (const char *at = tzid; at; at = strchr(at, '/')) {
		at += at > tzid || *at == '/';
		for (size_t i = 0; i < sizeof areas / sizeof *areas; i++)
			if (str_starts(at, areas[i]))
				return true;
	}
	return false;
}

static void feed(struct maker *maker, struct digest_run *run, struct slice bytes)
{
	uint64_t size = bytes.size;
	uint8_t prefix[8];

	for (int i = 7; i >= 0; i--, size >>= 8)
		prefix[i] = (uint8_t)size;
	digest_add(run, prefix, sizeof prefix);
	digest_add(run, bytes.at, bytes.size);
	maker->work += bytes.size + sizeof prefix;
}

static void feed_text(struct maker *maker, struct digest_run *run, const char *text)
{
	feed(maker, run, (struct slice){ text, strlen(text) });
}

/* ---- groups ---- */

static struct slice entry_group(const struct normal_entry *entry)
{
	return (struct slice){ entry->name, (size_t)(entry->label - entry->name) };
}

/* Entries of one group together, else as they stand in the node. */
static int group_order(const void *a, const void *b, void *context)
{
	const struct normal_entry *first = *(struct normal_entry *const *)a;
	const struct normal_entry *second = *(struct normal_entry *const *)b;
	int order = bytes_order(context, entry_group(first), entry_group(second));

	return order ? order : (first > second) - (first < second);
}

static const char *group_name(struct maker *maker, struct normal_entry *const *members, size_t count)
{
	struct digest_run *run = digest_begin();
	char hex[2 * DIGEST_SIZE + 1];
	struct digest digest;

	for (size_t i = 0; i < count; i++) {
		feed_text(maker, run, members[i]->hashed ? "hashed" : "property");
		feed_text(maker, run, members[i]->label);
		feed_text(maker, run, members[i]->params);
		feed(maker, run, members[i]->value);
	}
	digest = digest_end(run);
	str_hex(hex, digest.bytes, DIGEST_SIZE);
	return arena_strn(maker->arena, hex, sizeof hex - 1);
}

/* What a group of a card is called says nothing, what belongs to it does: its name becomes a digest of all
 * that is in it. */
static void groups_name(struct maker *maker, struct normal_node *node)
{
	struct normal_entry **members = memory_alloc(maker->grouped * sizeof(struct normal_entry *));
	size_t count = 0;

	for (size_t i = 0; i < node->entry_count; i++)
		if (node->entries[i].name != node->entries[i].label)
			members[count++] = &node->entries[i];
	qsort_r(members, count, sizeof *members, group_order, maker);
	for (size_t first = 0, end; first < count; first = end) {
		struct slice group = entry_group(members[first]);
		const char *name;

		for (end = first + 1; end < count && slice_equal(entry_group(members[end]), group); end++)
			;
		name = group_name(maker, &members[first], end - first);
		for (size_t i = first; i < end; i++) {
			members[i]->name = arena_printf(maker->arena, "%s.%s", name, members[i]->label);
			members[i]->label = members[i]->name + strlen(name) + 1;
			maker->work += strlen(members[i]->name);
		}
	}
	free(members);
}

/* Each piece with its length before it, so that no two different lists are the same bytes. */
static struct digest node_digest(struct maker *maker, const struct normal_node *node)
{
	struct digest_run *run = digest_begin();

	feed_text(maker, run, node->kind);
	for (size_t i = 0; i < node->entry_count; i++) {
		const struct normal_entry *entry = &node->entries[i];

		feed_text(maker, run, entry->hashed ? "hashed" : "property");
		feed_text(maker, run, entry->name);
		feed_text(maker, run, entry->params);
		feed(maker, run, entry->value);
	}
	for (size_t i = 0; i < node->node_count; i++) {
		feed_text(maker, run, "component");
		feed(maker, run, (struct slice){ (const char *)node->nodes[i].digest.bytes, DIGEST_SIZE });
	}
	return digest_end(run);
}

/* What has no name of its own (an alarm) is sorted by what is in it. */
static int content_order(struct maker *maker, const struct normal_node *a, const struct normal_node *b)
{
	for (size_t i = 0; i < a->entry_count && i < b->entry_count; i++) {
		const struct normal_entry *first = &a->entries[i], *second = &b->entries[i];
		int order = text_order(maker, first->name, second->name);

		if (!order)
			order = bytes_order(maker, first->value, second->value);
		if (!order)
			order = text_order(maker, first->params, second->params);
		if (order)
			return order;
	}
	return (a->entry_count > b->entry_count) - (a->entry_count < b->entry_count);
}

static int node_order(const void *a, const void *b, void *context)
{
	const struct normal_node *first = a, *second = b;
	struct maker *maker = context;
	int order = text_order(maker, first->kind, second->kind);

	if (!order)
		order = text_order(maker, first->uid, second->uid);
	if (!order)
		order = text_order(maker, first->instance, second->instance);
	if (!order)
		order = content_order(maker, first, second);
	return order ? order : memcmp(first->digest.bytes, second->digest.bytes, DIGEST_SIZE);
}

static void entries_sort(struct maker *maker, struct normal_node *node)
{
	if (node->entry_count > 1)
		qsort_r(node->entries, node->entry_count, sizeof *node->entries, entry_order, maker);
}

/* The list of parts as sorted nodes; as deep as PARTS_DEPTH allows. */
static void nodes_make(struct maker *maker, const struct part *parts, size_t count,
		       struct normal_node *parent)
{
	parent->nodes = arena_alloc(maker->arena, count * sizeof *parent->nodes);
	for (; parts; parts = parts->next) {
		struct normal_node *node = &parent->nodes[parent->node_count];

		*node = (struct normal_node){ .kind = keep_upper(maker, parts->name), .part = parts };
		maker->room = maker->grouped = 0;
		for (const struct line *line = parts->lines; line && maker->entries <= LINES_MOST;
		     line = line->next)
			line_take(maker, node, line);
		entries_sort(maker, node);
		if (maker->grouped && maker->card) {
			groups_name(maker, node);
			entries_sort(maker, node);
		}
		if (parts->part_count)
			nodes_make(maker, parts->parts, parts->part_count, node);
		node->uid = entry_value(node, strcmp(node->kind, "VTIMEZONE") == 0 ? "TZID" : "UID");
		if (strcmp(node->kind, "VTIMEZONE") == 0 && zone_known(node->uid))
			continue;
		node->instance = entry_value(node, "RECURRENCE-ID");
		node->digest = node_digest(maker, node);
		parent->node_count++;
	}
	if (parent->node_count > 1)
		qsort_r(parent->nodes, parent->node_count, sizeof *parent->nodes, node_order, maker);
}

/* ---- the list ---- */

/* "VEVENT/VALARM #2": what is above it, its kind and instance, and its number among those that have
 * both in common. */
static const char *path_make(struct maker *maker, const char *above, const struct normal_node *node,
			     size_t number)
{
	const char *path =
		arena_printf(maker->arena, "%s%s%.*s%s%.*s", above, *above ? "/" : "", PATH_PIECE_MOST,
			     node->kind, *node->instance ? " " : "", PATH_PIECE_MOST, node->instance);

	return number > 1 ? arena_printf(maker->arena, "%s #%zu", path, number) : path;
}

static void list_make(struct maker *maker, struct normal_node *parent, const char *above,
		      struct normal *normal)
{
	size_t number = 0;

	for (size_t i = 0; i < parent->node_count; i++) {
		struct normal_node *node = &parent->nodes[i];
		bool again = i && !text_order(maker, node->kind, node[-1].kind) &&
			     !text_order(maker, node->instance, node[-1].instance);
		struct normal_entry *entries = &normal->entries[normal->count];

		number = again ? number + 1 : 1;
		node->path = path_make(maker, above, node, number);
		for (size_t e = 0; e < node->entry_count; e++) {
			entries[e] = node->entries[e];
			entries[e].path = node->path;
		}
		normal->count += node->entry_count;
		node->entries = entries;
		list_make(maker, node, strcmp(node->path, "VCALENDAR") == 0 ? "" : node->path, normal);
	}
}

bool normal_make(const struct part *parts, bool card, struct arena *arena, struct normal *normal)
{
	struct maker maker = { .card = card, .arena = arena };
	struct normal_node *top = &normal->top;
	size_t count = 0;

	*normal = (struct normal){ .top = { .kind = "", .path = "" } };
	for (const struct part *part = parts; part; part = part->next)
		count++;
	buf_init(&maker.scratch, 4 * CANON_VALUE_MOST);
	nodes_make(&maker, parts, count, top);
	buf_free(&maker.scratch);
	if (maker.entries > LINES_MOST)
		return false;
	normal->digest = top->digest = node_digest(&maker, top);
	normal->entries = arena_alloc(arena, maker.entries * sizeof *normal->entries);
	list_make(&maker, top, "", normal);
	normal->work = maker.work;
	return true;
}
