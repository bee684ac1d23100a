/* koc status: what is open, as the last run left it, and what was changed here since.  Offline; writes
 * nothing. */
#include "command/command.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/terminal.h"
#include "command/service.h"
#include "command/table.h"
#include "engine/local.h"
#include "store/maildir/maildir.h"

#include <inttypes.h>
#include <string.h>

/* What the state says of one account. */
struct report {
	struct service *service;
	struct state_folder *folders;
	size_t folder_count;
	struct pending *pending;
	size_t pending_count;
	struct conflict *conflicts;
	size_t conflict_count;
	struct state_run *runs; /* the last one */
	size_t run_count;
	struct local_news *news; /* changed here since then */
	size_t news_count;
};

static void settings(void *context, const char *path, enum kind kind, uint32_t roles,
		     struct folder_settings *settings)
{
	config_folder(context, path, kind, roles, settings);
}

static void tell(void *context, const char *line)
{
	const struct account *account = context;

	log_line(LOG_QUIET, "%s: %s", account->name, line);
}

static const struct fail *report_look(struct report *report)
{
	struct service *service = report->service;
	struct engine engine = {
		.state = service->state,
		.settings = settings, .settings_context = (void *)(uintptr_t)service->account,
		.tell = tell, .tell_context = (void *)(uintptr_t)service->account,
		.now = clock_now(),
	};
	const struct fail *f = maildir_look(service->root, &service->side[LOCAL]);

	if (f)
		return f;
	engine.side[LOCAL] = service->side[LOCAL];
	return local_look(&engine, service->arena, &report->news, &report->news_count);
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
		f = state_conflicts(state, arena, &report->conflicts, &report->conflict_count);
	if (!f)
		f = state_runs(state, 1, arena, &report->runs, &report->run_count);
	return f ? f : report_look(report);
}

static const char *folder_path(const struct report *report, int64_t id)
{
	for (size_t i = 0; i < report->folder_count; i++)
		if (report->folders[i].id == id)
			return report->folders[i].path;
	return "?";
}

/* What an item is called: its subject, else its ref. */
static const char *item_name(const struct report *report, const struct pending *pending)
{
	struct row *row = NULL;
	const struct fail *f = state_row_find(report->service->state, pending->folder,
					      pending->side, pending->ref,
					      report->service->arena, &row);

	return !f && row && row->subject && row->subject[0] ? row->subject : pending->ref;
}

/* How many entries of this kind there are, in one folder or (0) in all. */
static size_t count_why(const struct report *report, enum pending_why why, int64_t folder)
{
	size_t count = 0;

	for (size_t i = 0; i < report->pending_count; i++)
		count += report->pending[i].why == why &&
			 (folder == 0 || report->pending[i].folder == folder);
	return count;
}

/* When the first of the items set aside is tried again; 0: none is. */
static int64_t next_retry(const struct report *report)
{
	int64_t next = 0;

	for (size_t i = 0; i < report->pending_count; i++)
		if (report->pending[i].why == PENDING_SET_ASIDE &&
		    (next == 0 || report->pending[i].next < next))
			next = report->pending[i].next;
	return next;
}

/* Work that the next run takes up by itself, or when what it waits for comes into scope. */
static const struct {
	enum pending_why why;
	const char *name, *words;
} waits[] = {
	{ PENDING_RACED, "raced", "changed during the last run; the next one looks again" },
	{ PENDING_DIRECTION, "direction", "wait for a run in the other direction" },
	{ PENDING_SCOPE, "scope", "wait for a folder that is off or was not part of the run" },
};

/* Changes made here, by folder. */
static const struct {
	const char *name, *words; /* in JSON; for people, behind the number */
	size_t offset;
} changes[] = {
	{ "new", "new", offsetof(struct local_news, fresh) },
	{ "edited", "edited", offsetof(struct local_news, edited) },
	{ "removed", "removed", offsetof(struct local_news, gone) },
	{ "flags", "with other flags", offsetof(struct local_news, flagged) },
};

static uint64_t change_count(const struct local_news *news, size_t i)
{
	return *(const uint64_t *)(const void *)((const char *)news + changes[i].offset);
}

/* ---- for people ------------------------------------------------------------------------------ */

static void add_safe(struct buf *out, const char *text)
{
	terminal_safe(out, text, strlen(text));
}

static const char *time_text(struct arena *arena, int64_t when)
{
	char text[20];

	clock_text(when, text);
	return arena_str(arena, text);
}

