/* Sync: a worker for each service of each account, all side by side; passwords are asked for before, and
 * what the workers tell is put together after. */
#include "command/sync.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "command/announce.h"
#include "command/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* The login of one account, for all its services. */
struct login {
	const struct account *account;
	char *secret;
	char *error;            /* why there is no secret; NULL: there is one */
	enum exit_code code;
};

/* One service of the run, in the parent and, copied by the fork, in its worker. */
struct job {
	struct sync_task task;
	struct jobs *jobs;
	struct login *login;
	size_t *at;             /* task.folders[i] is argument at[i] of the call */
	bool *found;            /* task.folder_count of them, then that of --first */
	bool unannounced;       /* there are conflicts that no message told of */
	struct worker *worker;  /* NULL: none, for want of a secret */
	const char *error;      /* why it has no output; NULL: it has */
	enum exit_code code;
};

struct jobs {
	const struct call *call;
	struct login *logins;   /* call->account_count of them */
	struct job *all;
	size_t count;
	struct worker *workers;
	size_t worker_count;
};

/* ---- secrets --------------------------------------------------------------------------------- */

static void forget_secret(struct login *login)
{
	if (login->secret)
		config_wipe(login->secret);
	free(login->secret);
	login->secret = NULL;
}

/* What must be known before there are workers: a command for the password may ask the user.  Once an
 * account, however many services it has. */
static void login_prepare(struct login *login)
{
	const struct fail *f = config_secret(login->account, &login->secret);

	if (!f)
		return;
	log_line(LOG_QUIET, "%s: %s", login->account->name, f->text);
	login->error = memory_str(f->text);
	login->code = exit_code_of(f);
}

/* ---- who does what --------------------------------------------------------------------------- */

/* Can the service have any of the folders that were named? */
static bool has_part(const struct call *call, const struct service_type *type)
{
	for (size_t i = 0; i < call->argument_count; i++)
		if (service_reaches(type, call->arguments[i]))
			return true;
	return call->argument_count == 0;
}

/* Is it known that the server does not have it?  Who asks for it by a folder's name, or is curious (-v), has
 * it looked for again. */
static bool is_absent(const struct call *call, const struct account *account, const struct service_type *type)
{
	return call->argument_count == 0 && log_level() < LOG_VERBOSE &&
	       service_absent(type, account, clock_now());
}

static void job_add(struct jobs *jobs, struct login *login, const struct service_type *type)
{
	const struct call *call = jobs->call;
	struct job *job = &jobs->all[jobs->count++];
	size_t room = call->argument_count + 1;
	struct sync_task *task = &job->task;

	*job = (struct job){ .jobs = jobs, .login = login };
	*task = (struct sync_task){ .call = call, .account = login->account, .type = type };
	service_label(type, login->account, task->label);
	task->folders = memory_alloc(room * sizeof *task->folders);
	job->at = memory_alloc(room * sizeof *job->at);
	job->found = memory_alloc(room * sizeof *job->found);
	for (size_t i = 0; i < call->argument_count; i++) {
		if (!service_reaches(type, call->arguments[i]))
			continue;
		job->at[task->folder_count] = i;
		task->folders[task->folder_count++] = call->arguments[i];
	}
}

static void job_free(struct job *job)
{
	if (job->worker)
		worker_free(job->worker);
	free(job->task.folders);
	free(job->found);
	free(job->at);
}

static void jobs_add(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->call->account_count; i++) {
		struct login *login = &jobs->logins[i];

		login->account = jobs->call->accounts[i];
		for (size_t t = 0; t < SERVICE_TYPES; t++) {
			const struct service_type *type = &service_types[t];

			if (service_wanted(type, login->account) && has_part(jobs->call, type) &&
			    !is_absent(jobs->call, login->account, type))
				job_add(jobs, login, type);
		}
	}
}

/* The part of the job that this argument of the call is; NULL: it cannot have such a folder. */
static const bool *found_by(const struct job *job, size_t argument)
{
	for (size_t i = 0; i < job->task.folder_count; i++)
		if (job->at[i] == argument)
			return &job->found[i];
	return NULL;
}

/* How many jobs can have the folder? */
static size_t takers(const struct jobs *jobs, size_t argument)
{
	size_t count = 0;

	for (size_t i = 0; i < jobs->count; i++)
		count += found_by(&jobs->all[i], argument) != NULL;
	return count;
}

