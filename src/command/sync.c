/* koc sync: brings both sides of the accounts in step, each in a worker of its own. */
#include "command/sync.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/str.h"
#include "command/worker.h"
#include "config/rules.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- options --------------------------------------------------------------------------------- */

static const char *set_first(void *values, const char *argument)
{
	struct sync_values *sync = values;

	sync->first = argument;
	return pattern_wrong(argument);
}

static const char *set_dry_run(void *values, const char *argument)
{
	struct sync_values *sync = values;

	(void)argument;
	sync->dry_run = true;
	return NULL;
}

static const char *set_pull(void *values, const char *argument)
{
	struct sync_values *sync = values;

	(void)argument;
	sync->pull = true;
	return NULL;
}

static const char *set_push(void *values, const char *argument)
{
	struct sync_values *sync = values;

	(void)argument;
	sync->push = true;
	return NULL;
}

static const char *set_allow(void *values, const char *argument)
{
	struct sync_values *sync = values;

	if (sync->allow_count == ALLOW_MOST)
		return "too many; a pattern names many folders at once";
	sync->allow[sync->allow_count++] = argument;
	return pattern_wrong(argument);
}

/* "50", "50s", "5m", "1h" */
static const char *set_max_time(void *values, const char *argument)
{
	static const char units[] = "smh";
	static const int64_t seconds[] = { 1, 60, 3600 };
	struct sync_values *sync = values;
	char digits[16];
	size_t size = strspn(argument, "0123456789");
	const char *unit = argument[size] ? strchr(units, argument[size]) : units;
	uint32_t number;

	if (size >= sizeof digits || !unit || (argument[size] && argument[size + 1]))
		return "write a time like 50s, 5m or 1h";
	memcpy(digits, argument, size);
	digits[size] = '\0';
	if (!str_u32(digits, &number) || number == 0)
		return "write a time like 50s, 5m or 1h";
	sync->seconds = number * seconds[unit - units];
	return NULL;
}

static const struct command_option options[] = {
	{ 'n', "dry-run", NULL, "tell the plan, write nothing", set_dry_run },
	{ 0, "first", "FOLDER", "begin with this folder", set_first },
	{ 0, "pull", NULL, "only from the server to here", set_pull },
	{ 0, "push", NULL, "only from here to the server", set_push },
	{ 0, "allow-removals", "FOLDER", "let held removals pass; can be repeated", set_allow },
	{ 0, "max-time", "TIME", "end by then: 50s, 5m, 1h", set_max_time },
	{ 0, NULL, NULL, NULL, NULL },
};

/* ---- arguments ------------------------------------------------------------------------------- */

static enum exit_code check_arguments(const struct call *call)
{
	const struct sync_values *values = call->values;
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; i < call->argument_count; i++) {
		const char *wrong = pattern_wrong(call->arguments[i]);

		if (!wrong)
			continue;
		log_line(LOG_QUIET, "sync: %s: %s", call->arguments[i], wrong);
		code = EXIT_USAGE;
	}
	if (values->pull && values->push) {
		log_line(LOG_QUIET, "sync: --pull and --push exclude each other; without them it is "
				    "both ways");
		code = EXIT_USAGE;
	}
	return code;
}

/* Of several accounts one must have each folder that was named.  One that could not be asked may be the
 * one: then nothing is said. */
static enum exit_code check_found(const struct call *call, const bool *found, enum exit_code code)
{
	if (call->account_count < 2 || (code != EXIT_DONE && code != EXIT_SOME && code != EXIT_HELD))
		return code;
	for (size_t i = 0; i < call->argument_count; i++) {
		if (found[i])
			continue;
		log_line(LOG_QUIET, "no account has a folder %s", call->arguments[i]);
		code = EXIT_USAGE;
	}
	return code;
}

/* ---- the accounts ---------------------------------------------------------------------------- */

/* One account of the run, in the parent and, copied by the fork, in its worker. */
struct job {
	const struct call *call;
	const struct account *account;
	struct job *all;        /* call->account_count of them */
	char *secret;
	char *error;            /* why it has no worker; NULL: it has one */
	enum exit_code code;
	struct worker *worker;
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
	const struct call *call = job->call;
	bool *found = memory_alloc((call->argument_count + 1) * sizeof *found);
	enum exit_code code;

