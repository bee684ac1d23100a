/* koc fetch: text forms become whole, or a part of one is written to a file.  What is meant is found out
 * offline; a worker for each account that has something to fetch does so. */
#include "command/fetch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- options -------------------------------------------------------------------------------------- */

static const char *set_part(void *values, const char *argument)
{
	struct fetch_values *fetch = values;

	fetch->part = argument;
	return argument[0] ? NULL : "the name is empty";
}

static const char *set_output(void *values, const char *argument)
{
	struct fetch_values *fetch = values;

	fetch->output = argument;
	return argument[0] ? NULL : "the name of the file is empty";
}

static const struct command_option options[] = {
	{ 0, "part", "NAME", "only this attachment, into a file", set_part },
	{ 'o', "output", "FILE", "with --part: that file; - is standard output", set_output },
	{ 0, NULL, NULL, NULL, NULL },
};

static const char *options_wrong(const struct call *call)
{
	const struct fetch_values *values = call->values;

	if (values->output && !values->part)
		return "-o is for --part";
	if (!values->part)
		return NULL;
	if (!values->output)
		return "--part needs -o FILE (- is standard output)";
	if (call->argument_count > 1)
		return "--part is for one message";
	if (call->json && strcmp(values->output, "-") == 0)
		return "--json and the attachment cannot both go to standard output";
	return NULL;
}

/* ---- the command ---------------------------------------------------------------------------------- */

static enum exit_code fetch_whole(const struct call *call, struct fetch_task *tasks, size_t count,
				  struct arena *arena)
{
	struct fetch_task **needed = arena_alloc(arena, (count + 1) * sizeof(struct fetch_task *));
	struct json json = { .out = call->out };
	enum exit_code code = EXIT_DONE;
	size_t left = 0;

	if (call->json)
		json_begin(&json, '[');
	for (size_t i = 0; i < count; i++) {
		if (fetch_needed(&tasks[i], call->json ? &json : NULL))
			needed[left++] = &tasks[i];
		code = exit_code_worse(code, tasks[i].code);
	}
	fetch_tasks_close(tasks, count); /* a fork copies no open state */
	if (left)
		code = exit_code_worse(code, fetch_workers(call, needed, left, fetch_service, NULL));
	if (call->json) {
		json_end(&json, ']');
		buf_addc(call->out, '\n');
	}
	return code;
}

static enum exit_code fetch(const struct call *call, struct arena *arena)
{
	const struct fetch_values *values = call->values;
	size_t count = 0;
	struct fetch_task *tasks = fetch_tasks_open(call, arena, &count);
	enum exit_code code = count ? fetch_arguments(call, tasks, count, arena) : EXIT_USAGE;

	code = exit_code_worse(code, values->part ? fetch_part(call, tasks, count)
						  : fetch_whole(call, tasks, count, arena));
	fetch_tasks_free(tasks, count);
	return code;
}

static enum exit_code run(const struct call *call)
{
	const char *wrong = options_wrong(call);
	struct arena *arena = NULL;
	enum exit_code code;

	if (wrong) {
		log_line(LOG_QUIET, "fetch: %s", wrong);
		return EXIT_USAGE;
	}
	arena = arena_new();
	code = fetch(call, arena);
	arena_free(arena);
	return code;
}

const struct command command_fetch = {
	.name = "fetch",
	.arguments = "MESSAGE...",
	.help = "complete messages that are here as text",
	.options = options,
	.least = 1,
	.most = SIZE_MAX,
	.values_size = sizeof(struct fetch_values),
	.needs_config = true,
	.run = run,
};
