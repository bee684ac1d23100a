/* Pull: bodies from the server into the local store, in batches: read, write, make durable, commit. */
#include "base/memory.h"
#include "core/flags.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 1000                        /* reads in one call */
#define BATCH_ITEMS 500                   /* writes between two durability barriers … */
#define BATCH_BYTES ((uint64_t)32 << 20)  /* … or this much … */
#define BATCH_MEMORY ((uint64_t)4 << 20)  /* … of bodies that lie in memory */

struct pull {
	struct run *run;
	struct arena *arena;          /* of the batch */
	struct op **ops;              /* of the chunk, by index of its read */
	struct read *reads;
	struct write *writes;
	struct read *done;            /* copies of the reads whose bodies wait in writes; body NULL: nothing
	                               * to write */
	struct op **done_ops;
	size_t count;
	uint64_t bytes;
};

/* A body that is on its way to a place where the user has something else. */
static bool replaces(const struct op *op)
{
	return op->match->now[LOCAL] && (op->verb == VERB_UPDATE || op->verb == VERB_CONFLICT);
}

/* What is asked for.  What is whole here stays so, unless it is to become less. */
static enum part part_for(const struct run *run, const struct op *op)
{
	const struct match *match = op->match;
	bool was_text = match->row && match->row->marks & ROW_TEXT;
	bool whole = match->row && match->row->side[LOCAL].ref &&
		     !(op->verb == VERB_CONFLICT ? was_text : match_is_text(match));

	if (match->become == FORM_TEXT)
		return PART_TEXT;
	if (run->folders[op->folder].policy.mode != MODE_TEXT || match->become == FORM_WHOLE || whole)
		return PART_WHOLE;
	return PART_TEXT;
}

/* The bytes are those of the base, or mean the same: only the revision moved.  Not where a text form lies
 * here: that has to give way to what the base had. */
static bool unchanged(const struct op *op, const struct read *read)
{
	const struct row *row = op->match->row;

	if (op->verb != VERB_UPDATE || !row || op->match->become != FORM_AS_IT_IS || op->match->stub)
		return false;
	return digest_equal(&row->side[SERVER].digest, &read->body->digest) ||
	       (digest_known(&read->normal) && digest_equal(&row->normal, &read->normal));
}

/* A text form is about to become whole.  Should the run be stopped before the row tells of it, or the file be
 * moved by then, the next one is to know it for the row's own all the same: whole by this digest, as text
 * form by its stub. */
static const struct fail *row_foretell(struct run *run, const struct op *op, const struct body *body)
{
	struct row row = { 0 };

	if (op->verb != VERB_UPDATE || op->match->become != FORM_WHOLE)
		return NULL;
	row = *op->match->row;
	row.side[LOCAL].digest = body->digest;
	if (run->fetching)
		row.marks |= ROW_BARE;
	return state_row_put(run->engine->state, &row);
}

/* Where old bytes go, recorded before anything moves. */
static const struct fail *prepare(struct pull *pull)
{
	struct run *run = pull->run;
	const struct fail *f = NULL;
	bool any = false;

	for (size_t i = 0; i < pull->count; i++)
		any |= replaces(pull->done_ops[i]) || pull->done_ops[i]->verb == VERB_CONFLICT;
	if (!any)
		return NULL;
	f = tx_begin(run);
	for (size_t i = 0; !f && i < pull->count; i++) {
		struct op *op = pull->done_ops[i];
		struct write *write = &pull->writes[i];

		if (op->verb == VERB_CONFLICT)
			f = conflict_take(run, op, &write->into);
		if (f || !replaces(op))
			continue;
		write->replaces = op->match->now[LOCAL]->ref;
		write->if_revision = op->match->now[LOCAL]->revision;
		if (!write->into)
			f = vault_take(run, &run->folders[op->folder], write->replaces,
				       "replaced by the server's version", &write->into);
		if (!f)
			f = row_foretell(run, op, write->body);
	}
	return tx_end(run, f);
}

