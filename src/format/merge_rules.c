/* Merge: the rules that need to know what a property is for. */
#include "format/merge_room.h"

#include "base/arena.h"
#include "base/map.h"
#include "format/property.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* kind NULL: in any component of a calendar but an alarm. */
static const struct {
	const char *label, *kind;
	enum merge_group group;
} groups[] = {
	{ "DTSTART", NULL, GROUP_TIMES },
	{ "DTEND", NULL, GROUP_TIMES },
	{ "DUE", NULL, GROUP_TIMES },
	{ "DURATION", NULL, GROUP_TIMES },
	{ "RRULE", NULL, GROUP_TIMES },
	{ "RDATE", NULL, GROUP_TIMES },
	{ "EXDATE", NULL, GROUP_TIMES },
	{ "EXRULE", NULL, GROUP_TIMES },
	{ "STATUS", "VTODO", GROUP_PROGRESS },
	{ "COMPLETED", "VTODO", GROUP_PROGRESS },
	{ "PERCENT-COMPLETE", "VTODO", GROUP_PROGRESS },
	{ "LOCATION", NULL, GROUP_PLACE },
	{ "GEO", NULL, GROUP_PLACE },
	{ "X-APPLE-STRUCTURED-LOCATION", NULL, GROUP_PLACE },
	{ "DESCRIPTION", NULL, GROUP_TEXT },
	{ "STYLED-DESCRIPTION", NULL, GROUP_TEXT },
	{ "X-ALT-DESC", NULL, GROUP_TEXT },
	{ "TRIGGER", "VALARM", GROUP_TRIGGER },
	{ "DURATION", "VALARM", GROUP_TRIGGER },
	{ "REPEAT", "VALARM", GROUP_TRIGGER },
	{ "FN", "VCARD", GROUP_NAME },
	{ "N", "VCARD", GROUP_NAME },
	{ "SORT-STRING", "VCARD", GROUP_NAME },
};

enum merge_group merge_group(const char *kind, const char *label)
{
	bool other = strcmp(kind, "VALARM") == 0 || strcmp(kind, "VCARD") == 0;

	for (size_t i = 0; i < COUNT(groups); i++)
		if (strcmp(groups[i].label, label) == 0 &&
		    (groups[i].kind ? strcmp(groups[i].kind, kind) == 0 : !other))
			return groups[i].group;
	return GROUP_NONE;
}

/* Those whose order counts, that is; sets (property.h) may always get one more.  Of the rest programs show
 * one: two notes in a card are one note too few. */
bool merge_several(const struct property *property, const char *label)
{
	static const char *const several[] = {
		"ADR",
		"CALADRURI",
		"CALURI",
		"COMMENT",
		"CONFERENCE",
		"CONTACT",
		"EMAIL",
		"FBURL",
		"IMAGE",
		"IMPP",
		"LABEL",
		"LANG",
		"RELATED",
		"TEL",
		"URL",
		"X-ABDATE",
		"X-ABRELATEDNAMES",
		"X-AIM",
		"X-ICQ",
		"X-JABBER",
		"X-MSN",
		"X-SKYPE",
		"X-SOCIALPROFILE",
		"X-YAHOO",
	};

	for (size_t i = 0; i < COUNT(several); i++)
		if (strcmp(several[i], label) == 0)
			return true;
	return property->marks & PROPERTY_UNORDERED;
}

/* ---- stamps ----------------------------------------------------------------------------------- */

bool merge_is_stamp(struct slice name)
{
	return slice_is(name, "DTSTAMP") || slice_is(name, "LAST-MODIFIED") || slice_is(name, "REV");
}

/* "2025-01-01T10:00:00Z" as "20250101T100000Z"; false: it is no time in UTC. */
static bool stamp_read(struct slice value, char stamp[17])
{
	size_t size = 0;

	for (size_t i = 0; i < value.size; i++)
		if (value.at[i] != '-' && value.at[i] != ':') {
			if (size == 16)
				return false;
			stamp[size++] = value.at[i];
		}
	stamp[size] = '\0';
	return size == 16 && (stamp[8] | 0x20) == 't' && (stamp[15] | 0x20) == 'z';
}

bool merge_is_later(struct slice a, struct slice b)
{
	char first[17], second[17];

	return stamp_read(a, first) && stamp_read(b, second) && strcmp(first, second) > 0;
}

/* ---- dates ------------------------------------------------------------------------------------ */

static bool nodes_equal(const struct normal_node *a, const struct normal_node *b)
{
	return a && b ? digest_equal(&a->digest, &b->digest) : a == b;
}

/* Did this version change it, and not as the other one did? */
static bool pair_changed(const struct merge_pair *pair, int version, int other)
{
	return !nodes_equal(pair->of[DIFF_BASE], pair->of[version]) &&
	       !nodes_equal(pair->of[other], pair->of[version]);
}

