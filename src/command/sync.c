/* koc sync: brings both sides of the accounts in step. */
#include "command/command.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/terminal.h"
#include "command/service.h"
#include "command/table.h"
#include "config/rules.h"
#include "engine/account.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALLOW_MOST   64
#define PLAN_MOST    (64u << 20)
#define PROGRESS_GAP 100 /* milliseconds between two progress lines */

/* ---- options --------------------------------------------------------------------------------- */

struct sync_values {
	const char *first;
	bool dry_run, pull, push;
	const char *allow[ALLOW_MOST];
	size_t allow_count;
	int64_t seconds;
};

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

/* ---- one account ----------------------------------------------------------------------------- */

/* What the engine calls back with. */
struct sync {
	const struct account *account;
	const char *text_folder; /* a folder for which text mode was asked; NULL none */
	size_t text_count;
	int64_t began, shown;    /* of clock_monotonic() */
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

/* Rate and time left are of the whole run so far. */
static void show_progress(void *context, const struct progress *progress)
{
	struct sync *sync = context;
	int64_t now = clock_monotonic(), spent = now - sync->began;
	struct arena *arena;
	const char *left = "";

	if (log_level() < LOG_NORMAL || !terminal_is() || now - sync->shown < PROGRESS_GAP)
		return;
	sync->shown = now;
	arena = arena_new();
	if (progress->items > 0 && progress->items < progress->items_all && spent > 2000) {
		int64_t seconds = spent / 1000 * (int64_t)(progress->items_all - progress->items) /
				  (int64_t)progress->items;

		left = arena_printf(arena, ", %" PRId64 ":%02" PRId64 " left", seconds / 60,
				    seconds % 60);
	}
	terminal_progress("%s: %s: %" PRIu64 " of %" PRIu64 " items, %s, %s/s%s",
			  sync->account->name, progress->folder ? progress->folder : "",
			  progress->items, progress->items_all,
			  table_size(arena, progress->bytes),
			  table_size(arena, spent > 0 ? progress->bytes * 1000 / (uint64_t)spent : 0),
			  left);
	arena_free(arena);
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

/* Is there something of this account that this version can synchronise? */
static bool has_mail(const struct account *account)
{
	return account->has_imap || account->server;
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

/* ---- what is told ---------------------------------------------------------------------------- */

static const struct {
	const char *name;  /* in JSON */
	const char *words; /* for people, behind the number */
	size_t offset;
} counts[] = {
	{ "pulled", "received", offsetof(struct sync_outcome, pulled) },
	{ "pushed", "sent", offsetof(struct sync_outcome, pushed) },
	{ "flagged-here", "flag changes here", offsetof(struct sync_outcome, flagged[LOCAL]) },
	{ "flagged-there", "flag changes there", offsetof(struct sync_outcome, flagged[SERVER]) },
	{ "moved-here", "moved here", offsetof(struct sync_outcome, moved[LOCAL]) },
	{ "moved-there", "moved there", offsetof(struct sync_outcome, moved[SERVER]) },
	{ "removed-here", "removed here", offsetof(struct sync_outcome, removed[LOCAL]) },
	{ "removed-there", "removed there", offsetof(struct sync_outcome, removed[SERVER]) },
	{ "adopted", "found equal", offsetof(struct sync_outcome, adopted) },
	{ "folders-changed", "folders changed", offsetof(struct sync_outcome, folders_changed) },
	{ "conflicts", "conflicts", offsetof(struct sync_outcome, conflicts) },
	{ "held", "removals held", offsetof(struct sync_outcome, held) },
	{ "set-aside", "set aside", offsetof(struct sync_outcome, set_aside) },
	{ "folders-failed", "folders failed", offsetof(struct sync_outcome, folders_failed) },
};

static uint64_t count_of(const struct sync_outcome *outcome, size_t i)
{
	return *(const uint64_t *)(const void *)((const char *)outcome + counts[i].offset);
}

static void tell_people(const struct call *call, const struct account *account,
			const struct sync_outcome *outcome)
{
	const char *between = ": ";
	bool any = false;

	if (log_level() < LOG_NORMAL)
		return;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		uint64_t count = count_of(outcome, i);

		if (count == 0)
			continue;
		if (!any)
			terminal_safe(call->out, account->name, strlen(account->name));
		buf_addf(call->out, "%s%" PRIu64 " %s", between, count, counts[i].words);
		between = ", ";
		any = true;
	}
	if (any) {
		buf_addc(call->out, '\n');
	} else if (isatty(STDOUT_FILENO) || log_level() >= LOG_VERBOSE) {
		terminal_safe(call->out, account->name, strlen(account->name));
		buf_adds(call->out, ": nothing new\n");
	}
}

static void tell_plan(const struct call *call, const struct account *account, const struct buf *plan)
{
	const char *at = plan->data;

	if (call->account_count > 1 && plan->size > 0) {
		terminal_safe(call->out, account->name, strlen(account->name));
		buf_adds(call->out, ":\n");
	}
	while (*at) {
		size_t size = strcspn(at, "\n");

		terminal_safe(call->out, at, size);
		buf_addc(call->out, '\n');
		at += size + (at[size] == '\n');
	}
	if (plan->over)
		buf_adds(call->out, "and more\n");
}

static void tell_program(struct json *json, const struct account *account,
			 const struct sync_outcome *outcome, const struct fail *fail,
			 enum exit_code code, bool dry_run)
{
	json_begin(json, '{');
	json_key(json, "account");
	json_text(json, account->name);
	json_key(json, "status");
	json_number(json, code);
	json_key(json, "error");
	json_text(json, fail ? fail->text : NULL);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		json_key(json, counts[i].name);
		json_count(json, count_of(outcome, i));
	}
	if (dry_run) {
		json_key(json, "plan");
		json_begin(json, '[');
		for (char *at = outcome->plan->data, *end; (end = strchr(at, '\n')); at = end + 1) {
			*end = '\0';
			json_text(json, at);
		}
		json_end(json, ']');
	}
	json_end(json, '}');
}

/* ---- the command ----------------------------------------------------------------------------- */

/* Not in a run of cron's that changed nothing: that is to print nothing. */
static void tell_text(const struct sync *sync, const struct sync_outcome *outcome)
{
	bool any = terminal_is() || log_level() >= LOG_VERBOSE;

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		any = any || count_of(outcome, i) > 0;
	if (!any)
		return;
	if (sync->text_count == 1)
		log_line(LOG_NORMAL, "%s: %s: mode text is not built yet, treated as full",
			 sync->account->name, sync->text_folder);
	else if (sync->text_count > 1)
		log_line(LOG_NORMAL,
			 "%s: %s and %zu more folders: mode text is not built yet, treated as full",
			 sync->account->name, sync->text_folder, sync->text_count - 1);
}

static enum exit_code sync_account(const struct call *call, const struct account *account,
				   struct json *json, bool *found)
{
	const struct sync_values *values = call->values;
	struct sync sync = { .account = account, .began = clock_monotonic() };
	struct buf plan;
	struct sync_outcome outcome = { .plan = &plan };
	struct sync_request request = {
		.folders = call->arguments, .folder_count = call->argument_count,
		.found = call->account_count > 1 ? found : NULL,
		.dry_run = values->dry_run,
		.pull_only = values->pull, .push_only = values->push,
		.allow = values->allow, .allow_count = values->allow_count,
		.deadline = values->seconds ? sync.began + 1000 * values->seconds : 0,
	};
	struct service *service = NULL;
	enum exit_code code = EXIT_DONE;
	const struct fail *f = NULL;

