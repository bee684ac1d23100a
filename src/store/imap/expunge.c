/* Expunge: removing these messages and no others.
 *
 * With UIDPLUS (RFC 4315) UID EXPUNGE does that.  Without it EXPUNGE takes every message that is flagged \Deleted,
 * so it is sent only if a search just before finds none but ours. */
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

/* Is each message that is flagged \Deleted one of these (by UID)? */
static bool all_ours(const struct search *search, struct job **jobs, size_t count)
{
	for (size_t i = 0; i < search->found.count; i++) {
		size_t low = 0, high = count;

		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (jobs[middle]->uid < search->found.items[i])
				low = middle + 1;
			else
				high = middle;
		}
		if (low == count || jobs[low]->uid != search->found.items[i])
			return false;
	}
	return true;
}

static void jobs_end(struct job **jobs, size_t count, const struct fail *f)
{
	for (size_t i = 0; i < count; i++)
		if (job_removes(jobs[i]))
			job_end(jobs[i], f);
}

/* Flags them, and asks what is flagged. */
static const struct fail *mark_and_search(struct imap *imap, struct box *box, struct arena *arena,
					  struct job **jobs, size_t count, struct search *search)
{
	struct acts acts;
	struct command *asked;
	struct site *site;
	const struct fail *f;

	acts_begin(&acts, imap, arena);
	site = site_add(&acts, box, jobs, count);
	acts_add(&acts, site, jobs, count, "store", mark_before, mark_after, mark_outcome);
	asked = flight_add(&acts.flight, search_take, search, "UID SEARCH DELETED");
	f = acts_run(&acts);
	if (!f && asked->verdict != VERDICT_OK)
		jobs_end(jobs, count, command_fail(asked, FAIL_ITEM, "search"));
	return f;
}

const struct fail *expunge_plain(struct imap *imap, struct box *box, struct job **jobs, size_t count)
{
	struct arena *arena = arena_new();
	struct job **gone = removing(arena, jobs, &count);
	struct search search = { 0 };
	struct flight flight;
	struct command *expunge;
	const struct fail *f = NULL;

	if (count)
		f = mark_and_search(imap, box, arena, gone, count, &search);
	gone = removing(arena, gone, &count); /* those that could be flagged */
	if (f || count == 0)
		goto out;
	if (!all_ours(&search, gone, count)) {
		jobs_end(gone, count,
			 fail_make(FAIL_REFUSED, FAIL_ITEM,
				   "other messages are flagged \\Deleted: it stays flagged so, and "
				   "cannot be removed without them (no UIDPLUS)"));
		goto out;
	}
	flight_begin(&flight, arena);
	expunge = flight_add(&flight, NULL, NULL, "EXPUNGE");
	expunge->step = "expunge";
	f = flight_run(&flight, &imap->session);
	if (!f)
		jobs_end(gone, count, command_fail(expunge, FAIL_ITEM, "expunge"));
	flight_end(&flight);
out:
	vec_free(&search.found);
	arena_free(arena);
	return f;
}