	for (size_t i = 0; i < call->account_count; i++) /* the other accounts' are not its business */
		if (&job->all[i] != job)
			forget_secret(&job->all[i]);
	code = sync_account(call, job->account, job->secret, worker, found);
	forget_secret(job);
	buf_add(&worker->answer, found, call->argument_count * sizeof *found);
	free(found);
	return code;
}

/* Is there something of this account that this version can synchronise? */
static bool has_mail(const struct account *account)
{
	return account->has_imap || account->server;
}

/* What must be known before there are workers: a command for the password may ask the user. */
static void job_prepare(struct job *job)
{
	const struct account *account = job->account;
	const struct fail *f = NULL;

	if (!has_mail(account))
		f = fail_make(FAIL_MISSING, FAIL_ACCOUNT,
			      "only dav is configured, and this version synchronises mail only");
	if (!f)
		f = config_secret(account, &job->secret);
	if (!f)
		return;
	log_line(LOG_QUIET, "%s: %s", account->name, f->text);
	job->error = memory_str(f->text);
	job->code = exit_code_of(f);
}

/* Takes over what a worker sent; one that did not finish has no output. */
static void job_finish(struct job *job, bool *found)
{
	const struct worker *worker = job->worker;
	size_t count = job->call->argument_count;

	job->code = worker->code;
	if (!worker->finished)
		job->error = memory_str("ended before its time");
	else if (worker->answer.size == count)
		for (size_t i = 0; i < count; i++)
			found[i] |= worker->answer.data[i] != 0;
}

static void job_tell(const struct job *job)
{
	static const struct sync_outcome nothing;
	const struct call *call = job->call;

	if (call->json && job != job->all)
		buf_addc(call->out, ',');
	if (!job->error)
		buf_add(call->out, job->worker->out.data, job->worker->out.size);
	else if (call->json)
		sync_tell_program(job->account, &nothing, job->error, job->code, NULL, call->out);
}

/* Runs the workers of those that have no error yet; result as of workers_run. */
static int jobs_run(struct job *jobs, size_t count, struct worker *workers)
{
	size_t working = 0;
	int ended_by;

	for (size_t i = 0; i < count; i++) {
		if (jobs[i].error)
			continue;
		jobs[i].worker = &workers[working++];
		worker_init(jobs[i].worker);
		jobs[i].worker->name = jobs[i].account->name;
		jobs[i].worker->job = work;
		jobs[i].worker->context = &jobs[i];
	}
	ended_by = workers_run(workers, working);
	/* With one account the program ends as its worker did. */
	if (count == 1 && working == 1 && !ended_by && workers->signal) {
		signal(workers->signal, SIG_DFL);
		raise(workers->signal);
	}
	return ended_by;
}

static enum exit_code sync_all(const struct call *call)
{
	size_t count = call->account_count;
	struct job *jobs = memory_alloc((count + 1) * sizeof *jobs);
	struct worker *workers = memory_alloc((count + 1) * sizeof *workers);
	bool *found = memory_alloc((call->argument_count + 1) * sizeof *found);
	enum exit_code code = EXIT_DONE;
	int ended_by;

	for (size_t i = 0; i < count; i++) {
		jobs[i] = (struct job){ .call = call, .account = call->accounts[i], .all = jobs };
		job_prepare(&jobs[i]);
	}
	ended_by = jobs_run(jobs, count, workers);
	if (call->json)
		buf_addc(call->out, '[');
	for (size_t i = 0; i < count; i++) {
		if (jobs[i].worker)
			job_finish(&jobs[i], found);
		job_tell(&jobs[i]);
		code = exit_code_worse(code, jobs[i].code);
		forget_secret(&jobs[i]);
		free(jobs[i].error);
		if (jobs[i].worker)
			worker_free(jobs[i].worker);
	}
	if (call->json)
		buf_adds(call->out, "]\n");
	code = ended_by ? exit_code_signal(ended_by) : check_found(call, found, code);
	free(found);
	free(workers);
	free(jobs);
	return code;
}

static enum exit_code run(const struct call *call)
{
	enum exit_code code = check_arguments(call);

	return code == EXIT_DONE ? sync_all(call) : code;
}

const struct command command_sync = {
	.name = "sync",
	.arguments = "[FOLDER...]",
	.help = "bring server and store in step",
	.options = options,
	.most = SIZE_MAX,
	.values_size = sizeof(struct sync_values),
	.needs_config = true,
	.run = run,
};
