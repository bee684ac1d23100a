/* Seen: collects, puts in order, and makes the listing. */
#include "store/imap/seen.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define LASTING_MOST ((size_t)32 << 20)

void seen_init(struct seen *seen, struct arena *arena)
{
	memset(seen, 0, sizeof *seen);
	seen->arena = arena;
}

void seen_free(struct seen *seen)
{
	vec_free(&seen->items);
	vec_free(&seen->gone);
	vec_free(&seen->found);
}

void seen_clear(struct seen *seen)
{
	seen->items.count = seen->gone.count = seen->found.count = 0;
	seen->searched = seen->settled = false;
}

void seen_fetched(struct seen *seen, const struct fetched *fetched)
{
	struct seen_item *item;

	if (fetched->uid == 0)
		return; /* an unasked one of a server without UIDs in it */
	seen->settled = false;
	item = vec_push(&seen->items);
	item->uid = fetched->uid;
	item->turn = (uint32_t)seen->items.count;
	if (fetched->has_flags) {
		const char *keywords = fetched->flags.keywords;

		item->says |= SAYS_BITS | SAYS_KEYWORDS;
		item->bits = (uint8_t)(fetched->flags.bits & FLAG_ALL);
		if (keywords && (!seen->keywords || strcmp(seen->keywords, keywords) != 0))
			seen->keywords = arena_str(seen->arena, keywords);
		item->keywords = keywords ? seen->keywords : NULL;
	}
	if (fetched->has_size && fetched->size <= UINT32_MAX) {
		item->says |= SAYS_SIZE;
		item->size = (uint32_t)fetched->size;
	}
	item->date = fetched->date;
	if (fetched->lasting && seen->lasting < LASTING_MOST) {
		item->lasting = arena_str(seen->arena, fetched->lasting);
		seen->lasting += strlen(item->lasting) + 1;
	}
}

void seen_gone(struct seen *seen, struct uid_range range)
{
	seen->settled = false;
	*vec_push(&seen->gone) = range;
}

void seen_searched(struct seen *seen)
{
	seen->searched = true;
}

void seen_found(struct seen *seen, uint32_t uid)
{
	seen->settled = false;
	*vec_push(&seen->found) = uid;
}

static int item_compare(const void *a, const void *b)
{
	const struct seen_item *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return (x->turn > y->turn) - (x->turn < y->turn);
}

/* Adds to a message's item what a later one tells. */
static void item_join(struct seen_item *item, const struct seen_item *later)
{
	if (later->says & SAYS_BITS) {
		item->bits = later->bits;
		item->keywords = later->keywords;
	}
	if (later->says & SAYS_SIZE)
		item->size = later->size;
	if (later->date)
		item->date = later->date;
	if (later->lasting)
		item->lasting = later->lasting;
	item->says |= later->says;
}

static bool in_order(const struct seen *seen)
{
	for (size_t i = 1; i < seen->items.count; i++)
		if (seen->items.items[i - 1].uid >= seen->items.items[i].uid)
			return false;
	return true;
}

/* Sorts all, one item a message, without those that vanished: a UID is never used again, so it does
 * not matter which was told first. */
static void settle(struct seen *seen)
{
	size_t kept = 0;

	if (seen->settled)
		return;
	seen->settled = true;
	if (!in_order(seen))
		qsort(seen->items.items, seen->items.count, sizeof *seen->items.items,
		      item_compare);
	seen->gone.count = uid_ranges_merge(seen->gone.items, seen->gone.count);
	if (seen->found.count)
		qsort(seen->found.items, seen->found.count, sizeof *seen->found.items, uid_compare);
	for (size_t i = 0; i < seen->items.count; i++) {
		const struct seen_item *item = &seen->items.items[i];

		if (kept && seen->items.items[kept - 1].uid == item->uid)
			item_join(&seen->items.items[kept - 1], item);
		else if (!uid_ranges_have(seen->gone.items, seen->gone.count, item->uid))
			seen->items.items[kept++] = *item;
	}
	seen->items.count = kept;
}

uint64_t seen_count(struct seen *seen, uint64_t first, uint64_t next)
{
	uint64_t count = 0;

	settle(seen);
	for (size_t i = 0; i < seen->items.count; i++)
		count += seen->items.items[i].uid >= first && seen->items.items[i].uid < next;
	return count;
}

static void entry_fill(struct seen *seen, uint32_t uid, const struct seen_item *item,
		       struct entry *entry)
{
	entry->ref = uid_ref(seen->arena, uid);
	entry->revision = "";
	if (!item)
		return;
	entry->says = item->says;
	entry->flags.bits = item->bits;
	entry->flags.keywords = item->keywords;
	entry->size = item->says & SAYS_SIZE ? item->size : 0;
	entry->date = item->date;
	entry->lasting = item->lasting;
}

/* The entries of a listing whose messages SEARCH found: of some nothing else is known. */
static void found_list(struct seen *seen, uint64_t next, struct listing *listing)
{
	const struct seen_item *item = seen->items.items, *end = item + seen->items.count;
	uint32_t before = 0;

	listing->entries = arena_alloc(seen->arena, (seen->found.count + 1) * sizeof(struct entry));
	for (size_t i = 0; i < seen->found.count; i++) {
		uint32_t uid = seen->found.items[i];

		if (uid == before || uid >= next)
			continue;
		before = uid;
		while (item < end && item->uid < uid)
			item++;
		entry_fill(seen, uid, item < end && item->uid == uid ? item : NULL,
			   &listing->entries[listing->count++]);
	}
}

void seen_list(struct seen *seen, uint64_t next, bool complete, struct listing *listing)
{
	settle(seen);
	listing->count = 0;
	if (seen->searched) {
		found_list(seen, next, listing);
	} else {
		listing->entries =
			arena_alloc(seen->arena, (seen->items.count + 1) * sizeof(struct entry));
		for (size_t i = 0; i < seen->items.count; i++)
			if (seen->items.items[i].uid < next)
				entry_fill(seen, seen->items.items[i].uid, &seen->items.items[i],
					   &listing->entries[listing->count++]);
	}
	if (complete)
		return;
	listing->gone = arena_alloc(seen->arena, (seen->gone.count + 1) * sizeof(struct ref_range));
	for (size_t i = 0; i < seen->gone.count; i++) {
		listing->gone[i].first = uid_ref(seen->arena, seen->gone.items[i].first);
		listing->gone[i].last = uid_ref(seen->arena, seen->gone.items[i].last);
	}
	listing->gone_count = seen->gone.count;
}
