/* Push: bodies from here to the server.  An append is not idempotent: a row that waits for its ref on the
 * server and an intent go before it, and what a dead run appended is found again (recover.c). */
#include "base/memory.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 100                         /* bodies in one flight: each is an open file, or lies in memory
					   * … */
#define CHUNK_BYTES ((uint64_t)8 << 20)   /* … as far as their sizes are known beforehand */
/* Appends of one item that were cut off before their outcome was learnt, and not found afterwards; then it is
 * set aside for a while.  More than one, since a run may be killed twice. */
#define TRIES 3

struct item {
	struct op *op;
	struct body *body;
	struct row *row;
	struct intent intent;     /* id 0: none */
	struct write *write;      /* NULL: ended already */
	bool lost;                /* stored, but its ref was not found */
};

struct push {
	struct run *run;
	struct arena *arena;      /* of the chunk */
	struct op **ops;
	size_t op_count;
	size_t from, taken;       /* the chunk */
	struct item *items;       /* room for a chunk, as the next two */
	size_t count;
	struct write *writes;
	size_t write_count;
	struct removal *removals;
};

/* ---- read ----------------------------------------------------------------------------------- */

static const struct fail *got_body(void *context, struct read *read)
{
	(void)context; /* the body stays in the read */
	(void)read;
	return NULL;
}

/* Why this is not sent after all. */
static const struct fail *not_to_be_sent(const struct read *read)
{
	if (read->fail)
		return read->fail;
	if (read->stub) /* written there since it was looked at */
		return fail_make(FAIL_STALE, FAIL_ITEM, "it is a text form now");
	return fail_make(FAIL_STALE, FAIL_ITEM, "not read");
}

/* Reads the local bodies.  A file that was saved meanwhile is for the next look. */
static const struct fail *read_bodies(struct push *push, struct op **ops, size_t count)
{
	struct run *run = push->run;
	struct read *reads = arena_alloc(push->arena, count * sizeof *reads);
	const struct fail *f = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct match *match = ops[i]->match;

		reads[i] = (struct read){ .folder = run->folders[match->folder].seen[LOCAL],
					  .ref = match->now[LOCAL]->ref,
					  .part = PART_WHOLE,
					  .hint = match->now[LOCAL]->flags,
					  .wire = match->row ? (match->row->marks & ROW_WIRE) != 0
							     : match->wire };
	}
	f = store_read(run->engine->side[LOCAL], reads, count, got_body, NULL, push->arena);
	for (size_t i = 0; i < count; i++) {
		struct item *item = &push->items[push->count];

		if (f || reads[i].fail || !reads[i].body || reads[i].notice || reads[i].stub) {
			body_free(reads[i].body);
			if (!f)
				f = op_end(run, ops[i], not_to_be_sent(&reads[i]));
			continue;
		}
		*item = (struct item){ .op = ops[i], .body = reads[i].body };
		/* What is sent is what was read now, not what was listed. */
		item->row = row_for(push->arena, ops[i]->match, &run->folders[ops[i]->match->folder]);
		row_describe(item->row, item->body, &reads[i].normal);
		push->count++;
		if (reads[i].now.revision) {
			struct version *now = arena_alloc(push->arena, sizeof *now);

			*now = *ops[i]->match->now[LOCAL];
			now->revision = reads[i].now.revision;
			now->digest = item->body->digest;
			item->row->side[LOCAL] = *now;
		} else {
			item->row->side[LOCAL] = *ops[i]->match->now[LOCAL];
			item->row->side[LOCAL].digest = item->body->digest;
		}
	}
	return f;
}

/* ---- intents -------------------------------------------------------------------------------- */

/* The intent of an earlier run for this row, whose work was not found done. */
static const struct intent *earlier(const struct run *run, int64_t row)
{
	for (size_t i = 0; row && i < run->intent_count; i++)
		if (run->intents[i].row == row && run->intents[i].verb == INTENT_APPEND)
			return &run->intents[i];
	return NULL;
}

static bool needs_intent(const struct run *run, const struct folder *folder)
{
	return !folder->traits->keyed && !(run->engine->side[SERVER]->traits & STORE_IDEMPOTENT);
}

static struct flags flags_to_send(struct push *push, const struct op *op)
{
	if (op->verb == VERB_UPDATE && op->match->now[SERVER]) {
		struct flags flags = op->match->now[SERVER]->flags;

		return op->flags ? flag_delta_apply(push->arena, flags, &op->flags[SERVER]) : flags;
	}
	return op->match->now[LOCAL]->flags;
}

