/* Queue: collects requests, and runs them by mailbox. */
#include "base/arena.h"
#include "base/memory.h"
#include "store/imap/alter.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MOST 4 /* together, alone, without keywords; the original of a copied one */

struct queue *queue_new(void)
{
	return memory_alloc(sizeof(struct queue));
}

void queue_free(struct queue *queue)
{
	if (queue)
		vec_free(queue);
	free(queue);
}

/* ---- requests come in ---------------------------------------------------------------------- */

const struct fail *imap_flag(struct store *store, struct flag_change *changes, size_t count,
			     struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		struct job *job = vec_push(imap_of(store)->queue);

		*job = (struct job){ .kind = JOB_FLAG, .arena = arena, .change = &changes[i] };
	}
	return NULL;
}

const struct fail *imap_transfer(struct store *store, struct transfer *transfers, size_t count,
				 struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		struct job *job = vec_push(imap_of(store)->queue);

		*job = (struct job){ .kind = JOB_TRANSFER,
				     .arena = arena,
				     .transfer = &transfers[i] };
	}
	return NULL;
}

const struct fail *imap_remove(struct store *store, struct removal *removals, size_t count,
			       struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		struct job *job = vec_push(imap_of(store)->queue);

		*job = (struct job){ .kind = JOB_REMOVE, .arena = arena, .removal = &removals[i] };
	}
	return NULL;
}

const struct fail *imap_write(struct store *store, struct write *writes, size_t count,
			      struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		struct job *job = vec_push(imap_of(store)->queue);

		*job = (struct job){ .kind = JOB_WRITE, .arena = arena, .write = &writes[i] };
	}
	return NULL;
}

const struct fail *imap_sync(struct store *store)
{
	return queue_run(imap_of(store));
}

/* ---- outcomes ------------------------------------------------------------------------------ */

void job_end(struct job *job, const struct fail *f)
{
	job->state = JOB_DONE;
	switch (job->kind) {
	case JOB_FLAG:
		job->change->fail = f;
		break;
	case JOB_TRANSFER:
		job->transfer->fail = f;
		break;
	case JOB_REMOVE:
		job->removal->fail = f;
		break;
	case JOB_WRITE:
		job->write->fail = f;
		break;
	}
}

void job_refused(struct job *job, const struct fail *refused, bool together)
{
	if (job->state == JOB_DONE)
		return;
	job->refused = true;
	if (together && job->state == JOB_OPEN && refused->scope == FAIL_ITEM)
		job->state = JOB_ALONE;
	else
		job_end(job, refused);
}

void jobs_refused(struct act *act, const struct fail *refused)
{
	for (size_t i = 0; i < act->count; i++)
		job_refused(act->jobs[i], refused, act->count > 1);
}

/* ---- flights ------------------------------------------------------------------------------- */

void acts_begin(struct acts *acts, struct imap *imap, struct arena *arena)
{
	memset(acts, 0, sizeof *acts);
	acts->imap = imap;
	flight_begin(&acts->flight, arena);
}

static void acts_end(struct acts *acts)
{
	for (size_t i = 0; i < acts->sites.count; i++) {
		vec_free(&acts->sites.items[i]->asked);
		vec_free(&acts->sites.items[i]->present);
		vec_free(&acts->sites.items[i]->idle);
	}
	vec_free(&acts->sites);
	vec_free(&acts->items);
	flight_end(&acts->flight);
}

/* Was it asked for and is not there? */
static bool is_missing(const struct site *site, const struct job *job)
{
	bool known;

	return !site_present(site, job->uid, &known) && known;
}

static void job_missing(struct job *job)
{
	/* The original of a copied one need not be removed if it is gone. */
	job_end(job, job->state == JOB_COPIED
			     ? NULL
			     : fail_make(FAIL_MISSING, FAIL_ITEM, "UID %u is not there any more",
					 job->uid));
}

static void idle_end(struct site *site, struct job *job)
{
	const struct fail *refused = select_fail(&site->selection);
	const struct present *present;
	bool known;

	present = site_present(site, job->uid, &known);
	if (!refused && !present && known) {
		job_missing(job);
		return;
	}
	job->change->now = flags_after(job, present ? &present->flags : NULL);
	job_end(job, refused);
}

static void act_end(struct act *act)
{
	const struct fail *refused = NULL;

	for (size_t i = 0; i < act->count; i++)
		if (act->jobs[i]->state != JOB_DONE && is_missing(act->site, act->jobs[i]))
			job_missing(act->jobs[i]);
	if (act->site)
		refused = select_fail(&act->site->selection);
	if (!refused)
		refused = command_fail(act->command, FAIL_ITEM, act->command->step);
	act->outcome(act, refused);
}

const struct fail *acts_run(struct acts *acts)
{
	const struct fail *f = NULL;

	if (acts->flight.commands.count)
		f = flight_run(&acts->flight, &acts->imap->session);
	for (size_t i = 0; i < acts->sites.count; i++)
		site_settle(acts->sites.items[i]);
	for (size_t i = 0; i < acts->items.count; i++)
		if (acts->items.items[i]->command->done)
			act_end(acts->items.items[i]);
	for (size_t i = 0; i < acts->sites.count && !f; i++)
		for (size_t j = 0; j < acts->sites.items[i]->idle.count; j++)
			idle_end(acts->sites.items[i], acts->sites.items[i]->idle.items[j]);
	acts_end(acts);
	return f;
}

/* ---- running ------------------------------------------------------------------------------- */

