/* Expunge: removing these messages and no others.
 *
 * With UIDPLUS (RFC 4315) UID EXPUNGE does that.  Without it EXPUNGE takes every message that is
 * flagged \Deleted, so it is sent only if a search just before finds none but ours. */
#include "base/arena.h"
#include "base/vec.h"
#include "store/imap/alter.h"

#include <stdlib.h>

bool job_removes(const struct job *job)
{
	return (job->kind == JOB_REMOVE && job->state != JOB_DONE) || job->state == JOB_COPIED;
}

/* Those of the jobs that remove, in the arena. */
static struct job **removing(struct arena *arena, struct job **jobs, size_t *count)
{
	struct job **out = arena_alloc(arena, (*count + 1) * sizeof(struct job *));
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++)
		if (job_removes(jobs[i]))
			out[kept++] = jobs[i];
	*count = kept;
	return out;
}

static void mark_outcome(struct act *act, const struct fail *refused)
{
	if (refused)
		jobs_refused(act, refused);
}

static void expunge_outcome(struct act *act, const struct fail *refused)
{
	if (refused) {
		jobs_refused(act, refused);
		return;
	}
	for (size_t i = 0; i < act->count; i++)
		if (!act->jobs[i]->refused && act->jobs[i]->state != JOB_DONE)
			job_end(act->jobs[i], NULL);
}

static const char mark_before[] = "UID STORE ";
static const char mark_after[] = " +FLAGS.SILENT (\\Deleted)";

void expunge_add(struct acts *acts, struct site *site, struct job **jobs, size_t count)
{
	struct job **gone = removing(acts->flight.arena, jobs, &count);

	if (count == 0)
		return;
	acts_add(acts, site, gone, count, "store", mark_before, mark_after, mark_outcome);
	acts_add(acts, site, gone, count, "expunge", "UID EXPUNGE ", "", expunge_outcome);
}

/* ---- without UIDPLUS ----------------------------------------------------------------------- */

struct search {
	struct {
		VEC(uint32_t)
	} found;
};

static const struct fail *search_take(void *context, const struct answer *answer)
{
	struct search *search = context;

	if (answer->kind == ANSWER_SEARCH)
		for (size_t i = 0; i < answer->uid_count; i++)
			*vec_push(&search->found) = answer->uids[i];
	return NULL;
}

/* Are the messages that are flagged \Deleted exactly these (by UID)? */
static bool exactly_ours(struct search *search, struct job **jobs, size_t count)
{
	if (search->found.count != count)
		return false;
	qsort(search->found.items, count, sizeof *search->found.items, uid_compare);
	for (size_t i = 0; i < count; i++)
		if (search->found.items[i] != jobs[i]->uid)
			return false;
	return true;
}

static void jobs_end(struct job **jobs, size_t count, const struct fail *f)
{
	for (size_t i = 0; i < count; i++)
		if (job_removes(jobs[i]))
			job_end(jobs[i], f);
}

/* Flags them; those that could not be flagged are ended. */
static const struct fail *mark(struct imap *imap, struct box *box, struct arena *arena,
			       struct job **jobs, size_t count)
{
	struct acts acts;
	struct site *site;

	acts_begin(&acts, imap, arena);
	site = site_add(&acts, box);
	site_ask(&acts, site, jobs, count);
	acts_add(&acts, site, jobs, count, "store", mark_before, mark_after, mark_outcome);
	return acts_run(&acts);
}

/* EXPUNGE, if what is flagged now is exactly these.  The search waits for all before it to be
 * answered, and EXPUNGE for the search: an answer taken wrongly would cost other messages. */
static const struct fail *search_and_expunge(struct imap *imap, struct arena *arena,
					     struct job **jobs, size_t count)
{
	struct search search = { 0 };
	struct flight flight;
	struct command *command;
	const struct fail *f;

	flight_begin(&flight, arena);
	command = flight_add(&flight, search_take, &search, "UID SEARCH DELETED");
	f = flight_run(&flight, &imap->session);
	if (f)
		goto out;
	if (command->verdict != VERDICT_OK) {
		jobs_end(jobs, count, command_fail(command, FAIL_ITEM, "search"));
		goto out;
	}
	if (!exactly_ours(&search, jobs, count)) {
		jobs_end(jobs, count,
			 fail_make(FAIL_REFUSED, FAIL_ITEM,
				   "other messages are flagged \\Deleted: it stays flagged so, and "
				   "cannot be removed without them (no UIDPLUS)"));
		goto out;
	}
	flight.commands.count = 0;
	command = flight_add(&flight, NULL, NULL, "EXPUNGE");
	command->step = "expunge";
	f = flight_run(&flight, &imap->session);
	if (!f)
		jobs_end(jobs, count, command_fail(command, FAIL_ITEM, "expunge"));
out:
	flight_end(&flight);
	vec_free(&search.found);
	return f;
}

/* One of each: two requests can be about the same message. */
static size_t jobs_unique(struct job **jobs, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (kept == 0 || jobs[kept - 1]->uid != jobs[i]->uid)
			jobs[kept++] = jobs[i];
	return kept;
}

const struct fail *expunge_plain(struct imap *imap, struct box *box, struct job **jobs,
				 size_t count)
{
	struct arena *arena = arena_new();
	struct job **gone = removing(arena, jobs, &count);
	const struct fail *f = NULL;

	if (count)
		f = mark(imap, box, arena, gone, count);
	gone = removing(arena, gone, &count);
	count = jobs_unique(gone, count);
	if (!f && count)
		f = search_and_expunge(imap, arena, gone, count);
	arena_free(arena);
	return f;
}