/* When a run with nothing to do came after the last one in the state; 0: none did. */
static int64_t quiet_since(const struct report *report)
{
	int64_t noted = service_noted(report->service);

	return noted > report->runs->ended ? noted : 0;
}

static void tell_run(const struct report *report, struct buf *out)
{
	const struct state_run *run = report->runs;
	struct arena *arena = report->service->arena;

	if (report->run_count == 0) {
		buf_adds(out, "not synchronised yet\n");
		return;
	}
	if (run->ended && quiet_since(report)) {
		buf_addf(out, "last run %s, done: nothing new\n", time_text(arena, quiet_since(report)));
		buf_addf(out, "    before %s", time_text(arena, run->began));
	} else {
		buf_addf(out, "last run %s", time_text(arena, run->began));
	}
	if (run->ended == 0) {
		buf_adds(out, ", still at work or ended before its time\n");
		return;
	}
	buf_addf(out, ", %s", run->status == 0 ? "done" : "not all done");
	if (run->summary[0]) {
		buf_adds(out, ": ");
		add_safe(out, run->summary);
	}
	buf_addc(out, '\n');
}

static void tell_news(const struct report *report, struct buf *out)
{
	if (report->news_count == 0)
		return;
	buf_adds(out, "  Changed here (koc sync carries it over):\n");
	for (size_t i = 0; i < report->news_count; i++) {
		const char *between = ": ";

		buf_adds(out, "    ");
		add_safe(out, report->news[i].path);
		for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
			uint64_t count = change_count(&report->news[i], k);

			if (count == 0)
				continue;
			buf_addf(out, "%s%" PRIu64 " %s", between, count, changes[k].words);
			between = ", ";
		}
		buf_addc(out, '\n');
	}
}

static void tell_held(const struct report *report, struct buf *out)
{
	if (count_why(report, PENDING_HELD, 0) == 0)
		return;
	buf_adds(out, "  Held (koc sync --allow-removals FOLDER lets them pass):\n");
	for (size_t i = 0; i < report->folder_count; i++) {
		size_t count = count_why(report, PENDING_HELD, report->folders[i].id);

		if (count == 0)
			continue;
		buf_adds(out, "    ");
		add_safe(out, report->folders[i].path);
		buf_addf(out, ": %zu items\n", count);
	}
}

static void tell_set_aside(const struct report *report, struct buf *out)
{
	struct arena *arena = report->service->arena;

	if (count_why(report, PENDING_SET_ASIDE, 0) == 0)
		return;
	buf_adds(out, "  Set aside:\n");
	for (size_t i = 0; i < report->pending_count; i++) {
		const struct pending *pending = &report->pending[i];

		if (pending->why != PENDING_SET_ASIDE)
			continue;
		buf_adds(out, "    ");
		add_safe(out, folder_path(report, pending->folder));
		buf_adds(out, ": ");
		add_safe(out, item_name(report, pending));
		buf_adds(out, "\n      ");
		add_safe(out, pending->text);
		buf_addf(out, "; %s %" PRIu32 " %s, again after %s\n", "tried", pending->tries,
			 pending->tries == 1 ? "time" : "times", time_text(arena, pending->next));
	}
}

static void tell_conflicts(const struct report *report, struct buf *out)
{
	struct arena *arena = report->service->arena;

	if (report->conflict_count == 0)
		return;
	buf_adds(out, "  Conflicts (the server's version is in the folder):\n");
	for (size_t i = 0; i < report->conflict_count; i++) {
		const struct conflict *conflict = &report->conflicts[i];

		buf_addf(out, "    %" PRId64 "  %s  ", conflict->id,
			 time_text(arena, conflict->when));
		add_safe(out, conflict->folder);
		buf_adds(out, ": ");
		add_safe(out, conflict->item);
		buf_adds(out, "\n      ");
		add_safe(out, conflict->why);
		if (conflict->path) {
			buf_adds(out, "; the other version: ");
			add_safe(out, conflict->path);
		}
		buf_addc(out, '\n');
	}
}