/* Finds the mailboxes of a job; a job that cannot be done is ended here. */
static void job_begin(struct imap *imap, struct job *job)
{
	const struct store_folder *folder = NULL, *to = NULL;
	const char *ref = NULL;

	switch (job->kind) {
	case JOB_FLAG:
		folder = job->change->folder;
		ref = job->change->ref;
		break;
	case JOB_TRANSFER:
		folder = job->transfer->folder;
		to = job->transfer->to;
		ref = job->transfer->ref;
		memset(&job->transfer->now, 0, sizeof job->transfer->now);
		break;
	case JOB_REMOVE:
		folder = job->removal->folder;
		ref = job->removal->ref;
		break;
	case JOB_WRITE:
		folder = job->write->folder;
		memset(&job->write->now, 0, sizeof job->write->now);
		job->write->came_out = false;
		break;
	}
	job_end(job, NULL);
	job->state = JOB_OPEN;
	job->box = box_of(imap, folder);
	job->to = to ? box_of(imap, to) : NULL;
	job->uid = ref ? uid_of_ref(ref) : 0;
	if (!job->box || (to && !job->to))
		job_end(job, fail_make(FAIL_MISSING, FAIL_FOLDER, "no such mailbox"));
	else if (ref && !job->uid)
		job_end(job, fail_make(FAIL_MISSING, FAIL_ITEM, "no such message: %s", ref));
	else if (ref && !job->box->validity)
		job_end(job,
			fail_make(FAIL_STALE, FAIL_FOLDER, "UIDVALIDITY was not seen in this run"));
}

static int job_compare(const void *a, const void *b)
{
	const struct job *x = *(struct job *const *)a, *y = *(struct job *const *)b;

	if (x->box != y->box)
		return x->box->turn < y->box->turn ? -1 : 1;
	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return (x > y) - (x < y);
}

/* The jobs that are not done, by mailbox in the order in which these come first, and by UID. */
static size_t jobs_sort(struct queue *queue, struct job **jobs)
{
	size_t count = 0;

	for (size_t i = 0; i < queue->count; i++) {
		if (queue->items[i].state == JOB_DONE || queue->items[i].heir)
			continue;
		jobs[count++] = &queue->items[i];
		queue->items[i].refused = false;
		queue->items[i].box->turn = 0;
	}
	for (size_t i = 0; i < count; i++)
		if (!jobs[i]->box->turn)
			jobs[i]->box->turn = i + 1;
	qsort(jobs, count, sizeof(struct job *), job_compare);
	return count;
}

/* Calls `run` for the jobs of each mailbox. */
static const struct fail *each_box(struct job **jobs, size_t count,
				   const struct fail *(*run)(void *context, struct box *box,
							     struct job **jobs, size_t count),
				   void *context)
{
	const struct fail *f = NULL;

	for (size_t first = 0, last; first < count && !f; first = last) {
		for (last = first; last < count && jobs[last]->box == jobs[first]->box; last++)
			;
		f = run(context, jobs[first]->box, jobs + first, last - first);
	}
	return f;
}

static const struct fail *box_add(void *context, struct box *box, struct job **jobs, size_t count)
{
	alter_add(context, box, jobs, count);
	return NULL;
}

/* Without UIDPLUS: what is to be removed, after all else. */
static const struct fail *box_expunge(void *context, struct box *box, struct job **jobs,
				      size_t count)
{
	return expunge_plain(context, box, jobs, count);
}

static const struct fail *round_run(struct imap *imap, struct job **jobs)
{
	struct arena *arena = arena_new();
	size_t count = jobs_sort(imap->queue, jobs);
	struct acts acts;
	const struct fail *f;

	acts_begin(&acts, imap, arena);
	append_add(&acts, jobs, count);
	f = each_box(jobs, count, box_add, &acts);
	if (!f)
		f = acts_run(&acts);
	arena_free(arena);
	if (!f && !session_can(&imap->session, CAP_UIDPLUS)) {
		count = jobs_sort(imap->queue, jobs);
		f = each_box(jobs, count, box_expunge, imap);
	}
	return f;
}

/* What was done by a later job together with its own. */
static void heirs_end(struct queue *queue)
{
	for (size_t i = queue->count; i > 0; i--) {
		struct job *job = &queue->items[i - 1];

		if (!job->heir || job->heir->state != JOB_DONE)
			continue;
		job->change->now = flags_after(job, NULL);
		job_end(job, job->heir->change->fail);
	}
}

const struct fail *queue_run(struct imap *imap)
{
	struct queue *queue = imap->queue;
	const struct fail *f;
	struct job **jobs;
	size_t left = queue->count;

	if (left == 0)
		return NULL;
	jobs = memory_alloc(queue->count * sizeof(struct job *));
	for (size_t i = 0; i < queue->count; i++)
		job_begin(imap, &queue->items[i]);
	f = session_need(&imap->session);
	for (int round = 0; round < ROUNDS_MOST && left && !f; round++) {
		f = round_run(imap, jobs);
		left = jobs_sort(queue, jobs);
	}
	heirs_end(queue);
	/* Not answered: they may have been done or not, and are not tried again. */
	for (size_t i = 0; i < queue->count; i++)
		if (queue->items[i].state != JOB_DONE)
			job_end(&queue->items[i],
				f ? f : fail_make(FAIL_REFUSED, FAIL_ITEM, "refused"));
	free(jobs);
	left = queue->count;
	queue->count = 0;
	return f ? f : append_find(imap, queue->items, left);
}
