/* Alter: STORE, COPY, MOVE. */
#include "store/imap/alter.h"

#include "base/arena.h"
#include "base/map.h"
#include "core/flags.h"
#include "store/imap/clean.h"

#include <stdlib.h>
#include <string.h>

#define SET_MOST     ((size_t)900)
#define JOBS_MOST    ((size_t)1000) /* in one command */
#define PRESENT_MOST ((size_t)200000)

/* ---- which messages are there -------------------------------------------------------------- */

static int present_compare(const void *a, const void *b)
{
	const struct present *x = a, *y = b;
	int order = uid_compare(&x->uid, &y->uid);

	return order ? order : (x->turn > y->turn) - (x->turn < y->turn);
}

static int present_find(const void *uid, const void *present)
{
	return uid_compare(uid, &((const struct present *)present)->uid);
}

void site_settle(struct site *site)
{
	struct present *items = site->present.items;
	size_t kept = 0;

	if (site->present.count)
		qsort(items, site->present.count, sizeof *items, present_compare);
	for (size_t i = 0; i < site->present.count; i++) {
		if (kept && items[kept - 1].uid == items[i].uid)
			kept--;
		items[kept++] = items[i];
	}
	site->present.count = kept;
}

static const struct fail *site_take(void *context, const struct answer *answer)
{
	struct site *site = context;
	const struct fetched *fetched = &answer->fetched;
	struct present *present;

	if (answer->kind != ANSWER_FETCH || !fetched->uid || !fetched->has_flags)
		return NULL;
	if (site->present.count >= PRESENT_MOST)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
				 "the server tells of messages that were not asked for");
	present = vec_push(&site->present);
	present->uid = fetched->uid;
	present->turn = site->present.count;
	present->flags.bits = fetched->flags.bits;
	present->flags.keywords = arena_str(site->arena, fetched->flags.keywords);
	return NULL;
}

struct site *site_add(struct acts *acts, struct box *box)
{
	struct site *site = arena_alloc(acts->flight.arena, sizeof *site);

	site->arena = acts->flight.arena;
	select_add(acts->imap, &acts->flight, &site->selection, box, "");
	*vec_push(&acts->sites) = site;
	return site;
}

void site_ask(struct acts *acts, struct site *site, struct job **jobs, size_t count)
{
	uint32_t *uids = arena_alloc(site->arena, (count + 1) * sizeof *uids);
	size_t wanted = 0;

	for (size_t i = 0; i < count; i++)
		if (jobs[i]->uid && jobs[i]->state != JOB_DONE &&
		    (wanted == 0 || uids[wanted - 1] != jobs[i]->uid))
			uids[wanted++] = jobs[i]->uid;
	for (size_t first = 0; first < wanted;) {
		struct command *command;
		struct buf set;

		buf_init(&set, SET_MOST + 32);
		first += uid_set_add(&set, uids + first, wanted - first, wanted, SET_MOST);
		command = flight_add(&acts->flight, site_take, site, "UID FETCH %s (UID FLAGS)",
				     set.data);
		command->only = ANSWER_FETCH;
		*vec_push(&site->asked) = command;
		buf_free(&set);
	}
}

const struct present *site_present(const struct site *site, uint32_t uid, bool *known)
{
	*known = false;
	if (!site || !uid)
		return NULL;
	for (size_t i = 0; i < site->asked.count; i++)
		if (!site->asked.items[i]->done || site->asked.items[i]->verdict != VERDICT_OK)
			return NULL;
	*known = true;
	return site->present.count ? bsearch(&uid, site->present.items, site->present.count,
					     sizeof *site->present.items, present_find)
				   : NULL;
}

/* ---- acts ---------------------------------------------------------------------------------- */

/* Does a COPYUID speak of this act's messages? */
static bool is_of(const struct act *act, const struct code *code)
{
	const struct box *to = act->count ? act->jobs[0]->to : NULL;

	return to && (!to->validity || to->validity == code->number) && code->from_count &&
	       code->from[0].first >= act->jobs[0]->uid &&
	       code->from[0].first <= act->jobs[act->count - 1]->uid;
}

static const struct fail *act_take(void *context, const struct answer *answer)
{
	struct act *act = context;
	const struct code *code = &answer->code;

	if (code->kind != CODE_COPYUID || act->copied.kind == CODE_COPYUID || !is_of(act, code))
		return NULL;
	act->command->copied = true;
	act->copied = *code;
	act->copied.from = arena_alloc(act->arena, (code->from_count + 1) * sizeof *code->from);
	act->copied.to = arena_alloc(act->arena, (code->to_count + 1) * sizeof *code->to);
	memcpy(act->copied.from, code->from, code->from_count * sizeof *code->from);
	memcpy(act->copied.to, code->to, code->to_count * sizeof *code->to);
	return NULL;
}

void acts_add(struct acts *acts, struct site *site, struct job **jobs, size_t count,
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
		act->site = site;
		act->outcome = outcome;
		act->jobs = jobs + first;
		act->count = uid_set_add(&set, uids + first, count - first, most, SET_MOST);
		act->command =
			flight_add(&acts->flight, act_take, act, "%s%s%s", before, set.data, after);
		act->command->step = step;
		act->command->only = ANSWER_STATE;
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
	struct site *site;
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
	acts_add(groups->acts, groups->site, jobs, group->jobs.count, groups->step, groups->before,
		 text, groups->outcome);
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
	admitted.bits &= box->admits.bits;
	if (!box->any_keyword)
		admitted.keywords = keywords_both(arena, admitted.keywords, box->admits.keywords);
	return admitted;
}

/* The flags that a message has: as the server told, else as they must be. */
struct flags flags_after(const struct job *job, const struct flags *told)
{
	struct flag_delta delta;