static void tell_people(const struct report *report, struct buf *out)
{
	add_safe(out, report->service->account->name);
	buf_adds(out, ": ");
	tell_run(report, out);
	tell_news(report, out);
	tell_held(report, out);
	tell_set_aside(report, out);
	tell_conflicts(report, out);
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		size_t count = count_why(report, waits[i].why, 0);

		if (count > 0)
			buf_addf(out, "  Waiting: %zu items %s\n", count, waits[i].words);
	}
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void program_run(const struct report *report, struct json *json)
{
	json_key(json, "last-run");
	if (report->run_count == 0) {
		json_null(json);
		return;
	}
	json_begin(json, '{');
	json_key(json, "began");
	json_time(json, report->runs->began);
	json_key(json, "ended");
	json_time(json, report->runs->ended);
	json_key(json, "status");
	json_number(json, report->runs->status);
	json_key(json, "summary");
	json_text(json, report->runs->summary);
	json_key(json, "nothing-new"); /* when it was last looked, after that */
	json_time(json, report->runs->ended ? quiet_since(report) : 0);
	json_end(json, '}');
}

static void program_news(const struct report *report, struct json *json)
{
	json_key(json, "changed-here");
	json_begin(json, '[');
	for (size_t i = 0; i < report->news_count; i++) {
		json_begin(json, '{');
		json_key(json, "folder");
		json_text(json, report->news[i].path);
		for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
			json_key(json, changes[k].name);
			json_count(json, change_count(&report->news[i], k));
		}
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void program_pending(const struct report *report, struct json *json)
{
	json_key(json, "held");
	json_begin(json, '[');
	for (size_t i = 0; i < report->folder_count; i++) {
		size_t count = count_why(report, PENDING_HELD, report->folders[i].id);

		if (count == 0)
			continue;
		json_begin(json, '{');
		json_key(json, "folder");
		json_text(json, report->folders[i].path);
		json_key(json, "items");
		json_count(json, count);
		json_end(json, '}');
	}
	json_end(json, ']');
	json_key(json, "set-aside");
	json_begin(json, '[');
	for (size_t i = 0; i < report->pending_count; i++) {
		const struct pending *pending = &report->pending[i];

		if (pending->why != PENDING_SET_ASIDE)
			continue;
		json_begin(json, '{');
		json_key(json, "folder");
		json_text(json, folder_path(report, pending->folder));
		json_key(json, "side");
		json_text(json, pending->side == SERVER ? "server" : "local");
		json_key(json, "ref");
		json_text(json, pending->ref);
		json_key(json, "item");
		json_text(json, item_name(report, pending));
		json_key(json, "reason");
		json_text(json, pending->text);
		json_key(json, "tries");
		json_count(json, pending->tries);
		json_key(json, "next");
		json_time(json, pending->next);
		json_end(json, '}');
	}
	json_end(json, ']');
	json_key(json, "waiting");
	json_begin(json, '{');
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		json_key(json, waits[i].name);
		json_count(json, count_why(report, waits[i].why, 0));
	}
	json_end(json, '}');
	json_key(json, "next-retry");
	json_time(json, next_retry(report));
}

static void program_conflicts(const struct report *report, struct json *json)
{
	json_key(json, "conflicts");
	json_begin(json, '[');
	for (size_t i = 0; i < report->conflict_count; i++) {
		const struct conflict *conflict = &report->conflicts[i];

		json_begin(json, '{');
		json_key(json, "number");
		json_number(json, conflict->id);
		json_key(json, "time");
		json_time(json, conflict->when);
		json_key(json, "folder");
		json_text(json, conflict->folder);
		json_key(json, "item");
		json_text(json, conflict->item);
		json_key(json, "why");
		json_text(json, conflict->why);
		json_key(json, "path");
		json_text(json, conflict->path);
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void tell_program(const struct report *report, struct json *json)
{
	json_begin(json, '{');
	json_key(json, "account");
	json_text(json, report->service->account->name);
	program_run(report, json);
	program_news(report, json);
	program_pending(report, json);
	program_conflicts(report, json);
	json_end(json, '}');
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum exit_code run(const struct call *call)
{
	struct json json = { .out = call->out };
	enum exit_code code = EXIT_DONE;

	if (call->json)
		json_begin(&json, '[');
	for (size_t i = 0; i < call->account_count; i++) {
		struct report report = { .service = NULL };
		const struct fail *f = service_look(call->accounts[i], &report.service);

		if (!f)
			f = report_ask(&report);
		if (f)
			log_line(LOG_QUIET, "%s: %s", call->accounts[i]->name, f->text);
		else if (call->json)
			tell_program(&report, &json);
		else
			tell_people(&report, call->out);
		code = exit_code_worse(code, exit_code_of(f));
		service_close(report.service);
	}
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
