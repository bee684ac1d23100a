/* Merge: reads the three versions, sees what needs no merging, and makes sure of what comes out. */
#include "format/merge.h"

#include "base/arena.h"
#include "base/buf.h"
#include "format/item.h"
#include "format/merge_room.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool merge_clash(struct merge *merge, const char *why)
{
	if (!merge->clash)
		merge->why = why;
	merge->clash = true;
	return false;
}

/* ---- what goes in ----------------------------------------------------------------------------- */

/* Lines that are none belong to the line before them (lines.h), or so it is taken: not good enough here.  Nor
 * is a group in a calendar, which nobody knows. */
static bool lines_plain(const struct merge *merge, const struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		const struct line *line = &lines->items[i];

		if (memchr(line->value.at, '\n', line->value.size) || (line->group.size && !merge->card))
			return false;
	}
	return true;
}

static bool side_read(struct merge *merge, int version, const struct diff_input *input)
{
	struct merge_side *side = &merge->sides[version];

	return input->data && input->size <= ITEM_MOST &&
	       lines_read(input->data, input->size, &side->lines) &&
	       parts_make(&side->lines, merge->arena, &side->first) && !side->first->next &&
	       normal_make(side->first, merge->card, merge->arena, &side->normal) &&
	       side->normal.top.node_count == 1 && lines_plain(merge, &side->lines);
}

/* Can each be sent as it is, and are all the same item? */
static bool inputs_fit(struct merge *merge, const struct diff_input inputs[DIFF_VERSIONS])
{
	char *uid = item_uid(inputs[DIFF_BASE].data, inputs[DIFF_BASE].size, merge->card);
	bool ok = uid != NULL;

	for (int v = 0; ok && v < DIFF_VERSIONS; v++) {
		struct item_facts facts;

		item_read(inputs[v].data, inputs[v].size, merge->card, &facts);
		if (facts.wrong)
			ok = merge_clash(merge, facts.wrong);
		else if (strcmp(facts.uid, uid) != 0)
			ok = merge_clash(merge, "it has another UID on one side");
		item_facts_free(&facts);
	}
	free(uid);
	return ok;
}

static struct slice version_of(const struct merge *merge, int version)
{
	const struct line *line = part_line(merge->sides[version].first, "VERSION");

	return line ? line->value : (struct slice){ "", 0 };
}

/* vCard 2.1, 3.0 and 4.0 write the same things in different ways. */
static bool versions_fit(struct merge *merge)
{
	struct slice server = version_of(merge, DIFF_SERVER);

	for (int v = 0; merge->card && v < DIFF_VERSIONS; v++)
		if (!slice_equal(version_of(merge, v), server))
			return merge_clash(merge, "one side turned it into another version of vCard");
	if (merge->card && slice_is(server, "2.1"))
		return merge_clash(merge, "it is vCard 2.1");
	return true;
}

/* ---- what comes out --------------------------------------------------------------------------- */

static enum merged judge(struct merge *merge, struct buf *out)
{
	struct item_facts facts;
	enum merged merged = MERGED_BOTH;

	item_read(out->data, out->size, merge->card, &facts);
	if (out->over || facts.wrong) {
		merge_clash(merge, out->over ? "it would be too large" : facts.wrong);
		merged = MERGED_NOT;
	} else if (digest_equal(&facts.normal, &merge->sides[DIFF_SERVER].normal.digest)) {
		merged = MERGED_SERVER;
	} else if (digest_equal(&facts.normal, &merge->sides[DIFF_LOCAL].normal.digest)) {
		merged = MERGED_LOCAL;
	}
	item_facts_free(&facts);
	return merged;
}

static enum merged three_merge(struct merge *merge, struct buf *out)
{
	struct merge_pair whole;
	struct part *result;

	for (int v = 0; v < DIFF_VERSIONS; v++)
		whole.of[v] = &merge->sides[v].normal.top.nodes[0];
	if (strcmp(whole.of[DIFF_SERVER]->kind, merge->card ? "VCARD" : "VCALENDAR") != 0)
		return MERGED_NOT;
	result = merge_part(merge, &whole);
	if (!result)
		return MERGED_NOT;
	parts_write(result, out);
	return judge(merge, out);
}

/* The next property that is more than a count; SIZE_MAX: there is none. */
static size_t next_said(const struct normal *normal, size_t at)
{
	while (at < normal->count && strcmp(normal->entries[at].label, "SEQUENCE") == 0)
		at++;
	return at < normal->count ? at : SIZE_MAX;
}

/* Does the version differ from the base in nothing but SEQUENCE? */
static bool counts_only(const struct merge *merge, int version)
{
	const struct normal *base = &merge->sides[DIFF_BASE].normal, *now = &merge->sides[version].normal;
	size_t a = next_said(base, 0), b = next_said(now, 0);

	for (; a != SIZE_MAX && b != SIZE_MAX; a = next_said(base, a + 1), b = next_said(now, b + 1))
		if (strcmp(base->entries[a].path, now->entries[b].path) != 0 ||
		    !slot_equal(&base->entries[a], &now->entries[b]))
			return false;
	return a == b;
}

static bool equal(const struct merge *merge, int a, int b)
{
	return digest_equal(&merge->sides[a].normal.digest, &merge->sides[b].normal.digest);
}

enum merged merge_items(const struct diff_input inputs[DIFF_VERSIONS], bool card, struct arena *arena,
			struct buf *out, struct merge_words *words)
{
	struct merge merge = { .card = card, .arena = arena };
	enum merged merged = MERGED_NOT;
	struct buf made;
	bool ok = true;

	buf_init(&made, ITEM_MOST);
	for (int v = 0; ok && v < DIFF_VERSIONS; v++)
		ok = side_read(&merge, v, &inputs[v]) || merge_clash(&merge, "not all of it can be read");
	if (ok && inputs_fit(&merge, inputs)) {
		if (equal(&merge, DIFF_SERVER, DIFF_LOCAL) || equal(&merge, DIFF_LOCAL, DIFF_BASE))
			merged = MERGED_SERVER;
		else if (equal(&merge, DIFF_SERVER, DIFF_BASE))
			merged = MERGED_LOCAL;
		else if (versions_fit(&merge))
			merged = three_merge(&merge, &made);
	}
	*words = (struct merge_words){ .said = merge_said(&merge, merged, inputs),
				       .counted = merged != MERGED_NOT && (counts_only(&merge, DIFF_SERVER) ||
									   counts_only(&merge, DIFF_LOCAL)) };
	if (merged == MERGED_BOTH)
		buf_add(out, made.data, made.size);
	buf_free(&made);
	for (int v = 0; v < DIFF_VERSIONS; v++)
		lines_free(&merge.sides[v].lines);
	return merged;
}
