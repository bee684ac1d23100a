/* Merge: one property, parameter by parameter: who comes (PARTSTAT) on one side, what they are called (CN) on
 * the other. */
#include "format/merge_room.h"

#include "base/arena.h"
#include "base/buf.h"
#include "format/canon.h"

#include <stdint.h>
#include <string.h>

/* They say how the value is to be read, which is taken as the server has it. */
static bool is_of_value(struct slice name)
{
	return slice_is(name, "CHARSET") || slice_is(name, "ENCODING") || slice_is(name, "TZID") ||
	       slice_is(name, "VALUE");
}

/* In canonical form each name is there once at most. */
static bool canon_find(const struct normal_entry *entry, struct slice name, struct slice *values)
{
	struct slice rest = { entry->params, strlen(entry->params) }, found;

	while (param_next(&rest, &found, values))
		if (slice_like(found, name))
			return true;
	return false;
}

static bool values_equal(const struct normal_entry *a, const struct normal_entry *b, struct slice name)
{
	struct slice first = { 0 }, second = { 0 };
	bool has = canon_find(a, name, &first), other = canon_find(b, name, &second);

	return has == other && (!has || slice_equal(first, second));
}

/* Whose is it?  False: both changed it. */
static bool winner(const struct slot *slot, struct slice name, enum diff_version *from)
{
	const struct normal_entry *base = slot->of[DIFF_BASE], *server = slot->of[DIFF_SERVER],
				  *local = slot->of[DIFF_LOCAL];

	*from = DIFF_SERVER;
	if (values_equal(server, local, name) || values_equal(local, base, name))
		return true;
	*from = DIFF_LOCAL;
	return values_equal(server, base, name) && !is_of_value(name);
}

/* Adds, as they were written in `from`, the parameters that are to be taken from there; of the server's also
 * those that say nothing. */
static bool params_add(struct buf *out, const struct slot *slot, enum diff_version from)
{
	struct slice rest = slot->of[from]->line->params, name, values;

	for (;;) {
		struct slice whole = rest, canon;
		enum diff_version whose;

		if (!param_next(&rest, &name, &values))
			return true;
		whole.size -= rest.size;
		if (!name.size || !winner(slot, name, &whose)) /* without a name: vCard 2.1 */
			return false;
		if (whose == from && (from == DIFF_SERVER || canon_find(slot->of[from], name, &canon)))
			buf_add(out, whole.at, whole.size);
	}
}

/* Has either side lost a parameter that the other changed? */
static bool names_clash(const struct slot *slot)
{
	struct slice rest = { slot->of[DIFF_BASE]->params, strlen(slot->of[DIFF_BASE]->params) };
	struct slice name, values;
	enum diff_version whose;

	while (param_next(&rest, &name, &values))
		if (!winner(slot, name, &whose))
			return true;
	return false;
}

bool merge_params(struct merge *merge, const struct slot *slot, struct line *line)
{
	struct buf params;
	bool done = false;

	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (slot->of[v]->line->params.size > CANON_PARAMS_MOST)
			return false;
	buf_init(&params, 2 * CANON_PARAMS_MOST);
	*line = *slot->of[DIFF_SERVER]->line;
	if (!names_clash(slot) && params_add(&params, slot, DIFF_SERVER) &&
	    params_add(&params, slot, DIFF_LOCAL)) {
		line->params =
			(struct slice){ arena_strn(merge->arena, params.data, params.size), params.size };
		done = true;
	}
	buf_free(&params);
	return done;
}