/* What came out of the folder was not what the plan knew: the user had just saved it.  It is the
 * conflict's loser. */
static const struct fail *came_out(struct run *run, struct op *op, const struct write *write)
{
	struct version *loser = arena_alloc(run->round, sizeof *loser);
	const char *path = NULL;
	const struct fail *f = tx_begin(run);

	if (f)
		return f;
	*loser = *op->match->now[LOCAL];
	loser->digest = (struct digest){ 0 }; /* that was of what the plan knew */
	op->match->now[LOCAL] = loser;
	op->why = "edited here while the server's version was written";
	f = conflict_take(run, op, &path);
	f = tx_end(run, f);
	if (!f && path)
		f = run->engine->places->move(run->engine->places, write->into, path);
	if (!f)
		run->outcome->conflicts++;
	return f;
}

/* Did the user make a text form whole (koc fetch, or by bringing the message back)?  Then it stays so. */
static bool by_hand(const struct run *run, const struct op *op)
{
	const struct match *match = op->match;

	if (op->verb != VERB_UPDATE || !match->row || !(match->row->marks & ROW_TEXT))
		return false;
	return run->fetching || match->become == FORM_AS_IT_IS;
}

static uint32_t form_marks(const struct run *run, const struct op *op, const struct read *read,
			   const struct body *body)
{
	uint32_t marks = body->wire ? ROW_WIRE : 0;

	if (read->text)
		marks |= ROW_TEXT;
	else if (read->part == PART_TEXT || by_hand(run, op))
		marks |= ROW_BARE;
	return marks;
}

/* What replaced a message has its flags (a file keeps its name), so nothing was agreed on about them: the
 * base stays, and what differs from it, also since the look, is merged at the next one. */
static void keep_flags(struct op *op, const struct read *read, struct flags here, struct row *row)
{
	struct flags base[SIDES] = { { 0 }, { 0 } };
	bool settled = match_base_flags(op->match, base);

	for (int s = 0; s < SIDES; s++) {
		row->side[s].flags = base[s];
		settled &= flags_equal(base[s], op->match->now[s]->flags);
	}
	op->again = !settled || !flags_equal(base[LOCAL], here) ||
		    (read->has_flags && !flags_equal(base[SERVER], read->now.flags));
}

/* The row knows what its message is now, but still looks for it where it was. */
static const struct fail *record_elsewhere(struct pull *pull, size_t i)
{
	struct run *run = pull->run;
	const struct op *op = pull->done_ops[i];
	const struct write *write = &pull->writes[i];
	struct row *row = row_for(pull->arena, op->match, &run->folders[op->match->folder]);

	run->outcome->pulled++;
	if (!(row->marks & ROW_TEXT))
		return NULL; /* of a copy: the row's own is whole */
	row->marks = form_marks(run, op, &pull->done[i], write->body);
	for (int s = 0; s < SIDES; s++)
		row->side[s].digest = write->body->digest;
	row_describe(row, write->body, &pull->done[i].normal);
	return state_row_put(run->engine->state, row);
}

