/* Fetch: --part: one attachment, decoded, into a file; the message stays as it is. */
#include "command/fetch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/terminal.h"
#include "command/fetch_output.h"
#include "command/table.h"
#include "command/worker.h"
#include "config/account_id.h"

#include <string.h>

/* What came of it. */
struct result {
	struct fetch_part part;
	uint64_t size;
};

static void tell_people(const struct fetch_task *task, const struct result *result, const char *output,
			struct buf *out)
{
	const struct fetch_part *part = &result->part;
	const char *name = part->file ? part->file : part->name;
	struct arena *arena = NULL;

	if (!part->decoded)
		log_line(LOG_QUIET, "%s: %s: its encoding is not known: it is written as it was sent",
			 task->label, name);
	if (strcmp(output, "-") == 0 || log_level() < LOG_NORMAL)
		return;
	arena = arena_new();
	terminal_safe(out, task->label, strlen(task->label));
	buf_adds(out, ": ");
	terminal_safe(out, name, strlen(name));
	buf_adds(out, " (");
	terminal_safe(out, part->type, strlen(part->type));
	buf_addf(out, ", %s) is in ", table_size(arena, result->size));
	terminal_safe(out, output, strlen(output));
	buf_addc(out, '\n');
	arena_free(arena);
}

static void tell_program(const struct fetch_task *task, const struct result *result, const char *output,
			 struct buf *out)
{
	const struct fetch_part *part = &result->part;
	struct json json = { .out = out };

	json_begin(&json, '{');
	json_key(&json, "account");
	json_text(&json, task->account->name);
	json_key(&json, "folder");
	json_text(&json, part->folder);
	json_key(&json, "part");
	json_text(&json, part->file ? part->file : part->name);
	json_key(&json, "section");
	json_text(&json, part->section);
	json_key(&json, "type");
	json_text(&json, part->type);
	json_key(&json, "decoded");
	json_bool(&json, part->decoded);
	json_key(&json, "bytes");
	json_count(&json, result->size);
	json_key(&json, "output");
	json_text(&json, output);
	json_end(&json, '}');
}

/* Reads the part with one of the engine's ways and tells of it.  *there: it is on the server. */
static const struct fail *part_take(const struct fetch_task *task, const struct engine *engine, bool look,
				    struct buf *out, bool *there)
{
	const struct call *call = task->call;
	const struct fetch_values *values = call->values;
	const struct fetch_target *target = &task->targets.items[0];
	struct arena *arena = arena_new();
	struct result result = {
		.part = { .folder = target->folder, .ref = target->ref, .name = values->part }
	};
	struct output output;
	const struct fail *f = output_open(values->output, &output);

	*there = false;
	if (f)
		goto out;
	result.part.fd = output.fd;
	f = look ? fetch_part_here(engine, &result.part, arena)
		 : account_fetch_part(engine, &result.part, arena);
	if (result.part.path && f && f->scope == FAIL_ITEM)
		f = fail_in(f, "%s", result.part.path);
	*there = !f && look && result.part.there;
	result.size = output_size(&output);
	if (f || *there)
		output_drop(&output);
	else
		f = output_keep(&output);
	if (!f && !*there && call->json)
		tell_program(task, &result, values->output, out);
	else if (!f && !*there)
		tell_people(task, &result, values->output, out);
out:
	arena_free(arena);
	return f;
}

static enum exit_code part_work(struct fetch_task *task, const char *secret, struct worker *worker,
				void *nothing)
{
	struct service *service = NULL;
	char id[ACCOUNT_ID_SIZE + 1];
	struct engine engine;
	const struct fail *f;
	bool there;

	(void)nothing;
	account_id(task->account, id);
	f = fetch_open(task, secret, &service, id, &engine);
	if (!f)
		f = part_take(task, &engine, false, &worker->out, &there);
	if (f)
		log_line(LOG_QUIET, "%s: %s", task->label, f->text);
	service_close(service);
	return exit_code_of(f);
}

/* The task that has the message. */
static struct fetch_task *task_of(struct fetch_task *tasks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (tasks[i].targets.count)
			return &tasks[i];
	return NULL;
}

static const struct fail *part_here(const struct call *call, struct fetch_task *task, bool *there)
{
	char id[ACCOUNT_ID_SIZE + 1];
	struct engine engine;

	account_id(task->account, id);
	engine = fetch_engine(task, task->service, id);
	return part_take(task, &engine, true, call->out, there);
}

enum exit_code fetch_part(const struct call *call, struct fetch_task *tasks, size_t count)
{
	struct fetch_task *task = task_of(tasks, count);
	enum exit_code code = EXIT_DONE;
	bool there = false;
	const struct fail *f = NULL;

	for (size_t i = 0; i < count; i++)
		code = exit_code_worse(code, tasks[i].code);
	if (!task) /* why was told */
		return code;
	if (!task->targets.items[0].ref) {
		log_line(LOG_QUIET, "fetch: --part is for one message, not a folder");
		return EXIT_USAGE;
	}
	if (call->json)
		buf_addc(call->out, '[');
	f = part_here(call, task, &there);
	if (f)
		log_line(LOG_QUIET, "%s: %s", task->label, f->text);
	code = exit_code_worse(code, exit_code_of(f));
	fetch_tasks_close(tasks, count); /* a fork copies no open state */
	if (there)
		code = exit_code_worse(code, fetch_workers(call, &task, 1, part_work, NULL));
	if (call->json)
		buf_adds(call->out, "]\n");
	return code;
}