	buf_init(&plan, PLAN_MOST);
	if (!has_mail(account))
		f = fail_make(FAIL_MISSING, FAIL_ACCOUNT,
			      "only dav is configured, and this version synchronises mail only");
	if (!f)
		f = service_run(account, values->dry_run, &service);
	if (!f) {
		struct engine engine = {
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
	}
	terminal_clear();
	code = exit_code_worse(code, exit_code_of(f));
	if (f)
		log_line(LOG_QUIET, "%s: %s", account->name, f->text);
	tell_text(&sync, &outcome);
	if (call->json)
		tell_program(json, account, &outcome, f, code, values->dry_run);
	else if (values->dry_run)
		tell_plan(call, account, &plan);
	else
		tell_people(call, account, &outcome);
	service_close(service);
	buf_free(&plan);
	return code;
}

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

static enum exit_code run(const struct call *call)
{
	enum exit_code code = check_arguments(call);
	struct json json = { .out = call->out };
	struct arena *arena;
	bool *found;

	if (code != EXIT_DONE)
		return code;
	arena = arena_new();
	found = arena_alloc(arena, call->argument_count + 1);
	if (call->json)
		json_begin(&json, '[');
	for (size_t i = 0; i < call->account_count; i++)
		code = exit_code_worse(code, sync_account(call, call->accounts[i], &json, found));
	if (call->json) {
		json_end(&json, ']');
		buf_addc(call->out, '\n');
	}
	code = check_found(call, found, code);
	arena_free(arena);
	return code;
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
