/* Fetch: the mail of one account, looked at and then fetched in its worker. */
#include "command/fetch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "command/worker.h"
#include "config/account_id.h"

#include <stdlib.h>
#include <string.h>

static const struct service_type *mail_type(void)
{
	size_t i = 0;

	while (!service_types[i].kinds[KIND_MAIL])
		i++;
	return &service_types[i];
}

/* ---- looking -------------------------------------------------------------------------------------- */

static const struct fail *open_to_look(struct fetch_task *task)
{
	const struct fail *f = service_look(mail_type(), task->account, &task->service);

	if (!f && !task->service->state)
		f = fail_make(FAIL_MISSING, FAIL_ACCOUNT, "not synchronised yet");
	if (!f)
		f = mail_type()->look_local(task->service->root, &task->service->side[LOCAL]);
	if (f) {
		service_close(task->service);
		task->service = NULL;
	}
	return f;
}

struct fetch_task *fetch_tasks_open(const struct call *call, struct arena *arena, size_t *count)
{
	struct fetch_task *tasks = arena_alloc(arena, (call->account_count + 1) * sizeof *tasks);
	bool any = false;

	*count = 0;
	for (size_t i = 0; i < call->account_count; i++) {
		struct fetch_task *task = &tasks[*count];

		if (!service_wanted(mail_type(), call->accounts[i]))
			continue;
		*task = (struct fetch_task){ .call = call, .account = call->accounts[i] };
		(*count)++;
		service_label(mail_type(), task->account, task->label);
		task->fail = open_to_look(task);
		any |= !task->fail;
	}
	for (size_t i = 0; i < *count; i++) { /* one that has nothing yet is not what is meant if others
					       * have */
		if (!tasks[i].fail || (any && fail_is(tasks[i].fail, FAIL_MISSING)))
			continue;
		log_line(LOG_QUIET, "%s: %s", tasks[i].label, tasks[i].fail->text);
		tasks[i].code = exit_code_of(tasks[i].fail);
	}
	if (!*count)
		log_line(LOG_QUIET, "fetch: no account has mail");
	return tasks;
}

void fetch_tasks_close(struct fetch_task *tasks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		service_close(tasks[i].service);
		tasks[i].service = NULL;
	}
}

void fetch_tasks_free(struct fetch_task *tasks, size_t count)
{
	fetch_tasks_close(tasks, count);
	for (size_t i = 0; i < count; i++)
		vec_free(&tasks[i].targets);
}

/* ---- the engine ----------------------------------------------------------------------------------- */

static void settings(void *context, const char *path, enum kind kind, uint32_t roles,
		     struct folder_settings *settings)
{
	config_folder(context, path, kind, roles, settings);
}

struct engine fetch_engine(const struct fetch_task *task, struct service *service, const char *id)
{
	return (struct engine){
		.service = service->type->name,
		.account = id,
		.side = { service->side[SERVER], service->side[LOCAL] },
		.state = service->state,
		.places = service->places,
		.settings = settings,
		.settings_context = (void *)task->account,
		.now = clock_now(),
		.vault_days = task->account->vault_days,
	};
}

/* What is settled needs nothing more. */
static void targets_keep_open(struct fetch_task *task)
{
	size_t count = 0;

	for (size_t i = 0; i < task->targets.count; i++)
		if (task->targets.items[i].open)
			task->targets.items[count++] = task->targets.items[i];
	task->targets.count = count;
}

bool fetch_needed(struct fetch_task *task, struct json *json)
{
	struct fetch_telling telling = { .task = task, .out = task->call->out, .json = json };
	struct fetch_request request = { .targets = task->targets.items,
					 .count = task->targets.count,
					 .settled = fetch_tell_file,
					 .context = &telling };
	struct fetch_outcome outcome = { 0 };
	char id[ACCOUNT_ID_SIZE + 1];
	struct engine engine;
	const struct fail *f = NULL;

	if (!task->service || !task->targets.count)
		return false;
	account_id(task->account, id);
	engine = fetch_engine(task, task->service, id);
	f = fetch_look(&engine, &request, &outcome);
	if (f)
		log_line(LOG_QUIET, "%s: %s", task->label, f->text);
	task->code = exit_code_worse(exit_code_worse(task->code, telling.code), exit_code_of(f));
	targets_keep_open(task);
	return !f && task->targets.count > 0;
}

/* ---- the worker ----------------------------------------------------------------------------------- */

static void show_progress(void *context, const struct progress *progress)
{
	worker_progress(context, progress);
}

const struct fail *fetch_open(struct fetch_task *task, const char *secret, struct service **service,
			      const char *id, struct engine *engine)
{
	const struct fail *f = service_run(mail_type(), task->account, secret, false, service);

	if (!f)
		*engine = fetch_engine(task, *service, id);
	return f;
}

enum exit_code fetch_service(struct fetch_task *task, const char *secret, struct worker *worker,
			     void *nothing)
{
	struct json json = { .out = &worker->out };
	struct fetch_telling telling = { .task = task,
					 .out = &worker->out,
					 .json = task->call->json ? &json : NULL };
	struct fetch_request request = { .targets = task->targets.items,
					 .count = task->targets.count,
					 .settled = fetch_tell_file,
					 .context = &telling };
	struct fetch_outcome outcome = { 0 };
	struct service *service = NULL;
	char id[ACCOUNT_ID_SIZE + 1];
	struct engine engine;
	const struct fail *f;

	(void)nothing;
	account_id(task->account, id);
	f = fetch_open(task, secret, &service, id, &engine);
	if (!f) {
		engine.progress = show_progress;
		engine.progress_context = worker;
		f = account_fetch(&engine, &request, &outcome);
	}
	if (f)
		log_line(LOG_QUIET, "%s: %s", task->label, f->text);
	fetch_tell_sum(&telling, &outcome);
	service_close(service);
	return exit_code_worse(telling.code, exit_code_of(f));
}
