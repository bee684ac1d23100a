/* Merge: properties of one name, of which both sides changed what they had: what of it stays, in what order.
 */
#include "format/merge_room.h"

#include "base/arena.h"
#include "base/memory.h"
#include "format/property.h"

#include <stdlib.h>
#include <string.h>

static void choose(struct merge_list *list, const struct slot *slot, const struct normal_entry *entry,
		   enum diff_version from, struct line *line)
{
	struct merge_chosen *chosen = vec_push(list);

	chosen->entry = entry;
	chosen->from = from;
	chosen->line = line;
	memcpy(chosen->of, slot->of, sizeof chosen->of);
}

/* ---- one slot --------------------------------------------------------------------------------- */

static bool equal(const struct normal_entry *a, const struct normal_entry *b)
{
	return a && b ? slot_equal(a, b) : a == b;
}

/* Both sides have it, each in its own way. */
static bool choose_of_both(struct merge *merge, const struct slot *slot, struct merge_list *list)
{
	const struct normal_entry *base = slot->of[DIFF_BASE], *server = slot->of[DIFF_SERVER],
				  *local = slot->of[DIFF_LOCAL];
	bool grouped = server->name != server->label || local->name != local->label;
	struct line *line = arena_alloc(merge->arena, sizeof *line);

	if (!slice_equal(server->value, local->value)) {
		if (base || !merge_several(server->property, server->label))
			return merge_clash(merge, NULL);
		choose(list, &(struct slot){ { [DIFF_SERVER] = server } }, server, DIFF_SERVER, NULL);
		choose(list, &(struct slot){ { [DIFF_LOCAL] = local } }, local, DIFF_LOCAL, NULL);
		return true;
	}
	if (!base || grouped || base->name != base->label || !merge_params(merge, slot, line))
		return merge_clash(merge, NULL);
	choose(list, slot, server, DIFF_SERVER, line);
	return true;
}

static bool choose_slot(struct merge *merge, const struct slot *slot, struct merge_list *list)
{
	const struct normal_entry *base = slot->of[DIFF_BASE], *server = slot->of[DIFF_SERVER],
				  *local = slot->of[DIFF_LOCAL];
	bool from_server = equal(server, local) || equal(local, base);

	if (!from_server && !equal(server, base)) {
		const struct normal_entry *changed = server ? server : local;

		if (server && local)
			return choose_of_both(merge, slot, list);
		/* Gone on one side, changed on the other: one number for another is a new one. */
		if (slice_equal(changed->value, base->value) ||
		    !merge_several(changed->property, changed->label))
			return merge_clash(merge, NULL);
		choose(list, &(struct slot){ { [DIFF_SERVER] = server, [DIFF_LOCAL] = local } }, changed,
		       server ? DIFF_SERVER : DIFF_LOCAL, NULL);
		return true;
	}
	if (from_server && server)
		choose(list, slot, server, DIFF_SERVER, NULL);
	else if (!from_server && local)
		choose(list, slot, local, DIFF_LOCAL, NULL);
	return true;
}

/* ---- what is there twice ---------------------------------------------------------------------- */

static size_t times_there(const struct slot_list *list, const struct normal_entry *entry)
{
	size_t times = 0;

	for (size_t i = 0; i < list->count; i++)
		times += slot_equal(&list->entries[i], entry);
	return times;
}

static size_t times_chosen(const struct merge_list *list, const struct normal_entry *entry)
{
	size_t times = 0;

	for (size_t i = 0; i < list->count; i++)
		times += !list->items[i].line && slot_equal(list->items[i].entry, entry);
	return times;
}

/* What both sides came to in different ways is there once, unless one of them has it twice.  What was there,
 * and is not on one side any more, is gone, also if the other has it twice. */
static void doubles_drop(struct merge_list *list, const struct slot_list named[DIFF_VERSIONS])
{
	for (size_t i = list->count; i-- > 0;) {
		const struct merge_chosen *chosen = &list->items[i];
		size_t server = times_there(&named[DIFF_SERVER], chosen->entry);
		size_t local = times_there(&named[DIFF_LOCAL], chosen->entry);
		bool gone = (!server || !local) && times_there(&named[DIFF_BASE], chosen->entry);

		if (chosen->line ||
		    (!gone && times_chosen(list, chosen->entry) <= (server > local ? server : local)))
			continue;
		memmove(&list->items[i], &list->items[i + 1], (list->count - i - 1) * sizeof *chosen);
		list->count--;
	}
}

