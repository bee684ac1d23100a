/* Sync: the work of one account, in its worker. */
#include "command/sync.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/terminal.h"
#include "command/service.h"
#include "command/worker.h"
#include "config/rules.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLAN_MOST (64u << 20)

/* What the engine calls back with. */
struct sync {
	const struct account *account;
	struct worker *worker;
	const char *text_folder; /* a folder for which text mode was asked; NULL none */
	size_t text_count;
	char folder[256];
};

static void settings(void *context, const char *path, enum kind kind, uint32_t roles,
		     struct folder_settings *settings)
{
	struct sync *sync = context;

	config_folder(sync->account, path, kind, roles, settings);
	if (settings->mode != settings->asked && sync->text_count++ == 0) {
		str_copy(sync->folder, sizeof sync->folder, path);
		sync->text_folder = sync->folder;
	}
}

static void tell(void *context, const char *line)
{
	const struct sync *sync = context;

	log_line(LOG_QUIET, "%s: %s", sync->account->name, line);
}

static void show_progress(void *context, const struct progress *progress)
{
	struct sync *sync = context;

	worker_progress(sync->worker, progress);
}

/* The folder in use: named with --first, else the one the current directory lies in, else the last one
 * given.  NULL: none of these. */
static const char *folder_in_use(const struct call *call, const struct account *account,
				 struct arena *arena)
{
	const struct sync_values *values = call->values;
	char root[PATH_MAX], here[PATH_MAX];
	size_t size;

	if (values->first)
		return values->first;
	if (realpath(account->store, root) && getcwd(here, sizeof here)) {
		size = strlen(root);
		if (strncmp(here, root, size) == 0 && here[size] == '/') {
			char *folder = arena_str(arena, here + size + 1);
			char *last = strrchr(folder, '/');

			if (last && (strcmp(last, "/cur") == 0 || strcmp(last, "/new") == 0 ||
				     strcmp(last, "/tmp") == 0))
				*last = '\0';
			if (!pattern_wrong(folder))
				return folder;
		}
	}
	if (call->argument_count > 0 && !strpbrk(call->arguments[call->argument_count - 1], "*%"))
		return call->arguments[call->argument_count - 1];
	return NULL;
}

/* Counts the lost races that the later rounds of the run did not make good. */
static const struct fail *still_open(struct service *service, bool *open)
{
	struct pending *pending = NULL;
	size_t count = 0;
	const struct fail *f = state_pending(service->state, 0, service->arena, &pending, &count);

	*open = false;
	for (size_t i = 0; !f && i < count; i++)
		*open = *open || pending[i].why == PENDING_RACED;
	return f;
}

static enum exit_code outcome_code(struct service *service, const struct sync_outcome *outcome)
{
	enum exit_code code = EXIT_DONE;
	bool open = false;

	if (outcome->raced > 0 && (still_open(service, &open) || open))
		code = EXIT_SOME;
	if (outcome->set_aside > 0 || outcome->folders_failed > 0)
		code = EXIT_SOME;
	return exit_code_worse(code, outcome->held > 0 ? EXIT_HELD : EXIT_DONE);
}

/* Not in a run of cron's that changed nothing: that is to print nothing. */
static void tell_text(const struct sync *sync, const struct sync_outcome *outcome)
{
	if (!terminal_is() && log_level() < LOG_VERBOSE && !sync_did_something(outcome))
		return;
	if (sync->text_count == 1)
		log_line(LOG_NORMAL, "%s: %s: mode text is not built yet, treated as full",
			 sync->account->name, sync->text_folder);
	else if (sync->text_count > 1)
		log_line(LOG_NORMAL,
			 "%s: %s and %zu more folders: mode text is not built yet, treated as full",
			 sync->account->name, sync->text_folder, sync->text_count - 1);
}

enum exit_code sync_account(const struct call *call, const struct account *account, const char *secret,
			    struct worker *worker, bool *found)
{
	const struct sync_values *values = call->values;
	struct sync sync = { .account = account, .worker = worker };
	struct buf plan;
	struct sync_outcome outcome = { .plan = &plan };
	struct sync_request request = {
		.folders = call->arguments, .folder_count = call->argument_count,
		.found = call->account_count > 1 ? found : NULL,
		.dry_run = values->dry_run,
		.pull_only = values->pull, .push_only = values->push,
		.allow = values->allow, .allow_count = values->allow_count,
		.deadline = values->seconds ? clock_monotonic() + 1000 * values->seconds : 0,
	};
	struct service *service = NULL;
	enum exit_code code = EXIT_DONE;
	const struct fail *f = NULL;

	buf_init(&plan, PLAN_MOST);
	f = service_run(account, secret, values->dry_run, &service);
	if (!f) {
		struct engine engine = {
			.service = SERVICE_MAIL,
			.side = { service->side[SERVER], service->side[LOCAL] },
			.state = service->state, .places = service->places,
			.settings = settings, .settings_context = &sync,
			.progress = show_progress, .progress_context = &sync,
			.tell = tell, .tell_context = &sync,
			.now = clock_now(), .vault_days = account->vault_days,
		};

		request.first = folder_in_use(call, account, service->arena);
		f = account_sync(&engine, &request, &outcome);
		code = outcome_code(service, &outcome);
		if (!f && !values->dry_run) {
			service_note(service);
			f = service_own(service);
		}
	}
	code = exit_code_worse(code, exit_code_of(f));
	if (f)
		log_line(LOG_QUIET, "%s: %s", account->name, f->text);
	tell_text(&sync, &outcome);
	if (call->json)
		sync_tell_program(account, &outcome, f ? f->text : NULL, code,
				  values->dry_run ? &plan : NULL, &worker->out);
	else if (values->dry_run)
		sync_tell_plan(call, account, &plan, &worker->out);
	else
		sync_tell_people(account, &outcome, &worker->out);
	service_close(service);
	buf_free(&plan);
	return code;
}