	if (told)
		return (struct flags){ told->bits, arena_str(job->arena, told->keywords) };
	delta.add = flags_admitted(job->arena, job->box, job->change->add);
	delta.remove = flags_admitted(job->arena, job->box, job->change->remove);
	return flag_delta_apply(job->arena, job->change->hint, &delta);
}

static void store_outcome(struct act *act, const struct fail *refused)
{
	if (refused) {
		jobs_refused(act, refused);
		return;
	}
	for (size_t i = 0; i < act->count; i++) {
		struct job *job = act->jobs[i];
		const struct present *present;
		bool known;

		if (job->refused || job->state == JOB_DONE)
			continue;
		present = site_present(act->site, job->uid, &known);
		job->change->now = flags_after(job, present ? &present->flags : NULL);
		job_end(job, NULL);
	}
}

/* A job that adds and removes has two commands; the second must not end what the first refused. */
static void store_first_outcome(struct act *act, const struct fail *refused)
{
	if (refused)
		jobs_refused(act, refused);
}

/* Several changes of one message become one, the last one's. */
static void changes_join(struct job **jobs, size_t count)
{
	struct job *before = NULL;

	for (size_t i = 0; i < count; i++) {
		struct job *job = jobs[i];

		if (job->kind != JOB_FLAG || job->state != JOB_OPEN)
			continue;
		job->delta.add = job->change->add;
		job->delta.remove = flags_minus(job->arena, job->change->remove, job->change->add);
		if (before && before->uid == job->uid) {
			struct flag_delta first = before->delta;

			first.add = flags_minus(job->arena, first.add, job->change->remove);
			first.remove = flags_minus(job->arena, first.remove, job->change->add);
			job->delta.add = flags_union(job->arena, first.add, job->delta.add);
			job->delta.remove =
				flags_union(job->arena, first.remove, job->delta.remove);
			before->heir = job;
		}
		before = job;
	}
}

static void stores_add(struct acts *acts, struct site *site, const struct box *box,
		       struct job **jobs, size_t count)
{
	struct arena *arena = acts->flight.arena;
	struct groups first = { acts, site, map_new(), "store", "UID STORE ", store_first_outcome };
	struct groups last = { acts, site, map_new(), "store", "UID STORE ", store_outcome };

	changes_join(jobs, count);
	for (size_t i = 0; i < count; i++) {
		struct flags more, less;
		bool both;

		if (jobs[i]->kind != JOB_FLAG || jobs[i]->state == JOB_DONE || jobs[i]->heir)
			continue;
		more = flags_admitted(arena, box, jobs[i]->delta.add);
		less = flags_admitted(arena, box, jobs[i]->delta.remove);
		both = !flags_none(more) && !flags_none(less);
		if (flags_none(more) && flags_none(less))
			*vec_push(&site->idle) = jobs[i];
		if (!flags_none(less))
			groups_put(
				both ? &first : &last,
				arena_printf(arena, " -FLAGS.SILENT (%s)", flags_text(arena, less)),
				jobs[i]);
		if (!flags_none(more))
			groups_put(
				&last,
				arena_printf(arena, " +FLAGS.SILENT (%s)", flags_text(arena, more)),
				jobs[i]);
	}
	groups_end(&first);
	groups_end(&last);
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
	const struct present *present;
	uint64_t n;
	uint32_t uid;
	bool known;

	present = site_present(act->site, job->uid, &known);
	transfer->now.revision = "";
	transfer->now.flags = transfer->hint;
	if (present) {
		transfer->now.flags.bits = present->flags.bits;
		transfer->now.flags.keywords = arena_str(job->arena, present->flags.keywords);
	}
	if (code->kind == CODE_COPYUID) {
		if (!place(code->from, code->from_count, job->uid, &n)) {
			job_end(job, fail_make(FAIL_MISSING, FAIL_ITEM,
					       "UID %u is not there any more", job->uid));
			return;
		}
		uid = nth(code->to, code->to_count, n);
		if (uid && (!job->to->validity || job->to->validity == code->number))
			transfer->now.ref = uid_ref(job->arena, uid);
		if (uid >= job->to->next) /* so that the next look asks for it at once */
			job->to->next = (uint64_t)uid + 1;
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

		if (act->jobs[i]->state == JOB_DONE)
			continue;
		if (refused &&
		    !place(act->copied.from, act->copied.from_count, act->jobs[i]->uid, &n))
			job_refused(act->jobs[i], refused, act->count > 1);
		else
			copied(act, act->jobs[i]);
	}
}

static void transfers_add(struct acts *acts, struct site *site, struct job **jobs, size_t count)
{
	bool can_move = session_can(&acts->imap->session, CAP_MOVE);
	struct groups copy = { acts, site, map_new(), "copy", "UID COPY ", transfer_outcome };
	struct groups move = { acts, site, map_new(), "move", "UID MOVE ", transfer_outcome };

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
	struct site *site;
	bool needed = false;

	for (size_t i = 0; i < count; i++) {
		bool copies = jobs[i]->kind == JOB_TRANSFER && jobs[i]->transfer->copy;

		if (jobs[i]->kind == JOB_WRITE)
			continue;
		if (box->known && box->read_only && !copies)
			job_end(jobs[i],
				fail_make(FAIL_DENIED, FAIL_FOLDER, "the mailbox is read-only"));
		else
			needed = true;
	}
	if (!needed)
		return;
	site = site_add(acts, box);
	stores_add(acts, site, box, jobs, count);
	site_ask(acts, site, jobs, count);
	transfers_add(acts, site, jobs, count);
	if (session_can(&acts->imap->session, CAP_UIDPLUS))
		expunge_add(acts, site, jobs, count);
}
