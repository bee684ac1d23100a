/* koc conflicts: what both sides changed; the user decides.  Offline. */
#include "command/conflicts.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/str.h"
#include "base/terminal.h"

#include <inttypes.h>
#include <string.h>

enum verb_of { DO_LIST, DO_SHOW, DO_KEEP, DO_BOTH, DO_DROP };

static const struct {
	const char *name;
	enum verb_of verb;
	enum resolve_how how;
	const char *done, *none; /* behind the path; where there was no file to put anywhere */
} verbs[] = {
	{ "list", DO_LIST, RESOLVE_KEEP, NULL, NULL },
	{ "show", DO_SHOW, RESOLVE_KEEP, NULL, NULL },
	{ "keep", DO_KEEP, RESOLVE_KEEP, "is the local version again; the next sync uploads it",
	  "removed here again; the next sync carries it over" },
	{ "both", DO_BOTH, RESOLVE_BOTH, "is a second item; the next sync uploads it", NULL },
	{ "drop", DO_DROP, RESOLVE_DROP, NULL, "what the server has stays" },
};
#define VERBS (sizeof verbs / sizeof *verbs)

static const struct fail *verb_find(const char *name, size_t *found)
{
	struct nearest nearest = nearest_to(name);

	for (*found = 0; *found < VERBS; (*found)++) {
		if (strcmp(verbs[*found].name, name) == 0)
			return NULL;
		nearest_offer(&nearest, verbs[*found].name);
	}
	if (nearest.best)
		return fail_make(FAIL_USAGE, FAIL_ALL, "there is no %s: did you mean %s?", name,
				 nearest.best);
	return fail_make(FAIL_USAGE, FAIL_ALL, "there is no %s: list, show, keep, both or drop", name);
}

static const struct fail *number_read(const char *text, int64_t *number)
{
	uint64_t value = 0;

	if (!str_u64(text, &value) || value == 0 || value > INT64_MAX)
		return fail_make(FAIL_USAGE, FAIL_ALL,
				 "%s is no number of a conflict (koc conflicts lists them)", text);
	*number = (int64_t)value;
	return NULL;
}

/* ---- deciding ---------------------------------------------------------------------------------- */

/* The record as it is now that nobody else can change it. */
static const struct fail *conflict_again(struct service *service, int64_t id, struct conflict **conflict)
{
	const struct fail *f = state_conflict_get(service->state, id, service->arena, conflict);

	if (!f && !*conflict)
		f = fail_make(FAIL_MISSING, FAIL_ITEM, "it is closed already");
	return f;
}

/* Is what lies in the folder uploaded at all? */
static const struct fail *check_folder(const struct shelf *shelf, const struct conflict *conflict)
{
	struct folder_settings settings;
	const char *why = NULL;

	config_folder(shelf->account, conflict->folder, conflict->kind, 0, &settings);
	if (settings.direction == DIRECTION_PULL)
		why = "is only read from the server (direction = pull)";
	else if (settings.mode == MODE_OFF)
		why = "is off";
	if (!why)
		return NULL;
	return fail_make(FAIL_DENIED, FAIL_ITEM, "%s %s: no sync would upload it from there",
			 conflict->folder, why);
}

static const struct fail *resolve(struct shelf *shelf, int64_t id, size_t verb, const char **path)
{
	struct conflict *conflict = NULL;
	struct engine engine;
	const struct fail *f = NULL;

	if (!shelf->held)
		f = service_hold(shelf->type, shelf->account, &shelf->held);
	if (!f)
		f = conflict_again(shelf->held, id, &conflict);
	if (!f && verbs[verb].verb != DO_DROP)
		f = check_folder(shelf, conflict);
	if (f)
		return f;
	engine = shelf_engine(shelf->held);
	return conflict_resolve(&engine, conflict, verbs[verb].how, shelf->held->arena, path);
}

