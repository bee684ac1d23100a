/* Budget: how much of what is new on the server one round takes: the newest items of the first folders in the
 * order of work.  That bounds the memory of a first pull, and the folder in use is finished before any other
 * is begun.  The rest is for the rounds after. */
#include "engine/run.h"

#include <string.h>

#define ROUND_MOST 20000

void budget_begin(struct run *run)
{
	run->budget = run->engine->round_most ? run->engine->round_most : ROUND_MOST;
	if (run->request->dry_run || run->no_budget) /* all there are */
		run->budget = SIZE_MAX / 2;
	run->new_left = false;
}

void budget_spend(struct run *run)
{
	if (run->budget > 0)
		run->budget--;
}

/* Does anything look for a counterpart among the items that are new on the server?  Then all of them must be
 * known at once. */
static bool seeks_counterparts(const struct run *run)
{
	for (size_t i = 0; i < run->matches.count; i++) {
		const struct match *match = run->matches.items[i];

		if (!match->row || !match->row->side[SERVER].ref)
			if (match->now[LOCAL])
				return true;
		if (match->row && match->row->side[LOCAL].ref && !match->now[LOCAL])
			return true;
	}
	return false;
}

const struct fail *budget_skip(struct run *run, struct folder *folder, const struct listing *listing,
			       size_t *skip)
{
	struct state *state = run->engine->state;
	const struct fail *f = NULL;
	const struct row *row = NULL;
	size_t fresh = 0, i = 0;

	*skip = 0;
	/* After a renumbering every row does, though none is a match yet. */
	if (listing->count <= run->budget || listing->renumbered || seeks_counterparts(run))
		return NULL;
	f = state_walk(state, folder->saved.id, SERVER, listing->entries[0].ref, NULL);
	if (!f)
		f = state_walk_next(state, &row);
	while (!f && i < listing->count) {
		int order = row ? strcmp(row->side[SERVER].ref, listing->entries[i].ref) : 1;

		fresh += order > 0;
		i += order >= 0;
		if (order <= 0)
			f = state_walk_next(state, &row);
	}
	state_walk_end(state);
	*skip = fresh > run->budget ? fresh - run->budget : 0;
	folder->deferred = *skip > 0;
	run->new_left |= *skip > 0;
	return f;
}

void budget_settle(struct run *run)
{
	for (size_t i = 0; i < run->folder_count; i++)
		run->folders[i].waits = false;
	for (size_t i = 0; run->new_left && i < run->op_count; i++) {
		struct op *op = &run->ops[i];
		const struct match *match = op->match;

		if (op->verb == VERB_MOVE || op->verb == VERB_NONE || !match->row ||
		    !match->row->side[SERVER].ref || match->now[SERVER])
			continue;
		op->verb = VERB_NONE;
		run->folders[match->folder].waits = true;
	}
}
