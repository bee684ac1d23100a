/* Account: the phases of one sync.  Look at both sides of every folder, plan all, do, mark; then again
 * for the folders on the server that this run changed, until nothing is left to do. */
#include "engine/account.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"
#include "core/text.h"
#include "engine/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rounds of one run.  The second sees what the first did on the server; more are needed only when somebody
 * else changes things at the same time. */
#define ROUNDS 4
/* Looks at the local folders of one round, when programs change them meanwhile. */
#define LOOKS 4

const struct fail *run_check(const struct run *run)
{
	int64_t deadline = run->request->deadline;

	if (deadline && clock_monotonic() >= deadline)
		return fail_make(FAIL_STOPPED, FAIL_ACCOUNT, "the time given is over");
	return NULL;
}

void run_tell(const struct run *run, const char *format, ...)
{
	char line[1024] = "";
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (run->engine->tell)
		run->engine->tell(run->engine->tell_context, line);
}

void run_progress(struct run *run, const char *folder, uint64_t items, uint64_t bytes)
{
	run->progress.folder = folder;
	run->progress.items += items;
	run->progress.bytes += bytes;
	if (run->engine->progress)
		run->engine->progress(run->engine->progress_context, &run->progress);
}

const struct fail *tx_begin(struct run *run)
{
	return run->request->dry_run ? NULL : state_begin(run->engine->state);
}

const struct fail *tx_end(struct run *run, const struct fail *fail)
{
	if (run->request->dry_run)
		return fail;
	if (!fail)
		fail = state_commit(run->engine->state);
	if (fail) {
		state_rollback(run->engine->state);
		run->rolled_back = true;
	}
	return fail;
}

static void print_plan(struct run *run)
{
	for (size_t i = 0; i < run->op_count; i++) {
		const struct op *op = &run->ops[i];
		const char *line = text_op(run->round, op, run->folders[op->folder].path,
					   run->folders[op->to].path);

		if (line && op->verb != VERB_AGREE && op->verb != VERB_FORGET && run->outcome->plan) {
			buf_adds(run->outcome->plan, line);
			buf_addc(run->outcome->plan, '\n');
		}
	}
}

static void round_free(struct run *run)
{
	for (size_t i = 0; i < run->folder_count; i++) {
		map_free(run->folders[i].by_row);
		run->folders[i].by_row = NULL;
	}
	map_free(run->claimed);
	run->claimed = map_new();
	vec_free(&run->matches);
	vec_free(&run->left);
	vec_free(&run->learnt);
	free(run->ops);
	run->ops = NULL;
	run->op_count = 0;
	arena_reset(run->round);
}

static void round_begin(struct run *run)
{
	run->rolled_back = run->look_wide = false;
	budget_begin(run);
	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		for (int s = 0; s < SIDES; s++) {
			folder->looked[s] = false;
			folder->cursor[s] = NULL;
			folder->emptied[s] = false;
			folder->again[s] = false;
		}
		folder->again_full = folder->deferred = false;
		folder->taken_up = false;
		folder->pending = NULL;
		folder->pending_count = 0;
		folder->open = 0;
	}
}

/* Does the plan take anything away on the server, or make a copy there of what it has?  Then it matters
 * whether a message was moved while it was looked for. */
static bool plan_hangs_on_places(const struct run *run)
{
	for (size_t i = 0; i < run->op_count; i++)
		if (run->ops[i].side == SERVER &&
		    (run->ops[i].verb == VERB_REMOVE || run->ops[i].verb == VERB_DUPLICATE))
			return true;
	return false;
}

/* One look at all, and a plan. */
static const struct fail *look_once(struct run *run)
{
	const struct fail *f = NULL;

	run->restless = false;
	round_begin(run);
	f = look_all(run);
	if (!f)
		f = content_pair(run);
	if (!f)
		f = turns_find(run);
	return f ? f : decide_all(run);
}

/* Looks and plans.  A message that was moved between two folders while they were listed looks removed if
 * its new folder was listed first, and copied if its old one was (and its removal would follow in the
 * next run).  So local folders that changed since they were listed are listed once more, until none did:
 * what is missing then is gone.  While they do not come to rest nothing is removed on the server. */
static const struct fail *look_and_decide(struct run *run)
{
	const struct fail *f = NULL;
	bool changed = false;

	for (int look = 0; look < LOOKS; look++) {
		f = look_once(run);
		if (f || (!plan_hangs_on_places(run) && !run->restless))
			return f;
		f = look_again(run, &changed);
		if (f || (!changed && !run->hold_removals && !run->restless))
			return f;
		round_free(run);
	}
	run->hold_removals = true;
	return look_once(run);
}

static const struct fail *round_run(struct run *run)
{
	const struct fail *f = look_and_decide(run), *marked = NULL;

	if (f)
		return f;
	if (run->request->dry_run) {
		print_plan(run);
		return NULL;
	}
	run->hold_removals = false;
	f = perform_all(run);
	/* Finished folders stay finished, even when the run cannot go on. */
	marked = mark_folders(run);
	return f ? f : marked;
}

