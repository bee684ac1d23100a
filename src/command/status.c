/* koc status: what is open, as the last run left it, and what was changed here since.  Offline; writes
 * nothing. */
#include "command/status.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "command/command.h"
#include "engine/resolve.h"

#include <stdlib.h>

/* ---- what both forms of output tell ------------------------------------------------------------ */

const struct status_wait status_waits[STATUS_WAITS] = {
	{ PENDING_RACED, "raced", "changed during the last run; the next one looks again" },
	{ PENDING_DIRECTION, "direction", "for a run in the other direction" },
	{ PENDING_SCOPE, "scope", "for a folder that is off or was not part of the run" },
};

const struct status_change status_changes[STATUS_CHANGES] = {
	{ "new", "new" },
	{ "edited", "edited" },
	{ "removed", "removed" },
	{ "flags", "with other flags" },
};

uint64_t report_changes(const struct local_news *news, size_t change)
{
	const uint64_t counts[STATUS_CHANGES] = { news->fresh, news->edited, news->gone, news->flagged };

	return counts[change];
}

const char *report_folder(const struct report *report, int64_t id)
{
	for (size_t i = 0; i < report->folder_count; i++)
		if (report->folders[i].id == id)
			return report->folders[i].path;
	return "?";
}

const char *report_item(const struct report *report, const struct pending *pending)
{
	struct row *row = NULL;
	const struct fail *f = state_row_find(report->service->state, pending->folder,
					      pending->side, pending->ref,
					      report->service->arena, &row);

	return !f && row && row->subject && row->subject[0] ? row->subject : pending->ref;
}

size_t report_count(const struct report *report, enum pending_why why, int64_t folder)
{
	size_t count = 0;

	for (size_t i = 0; i < report->pending_count; i++)
		count += report->pending[i].why == why &&
			 (folder == 0 || report->pending[i].folder == folder);
	return count;
}

/* ---- asking ------------------------------------------------------------------------------------ */

static void settings(void *context, const char *path, enum kind kind, uint32_t roles,
		     struct folder_settings *settings)
{
	const struct report *report = context;

	config_folder(report->service->account, path, kind, roles, settings);
}

static void tell(void *context, const char *line)
{
	const struct report *report = context;

	log_line(LOG_QUIET, "%s: %s", report->label, line);
}

static const struct fail *report_look(struct report *report)
{
	struct service *service = report->service;
	struct engine engine = {
		.state = service->state,
		.service = service->type->name,
		.settings = settings, .settings_context = report,
		.tell = tell, .tell_context = report,
		.now = clock_now(),
	};
	const struct fail *f = service->type->look_local(service->root, &service->side[LOCAL]);

	if (f)
		return f;
	engine.side[LOCAL] = service->side[LOCAL];
	return local_look(&engine, service->arena, &report->news, &report->news_count);
}

/* When a run with nothing to do came after the last one in the state. */
static int64_t quiet_since(const struct report *report)
{
	int64_t noted = service_noted(report->service);

	return report->run_count && report->runs->ended && noted > report->runs->ended ? noted : 0;
}

static const struct fail *ask_wait(struct report *report)
{
	struct service *service = report->service;
	const char *memo = NULL;
	const struct fail *f = NULL;

	if (!service->type->memo_wait)
		return NULL;
	f = state_memo_get(service->state, "server", service->arena, &memo);
	report->waits_until = service->type->memo_wait(memo);
	if (report->waits_until <= clock_now())
		report->waits_until = 0;
	return f;
}

/* Without those that are closed, which the next run notes. */
static const struct fail *ask_conflicts(struct report *report)
{
	struct service *service = report->service;
	struct engine engine = { .state = service->state, .places = places_open(service->root) };
	struct conflict *all = NULL;
	size_t count = 0;
	const struct fail *f = state_conflicts(service->state, service->arena, &all, &count);

	for (size_t i = 0; !f && i < count; i++)
		if (conflict_is_open(&engine, &all[i], service->arena))
			all[report->conflict_count++] = all[i];
	report->conflicts = all;
	free(engine.places);
	return f;
}

static const struct fail *report_ask(struct report *report)
{
	struct state *state = report->service->state;
	struct arena *arena = report->service->arena;
	const struct fail *f;

	if (!state)
		return NULL;
	f = state_folders(state, arena, &report->folders, &report->folder_count);
	if (!f)
		f = state_pending(state, 0, arena, &report->pending, &report->pending_count);
	if (!f)
		f = ask_conflicts(report);
	if (!f)
		f = state_runs(state, 1, arena, &report->runs, &report->run_count);
	if (!f)
		f = ask_wait(report);
	report->quiet_since = quiet_since(report);
	return f ? f : report_look(report);
}

/* ---- the command ------------------------------------------------------------------------------- */

static enum exit_code tell_one(const struct call *call, const struct account *account,
			       const struct service_type *type, struct json *json)
{
	struct report report = { .service = NULL };
	const struct fail *f = service_look(type, account, &report.service);

	service_label(type, account, report.label);
	if (!f)
		f = report_ask(&report);
	if (f)
		log_line(LOG_QUIET, "%s: %s", report.label, f->text);
	else if (!service_known(report.service))
		; /* the server may not even have it */
	else if (call->json)
		status_program(&report, json);
	else
		status_people(&report, call->out);
	service_close(report.service);
	return exit_code_of(f);
}

static enum exit_code run(const struct call *call)
{
	struct json json = { .out = call->out };
	enum exit_code code = EXIT_DONE;

	if (call->json)
		json_begin(&json, '[');
	for (size_t i = 0; i < call->account_count; i++)
		for (size_t t = 0; t < SERVICE_TYPES; t++)
			if (service_wanted(&service_types[t], call->accounts[i]))
				code = exit_code_worse(code, tell_one(call, call->accounts[i],
								      &service_types[t], &json));
	if (call->json) {
		json_end(&json, ']');
		buf_addc(call->out, '\n');
	}
	return code;
}

const struct command command_status = {
	.name = "status",
	.arguments = "",
	.help = "tell what is open, and what was changed here",
	.needs_config = true,
	.run = run,
};
