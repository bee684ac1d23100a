/* Fetch: a worker for each account that has something to fetch. */
#include "command/fetch.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/memory.h"
#include "command/worker.h"

#include <signal.h>
#include <stdlib.h>

/* One account in the parent and, copied by the fork, in its worker. */
struct job {
	struct fetch_task *task;
	fetch_work *work;
	void *context;
	char *secret;
	struct worker *worker;
	struct job *all;
	size_t count;
};

static void forget_secret(struct job *job)
{
	if (job->secret)
		config_wipe(job->secret);
	free(job->secret);
	job->secret = NULL;
}

static enum exit_code job_work(struct worker *worker, void *context)
{
	struct job *job = context;
	enum exit_code code;

	for (size_t i = 0; i < job->count; i++) /* the other accounts' are not its business */
		if (&job->all[i] != job)
			forget_secret(&job->all[i]);
	code = job->work(job->task, job->secret, worker, job->context);
	forget_secret(job);
	return code;
}

/* Puts together what the workers printed. */
static enum exit_code jobs_end(const struct call *call, const struct job *jobs, size_t count)
{
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; i < count; i++) {
		const struct buf *out = &jobs[i].worker->out;

		code = exit_code_worse(code, jobs[i].worker->code);
		if (call->json && out->size && call->out->data[call->out->size - 1] != '[')
			buf_addc(call->out, ',');
		buf_add(call->out, out->data, out->size);
	}
	return code;
}

static void job_prepare(struct job *job, struct worker *worker)
{
	worker_init(worker);
	worker->name = job->task->label;
	worker->job = job_work;
	worker->context = job;
	job->worker = worker;
}

enum exit_code fetch_workers(const struct call *call, struct fetch_task *const *tasks, size_t count,
			     fetch_work *work, void *context)
{
	struct job *jobs = memory_alloc((count + 1) * sizeof *jobs);
	struct worker *workers = memory_alloc((count + 1) * sizeof *workers);
	enum exit_code code = EXIT_DONE;
	size_t ready = 0;
	int ended_by;

	for (size_t i = 0; i < count; i++) {
		struct job *job = &jobs[ready];
		const struct fail *f;

		*job = (struct job){ .task = tasks[i], .work = work, .context = context, .all = jobs };
		f = config_secret(job->task->account, &job->secret);
		if (!f) {
			job_prepare(job, &workers[ready++]);
			continue;
		}
		log_line(LOG_QUIET, "%s: %s", job->task->label, f->text);
		code = exit_code_worse(code, exit_code_of(f));
	}
	for (size_t i = 0; i < ready; i++)
		jobs[i].count = ready;
	ended_by = workers_run(workers, ready);
	/* With one alone the program ends as its worker did. */
	if (ready == 1 && !ended_by && workers->signal) {
		signal(workers->signal, SIG_DFL);
		raise(workers->signal);
	}
	code = exit_code_worse(code, jobs_end(call, jobs, ready));
	for (size_t i = 0; i < ready; i++) {
		worker_free(jobs[i].worker);
		forget_secret(&jobs[i]);
	}
	free(workers);
	free(jobs);
	return ended_by ? exit_code_signal(ended_by) : code;
}
