/* Slots: what is most alike is paired first, in all versions. */
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

/* The properties of one name, while they are paired. */
struct pairing {
	const struct slot_list *named; /* of each version */
	struct slot *slots;
	size_t count;
	bool placed[DIFF_VERSIONS][SLOTS_ALIKE];
};

static bool slot_join(struct pairing *pairing, int version, const struct normal_entry *entry,
		      enum likeness likeness)
{
	for (size_t i = 0; i < pairing->count; i++) {
		struct slot *slot = &pairing->slots[i];

		if (slot->of[version])
			continue;
		for (int v = 0; v < DIFF_VERSIONS; v++)
			if (slot->of[v] && entry_like(slot->of[v], entry, likeness)) {
				slot->of[version] = entry;
				return true;
			}
	}
	return false;
}

/* Is there one like it in an earlier version that has no slot yet?  Both get one. */
static bool slot_open(struct pairing *pairing, int version, const struct normal_entry *entry,
		      enum likeness likeness)
{
	for (int v = 0; v < version; v++)
		for (size_t i = 0; i < pairing->named[v].count; i++) {
			const struct normal_entry *other = &pairing->named[v].entries[i];

			if (pairing->placed[v][i] || !entry_like(other, entry, likeness))
				continue;
			pairing->placed[v][i] = true;
			pairing->slots[pairing->count] = (struct slot){ 0 };
			pairing->slots[pairing->count].of[v] = other;
			pairing->slots[pairing->count++].of[version] = entry;
			return true;
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

/* All that are this like. */
static void slots_pair(struct pairing *pairing, enum likeness likeness)
{
	for (int v = 0; v < DIFF_VERSIONS; v++)
		for (size_t i = 0; i < pairing->named[v].count; i++) {
			const struct normal_entry *entry = &pairing->named[v].entries[i];

			if (!pairing->placed[v][i])
				pairing->placed[v][i] = slot_join(pairing, v, entry, likeness) ||
							slot_open(pairing, v, entry, likeness);
		}
}

size_t slots_fill(struct slot *slots, const struct slot_list named[DIFF_VERSIONS])
{
	struct pairing pairing = { .named = named, .slots = slots };

	for (int likeness = 0; likeness < LIKENESSES && may_pair(named, (enum likeness)likeness); likeness++)
		slots_pair(&pairing, (enum likeness)likeness);
	for (int v = 0; v < DIFF_VERSIONS; v++)
		for (size_t i = 0; i < named[v].count; i++)
			if (!pairing.placed[v][i]) {
				slots[pairing.count] = (struct slot){ 0 };
				slots[pairing.count++].of[v] = &named[v].entries[i];
			}
	return pairing.count;
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
