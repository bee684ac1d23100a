/* Sync: the work of one service of an account, in its worker. */
#include "command/sync.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "command/announce.h"
#include "command/worker.h"
#include "config/account_id.h"
#include "config/rules.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLAN_MOST (64u << 20)

/* What the engine calls back with. */
struct sync {
	const struct sync_task *task;
	struct worker *worker;
};

static void settings(void *context, const char *path, enum kind kind, uint32_t roles,
		     struct folder_settings *settings)
{
	const struct sync *sync = context;

	config_folder(sync->task->account, path, kind, roles, settings);
}

static void tell(void *context, const char *line)
{
	const struct sync *sync = context;

	log_line(LOG_QUIET, "%s: %s", sync->task->label, line);
}

static void show_progress(void *context, const struct progress *progress)
{
	struct sync *sync = context;

	worker_progress(sync->worker, progress);
}

/* The service's folder in which the current directory lies, whatever symlinks led there; NULL none. */
static const char *folder_here(const struct sync_task *task, struct arena *arena)
{
	static const char *const inner[] = { "/cur", "/new", "/tmp" }; /* of a Maildir */
	char root[PATH_MAX], here[PATH_MAX];
	char *folder, *last;
	size_t size;

	if (!realpath(task->account->store, root) || !getcwd(here, sizeof here))
		return NULL;
	size = strlen(root);
	if (strncmp(here, root, size) != 0 || here[size] != '/')
		return NULL;
	folder = arena_str(arena, here + size + 1);
	last = strrchr(folder, '/');
	for (size_t i = 0; last && i < sizeof inner / sizeof *inner; i++)
		if (task->type->kinds[KIND_MAIL] && strcmp(last, inner[i]) == 0) {
			*last = '\0';
			break;
		}
	return !pattern_wrong(folder) && service_reaches(task->type, folder) ? folder : NULL;
}

/* The folder to begin with, if it can be the service's. */
static const char *folder_first(const struct sync_task *task)
{
	const struct sync_values *values = task->call->values;

	return values->first && service_reaches(task->type, values->first) ? values->first : NULL;
}

/* Lost races that the later rounds of the run did not make good. */
static size_t still_open(struct service *service, const struct sync_outcome *outcome)
{
	struct pending *pending = NULL;
	size_t count = 0, open = 0;
	const struct fail *f = NULL;

	if (outcome->raced == 0)
		return 0;
	f = state_pending(service->state, 0, service->arena, &pending, &count);
	if (f)
		return (size_t)outcome->raced;
	for (size_t i = 0; i < count; i++)
		open += pending[i].why == PENDING_RACED;
	return open;
}

/* Tells what is left for the next run, since the status says that something is. */
static enum exit_code outcome_code(const struct sync *sync, struct service *service,
				   const struct sync_outcome *outcome)
{
	enum exit_code code = EXIT_DONE;
	size_t open = still_open(service, outcome);

	if (open > 0) {
		log_line(LOG_QUIET, "%s: %zu %s during the run; the next one looks again", sync->task->label,
			 open, open == 1 ? "item changed" : "items changed");
		code = EXIT_SOME;
	}
	if (outcome->set_aside > 0 || outcome->folders_failed > 0)
		code = outcome->unreachable ? EXIT_UNREACHABLE : EXIT_SOME;
	return exit_code_worse(code, outcome->held > 0 ? EXIT_HELD : EXIT_DONE);
}

/* The run itself, with the service open. */
static const struct fail *run_engine(struct sync *sync, struct service *service, bool *found,
				     struct sync_outcome *outcome)
{
	const struct sync_task *task = sync->task;
	const struct sync_values *values = task->call->values;
	struct sync_request request = {
		.folders = task->folders, .folder_count = task->folder_count,
		.found = task->alone ? NULL : found,
		.first = folder_first(task), .first_found = &found[task->folder_count],
		.here = folder_here(task, service->arena),
		.dry_run = values->dry_run,
		.pull_only = values->pull, .push_only = values->push,
		.allow = values->allow, .allow_count = values->allow_count,
		.deadline = values->seconds ? clock_monotonic() + 1000 * values->seconds : 0,
	};
	char id[ACCOUNT_ID_SIZE + 1];
	struct engine engine = {
		.service = task->type->name, .account = id,
		.side = { service->side[SERVER], service->side[LOCAL] },
		.state = service->state, .places = service->places,
		.settings = settings, .settings_context = sync,
		.progress = show_progress, .progress_context = sync,
		.tell = tell, .tell_context = sync,
		.now = clock_now(), .vault_days = task->account->vault_days,
	};
	const struct fail *f = NULL;