/* ---- order ------------------------------------------------------------------------------------ */

static bool is_common(const struct merge_chosen *chosen)
{
	return chosen->of[DIFF_SERVER] && chosen->of[DIFF_LOCAL];
}

/* Both are in this version: which stands first? */
static int place_order(const struct merge_chosen *a, const struct merge_chosen *b, int version)
{
	return (a->of[version] > b->of[version]) - (a->of[version] < b->of[version]);
}

/* Do those of the first `count` that are in both versions stand there in the same order? */
static bool same_order(const struct merge_chosen *items, size_t count, int one, int other)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++)
			if (items[i].of[one] && items[k].of[one] && items[i].of[other] &&
			    items[k].of[other] &&
			    place_order(&items[i], &items[k], one) !=
				    place_order(&items[i], &items[k], other))
				return false;
	return true;
}

/* Behind how many of the common ones, which are in their final order, does it stand in the version? */
static size_t anchor_in(const struct merge_chosen *chosen, const struct merge_chosen *common, size_t count,
			int version)
{
	size_t anchor = 0;

	for (size_t i = 0; i < count; i++)
		if (common[i].of[version] < chosen->of[version])
			anchor = i + 1;
	return anchor;
}

/* What only one side has, and where. */
struct fresh {
	const struct merge_chosen *chosen;
	size_t anchor;
	enum diff_version by;
};

/* The first of that side at that place. */
static const struct fresh *fresh_first(const struct fresh *fresh, size_t count, size_t anchor,
				       enum diff_version by)
{
	const struct fresh *first = NULL;

	for (size_t i = 0; i < count; i++)
		if (fresh[i].anchor == anchor && fresh[i].by == by &&
		    (!first || fresh[i].chosen->entry < first->chosen->entry))
			first = &fresh[i];
	return first;
}

struct fresh_list {
	struct fresh *items;
	size_t count;
};

/* Those of one side stay together, in their order; which side comes first must not hang on which is which. */
static bool fresh_before(const struct fresh *a, const struct fresh *b, const struct fresh_list *all)
{
	const struct fresh *first, *other;

	if (a->anchor != b->anchor)
		return a->anchor < b->anchor;
	if (a->by == b->by)
		return a->chosen->entry < b->chosen->entry;
	first = fresh_first(all->items, all->count, a->anchor, a->by);
	other = fresh_first(all->items, all->count, b->anchor, b->by);
	return merge_order(first->chosen->entry, other->chosen->entry) < 0;
}

