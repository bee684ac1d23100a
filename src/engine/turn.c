/* Turn: files whose form is not that of their folder's mode.  In a folder that was changed to `full` text
 * forms become whole; where attachments expire, whole messages that are old become text forms. */
#include "engine/run.h"

#define DAY ((int64_t)24 * 3600)

static bool carried_out(const struct run *run, const struct folder *folder)
{
	const struct policy *policy = &folder->policy;

	if (!run->engine->account || folder->saved.kind != KIND_MAIL || policy->mode == MODE_OFF ||
	    !policy->in_scope || policy->push_only || folder->fail)
		return false;
	return folder->saved.id && folder->seen[SERVER] && folder->seen[LOCAL];
}

static void turn(struct run *run, struct folder *folder, const struct row *rows, size_t count, enum form form)
{
	for (size_t i = 0; i < count; i++) {
		struct match *match = match_of_row(run, folder, &rows[i]);

		if (match->now[SERVER] && match->now[LOCAL] && !match->absorbed)
			match->become = form;
	}
	run->budget -= count;
}

static const struct fail *turn_folder(struct run *run, struct folder *folder)
{
	struct state *state = run->engine->state;
	const struct policy *policy = &folder->policy;
	struct row *rows = NULL;
	size_t count = 0, most = run->budget ? run->budget : 1;
	const struct fail *f = NULL;

	if (policy->mode == MODE_FULL)
		f = state_rows_text(state, folder->saved.id, most, run->round, &rows, &count);
	else if (policy->expire_days > 0)
		f = state_rows_whole(state, folder->saved.id, run->engine->now - policy->expire_days * DAY,
				     most, run->round, &rows, &count);
	if (f || !count)
		return f;
	folder->deferred |= count == most; /* the rest is for the next round */
	if (run->budget)
		turn(run, folder, rows, count, policy->mode == MODE_FULL ? FORM_WHOLE : FORM_TEXT);
	return f;
}

const struct fail *turns_find(struct run *run)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < run->folder_count; i++)
		if (carried_out(run, &run->folders[i]))
			f = turn_folder(run, &run->folders[i]);
	return f;
}

/* Does the operation bring a message into the folder, in a form that its mode changes? */
static bool is_to_turn(const struct folder *folder, const struct op *op)
{
	const struct match *match = op->match;
	bool comes = op->verb == VERB_MOVE || op->verb == VERB_DUPLICATE || op->verb == VERB_AGREE ||
		     op->verb == VERB_CONFLICT || (op->verb == VERB_UPDATE && match->become == FORM_AS_IT_IS);
	bool text = match_is_text(match) || (op->other && op->other->stub);

	if (!comes || folder->traits->keyed)
		return false;
	return text ? folder->policy.mode == MODE_FULL : folder->policy.expire_days > 0;
}

void turns_left(struct run *run)
{
	for (size_t i = 0; i < run->op_count; i++) {
		const struct op *op = &run->ops[i];
		struct folder *folder = &run->folders[op->to];
		bool first_else = op->match->become != FORM_AS_IT_IS &&
				  (op->verb == VERB_FLAG || op->verb == VERB_AGREE);

		if (first_else || is_to_turn(folder, op))
			folder->again[LOCAL] = true;
	}
}
