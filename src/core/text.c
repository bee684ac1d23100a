/* Text: operations in words. */
#include "core/text.h"

#include "base/arena.h"

static const char *const words[][SIDES] = {
	[VERB_NONE] = { NULL, NULL },
	[VERB_AGREE] = { "agree", "agree" },
	[VERB_LOOK] = { "look-server", "look-local" },
	[VERB_COPY] = { "push", "pull" },
	[VERB_UPDATE] = { "push-edit", "pull-edit" },
	[VERB_REMOVE] = { "remove-server", "remove-local" },
	[VERB_FLAG] = { "flag", "flag" },
	[VERB_MOVE] = { "move-server", "move-local" },
	[VERB_DUPLICATE] = { "copy-server", "copy-server" },
	[VERB_MERGE] = { "merge", "merge" },
	[VERB_CONFLICT] = { "conflict", "conflict" },
	[VERB_KEEP] = { "keep-server", "keep-local" },
	[VERB_FORGET] = { "forget", "forget" },
	[VERB_LEAVE] = { "leave", "leave" },
};

static const char *const leaves[] = {
	[LEAVE_HELD] = "hold",   [LEAVE_DIRECTION] = "leave",  [LEAVE_SCOPE] = "hold",
	[LEAVE_SET_ASIDE] = "set-aside", [LEAVE_RACED] = "raced",
};

const char *text_verb(const struct op *op)
{
	if (op->verb == VERB_LEAVE)
		return leaves[op->leave];
	if (op->verb == VERB_LOOK && op->compare)
		return "compare";
	if (op->verb == VERB_LOOK && op->merge)
		return "try-merge";
	return words[op->verb][op->side];
}

const char *text_details(struct arena *arena, const struct op *op, const char *to)
{
	const char *text = "";

	if (op->verb == VERB_MOVE && to)
		text = arena_printf(arena, " to %s", to);
	for (int s = 0; op->flags && s < SIDES; s++)
		if (!flag_delta_none(&op->flags[s]))
			text = arena_printf(arena, "%s %s %s", text, s == SERVER ? "server" : "local",
					    flag_delta_text(arena, &op->flags[s]));
	if (op->why || op->said)
		text = arena_printf(arena, "%s (%s%s%s%s)", text, op->why ? op->why : "",
				    op->why && op->said ? "; " : "",
				    op->said && op->verb == VERB_CONFLICT ? "not merged: " : "",
				    op->said ? op->said : "");
	return *text ? text + 1 : text;
}

const char *text_op(struct arena *arena, const struct op *op, const char *folder, const char *to)
{
	const char *verb = text_verb(op), *details = NULL;

	if (!verb)
		return NULL;
	details = text_details(arena, op, to);
	return arena_printf(arena, "%-13s %s %s%s%s", verb, folder, match_name(op->match),
			    *details ? " " : "", details);
}
