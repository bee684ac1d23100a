/* Alter: STORE, COPY, MOVE. */
#include "store/imap/alter.h"

#include "base/arena.h"
#include "base/map.h"
#include "core/flags.h"
#include "store/imap/clean.h"

#include <string.h>

#define SET_MOST  ((size_t)900)
#define JOBS_MOST ((size_t)1000) /* in one command */

static const struct fail *act_take(void *context, const struct answer *answer)
{
	struct act *act = context;
	const struct code *code = &answer->code;

	if (code->kind != CODE_COPYUID || act->copied.kind == CODE_COPYUID)
		return NULL;
	act->copied = *code;
	act->copied.from = arena_alloc(act->arena, (code->from_count + 1) * sizeof *code->from);
	act->copied.to = arena_alloc(act->arena, (code->to_count + 1) * sizeof *code->to);
	memcpy(act->copied.from, code->from, code->from_count * sizeof *code->from);
	memcpy(act->copied.to, code->to, code->to_count * sizeof *code->to);
	return NULL;
}

void acts_add(struct acts *acts, struct selection *selection, struct job **jobs, size_t count,
	      const char *step, const char *before, const char *after, act_outcome *outcome)
{
	struct arena *arena = acts->flight.arena;
	uint32_t *uids = arena_alloc(arena, (count + 1) * sizeof *uids);

	for (size_t i = 0; i < count; i++)
		uids[i] = jobs[i]->uid;
	for (size_t first = 0; first < count;) {
		size_t most = jobs[first]->state == JOB_ALONE ? 1 : JOBS_MOST;
		struct act *act = arena_alloc(arena, sizeof *act);
		struct buf set;

		buf_init(&set, SET_MOST + 32);
		act->imap = acts->imap;
		act->arena = arena;
		act->selection = selection;
		act->outcome = outcome;
		act->jobs = jobs + first;
		act->count = uid_set_add(&set, uids + first, count - first, most, SET_MOST);
		act->command = flight_add(&acts->flight, act_take, act, "%s%s%s", before, set.data, after);
		act->command->step = step;
		*vec_push(&acts->items) = act;
		first += act->count;
		buf_free(&set);
	}
}

/* ---- groups -------------------------------------------------------------------------------- */

/* Jobs that share a command. */
struct group {
	struct {
		VEC(struct job *)
	} jobs;
	struct box *to;
};

struct groups {
	struct acts *acts;
	struct selection *selection;
	struct map *by_text; /* what the command says behind its set */
	const char *step, *before;
	act_outcome *outcome;
};

static void groups_put(struct groups *groups, const char *text, struct job *job)
{
	struct group *group = map_get(groups->by_text, text);

	if (!group) {
		group = arena_alloc(groups->acts->flight.arena, sizeof *group);
		map_set(groups->by_text, text, group);
	}
	*vec_push(&group->jobs) = job;
}

static void group_add(void *context, const char *text, void *value)
{
	struct groups *groups = context;
	struct group *group = value;
	struct arena *arena = groups->acts->flight.arena;
	struct job **jobs = arena_alloc(arena, group->jobs.count * sizeof(struct job *));

	/* An act keeps its jobs longer than the group. */
	memcpy(jobs, group->jobs.items, group->jobs.count * sizeof(struct job *));
	acts_add(groups->acts, groups->selection, jobs, group->jobs.count, groups->step,
		 groups->before, text, groups->outcome);
	vec_free(&group->jobs);
}

static void groups_end(struct groups *groups)
{
	map_each(groups->by_text, group_add, groups);
	map_free(groups->by_text);
}

/* ---- flags --------------------------------------------------------------------------------- */

struct flags flags_admitted(struct arena *arena, const struct box *box, struct flags flags)
{
	struct flags admitted = flags;

	admitted.keywords = clean_keywords(arena, flags.keywords);
	if (!box->known)
		return admitted;
	admitted.bits &= box->admits.bits | (box->any_keyword ? (uint32_t)FLAG_FORWARDED : 0);
	if (!box->any_keyword)
		admitted.keywords = keywords_both(arena, admitted.keywords, box->admits.keywords);
	return admitted;
}

static void store_outcome(struct act *act, const struct fail *refused)
{
	if (refused) {
		jobs_refused(act, refused);
		return;
	}
	for (size_t i = 0; i < act->count; i++) {
		struct job *job = act->jobs[i];
		struct flag_change *change = job->change;
		struct flag_delta delta;

		if (job->refused)
			continue;
		delta = (struct flag_delta){
			.add = flags_admitted(job->arena, job->box, change->add),
			.remove = flags_admitted(job->arena, job->box, change->remove),
		};

		change->now = flag_delta_apply(job->arena, change->hint, &delta);
		job_end(job, NULL);
	}
}

/* A job that adds and removes has two commands; the second must not end what the first refused. */
static void store_first_outcome(struct act *act, const struct fail *refused)
{
	if (refused)
		jobs_refused(act, refused);
}

static void stores_add(struct acts *acts, struct selection *selection, const struct box *box,
		       struct job **jobs, size_t count)
{
	struct arena *arena = acts->flight.arena;
	struct groups remove = { acts, selection, map_new(), "store", "UID STORE ", store_first_outcome };
	struct groups add = { acts, selection, map_new(), "store", "UID STORE ", store_outcome };