/* What of the times of the whole did this version change, and not as the other one did? */
static void times_changed(const struct merge_pair *whole, int version, int other, bool *shifted,
			  bool *left_out)
{
	static const char *const shifts[] = { "DTSTART", "EXRULE", "RDATE", "RRULE" };
	struct slot_list lists[DIFF_VERSIONS] = { { 0 } }, named[DIFF_VERSIONS];
	size_t at[DIFF_VERSIONS] = { 0 };

	*shifted = *left_out = false;
	for (int v = 0; v < DIFF_VERSIONS; v++)
		lists[v] = (struct slot_list){ whole->of[v]->entries, whole->of[v]->entry_count };
	while (slots_next(lists, at, named)) {
		const struct slot_list *any = &named[named[DIFF_BASE].count ? DIFF_BASE : version];

		if (slot_lists_equal(&named[DIFF_BASE], &named[version]) ||
		    slot_lists_equal(&named[other], &named[version]))
			continue;
		*left_out |= strcmp(any->entries->label, "EXDATE") == 0;
		for (size_t i = 0; i < COUNT(shifts); i++)
			*shifted |= strcmp(any->entries->label, shifts[i]) == 0;
	}
}

/* All of this name that the component has. */
static struct slot_list entries_of(const struct normal_node *node, const char *label)
{
	struct slot_list list = { 0 };

	for (size_t i = 0; i < node->entry_count; i++)
		if (strcmp(node->entries[i].label, label) == 0 && !list.count++)
			list.entries = &node->entries[i];
	return list;
}

int merge_order(const struct normal_entry *a, const struct normal_entry *b)
{
	size_t size = a->value.size < b->value.size ? a->value.size : b->value.size;
	int order = size ? memcmp(a->value.at, b->value.at, size) : 0;

	if (!order)
		order = (a->value.size > b->value.size) - (a->value.size < b->value.size);
	if (!order)
		order = strcmp(a->params, b->params);
	return order ? order : strcmp(a->name, b->name);
}

/* Two dates of one form are the same date, or they are not; of others that is not known here. */
static bool same_form(const struct normal_entry *a, const struct normal_entry *b)
{
	return strcmp(a->params, b->params) == 0 && a->value.size == b->value.size;
}

/* Is a date that one version leaves out, and the other does not, one of `dates`, or may it be? */
static bool dates_clash(const struct normal_node *one, const struct normal_node *other,
			const struct map *dates, const struct normal_entry *sample)
{
	struct slot_list a = entries_of(one, "EXDATE"), b = entries_of(other, "EXDATE");

	while (a.count || b.count) {
		int order = !a.count ? 1 : !b.count ? -1 : merge_order(a.entries, b.entries);
		const struct normal_entry *date = order > 0 ? b.entries : a.entries;

		if (order && (!same_form(date, sample) || map_getn(dates, date->value.at, date->value.size)))
			return true;
		if (order <= 0)
			a = (struct slot_list){ a.entries + 1, a.count - 1 };
		if (order >= 0)
			b = (struct slot_list){ b.entries + 1, b.count - 1 };
	}
	return false;
}

/* `version` changed the times of the whole, the other side single dates. */
static bool sides_fit(struct merge *merge, const struct merge_pair *whole, const struct merge_pair *pairs,
		      size_t count, int version, int other)
{
	const struct normal_entry *sample = NULL;
	bool shifted, left_out, fit = true;
	struct map *dates;

	times_changed(whole, version, other, &shifted, &left_out);
	if (!shifted && !left_out)
		return true;
	dates = map_new();
	for (size_t i = 0; fit && i < count; i++) {
		const struct normal_node *node =
			pairs[i].of[other] ? pairs[i].of[other] : pairs[i].of[DIFF_BASE];
		const struct normal_entry *date = NULL;

		if (&pairs[i] == whole || !node || !*node->instance ||
		    !pair_changed(&pairs[i], other, version))
			continue;
		date = entries_of(node, "RECURRENCE-ID").entries;
		fit = !shifted && date && (!sample || same_form(date, sample));
		sample = date;
		if (fit)
			map_setn(dates, date->value.at, date->value.size, dates);
	}
	if (fit && sample)
		fit = !dates_clash(whole->of[DIFF_BASE], whole->of[version], dates, sample);
	map_free(dates);
	return fit || merge_clash(merge, "one side changed when it recurs, the other single dates of it");
}

bool merge_dates_fit(struct merge *merge, const struct merge_pair *whole, const struct merge_pair *pairs,
		     size_t count)
{
	if (!whole || !whole->of[DIFF_BASE] || !whole->of[DIFF_SERVER] || !whole->of[DIFF_LOCAL])
		return true;
	return sides_fit(merge, whole, pairs, count, DIFF_SERVER, DIFF_LOCAL) &&
	       sides_fit(merge, whole, pairs, count, DIFF_LOCAL, DIFF_SERVER);
}