static const struct fail *intend(struct push *push, struct item *item)
{
	struct run *run = push->run;
	const struct op *op = item->op;
	const struct folder *folder = &run->folders[op->match->folder];
	const struct intent *before = earlier(run, op->match->row ? op->match->row->id : 0);
	const struct version *old = op->match->now[SERVER];
	const struct fail *f = NULL;

	if (!op->match->row) {
		/* Nothing is agreed yet: should another message become its counterpart, flags are joined. */
		item->row->side[LOCAL].flags = (struct flags){ 0 };
		f = state_row_put(run->engine->state, item->row);
		if (f)
			return f;
	}
	item->intent = (struct intent){ .id = before ? before->id : 0,
					.verb = INTENT_APPEND,
					.folder = folder->saved.id,
					.to = folder->saved.id,
					.from_ref = old ? old->ref : NULL,
					.epoch = folder->seen[SERVER]->identity,
					.next = folder->seen[SERVER]->next,
					.local_ref = op->match->now[LOCAL]->ref,
					.row = item->row->id,
					.print = item->row->print,
					.message_id = item->row->message_id,
					.flags = flags_to_send(push, op),
					.tries = before ? before->tries + 1 : 1 };
	return state_intent_put(run->engine->state, &item->intent);
}

/* Ends items whose append was cut off too often; puts intents for the rest; fills the writes. */
static const struct fail *prepare(struct push *push)
{
	struct run *run = push->run;
	const struct fail *f = tx_begin(run);

	if (!f)
		f = sent_begin(run);
	for (size_t i = 0; !f && i < push->count; i++) {
		struct item *item = &push->items[i];
		struct op *op = item->op;
		const struct folder *folder = &run->folders[op->match->folder];
		const struct intent *before = earlier(run, op->match->row ? op->match->row->id : 0);
		struct write *write = NULL;
		struct row *holder = NULL;

		if (before && before->tries >= TRIES) {
			f = state_intent_remove(run->engine->state, before->id);
			if (!f)
				f = op_end(run, op,
					   fail_make(FAIL_REFUSED, FAIL_ITEM,
						     "the line was cut each time it was sent"));
			continue;
		}
		f = state_row_find(run->engine->state, folder->saved.id, LOCAL, op->match->now[LOCAL]->ref,
				   push->arena, &holder);
		if (!f && holder && holder->id != item->row->id) { /* moved here in this round */
			f = op_end(run, op,
				   fail_make(FAIL_STALE, FAIL_ITEM, "another item has its name now"));
			continue;
		}
		if (!f && needs_intent(run, folder))
			f = intend(push, item);
		if (!f && item->row->key)
			sent_add(run, op->match, item->row);
		write = &push->writes[push->write_count++];
		*write = (struct write){ .folder = folder->seen[SERVER],
					 .body = item->body,
					 .key = item->row->key,
					 .flags = flags_to_send(push, op),
					 .date = op->match->row ? op->match->row->date : op->match->date };
		if (folder->traits->server_edits && op->verb == VERB_UPDATE && op->match->now[SERVER]) {
			write->replaces = op->match->now[SERVER]->ref;
			write->if_revision = op->match->now[SERVER]->revision;
		}
		item->write = write;
	}
	if (!f)
		f = sent_save(run);
	return tx_end(run, f);
}

/* ---- outcome -------------------------------------------------------------------------------- */

static const struct fail *find_lost(struct push *push)
{
	struct run *run = push->run;
	const struct fail *f = NULL;

	for (size_t i = 0; i < push->count; i++) {
		const struct item *item = &push->items[i];

		if (item->write && !item->write->fail && item->write->now.ref)
			ref_claim(run, &run->folders[item->op->match->folder], item->write->now.ref);
	}
	for (size_t i = 0; !f && i < push->count; i++) {
		struct item *item = &push->items[i];
		const struct folder *folder = &run->folders[item->op->match->folder];
		struct find find = { .folder = folder->seen[SERVER],
				     .next = folder->seen[SERVER]->next,
				     .print = item->row->print,
				     .message_id = item->row->message_id };

		if (!item->write || item->write->fail || item->write->now.ref)
			continue;
		f = store_find(run->engine->side[SERVER], &find, 1, push->arena);
		if (!f && !find.fail)
			f = ref_unclaimed(run, folder, find.refs, find.count, &item->write->now.ref);
		item->lost = !item->write->now.ref;
	}
	return f;
}