static void tell_missing(const struct call *call, const char *folder)
{
	if (call->account_count > 1)
		log_line(LOG_QUIET, "no account has a folder %s", folder);
	else
		log_line(LOG_QUIET, "%s: there is no folder %s", call->accounts[0]->name, folder);
}

/* A folder of a kind that no account has is a mistake that shows before anything is done. */
static enum exit_code check_kinds(struct jobs *jobs)
{
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; i < jobs->call->argument_count; i++) {
		if (takers(jobs, i) > 0)
			continue;
		tell_missing(jobs->call, jobs->call->arguments[i]);
		code = EXIT_USAGE;
	}
	for (size_t i = 0; i < jobs->count; i++) {
		struct job *job = &jobs->all[i];

		job->task.alone = true;
		for (size_t k = 0; k < job->task.folder_count; k++)
			job->task.alone &= takers(jobs, job->at[k]) == 1;
	}
	return code;
}

/* Could the job ask which folders there are? */
static bool has_asked(const struct job *job)
{
	return !job->error &&
	       (job->code == EXIT_DONE || job->code == EXIT_SOME || job->code == EXIT_HELD);
}

/* Of those that can have a folder one must have it.  One that could not be asked may be the one: then
 * nothing is said; nor if the only one that can have it has said so and ended. */
static enum exit_code check_found(const struct jobs *jobs)
{
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; i < jobs->call->argument_count; i++) {
		bool there = false;

		for (size_t k = 0; k < jobs->count; k++) {
			const struct job *job = &jobs->all[k];
			const bool *found = found_by(job, i);

			there |= found && (*found || !has_asked(job));
		}
		if (there)
			continue;
		tell_missing(jobs->call, jobs->call->arguments[i]);
		code = EXIT_USAGE;
	}
	return code;
}

/* Could any account have the folder to begin with?  Before anything is done. */
static enum exit_code check_first_kind(const struct jobs *jobs)
{
	const struct call *call = jobs->call;
	const struct sync_values *values = call->values;

	for (size_t i = 0; values->first && i < call->account_count; i++)
		for (size_t t = 0; t < SERVICE_TYPES; t++)
			if (service_wanted(&service_types[t], call->accounts[i]) &&
			    service_reaches(&service_types[t], values->first))
				return EXIT_DONE;
	if (!values->first)
		return EXIT_DONE;
	tell_missing(call, values->first);
	return EXIT_USAGE;
}

/* Has any of those that were asked the folder to begin with?  What was to be done is done. */
static enum exit_code check_first(const struct jobs *jobs)
{
	const struct sync_values *values = jobs->call->values;
	bool asked = false;

	for (size_t i = 0; values->first && i < jobs->count; i++) {
		const struct job *job = &jobs->all[i];

		if (!service_reaches(job->task.type, values->first))
			continue;
		asked = true;
		if (job->found[job->task.folder_count] || !has_asked(job))
			return EXIT_DONE;
	}
	if (!asked)
		return EXIT_DONE;
	tell_missing(jobs->call, values->first);
	return EXIT_USAGE;
}

/* ---- workers --------------------------------------------------------------------------------- */

static enum exit_code work(struct worker *worker, void *context)
{
	struct job *job = context;
	const struct jobs *jobs = job->jobs;
	enum exit_code code;

	for (size_t i = 0; i < jobs->call->account_count; i++) /* the other accounts' are not its business */
		if (&jobs->logins[i] != job->login)
			forget_secret(&jobs->logins[i]);
	code = sync_service(&job->task, job->login->secret, worker, job->found, &job->unannounced);
	forget_secret(job->login);
	buf_add(&worker->answer, &job->unannounced, sizeof job->unannounced);
	buf_add(&worker->answer, job->found, (job->task.folder_count + 1) * sizeof *job->found);
	return code;
}

/* Prepares the workers: of those that have a secret. */
static void workers_add(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->count; i++) {
		struct job *job = &jobs->all[i];

		if (i == 0 || job[-1].login != job->login)
			login_prepare(job->login);
		job->error = job->login->error;
		job->code = job->login->code;
		if (job->error)
			continue;
		job->worker = &jobs->workers[jobs->worker_count++];
		worker_init(job->worker);
		job->worker->name = job->task.label;
		job->worker->job = work;
		job->worker->context = job;
	}
}

