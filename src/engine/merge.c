/* Merge: what both sides made of one item becomes one version (`merge = yes`).  It goes to the server, if
 * that still has what was merged; what lies here is the base then, so that the next round finds an edit of
 * the server's and brings it here as any other.  Whoever stops the run in between, or edits the file, changes
 * nothing about that: all that the user had written is on the server, or still to be merged. */
#include "format/merge.h"

#include "base/buf.h"
#include "base/memory.h"
#include "engine/content.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK       20                  /* items in one flight … */
#define CHUNK_BYTES ((uint64_t)2 << 20) /* … as far as their sizes are known beforehand */

struct merge {
	struct run *run;
	struct arena *arena; /* of the chunk */
	struct op **ops;
	size_t count;
	struct read *reads[SIDES]; /* of each op */
};

/* How many of those left make the next chunk. */
static size_t chunk_size(struct op **ops, size_t count)
{
	size_t most = count < CHUNK ? count : CHUNK, size = 0;
	uint64_t bytes = 0;

	while (size < most && (!size || bytes < CHUNK_BYTES))
		bytes += ops[size++]->match->row->print.size;
	return size;
}

static const struct fail *got_body(void *context, struct read *read)
{
	(void)context; /* the body stays in the read */
	(void)read;
	return NULL;
}

/* Reads both versions of each. */
static const struct fail *chunk_read(struct merge *merge, struct op **ops, size_t count)
{
	struct run *run = merge->run;
	const struct fail *f = NULL;

	merge->ops = ops;
	merge->count = count;
	for (int s = 0; s < SIDES; s++) {
		merge->reads[s] = arena_alloc(merge->arena, count * sizeof *merge->reads[s]);
		for (size_t i = 0; i < count; i++)
			merge->reads[s][i] =
				(struct read){ .folder = run->folders[ops[i]->match->folder].seen[s],
					       .ref = ops[i]->match->now[s]->ref,
					       .part = PART_WHOLE };
	}
	for (int s = 0; !f && s < SIDES; s++)
		f = store_read(run->engine->side[s], merge->reads[s], count, got_body, NULL, merge->arena);
	return f;
}

static void chunk_free(struct merge *merge)
{
	for (int s = 0; s < SIDES; s++)
		for (size_t i = 0; merge->reads[s] && i < merge->count; i++)
			body_free(merge->reads[s][i].body);
	memset(merge->reads, 0, sizeof merge->reads);
	merge->count = 0;
	arena_reset(merge->arena);
}

/* Merges what was read of an item; `out` is what both sides are to have, if it is of both. */
static const struct fail *merge_one(struct merge *merge, size_t i, struct buf *out, enum merging *merging,
				    struct merge_words *words)
{
	static const enum merging outcomes[] = {
		[MERGED_NOT] = MERGE_REFUSED,
		[MERGED_SERVER] = MERGE_AS_SERVER,
		[MERGED_LOCAL] = MERGE_AS_LOCAL,
		[MERGED_BOTH] = MERGE_OF_BOTH,
	};
	static const enum diff_version versions[SIDES] = { DIFF_SERVER, DIFF_LOCAL };
	const struct engine *engine = merge->run->engine;
	const struct match *match = merge->ops[i]->match;
	bool card = merge->run->folders[match->folder].saved.kind == KIND_CONTACTS;
	struct diff_input inputs[DIFF_VERSIONS] = { { NULL, 0 } };
	char *bytes[SIDES] = { NULL, NULL };
	const struct fail *f = state_base_get(engine->state, match->row->id, merge->arena,
					      &inputs[DIFF_BASE].data, &inputs[DIFF_BASE].size);

	for (int s = 0; !f && s < SIDES; s++) {
		struct diff_input *input = &inputs[versions[s]];

		f = body_all(merge->reads[s][i].body, &bytes[s], &input->size);
		input->data = bytes[s];
	}
	*merging = MERGE_REFUSED;
	*words = (struct merge_words){ .said = "what both sides had is not known" };
	if (!f && inputs[DIFF_BASE].data)
		*merging = outcomes[merge_items(inputs, card, merge->arena, out, words)];
	for (int s = 0; s < SIDES; s++)
		free(bytes[s]);
	return f;
}

/* ---- what would come of it --------------------------------------------------------------------- */

static const struct fail *look_one(struct merge *merge, size_t i)
{
	struct run *run = merge->run;
	struct match *match = merge->ops[i]->match;
	struct buf out;
	struct merge_words words = { 0 };
	const struct fail *f = NULL;

	for (int s = 0; s < SIDES; s++)
		if (merge->reads[s][i].fail)
			return content_failed(run, match, (enum side)s, merge->reads[s][i].fail);
	for (int s = 0; s < SIDES; s++) {
		struct read *read = &merge->reads[s][i];

		read->now.digest = read->body->digest;
		content_take(run, match, (enum side)s, read);
	}
	buf_init(&out, ITEM_MOST);
	f = merge_one(merge, i, &out, &match->merging, &words);
	match->merge_said = arena_str(run->round, words.said);
	match->merge_counted = words.counted;
	buf_free(&out);
	return f;
}