/* A server that tells a ref which another row holds lies. */
static const struct fail *check_claim(struct push *push, struct item *item)
{
	struct run *run = push->run;
	const struct folder *folder = &run->folders[item->op->match->folder];
	struct row *row = NULL;
	const struct fail *f = NULL;

	if (item->write->fail || !item->write->now.ref)
		return NULL;
	f = state_row_find(run->engine->state, folder->saved.id, SERVER, item->write->now.ref, push->arena,
			   &row);
	if (!f && row && row->id != item->row->id)
		item->write->fail = fail_make(FAIL_STALE, FAIL_ITEM,
					      "the server gave it the name of another item");
	return f;
}

/* Has the old version to be removed on the server, now that the new one is there? */
static bool supersedes(const struct item *item)
{
	return item->intent.id && item->op->verb == VERB_UPDATE && item->op->match->now[SERVER];
}

/* A move in the same flight may have given the file's name to another item: the user had taken the file away.
 * Then where it is now is for the next look. */
static const struct fail *check_name(struct push *push, const struct item *item)
{
	struct state *state = push->run->engine->state;
	struct row *row = item->row, *other = NULL, *same = NULL;
	const struct fail *f = state_row_find(state, row->folder, LOCAL, row->side[LOCAL].ref, push->arena,
					      &other);

	if (f || !other || other->id == row->id)
		return f;
	memset(&row->side[LOCAL], 0, sizeof row->side[LOCAL]);
	item->op->again = true;
	f = row->id ? state_row_get(state, row->id, push->arena, &same) : NULL;
	if (!same)
		row->id = 0; /* it was to be sent, and was given up with the name */
	return f;
}

static const struct fail *record(struct push *push, const struct item *item)
{
	struct run *run = push->run;
	struct op *op = item->op;
	struct row *row = item->row;
	const struct write *write = item->write;
	struct flags done[SIDES];
	const struct fail *f = NULL;

	row->side[SERVER].ref = write->now.ref;
	row->side[SERVER].revision = write->now.revision;
	row->side[SERVER].digest = write->now.digest;
	row->lasting = NULL; /* the next look tells it */
	done[SERVER] = write->now.flags;
	done[LOCAL] = op->match->now[LOCAL]->flags;
	/* A local flag change that goes with an edit is done at the next look: the base stays behind. */
	if (op->flags && !flag_delta_none(&op->flags[LOCAL])) {
		done[SERVER] = op->match->row->side[SERVER].flags;
		run->folders[op->match->folder].again[LOCAL] = true;
	}
	row_flags(run, row, op, done);
	row->marks &= ~(uint32_t)ROW_KEPT;
	f = check_name(push, item);
	if (!f)
		f = state_row_put(run->engine->state, row);
	if (!f)
		f = base_keep(run, row, item->body);
	if (!f)
		f = op_history(run, op);
	run->outcome->pushed++;
	return f;
}

static const struct fail *record_all(struct push *push)
{
	struct run *run = push->run;
	struct state *state = run->engine->state;
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < push->count; i++)
		if (push->items[i].write)
			f = check_claim(push, &push->items[i]);
	if (!f)
		f = tx_begin(run);
	else
		return f;
	if (!f)
		f = sent_begin(run);
	for (size_t i = 0; !f && i < push->count; i++) {
		struct item *item = &push->items[i];
		const struct fail *failed = NULL;

		if (!item->write)
			continue;
		run->folders[item->op->match->folder].again[SERVER] = true;
		failed = item->write->fail;
		if (!failed && item->lost)
			failed = fail_make(FAIL_STALE, FAIL_ITEM, "sent, but not found again yet");
		if (!failed)
			f = record(push, item);
		else if (item->row->key)
			sent_keep(run, item->op->match, item->row);
		/* The intent stays while its work may yet be found, and until the old version is gone. */
		if (!f && item->intent.id && !item->lost && (failed || !supersedes(item)))
			f = state_intent_remove(state, item->intent.id);
		if (!f && (failed || !supersedes(item)))
			f = op_end(run, item->op, failed);
	}
	if (!f)
		f = sent_save(run);
	return tx_end(run, f);
}