/* Prepares the next round; false: there is nothing left to look at. */
static bool round_next(struct run *run)
{
	bool any = false;

	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		folder->again[SERVER] |= folder->deferred;
		if (run->look_wide && folder->saved.id && folder->policy.in_scope)
			folder->again[SERVER] |= folder->policy.mode != MODE_OFF;
		for (int s = 0; s < SIDES; s++) {
			folder->full[s] = folder->again_full;
			folder->look[s] = (folder->again[s] || folder->waits) && !folder->fail &&
					  folder->seen[s];
			any |= folder->look[s];
		}
	}
	return any;
}

/* Did this round leave new items for the next one? */
static bool round_deferred(const struct run *run)
{
	for (size_t i = 0; i < run->folder_count; i++)
		if (run->folders[i].deferred && !run->folders[i].fail)
			return true;
	return false;
}

static const struct fail *sync_rounds(struct run *run)
{
	unsigned left = ROUNDS;
	const struct fail *f = NULL;

	for (run->round_number = 0; left; run->round_number++) {
		uint64_t pulled = run->outcome->pulled;

		run->outcome->raced = 0;
		f = round_run(run);
		if (!f && !run->request->dry_run)
			f = folders_return(run);
		round_free(run);
		if (f || run->request->dry_run || !round_next(run))
			return f;
		run->no_budget = run->new_left && run->outcome->pulled == pulled;
		if (!round_deferred(run) || run->outcome->pulled == pulled)
			left--;
	}
	return NULL;
}

static void save_memos(struct run *run, const char *const names[SIDES])
{
	const struct engine *engine = run->engine;
	const struct fail *f = NULL;

	for (int s = 0; s < SIDES && !f; s++) {
		const char *memo = engine->side[s]->memo, *old = NULL;

		if (!memo)
			continue;
		f = state_memo_get(engine->state, names[s], run->round, &old);
		if (!f && (!old || strcmp(old, memo) != 0))
			f = state_memo_put(engine->state, names[s], memo);
	}
	(void)f; /* a memo only saves time */
}

static const struct fail *sync_write(struct run *run)
{
	static const char *const memos[SIDES] = { "server", "local" };
	const struct fail *f = recover_places(run);

	if (!f)
		f = folders_open(run);
	if (!f)
		f = recover_intents(run);
	if (!f)
		f = sync_rounds(run);
	if (!f)
		f = folders_close(run);
	if (!f)
		f = vault_prune(run);
	save_memos(run, memos);
	return f;
}

/* Looks and plans as a run does, inside one transaction that is taken back. */
static const struct fail *sync_dry(struct run *run)
{
	const struct fail *f = state_begin(run->engine->state);

	if (f)
		return f;
	f = folders_open(run);
	if (!f)
		f = sync_rounds(run);
	state_rollback(run->engine->state);
	return f;
}

const struct fail *run_begin(struct run *run)
{
	return run->id ? NULL : state_run_begin(run->engine->state, run->engine->now, &run->id);
}

/* Writes down how the run ended.  Not of a run that had nothing to do: that would be its only write. */
static const struct fail *run_end(struct run *run, bool failed)
{
	const struct sync_outcome *outcome = run->outcome;
	struct state *state = run->engine->state;
	const struct fail *f = NULL;
	char summary[160] = "";

	if (!run->id && !failed && !outcome->held && !outcome->set_aside && !outcome->folders_failed)
		return NULL;
	f = tx_begin(run);
	if (f)
		return f;
	snprintf(summary, sizeof summary,
		 "%llu pulled, %llu pushed, %llu removed, %llu merged, %llu conflicts",
		 (unsigned long long)outcome->pulled, (unsigned long long)outcome->pushed,
		 (unsigned long long)(outcome->removed[SERVER] + outcome->removed[LOCAL]),
		 (unsigned long long)outcome->merged, (unsigned long long)outcome->conflicts);
	f = run_begin(run);
	if (!f)
		f = state_run_end(state, run->id, run->engine->now,
				  failed || outcome->set_aside || outcome->folders_failed, summary);
	return tx_end(run, f);
}

const struct fail *account_sync(const struct engine *engine, const struct sync_request *request,
				struct sync_outcome *outcome)
{
	struct run run = { .engine = engine, .request = request, .outcome = outcome };
	const struct fail *f = NULL;

	run.arena = arena_new();
	run.round = arena_new();
	run.scratch = arena_new();
	run.claimed = map_new();
	f = request->dry_run ? sync_dry(&run) : sync_write(&run);
	for (size_t i = 0; i < run.folder_count; i++)
		outcome->held += run.folders[i].held;
	round_free(&run);
	if (!request->dry_run) {
		const struct fail *ended = run_end(&run, f != NULL);

		if (!f)
			f = ended;
	}
	sent_free(&run);
	map_free(run.claimed);
	arena_free(run.scratch);
	arena_free(run.round);
	arena_free(run.arena);
	return f;
}