/* Takes over what the worker sent; one that did not finish has no output. */
static void job_finish(struct job *job)
{
	const struct worker *worker = job->worker;
	size_t size = (job->task.folder_count + 1) * sizeof *job->found, own = sizeof job->unannounced;

	job->code = worker->code;
	job->unannounced = true; /* of one that did not finish there may be some */
	if (!worker->finished)
		job->error = "ended before its time";
	if (!worker->finished || worker->answer.size != own + size)
		return;
	memcpy(&job->unannounced, worker->answer.data, own);
	memcpy(job->found, worker->answer.data + own, size);
}

/* Tells the user of new conflicts, once an account, when all its services have ended. */
static enum exit_code jobs_announce(const struct jobs *jobs)
{
	const struct sync_values *values = jobs->call->values;
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; i < jobs->count && !values->dry_run; i++) {
		const struct job *job = &jobs->all[i];
		const struct account *account = job->login->account;
		const struct fail *f = NULL;
		bool needed = false, first = true;

		for (size_t k = 0; k < jobs->count; k++) {
			if (jobs->all[k].login != job->login)
				continue;
			needed |= jobs->all[k].worker && jobs->all[k].unannounced;
			first &= k >= i;
		}
		if (!needed || !first)
			continue;
		f = announce(account, jobs->call->config->account_count > 1);
		if (fail_is(f, FAIL_MISSING)) /* there is no store */
			f = NULL;
		if (f)
			log_line(LOG_QUIET, "%s: %s", account->name, f->text);
		code = exit_code_worse(code, exit_code_of(f));
	}
	return code;
}

/* A service that turned out not to be there tells nothing. */
static void job_tell(const struct job *job)
{
	static const struct sync_outcome nothing;
	const struct call *call = job->task.call;
	bool silent = !job->error && job->worker->out.size == 0;

	if (call->json && !silent && call->out->data[call->out->size - 1] != '[')
		buf_addc(call->out, ',');
	if (!job->error)
		buf_add(call->out, job->worker->out.data, job->worker->out.size);
	else if (call->json)
		sync_tell_program(&job->task, &nothing, job->error, job->code, NULL, call->out);
}

static enum exit_code jobs_run(struct jobs *jobs)
{
	const struct call *call = jobs->call;
	enum exit_code code = EXIT_DONE;
	int ended_by;

	workers_add(jobs);
	ended_by = workers_run(jobs->workers, jobs->worker_count);
	/* With one alone the program ends as its worker did. */
	if (jobs->count == 1 && jobs->worker_count == 1 && !ended_by && jobs->workers->signal) {
		signal(jobs->workers->signal, SIG_DFL);
		raise(jobs->workers->signal);
	}
	if (call->json)
		buf_addc(call->out, '[');
	for (size_t i = 0; i < jobs->count; i++) {
		struct job *job = &jobs->all[i];

		if (job->worker)
			job_finish(job);
		job_tell(job);
		code = exit_code_worse(code, job->code);
	}
	if (call->json)
		buf_adds(call->out, "]\n");
	if (!ended_by)
		code = exit_code_worse(code, jobs_announce(jobs));
	if (ended_by)
		return exit_code_signal(ended_by);
	code = exit_code_worse(code, check_found(jobs));
	return exit_code_worse(code, check_first(jobs));
}

enum exit_code sync_jobs(const struct call *call)
{
	size_t most = call->account_count * SERVICE_TYPES + 1;
	struct jobs jobs = { .call = call };
	enum exit_code code;

	jobs.logins = memory_alloc((call->account_count + 1) * sizeof *jobs.logins);
	jobs.all = memory_alloc(most * sizeof *jobs.all);
	jobs.workers = memory_alloc(most * sizeof *jobs.workers);
	jobs_add(&jobs);
	code = exit_code_worse(check_kinds(&jobs), check_first_kind(&jobs));
	if (code == EXIT_DONE)
		code = jobs_run(&jobs);
	for (size_t i = 0; i < jobs.count; i++)
		job_free(&jobs.all[i]);
	for (size_t i = 0; i < call->account_count; i++) {
		forget_secret(&jobs.logins[i]);
		free(jobs.logins[i].error);
	}
	free(jobs.workers);
	free(jobs.all);
	free(jobs.logins);
	return code;
}