const struct fail *merge_look(struct run *run, struct op **ops, size_t count)
{
	struct merge merge = { .run = run, .arena = arena_new() };
	const struct fail *f = NULL;

	for (size_t from = 0, size; !f && from < count; from += size) {
		size = chunk_size(ops + from, count - from);
		f = chunk_read(&merge, ops + from, size);
		for (size_t i = 0; !f && i < size; i++)
			f = look_one(&merge, i);
		chunk_free(&merge);
	}
	arena_free(merge.arena);
	return f;
}

/* ---- doing it ----------------------------------------------------------------------------------- */

/* Makes the version for both sides, of what was read now, and the request for the server's. */
static const struct fail *write_make(struct merge *merge, size_t i, struct write *write)
{
	struct run *run = merge->run;
	const struct match *match = merge->ops[i]->match;
	const struct folder *folder = &run->folders[match->folder];
	enum merging merging = MERGE_REFUSED;
	struct merge_words words = { 0 };
	struct buf out;
	const struct fail *f = NULL;

	for (int s = 0; s < SIDES; s++)
		if (merge->reads[s][i].fail) {
			write->fail = merge->reads[s][i].fail;
			return NULL;
		}
	buf_init(&out, ITEM_MOST);
	f = merge_one(merge, i, &out, &merging, &words);
	if (!f && merging != MERGE_OF_BOTH)
		write->fail = fail_make(FAIL_STALE, FAIL_ITEM, "not to be merged any more: %s", words.said);
	if (!f && !write->fail)
		f = body_of_memory(out.data, out.size, body_form_of(folder->saved.kind), &write->body);
	buf_free(&out);
	write->folder = folder->seen[SERVER];
	write->key = match->row->key;
	write->date = match->row->date;
	write->replaces = match->now[SERVER]->ref;
	write->if_revision = merge->reads[SERVER][i].now.revision;
	if (!write->if_revision)
		write->if_revision = match->now[SERVER]->revision;
	return f;
}

static const struct fail *record(struct merge *merge, size_t i, const struct write *write)
{
	struct run *run = merge->run;
	struct op *op = merge->ops[i];
	const struct read *here = &merge->reads[LOCAL][i];
	struct row *row = row_for(merge->arena, op->match, &run->folders[op->match->folder]);
	const char *ref = write->now.ref ? write->now.ref : op->match->now[SERVER]->ref;
	const struct fail *f = NULL;

	row->side[SERVER].ref = ref; /* all else as it was: so it is seen to be edited */
	row->side[LOCAL] = *op->match->now[LOCAL];
	row->side[LOCAL].digest = here->body->digest;
	if (here->now.revision)
		row->side[LOCAL].revision = here->now.revision;
	row_describe(row, here->body, &here->normal);
	f = state_row_put(run->engine->state, row);
	if (!f)
		f = base_keep(run, row, here->body);
	if (!f)
		f = op_history(run, op);
	run->outcome->pushed++;
	return f;
}

static const struct fail *chunk_write(struct merge *merge, struct write *writes)
{
	struct run *run = merge->run;
	struct write *list = arena_alloc(merge->arena, merge->count * sizeof *list);
	const struct fail *f = NULL;
	size_t count = 0;

	for (size_t i = 0; !f && i < merge->count; i++) {
		f = write_make(merge, i, &writes[i]);
		if (!f && !writes[i].fail)
			list[count++] = writes[i];
	}
	if (!f && count)
		f = store_write(run->engine->side[SERVER], list, count, merge->arena);
	if (!f && count)
		f = store_sync(run->engine->side[SERVER]);
	count = 0;
	for (size_t i = 0; !f && i < merge->count; i++)
		if (!writes[i].fail)
			writes[i] = list[count++];
	return f;
}

static const struct fail *chunk_record(struct merge *merge, const struct write *writes)
{
	struct run *run = merge->run;
	const struct fail *f = tx_begin(run);

	for (size_t i = 0; !f && i < merge->count; i++) {
		run->folders[merge->ops[i]->match->folder].again[SERVER] = true;
		if (!writes[i].fail)
			f = record(merge, i, &writes[i]);
		if (!f)
			f = op_end(run, merge->ops[i], writes[i].fail);
	}
	return tx_end(run, f);
}

const struct fail *merge_perform(struct run *run, struct op **ops, size_t count)
{
	struct merge merge = { .run = run, .arena = arena_new() };
	const struct fail *f = NULL;

	for (size_t from = 0, size; !f && from < count; from += size) {
		struct write writes[CHUNK] = { { 0 } };

		size = chunk_size(ops + from, count - from);
		f = chunk_read(&merge, ops + from, size);
		if (!f)
			f = chunk_write(&merge, writes);
		if (!f)
			f = chunk_record(&merge, writes);
		for (size_t i = 0; i < size; i++)
			body_free(writes[i].body);
		chunk_free(&merge);
		if (!f) {
			run_progress(run, run->folders[ops[from]->match->folder].path, size, 0);
			f = run_check(run);
		}
	}
	arena_free(merge.arena);
	return f;
}