static void tell_people(struct buf *out, size_t verb, int64_t number, const char *path)
{
	if (log_level() < LOG_NORMAL)
		return;
	buf_addf(out, "%" PRId64 ": ", number);
	if (path) {
		terminal_safe(out, path, strlen(path));
		buf_addf(out, " %s\n", verbs[verb].done);
	} else {
		buf_addf(out, "%s\n", verbs[verb].none);
	}
}

static void tell_program(struct json *json, const struct shelf *shelf, int64_t number, size_t verb,
			 const char *path, const struct fail *f)
{
	json_begin(json, '{');
	json_key(json, "account");
	json_text(json, shelf->account->name);
	json_key(json, "number");
	json_number(json, number);
	json_key(json, "action");
	json_text(json, verbs[verb].name);
	json_key(json, "path");
	json_text(json, path);
	json_key(json, "error");
	json_text(json, f ? f->text : NULL);
	json_end(json, '}');
}

/* ---- the command ------------------------------------------------------------------------------- */

static enum exit_code do_one(const struct call *call, struct shelf *shelves, size_t count, size_t verb,
			     const char *argument, struct json *json)
{
	struct conflict *conflict = NULL;
	struct shelf *shelf = NULL;
	const char *path = NULL;
	int64_t number = 0;
	const struct fail *f = number_read(argument, &number);

	if (!f)
		f = shelves_find(shelves, count, number, &shelf, &conflict);
	if (f) {
		log_line(LOG_QUIET, "conflicts: %s", f->text);
		return exit_code_of(f);
	}
	if (verbs[verb].verb == DO_SHOW) {
		f = conflicts_show(call, shelf, conflict, json);
	} else {
		f = resolve(shelf, conflict->id, verb, &path);
		if (call->json)
			tell_program(json, shelf, number, verb, path, f);
		else if (!f)
			tell_people(call->out, verb, number, path);
	}
	if (f)
		log_line(LOG_QUIET, "%s: conflict %" PRId64 ": %s", shelf->label, number, f->text);
	return exit_code_of(f);
}

static enum exit_code do_all(const struct call *call, struct shelf *shelves, size_t count, size_t verb)
{
	struct json json = { .out = call->out };
	enum exit_code code = EXIT_DONE;

	if (call->json)
		json_begin(&json, '[');
	for (size_t i = 1; i < call->argument_count; i++) {
		if (i > 1 && verbs[verb].verb == DO_SHOW && !call->json)
			buf_addc(call->out, '\n');
		code = exit_code_worse(code, do_one(call, shelves, count, verb, call->arguments[i], &json));
	}
	if (call->json) {
		json_end(&json, ']');
		buf_addc(call->out, '\n');
	}
	return code;
}

static enum exit_code run(const struct call *call)
{
	struct shelf *shelves = NULL;
	size_t count = 0, verb = 0;
	const struct fail *f = call->argument_count ? verb_find(call->arguments[0], &verb) : NULL;
	enum exit_code code;

	if (!f && verbs[verb].verb == DO_LIST && call->argument_count > 1)
		f = fail_make(FAIL_USAGE, FAIL_ALL, "list takes no number: show does");
	else if (!f && verbs[verb].verb != DO_LIST && call->argument_count < 2)
		f = fail_make(FAIL_USAGE, FAIL_ALL,
			      "%s takes the number of a conflict (koc conflicts lists them)",
			      verbs[verb].name);
	if (f) {
		log_line(LOG_QUIET, "conflicts: %s", f->text);
		return exit_code_of(f);
	}
	code = shelves_open(call, &shelves, &count);
	if (verbs[verb].verb == DO_LIST)
		conflicts_list(call, shelves, count);
	else
		code = exit_code_worse(code, do_all(call, shelves, count, verb));
	shelves_free(shelves, count);
	return code;
}

const struct command command_conflicts = {
	.name = "conflicts",
	.arguments = "[ACTION [N...]]",
	.help = "list, show, keep, both, drop: what clashed",
	.most = SIZE_MAX,
	.needs_config = true,
	.run = run,
};
