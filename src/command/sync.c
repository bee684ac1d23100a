/* koc sync: its command line. */
#include "command/sync.h"

#include "base/log.h"
#include "base/str.h"
#include "config/rules.h"

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

/* ---- the command ----------------------------------------------------------------------------- */

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

static enum exit_code run(const struct call *call)
{
	enum exit_code code = check_arguments(call);

	return code == EXIT_DONE ? sync_jobs(call) : code;
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
