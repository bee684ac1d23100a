/* Slots: each property goes to the first slot that holds something like it. */
#include "format/slots.h"

#include "format/property.h"

#include <string.h>

bool slot_equal(const struct normal_entry *a, const struct normal_entry *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->params, b->params) == 0 &&
	       slice_equal(a->value, b->value);
}

bool slot_lists_equal(const struct slot_list *a, const struct slot_list *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++)
		if (!slot_equal(&a->entries[i], &b->entries[i]))
			return false;
	return a->count == b->count;
}

enum likeness { LIKE_ALL, LIKE_VALUE, LIKE_PARAMS, LIKE_NAME, LIKENESSES };

static bool entry_like(const struct normal_entry *a, const struct normal_entry *b, enum likeness likeness)
{
	switch (likeness) {
	case LIKE_ALL:
		return slot_equal(a, b);
	case LIKE_VALUE:
		return slice_equal(a->value, b->value);
	case LIKE_PARAMS:
		return strcmp(a->params, b->params) == 0;
	case LIKE_NAME:
		return true;
	case LIKENESSES:
		break;
	}
	return false;
}

static bool slot_join(struct slot *slots, size_t count, int version, const struct normal_entry *entry,
		      enum likeness likeness)
{
	for (size_t i = 0; i < count; i++) {
		if (slots[i].of[version])
			continue;
		for (int v = 0; v < DIFF_VERSIONS; v++)
			if (slots[i].of[v] && entry_like(slots[i].of[v], entry, likeness)) {
				slots[i].of[version] = entry;
				return true;
			}
	}
	return false;
}

/* Two of a set that have nothing in common are two: who is invited now is not who was invited before. */
static bool may_pair(const struct slot_list named[DIFF_VERSIONS], enum likeness likeness)
{
	for (int v = 0; v < DIFF_VERSIONS && likeness >= LIKE_PARAMS; v++)
		if (named[v].count > 1 && named[v].entries->property->marks & PROPERTY_UNORDERED)
			return false;
	return true;
}

size_t slots_fill(struct slot *slots, const struct slot_list named[DIFF_VERSIONS])
{
	size_t count = 0;

	for (int v = 0; v < DIFF_VERSIONS; v++) {
		bool placed[SLOTS_ALIKE] = { false };

		for (int likeness = 0; likeness < LIKENESSES; likeness++)
			for (size_t i = 0; i < named[v].count && may_pair(named, (enum likeness)likeness);
			     i++)
				if (!placed[i])
					placed[i] = slot_join(slots, count, v, &named[v].entries[i],
							      (enum likeness)likeness);
		for (size_t i = 0; i < named[v].count; i++)
			if (!placed[i]) {
				slots[count] = (struct slot){ 0 };
				slots[count++].of[v] = &named[v].entries[i];
			}
	}
	return count;
}

bool slots_next(const struct slot_list lists[DIFF_VERSIONS], size_t at[DIFF_VERSIONS],
		struct slot_list named[DIFF_VERSIONS])
{
	const char *label = NULL;

	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (at[v] < lists[v].count && (!label || strcmp(lists[v].entries[at[v]].label, label) < 0))
			label = lists[v].entries[at[v]].label;
	for (int v = 0; label && v < DIFF_VERSIONS; v++) {
		named[v] = (struct slot_list){ lists[v].entries ? &lists[v].entries[at[v]] : NULL, 0 };
		for (; at[v] < lists[v].count && strcmp(lists[v].entries[at[v]].label, label) == 0; at[v]++)
			named[v].count++;
	}
	return label != NULL;
}