static const struct fail *record(struct pull *pull, size_t i)
{
	struct run *run = pull->run;
	struct op *op = pull->done_ops[i];
	const struct read *read = &pull->done[i];
	const struct write *write = &pull->writes[i];
	struct row *row = row_for(pull->arena, op->match, &run->folders[op->folder]);
	struct flags flags = read->has_flags ? read->now.flags : op->match->now[SERVER]->flags;
	const struct fail *f = NULL;

	row->side[SERVER] = *op->match->now[SERVER];
	row->side[SERVER].flags = flags;
	if (read->now.revision)
		row->side[SERVER].revision = read->now.revision;
	row->side[SERVER].digest = write->body->digest;
	if (!write->folder) { /* only the revision had moved */
		row->side[LOCAL] = *op->match->now[LOCAL];
		row->marks &= ~(uint32_t)ROW_KEPT;
		if (read->part == PART_TEXT)
			row->marks |= ROW_BARE;
		if (write->body->mail)
			keep_flags(op, read, op->match->now[LOCAL]->flags, row);
		if (op->match->row && !digest_known(&row->side[LOCAL].digest))
			row->side[LOCAL].digest = op->match->row->side[LOCAL].digest;
		return state_row_put(run->engine->state, row);
	}
	row->side[LOCAL] = write->now;
	if (!digest_known(&row->side[LOCAL].digest))
		row->side[LOCAL].digest = write->body->digest;
	if (write->replaces && write->body->mail)
		keep_flags(op, read, write->now.flags, row);
	row->marks = form_marks(run, op, read, write->body);
	row->date = read->date;
	if (write->key)
		row->key = write->key;
	row_describe(row, write->body, &read->normal);
	if (read->text) {
		row->print = read->print; /* the message's, not the file's */
		memset(&row->side[SERVER].digest, 0, sizeof row->side[SERVER].digest);
	}
	run->outcome->pulled++;
	if (op->verb == VERB_CONFLICT)
		run->outcome->conflicts++;
	f = state_row_put(run->engine->state, row);
	return f ? f : base_keep(run, row, write->body);
}

static const struct fail *write_batch(struct pull *pull)
{
	struct run *run = pull->run;
	struct write *list = memory_alloc((pull->count + 1) * sizeof *list);
	const struct fail *f = prepare(pull);
	size_t count = 0;

	for (size_t i = 0; i < pull->count; i++)
		if (pull->writes[i].folder)
			list[count++] = pull->writes[i];
	if (!f && count)
		f = store_write(run->engine->side[LOCAL], list, count, pull->arena);
	if (!f && count)
		f = store_sync(run->engine->side[LOCAL]);
	for (size_t i = 0, k = 0; !f && i < pull->count; i++) {
		if (!pull->writes[i].folder)
			continue;
		pull->writes[i] = list[k++];
		if (pull->writes[i].came_out) {
			f = came_out(run, pull->done_ops[i], &pull->writes[i]);
			pull->writes[i].fail = NULL;
		}
	}
	free(list);
	return f;
}

/* Writes what has been collected, and commits it. */
static const struct fail *flush(struct pull *pull)
{
	struct run *run = pull->run;
	const struct fail *f = NULL;

	if (!pull->count)
		return NULL;
	f = write_batch(pull);
	if (!f)
		f = tx_begin(run);
	else
		goto out;
	for (size_t i = 0; !f && i < pull->count; i++) {
		const struct fail *failed = pull->writes[i].fail;

		if (!failed)
			f = pull->done_ops[i]->match->elsewhere ? record_elsewhere(pull, i)
								: record(pull, i);
		if (!f && !failed)
			f = op_history(run, pull->done_ops[i]);
		if (!f)
			f = op_end(run, pull->done_ops[i], failed);
	}
	f = tx_end(run, f);
	if (!f)
		run_progress(run, run->folders[pull->done_ops[0]->folder].path, pull->count, pull->bytes);
out:
	for (size_t i = 0; i < pull->count; i++)
		body_free(pull->writes[i].body);
	pull->count = 0;
	pull->bytes = 0;
	arena_reset(pull->arena);
	return f ? f : run_check(run);
}

/* Is what has arrived not what the row is about? */
static const struct fail *arrived_wrong(const struct match *match, const struct read *read)
{
	const struct row *row = match->row;
	const char *id = read->body ? read->body->fields.message_id : NULL;
	bool same;

	if (match->become == FORM_AS_IT_IS)
		return NULL;
	same = digest_equal(&read->print.head, &row->print.head);
	/* There are servers that give other bytes for a header by itself than within the message. */
	if (!same && match->become == FORM_WHOLE && id && row->message_id)
		same = strcmp(id, row->message_id) == 0;
	if (!same)
		return fail_make(FAIL_DATA, FAIL_ITEM, "the server has another message under its number");
	if (match->elsewhere && !(row->marks & ROW_TEXT) &&
	    !digest_equal(&row->side[LOCAL].digest, &read->body->digest))
		return fail_make(FAIL_DATA, FAIL_ITEM, "its original was edited here: run koc sync first");
	return NULL;
}

