/* Status: told to programs, as JSON. */
#include "command/status.h"

#include "base/json.h"

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
	json_time(json, report->quiet_since);
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
		for (size_t k = 0; k < STATUS_CHANGES; k++) {
			json_key(json, status_changes[k].name);
			json_count(json, report_changes(&report->news[i], k));
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
		size_t count = report_count(report, PENDING_HELD, report->folders[i].id);

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
		json_text(json, report_folder(report, pending->folder));
		json_key(json, "side");
		json_text(json, pending->side == SERVER ? "server" : "local");
		json_key(json, "ref");
		json_text(json, pending->ref);
		json_key(json, "item");
		json_text(json, report_item(report, pending));
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
	for (size_t i = 0; i < STATUS_WAITS; i++) {
		json_key(json, status_waits[i].name);
		json_count(json, report_count(report, status_waits[i].why, 0));
	}
	json_end(json, '}');
	json_key(json, "next-retry");
	json_time(json, next_retry(report));
	json_key(json, "server-waits-until");
	json_time(json, report->waits_until);
}

static void program_conflicts(const struct report *report, struct json *json)
{
	json_key(json, "conflicts");
	json_begin(json, '[');
	for (size_t i = 0; i < report->conflict_count; i++) {
		const struct conflict *conflict = &report->conflicts[i];

		json_begin(json, '{');
		json_key(json, "number");
		json_number(json, conflict_number(conflict));
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

void status_program(const struct report *report, struct json *json)
{
	json_begin(json, '{');
	json_key(json, "account");
	json_text(json, report->service->account->name);
	json_key(json, "service");
	json_text(json, report->service->type->name);
	program_run(report, json);
	program_news(report, json);
	program_pending(report, json);
	program_conflicts(report, json);
	json_end(json, '}');
}
