/* Merge: what comes from where, or why not, in words; the fields are those of diff.h. */
#include "format/merge_room.h"

#include "base/arena.h"
#include "base/buf.h"

#include <string.h>

#define NAMED_MOST 6   /* fields of one side; more are counted */
#define WORDS_MOST 400 /* bytes */

/* Is the field in this version as it was in the base? */
static bool is_as_before(const struct diff_field *field, int version)
{
	const struct normal_entry *base = field->entry[DIFF_BASE], *now = field->entry[version];

	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (field->entry[v]) /* a property */
			return base && now ? slot_equal(base, now) : base == now;
	if (!field->text[DIFF_BASE] || !field->text[version])
		return field->text[DIFF_BASE] == field->text[version];
	return strcmp(field->text[DIFF_BASE], field->text[version]) == 0;
}

/* "Sequence" says nothing to anybody. */
static bool is_of_interest(const struct diff_field *field)
{
	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (field->entry[v])
			return strcmp(field->entry[v]->label, "SEQUENCE") != 0;
	return true;
}

/* Appends the names of those that were changed on these sides and no other; false: there are none. */
static bool names_add(struct buf *out, const struct diff *diff, bool server, bool local)
{
	const char *last = "";
	size_t count = 0, named = 0;

	for (size_t i = 0; i < diff->count; i++) {
		const struct diff_field *field = &diff->fields[i];

		if (!is_of_interest(field) || is_as_before(field, DIFF_SERVER) == server ||
		    is_as_before(field, DIFF_LOCAL) == local)
			continue;
		if (count++ && strcmp(field->field, last) == 0)
			continue; /* several guests */
		last = field->field;
		if (++named <= NAMED_MOST)
			buf_addf(out, "%s%s", named > 1 ? ", " : "", field->field);
	}
	if (named > NAMED_MOST)
		buf_addf(out, " and %zu more", named - NAMED_MOST);
	return count > 0;
}

static void side_add(struct buf *out, const struct diff *diff, bool server, bool local, const char *from)
{
	struct buf names;

	buf_init(&names, WORDS_MOST);
	if (names_add(&names, diff, server, local))
		buf_addf(out, "%s%s from %s", out->size ? "; " : "", names.data, from);
	buf_free(&names);
}

const char *merge_said(const struct merge *merge, enum merged merged,
		       const struct diff_input inputs[DIFF_VERSIONS])
{
	struct diff diff;
	struct buf words;
	const char *said;

	if (merged == MERGED_NOT && merge->why)
		return merge->why;
	buf_init(&words, 3 * WORDS_MOST);
	diff_items(inputs, merge->card, merge->arena, &diff);
	if (merged == MERGED_NOT) {
		if (names_add(&words, &diff, true, true))
			buf_adds(&words, " changed on both sides");
		else
			buf_adds(&words, "what belongs together changed on both sides");
	} else {
		side_add(&words, &diff, false, true, "here");
		side_add(&words, &diff, true, false, "the server");
		side_add(&words, &diff, true, true, "both");
	}
	said = arena_strn(merge->arena, words.data, words.size);
	buf_free(&words);
	return said;
}