/* One body has arrived. */
static const struct fail *arrived(void *context, struct read *read)
{
	struct pull *pull = context;
	struct op *op = pull->ops[read - pull->reads];
	struct write *write = NULL;
	struct folder *folder = &pull->run->folders[op->folder];

	if (!read->fail && read->body)
		read->fail = arrived_wrong(op->match, read);
	if (read->fail || !read->body) {
		body_free(read->body);
		read->body = NULL;
		return NULL; /* ended below */
	}
	write = &pull->writes[pull->count];
	pull->done[pull->count] = *read;
	pull->done[pull->count].now.revision = arena_str(pull->arena, read->now.revision);
	pull->done[pull->count].now.flags.keywords = arena_str(pull->arena, read->now.flags.keywords);
	pull->done_ops[pull->count] = op;
	*write = (struct write){
		.folder = folder->seen[LOCAL],
		.body = read->body,
		.key = arena_str(pull->arena, read->key ? read->key : op->match->key),
		.flags = pull->done[pull->count].has_flags ? pull->done[pull->count].now.flags
							   : op->match->now[SERVER]->flags,
		/* A file that only becomes whole keeps its own. */
		.date = op->verb == VERB_UPDATE && op->match->become == FORM_WHOLE ? 0 : read->date,
	};
	if (op->flags) /* a change here that is on its way to the server */
		write->flags = flag_delta_apply(pull->arena, write->flags, &op->flags[SERVER]);
	if (unchanged(op, read))
		write->folder = NULL;
	pull->count++;
	pull->bytes += read->body->size;
	read->body = NULL; /* now the batch's */
	if (pull->count >= BATCH_ITEMS || pull->bytes >= (folder->traits->keyed ? BATCH_MEMORY : BATCH_BYTES))
		return flush(pull);
	return NULL;
}

static const struct fail *pull_chunk(struct pull *pull, struct op **ops, size_t count)
{
	struct run *run = pull->run;
	struct arena *arena = arena_new();
	const struct fail *f = NULL;

	pull->ops = ops;
	memset(pull->reads, 0, count * sizeof *pull->reads);
	for (size_t i = 0; i < count; i++)
		pull->reads[i] = (struct read){ .folder = run->folders[ops[i]->match->folder].seen[SERVER],
						.ref = ops[i]->match->now[SERVER]->ref,
						.part = part_for(run, ops[i]) };
	f = store_read(run->engine->side[SERVER], pull->reads, count, arrived, pull, arena);
	if (!f)
		f = flush(pull);
	for (size_t i = 0; !f && i < count; i++)
		if (pull->reads[i].fail)
			f = op_end(run, ops[i], pull->reads[i].fail);
	for (size_t i = 0; i < pull->count; i++) /* after a fail */
		body_free(pull->writes[i].body);
	pull->count = 0;
	arena_free(arena);
	return f;
}

const struct fail *pull_items(struct run *run, struct op **ops, size_t count)
{
	struct pull pull = { .run = run, .arena = arena_new() };
	size_t batch = count < BATCH_ITEMS ? count : BATCH_ITEMS;
	const struct fail *f = NULL;

	if (!count)
		goto out;
	pull.reads = memory_alloc((count < CHUNK ? count : CHUNK) * sizeof *pull.reads);
	pull.writes = memory_alloc(batch * sizeof *pull.writes);
	pull.done = memory_alloc(batch * sizeof *pull.done);
	pull.done_ops = memory_alloc(batch * sizeof(struct op *));
	for (size_t from = 0; !f && from < count; from += CHUNK)
		f = pull_chunk(&pull, ops + from, count - from < CHUNK ? count - from : CHUNK);
out:
	free(pull.reads);
	free(pull.writes);
	free(pull.done);
	free(pull.done_ops);
	arena_free(pull.arena);
	return f;
}