static void items_sort(struct merge_chosen *items, size_t count, int version)
{
	for (size_t i = 1; i < count; i++) {
		struct merge_chosen item = items[i];
		size_t at = i;

		for (; at && place_order(&items[at - 1], &item, version) > 0; at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

/* Nobody changed the order of what was there, but what is new to both stands in another order: which side's
 * is taken must not hang on which is which. */
static void either_sort(struct merge_chosen *items, size_t count)
{
	struct merge_chosen *server = memory_alloc(count * sizeof *server);
	int order = 0;

	memcpy(server, items, count * sizeof *server);
	items_sort(server, count, DIFF_SERVER);
	items_sort(items, count, DIFF_LOCAL);
	for (size_t i = 0; !order && i < count; i++)
		order = merge_order(server[i].entry, items[i].entry);
	if (order < 0)
		memcpy(items, server, count * sizeof *server);
	free(server);
}

/* Puts what both sides have first, in the order that one side gave it. */
static bool common_sort(struct merge *merge, struct merge_list *list, size_t *count)
{
	struct merge_chosen *items = list->items;
	bool server, local;

	*count = 0;
	for (size_t i = 0; i < list->count; i++)
		if (is_common(&items[i])) {
			struct merge_chosen item = items[i];

			memmove(&items[*count + 1], &items[*count], (i - *count) * sizeof item);
			items[(*count)++] = item;
		}
	server = same_order(items, *count, DIFF_SERVER, DIFF_BASE);
	local = same_order(items, *count, DIFF_LOCAL, DIFF_BASE);
	if (local || same_order(items, *count, DIFF_SERVER, DIFF_LOCAL))
		items_sort(items, *count, DIFF_SERVER);
	else if (server)
		items_sort(items, *count, DIFF_LOCAL);
	else
		return merge_clash(merge, "both sides changed the order of several");
	if (server && local && !same_order(items, *count, DIFF_SERVER, DIFF_LOCAL))
		either_sort(items, *count);
	return true;
}

/* The best of those that are to stand at this place; NULL: there is none left. */
static struct fresh *fresh_next(const struct fresh_list *all, size_t anchor, const bool *taken)
{
	struct fresh *best = NULL;

	for (size_t i = 0; i < all->count; i++)
		if (!taken[i] && all->items[i].anchor == anchor &&
		    (!best || fresh_before(&all->items[i], best, all)))
			best = &all->items[i];
	return best;
}

/* Properties whose order counts. */
static bool list_order(struct merge *merge, struct merge_list *list)
{
	struct merge_list result = { 0 };
	struct fresh_list all = { .items = memory_alloc((list->count + 1) * sizeof *all.items) };
	bool *taken = memory_alloc(list->count + 1);
	struct fresh *fresh;
	size_t common = 0;
	bool ok = common_sort(merge, list, &common);

	for (size_t i = common; ok && i < list->count; i++) {
		fresh = &all.items[all.count++];
		fresh->chosen = &list->items[i];
		fresh->by = fresh->chosen->from;
		fresh->anchor = anchor_in(fresh->chosen, list->items, common, fresh->by);
	}
	for (size_t place = 0; ok && place <= common; place++) {
		if (place)
			*vec_push(&result) = list->items[place - 1];
		while ((fresh = fresh_next(&all, place, taken))) {
			taken[fresh - all.items] = true;
			*vec_push(&result) = *fresh->chosen;
		}
	}
	if (ok) {
		vec_free(list);
		*list = result;
	}
	free(taken);
	free(all.items);
	return ok;
}

/* The server's as they stand in its file, then those from here. */
static int file_order(const void *a, const void *b)
{
	const struct merge_chosen *first = a, *second = b;

	if (first->from != second->from)
		return first->from == DIFF_SERVER ? -1 : 1;
	return (first->entry->raw.at > second->entry->raw.at) -
	       (first->entry->raw.at < second->entry->raw.at);
}

bool merge_choose(struct merge *merge, const struct slot_list named[DIFF_VERSIONS], struct merge_list *list)
{
	struct slot *slots = memory_alloc(DIFF_VERSIONS * SLOTS_ALIKE * sizeof *slots);
	size_t count = slots_fill(slots, named);
	bool ok = true;

	for (size_t i = 0; ok && i < count; i++)
		ok = choose_slot(merge, &slots[i], list);
	free(slots);
	if (!ok || !list->count)
		return ok;
	doubles_drop(list, named);
	if (!(list->items->entry->property->marks & PROPERTY_UNORDERED))
		return list_order(merge, list);
	qsort(list->items, list->count, sizeof *list->items, file_order);
	return true;
}

/* ---- sets ------------------------------------------------------------------------------------- */

/* The least of the first ones that are left. */
static const struct normal_entry *set_next(const struct slot_list rest[DIFF_VERSIONS])
{
	const struct normal_entry *next = NULL;

	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (rest[v].count && (!next || merge_order(rest[v].entries, next) < 0))
			next = rest[v].entries;
	return next;
}

bool merge_choose_set(struct merge *merge, const struct slot_list named[DIFF_VERSIONS],
		      struct merge_list *list)
{
	struct slot_list rest[DIFF_VERSIONS];
	const struct normal_entry *next, *last = NULL;

	memcpy(rest, named, sizeof rest);
	while ((next = set_next(rest))) {
		struct slot slot = { { NULL } };
		bool server, local;

		for (int v = 0; v < DIFF_VERSIONS; v++)
			while (rest[v].count && merge_order(rest[v].entries, next) == 0) {
				slot.of[v] = rest[v].entries;
				rest[v] = (struct slot_list){ rest[v].entries + 1, rest[v].count - 1 };
			}
		server = slot.of[DIFF_SERVER];
		local = slot.of[DIFF_LOCAL];
		if (server == local ? !server : slot.of[DIFF_BASE] != NULL)
			continue;
		if (last && slice_equal(last->value, next->value)) /* with other parameters */
			return merge_clash(merge, NULL);
		last = next;
		choose(list, &slot, server ? slot.of[DIFF_SERVER] : slot.of[DIFF_LOCAL],
		       server ? DIFF_SERVER : DIFF_LOCAL, NULL);
	}
	if (list->count)
		qsort(list->items, list->count, sizeof *list->items, file_order);
	return true;
}