/* An edited message was sent anew: now the old one goes. */
static const struct fail *remove_old(struct push *push)
{
	struct run *run = push->run;
	const struct fail *f = NULL;
	size_t count = 0, k = 0;

	for (size_t i = 0; i < push->count; i++) {
		struct item *item = &push->items[i];

		if (item->write && !item->write->fail && !item->lost && supersedes(item))
			push->removals[count++] = (struct removal){
				.folder = run->folders[item->op->match->folder].seen[SERVER],
				.ref = item->op->match->now[SERVER]->ref,
				.hint = item->op->match->now[SERVER]->flags,
			};
	}
	if (!count)
		return NULL;
	f = store_remove(run->engine->side[SERVER], push->removals, count, push->arena);
	if (!f)
		f = store_sync(run->engine->side[SERVER]);
	if (!f)
		f = tx_begin(run);
	else
		return f;
	for (size_t i = 0; !f && i < push->count; i++) {
		struct item *item = &push->items[i];
		const struct fail *failed = NULL;

		if (!item->write || item->write->fail || item->lost || !supersedes(item))
			continue;
		failed = push->removals[k++].fail;
		if (fail_is(failed, FAIL_MISSING))
			failed = NULL;
		/* If it could not be removed the intent stays: the next run tries again. */
		if (!failed)
			f = state_intent_remove(run->engine->state, item->intent.id);
		else
			run_tell(run, "%s: %s: the old version stays for now: %s",
				 run->folders[item->op->match->folder].path, match_name(item->op->match),
				 failed->text);
		if (!f)
			f = op_end(run, item->op, NULL);
	}
	return tx_end(run, f);
}

/* How many of those left make the next chunk. */
static size_t chunk_size(const struct push *push)
{
	size_t most = push->op_count - push->from < CHUNK ? push->op_count - push->from : CHUNK, count = 0;
	uint64_t bytes = 0;

	while (count < most && (!count || bytes < CHUNK_BYTES)) {
		const struct match *match = push->ops[push->from + count++]->match;

		if (push->run->folders[match->folder].traits->keyed)
			bytes += match->row ? match->row->print.size : match->size;
	}
	return count;
}

/* Reads the bodies of the next chunk and queues them at the server. */
static const struct fail *chunk_begin(struct push *push)
{
	size_t count = chunk_size(push);
	const struct fail *f = read_bodies(push, push->ops + push->from, count);

	push->taken = count;
	if (!f)
		f = prepare(push);
	if (!f && push->write_count)
		f = store_write(push->run->engine->side[SERVER], push->writes, push->write_count,
				push->arena);
	return f;
}

static void chunk_free(struct push *push)
{
	for (size_t i = 0; i < push->count; i++)
		body_free(push->items[i].body);
	push->count = push->write_count = 0;
	arena_reset(push->arena);
}

/* Waits for the chunk and records what became of it. */
static const struct fail *chunk_end(struct push *push)
{
	struct run *run = push->run;
	const char *path = run->folders[push->ops[push->from]->match->folder].path;
	uint64_t bytes = 0;
	const struct fail *f = NULL;

	if (push->write_count)
		f = store_sync(run->engine->side[SERVER]);
	if (!f)
		f = find_lost(push);
	if (!f)
		f = record_all(push);
	if (!f)
		f = remove_old(push);
	for (size_t i = 0; i < push->count; i++)
		bytes += push->items[i].body->size;
	chunk_free(push);
	if (!f)
		run_progress(run, path, push->taken, bytes);
	push->from += push->taken;
	push->taken = 0;
	return f ? f : run_check(run);
}

const struct fail *push_begin(struct run *run, struct op **ops, size_t count, struct push **result)
{
	struct push *push = memory_alloc(sizeof *push);
	size_t room = (count < CHUNK ? count : CHUNK) + 1;

	*push = (struct push){ .run = run, .arena = arena_new(), .ops = ops, .op_count = count };
	push->items = memory_alloc(room * sizeof *push->items);
	push->writes = memory_alloc(room * sizeof *push->writes);
	push->removals = memory_alloc(room * sizeof *push->removals);
	*result = push;
	return count ? chunk_begin(push) : NULL;
}

const struct fail *push_end(struct push *push)
{
	const struct fail *f = push->taken ? chunk_end(push) : NULL;

	while (!f && push->from < push->op_count) {
		f = chunk_begin(push);
		if (!f)
			f = chunk_end(push);
	}
	push_drop(push);
	return f;
}

void push_drop(struct push *push)
{
	if (!push)
		return;
	chunk_free(push);
	free(push->items);
	free(push->writes);
	free(push->removals);
	arena_free(push->arena);
	free(push);
}
