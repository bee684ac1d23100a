/* Copies: what is new here but has the content of a message that the server has is copied there; its body
 * does not travel, and of a text form nothing else can be made. */
#include "base/map.h"
#include "base/memory.h"
#include "core/moves.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

/* A source that this run knows nothing of but its row. */
struct doubt {
	struct op *op;
	const struct row *row;
};

struct doubts {
	VEC(struct doubt)
};

/* Can the server copy this row's message?  The folder must be there, and the message not be known to be
 * gone. */
static bool usable_source(const struct folder *folder, const struct row *row)
{
	const struct match *match = NULL;

	if (!folder || !folder->seen[SERVER] || folder->fail || !row->side[SERVER].ref)
		return false;
	match = folder->by_row ? map_getn(folder->by_row, &row->id, sizeof row->id) : NULL;
	return !match || match->now[SERVER];
}

/* Was the server's side of the folder looked at? */
static bool is_looked_at(const struct folder *folder)
{
	return folder->policy.in_scope && folder->policy.mode != MODE_OFF;
}

/* Does its number still mean that message, as far as can be told without a look? */
static bool is_numbered_alike(const struct folder *folder)
{
	const char *known = folder->saved.identity[SERVER];

	return known && *known && strcmp(known, folder->seen[SERVER]->identity) == 0;
}

/* Would it be sent, or (a text form) be set aside, since nothing but a copy can be made of it? */
static bool may_be_copy(const struct run *run, const struct op *op)
{
	const struct match *match = op->match;
	bool alone = op->verb == VERB_LEAVE && op->leave == LEAVE_SET_ASIDE && match->stub && !match->row &&
		     !match->trouble;

	if (run->folders[op->folder].traits->keyed || !match->now[LOCAL])
		return false;
	if (!digest_known(&match->now[LOCAL]->digest) && !digest_known(&match->stands_for))
		return false;
	return alone || (op->verb == VERB_COPY && op->side == SERVER);
}

static const struct fail *find_source(struct run *run, struct op *op, struct doubts *doubts)
{
	const struct digest *content = digest_known(&op->match->stands_for) ? &op->match->stands_for
									    : &op->match->now[LOCAL]->digest;
	struct row *rows = NULL;
	const struct row *doubtful = NULL;
	size_t count = 0;
	const struct fail *f =
		state_rows_by_digest(run->engine->state, content, run->round, &rows, &count);

	for (size_t i = 0; !f && i < count; i++) {
		const struct folder *folder = folders_by_id(run, rows[i].folder);

		if (!usable_source(folder, &rows[i]))
			continue;
		if (is_looked_at(folder)) {
			moves_duplicate(run->round, op, &rows[i]);
			return NULL;
		}
		if (is_numbered_alike(folder) && digest_known(&rows[i].print.head))
			doubtful = &rows[i];
	}
	if (!f && doubtful)
		*vec_push(doubts) = (struct doubt){ .op = op, .row = doubtful };
	return f;
}

/* In folders that are off or out of scope the messages' headers are looked at first. */
static const struct fail *clear_doubts(struct run *run, const struct doubts *doubts)
{
	struct read *reads = memory_alloc((doubts->count + 1) * sizeof *reads);
	const struct fail *f = NULL;

	for (size_t i = 0; i < doubts->count; i++) {
		const struct row *row = doubts->items[i].row;

		reads[i] = (struct read){ .folder = folders_by_id(run, row->folder)->seen[SERVER],
					  .ref = row->side[SERVER].ref,
					  .part = PART_PRINT };
	}
	if (doubts->count)
		f = store_read(run->engine->side[SERVER], reads, doubts->count, NULL, NULL, run->round);
	for (size_t i = 0; !f && i < doubts->count; i++)
		if (!reads[i].fail && reads[i].print.size == doubts->items[i].row->print.size &&
		    digest_equal(&reads[i].print.head, &doubts->items[i].row->print.head))
			moves_duplicate(run->round, doubts->items[i].op, doubts->items[i].row);
	free(reads);
	return f;
}

const struct fail *copies_find(struct run *run)
{
	struct doubts doubts = { 0 };
	const struct fail *f = NULL;

	if (!(run->engine->side[SERVER]->traits & STORE_TRANSFERS))
		return NULL;
	for (size_t i = 0; !f && i < run->op_count; i++)
		if (may_be_copy(run, &run->ops[i]))
			f = find_source(run, &run->ops[i], &doubts);
	if (!f)
		f = clear_doubts(run, &doubts);
	vec_free(&doubts);
	return f;
}