	account_id(task->account, id);
	f = account_sync(&engine, &request, outcome);
	if (task->alone) /* else the engine has filled it in */
		memset(found, !fail_is(f, FAIL_USAGE) && !fail_is(f, FAIL_MISSING),
		       task->folder_count * sizeof *found);
	if (f || values->dry_run)
		return f;
	service_note_there(service);
	service_note(service, engine.now);
	return service_own(service);
}

/* ---- a service that the server may not have ----------------------------------------------------- */

/* How long it is believed that there is none, by whether the server said so or could not be asked. */
#define NONE_FOR  ABSENT_MOST
#define MAYBE_FOR 3600

/* Does the fail say no more than that the server has no such service?  A host that takes no connection for
 * it has none as far as anybody can tell, unless something of it was seen before. */
static bool is_absence(const struct sync_task *task, const struct service *service, const struct fail *f)
{
	bool none = fail_is(f, FAIL_MISSING), maybe = fail_is(f, FAIL_UNREACHABLE) && task->folder_count == 0;
	bool never = false;

	if ((!none && !maybe) || service->side[SERVER]->memo || service_never_there(service, &never))
		return false;
	return never;
}

static const struct fail *note_absence(const struct sync_task *task, const struct service *service,
				       const struct fail *f)
{
	const struct sync_values *values = task->call->values;
	int64_t until = clock_now() + (fail_is(f, FAIL_MISSING) ? NONE_FOR : MAYBE_FOR);

	log_line(LOG_VERBOSE, "%s: not there: %s", task->label, f->text);
	return values->dry_run ? NULL : service_note_absent(service, until);
}

/* ---- all of it ---------------------------------------------------------------------------------- */

/* Everything that is told of a run. */
static void tell_all(const struct sync *sync, const struct sync_outcome *outcome, const struct fail *f,
		     enum exit_code code)
{
	const struct sync_task *task = sync->task;
	const struct sync_values *values = task->call->values;
	struct buf *out = &sync->worker->out;

	if (f)
		log_line(LOG_QUIET, "%s: %s", task->label, f->text);
	if (task->call->json)
		sync_tell_program(task, outcome, f ? f->text : NULL, code,
				  values->dry_run ? outcome->plan : NULL, out);
	else if (values->dry_run)
		sync_tell_plan(task, outcome->plan, out);
	else
		sync_tell_people(task, outcome, out);
}

enum exit_code sync_service(const struct sync_task *task, const char *secret, struct worker *worker,
			    bool *found, bool *unannounced)
{
	const struct sync_values *values = task->call->values;
	struct sync sync = { .task = task, .worker = worker };
	struct buf plan;
	struct sync_outcome outcome = { .plan = &plan };
	struct service *service = NULL;
	enum exit_code code = EXIT_DONE;
	bool there = true;
	const struct fail *f = service_run(task->type, task->account, secret, values->dry_run, &service);

	buf_init(&plan, PLAN_MOST);
	if (!f) {
		f = run_engine(&sync, service, found, &outcome);
		code = outcome_code(&sync, service, &outcome);
		there = !f || !is_absence(task, service, f);
		if (!there)
			f = note_absence(task, service, f);
	}
	if (service && !values->dry_run && announce_needed(service, unannounced))
		*unannounced = true; /* what could not be asked is found out by who tells */
	if (there || f) {
		code = exit_code_worse(code, exit_code_of(f));
		tell_all(&sync, &outcome, f, code);
	}
	service_close(service);
	buf_free(&plan);
	return code;
}