	for (size_t i = 0; i < count; i++) {
		const struct flag_change *change = jobs[i]->change;
		struct flags more, less;

		if (jobs[i]->kind != JOB_FLAG || jobs[i]->state == JOB_DONE)
			continue;
		more = flags_admitted(arena, box, change->add);
		less = flags_admitted(arena, box, change->remove);
		if (flags_none(more) && flags_none(less)) {
			jobs[i]->change->now = change->hint;
			job_end(jobs[i], NULL);
			continue;
		}
		if (!flags_none(less) && !flags_none(more))
			groups_put(&remove, arena_printf(arena, " -FLAGS.SILENT (%s)", flags_text(arena, less)),
				   jobs[i]);
		else if (!flags_none(less))
			groups_put(&add, arena_printf(arena, " -FLAGS.SILENT (%s)", flags_text(arena, less)),
				   jobs[i]);
		if (!flags_none(more))
			groups_put(&add, arena_printf(arena, " +FLAGS.SILENT (%s)", flags_text(arena, more)),
				   jobs[i]);
	}
	groups_end(&remove);
	groups_end(&add);
}

/* ---- COPY and MOVE ------------------------------------------------------------------------- */

/* The n-th UID of a list of ranges; 0: there is none. */
static uint32_t nth(const struct uid_range *ranges, size_t count, uint64_t n)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t size = (uint64_t)ranges[i].last - ranges[i].first + 1;

		if (n < size)
			return ranges[i].first + (uint32_t)n;
		n -= size;
	}
	return 0;
}

/* The place of a UID in a list of ranges; false: it is not in there. */
static bool place(const struct uid_range *ranges, size_t count, uint32_t uid, uint64_t *n)
{
	*n = 0;
	for (size_t i = 0; i < count; i++) {
		if (uid >= ranges[i].first && uid <= ranges[i].last) {
			*n += uid - ranges[i].first;
			return true;
		}
		*n += (uint64_t)ranges[i].last - ranges[i].first + 1;
	}
	return false;
}

static void copied(struct act *act, struct job *job)
{
	const struct code *code = &act->copied;
	struct transfer *transfer = job->transfer;
	uint64_t n;
	uint32_t uid;

	transfer->now.revision = "";
	transfer->now.flags = transfer->hint;
	if (code->kind == CODE_COPYUID) {
		if (!place(code->from, code->from_count, job->uid, &n)) {
			job_end(job, fail_make(FAIL_MISSING, FAIL_ITEM, "UID %u is not there any more",
					       job->uid));
			return;
		}
		uid = nth(code->to, code->to_count, n);
		if (uid && (!job->to->validity || job->to->validity == code->number))
			transfer->now.ref = uid_ref(job->arena, uid);
	}
	if (transfer->copy || session_can(&act->imap->session, CAP_MOVE))
		job_end(job, NULL);
	else
		job->state = JOB_COPIED;
}

static void transfer_outcome(struct act *act, const struct fail *refused)
{
	if (refused && act->copied.kind != CODE_COPYUID) {
		jobs_refused(act, refused);
		return;
	}
	/* A refused MOVE may have moved some (RFC 6851 3.3): COPYUID tells which. */
	for (size_t i = 0; i < act->count; i++) {
		uint64_t n;

		if (refused && !place(act->copied.from, act->copied.from_count, act->jobs[i]->uid, &n)) {
			struct act rest = *act;

			rest.jobs = &act->jobs[i];
			rest.count = 1;
			jobs_refused(&rest, refused);
		} else {
			copied(act, act->jobs[i]);
		}
	}
}

static void transfers_add(struct acts *acts, struct selection *selection, struct job **jobs,
			  size_t count)
{
	bool can_move = session_can(&acts->imap->session, CAP_MOVE);
	struct groups copy = { acts, selection, map_new(), "copy", "UID COPY ", transfer_outcome };
	struct groups move = { acts, selection, map_new(), "move", "UID MOVE ", transfer_outcome };

	for (size_t i = 0; i < count; i++) {
		if (jobs[i]->kind != JOB_TRANSFER || jobs[i]->state == JOB_COPIED ||
		    jobs[i]->state == JOB_DONE)
			continue;
		groups_put(jobs[i]->transfer->copy || !can_move ? &copy : &move,
			   arena_printf(acts->flight.arena, " %s", jobs[i]->to->quoted), jobs[i]);
	}
	groups_end(&copy);
	groups_end(&move);
}

/* ---- one mailbox --------------------------------------------------------------------------- */

void alter_add(struct acts *acts, struct box *box, struct job **jobs, size_t count)
{
	struct selection *selection = arena_alloc(acts->flight.arena, sizeof *selection);
	bool needed = false;

	for (size_t i = 0; i < count; i++) {
		if (jobs[i]->kind == JOB_WRITE)
			continue;
		if (box->known && box->read_only && !(jobs[i]->kind == JOB_TRANSFER && jobs[i]->transfer->copy))
			job_end(jobs[i], fail_make(FAIL_DENIED, FAIL_FOLDER, "the mailbox is read-only"));
		else
			needed = true;
	}
	if (!needed)
		return;
	select_need(acts->imap, &acts->flight, selection, box);
	stores_add(acts, selection, box, jobs, count);
	transfers_add(acts, selection, jobs, count);
	if (session_can(&acts->imap->session, CAP_UIDPLUS))
		expunge_add(acts, selection, jobs, count);
}
