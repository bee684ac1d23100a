/* koc fetch: text forms become whole.  What is meant is found out offline; a worker for each account that has
 * something to fetch does so. */
#include "command/fetch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "command/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* One account in the parent and, copied by the fork, in its worker. */
struct job {
	struct fetch_task *task;
	char *secret;
	struct worker *worker;
	struct job *jobs;
	size_t count;
};

static void forget_secret(struct job *job)
{
	if (job->secret)
		config_wipe(job->secret);
	free(job->secret);
	job->secret = NULL;
}

static enum exit_code work(struct worker *worker, void *context)
{
	struct job *job = context;
	enum exit_code code;

	for (size_t i = 0; i < job->count; i++) /* the other accounts' are not its business */
		if (&job->jobs[i] != job)
			forget_secret(&job->jobs[i]);
	code = fetch_service(job->task, job->secret, worker);
	forget_secret(job);
	return code;
}

static enum exit_code jobs_end(const struct call *call, struct job *jobs, size_t count, int ended_by)
{
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; i < count; i++) {
		struct job *job = &jobs[i];

		code = exit_code_worse(code, job->worker->code);
		if (!job->worker->out.size)
			continue;
		if (call->json && call->out->data[call->out->size - 1] != '[')
			buf_addc(call->out, ',');
		buf_add(call->out, job->worker->out.data, job->worker->out.size);
	}
	return ended_by ? exit_code_signal(ended_by) : code;
}

/* Fetches what is left of the tasks. */
static enum exit_code jobs_run(const struct call *call, struct job *jobs, size_t count)
{
	struct worker *workers = memory_alloc((count + 1) * sizeof *workers);
	enum exit_code code = EXIT_DONE;
	size_t ready = 0;
	int ended_by;

	for (size_t i = 0; i < count; i++) {
		struct job *job = &jobs[i];
		const struct fail *f = config_secret(job->task->account, &job->secret);

		if (f) {
			log_line(LOG_QUIET, "%s: %s", job->task->label, f->text);
			code = exit_code_worse(code, exit_code_of(f));
			continue;
		}
		jobs[ready] = *job;
		job = &jobs[ready];
		job->worker = &workers[ready++];
		worker_init(job->worker);
		job->worker->name = job->task->label;
		job->worker->job = work;
		job->worker->context = job;
		job->jobs = jobs;
	}
	for (size_t i = 0; i < ready; i++)
		jobs[i].count = ready;
	ended_by = workers_run(workers, ready);
	/* With one alone the program ends as its worker did. */
	if (ready == 1 && !ended_by && workers->signal) {
		signal(workers->signal, SIG_DFL);
		raise(workers->signal);
	}
	code = exit_code_worse(code, jobs_end(call, jobs, ready, ended_by));
	for (size_t i = 0; i < ready; i++) {
		worker_free(jobs[i].worker);
		forget_secret(&jobs[i]);
	}
	free(workers);
	return code;
}

static enum exit_code fetch(const struct call *call, struct arena *arena)
{
	struct json json = { .out = call->out };
	size_t count = 0, needed = 0;
	struct fetch_task *tasks = fetch_tasks_open(call, arena, &count);
	enum exit_code code = count ? fetch_arguments(call, tasks, count, arena) : EXIT_USAGE;
	struct job *jobs = memory_alloc((count + 1) * sizeof *jobs);

	if (call->json)
		json_begin(&json, '[');
	for (size_t i = 0; i < count; i++) {
		if (fetch_needed(&tasks[i], call->json ? &json : NULL))
			jobs[needed++].task = &tasks[i];
		code = exit_code_worse(code, tasks[i].code);
	}
	fetch_tasks_close(tasks, count); /* a fork copies no open state */
	if (needed)
		code = exit_code_worse(code, jobs_run(call, jobs, needed));
	if (call->json) {
		json_end(&json, ']');
		buf_addc(call->out, '\n');
	}
	free(jobs);
	fetch_tasks_free(tasks, count);
	return code;
}

static enum exit_code run(const struct call *call)
{
	struct arena *arena = arena_new();
	enum exit_code code = fetch(call, arena);

	arena_free(arena);
	return code;
}

const struct command command_fetch = {
	.name = "fetch",
	.arguments = "MESSAGE...",
	.help = "complete messages that are here as text",
	.least = 1,
	.most = SIZE_MAX,
	.needs_config = true,
	.run = run,
};
