/* Status: told to people. */
#include "command/status.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/terminal.h"

#include <inttypes.h>
#include <string.h>

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

static void tell_run(const struct report *report, struct buf *out)
{
	const struct state_run *run = report->runs;
	struct arena *arena = report->service->arena;

	if (report->run_count == 0) {
		buf_adds(out, "not synchronised yet\n");
		return;
	}
	if (report->quiet_since) {
		buf_addf(out, "last run %s, done: nothing new\n", time_text(arena, report->quiet_since));
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
		for (size_t k = 0; k < STATUS_CHANGES; k++) {
			uint64_t count = report_changes(&report->news[i], k);

			if (count == 0)
				continue;
			buf_addf(out, "%s%" PRIu64 " %s", between, count, status_changes[k].words);
			between = ", ";
		}
		buf_addc(out, '\n');
	}
}

static const char *items_word(size_t count)
{
	return count == 1 ? "item" : "items";
}

static void tell_held(const struct report *report, struct buf *out)
{
	if (report_count(report, PENDING_HELD, 0) == 0)
		return;
	buf_adds(out, "  Held (koc sync --allow-removals FOLDER lets them pass):\n");
	for (size_t i = 0; i < report->folder_count; i++) {
		size_t count = report_count(report, PENDING_HELD, report->folders[i].id);

		if (count == 0)
			continue;
		buf_adds(out, "    ");
		add_safe(out, report->folders[i].path);
		buf_addf(out, ": %zu %s\n", count, items_word(count));
	}
}

static void tell_set_aside(const struct report *report, struct buf *out)
{
	struct arena *arena = report->service->arena;

	if (report_count(report, PENDING_SET_ASIDE, 0) == 0)
		return;
	buf_adds(out, "  Set aside:\n");
	for (size_t i = 0; i < report->pending_count; i++) {
		const struct pending *pending = &report->pending[i];

		if (pending->why != PENDING_SET_ASIDE)
			continue;
		buf_adds(out, "    ");
		add_safe(out, report_folder(report, pending->folder));
		buf_adds(out, ": ");
		add_safe(out, report_item(report, pending));
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

		buf_addf(out, "    %" PRId64 "  %s  ", conflict_number(conflict),
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

void status_people(const struct report *report, struct buf *out)
{
	add_safe(out, report->label);
	buf_adds(out, ": ");
	tell_run(report, out);
	if (report->waits_until)
		buf_addf(out, "  The server asked to wait until %s\n",
			 time_text(report->service->arena, report->waits_until));
	tell_news(report, out);
	tell_held(report, out);
	tell_set_aside(report, out);
	tell_conflicts(report, out);
	for (size_t i = 0; i < STATUS_WAITS; i++) {
		size_t count = report_count(report, status_waits[i].why, 0);

		if (count > 0)
			buf_addf(out, "  Waiting: %zu %s: %s\n", count, items_word(count),
				 status_waits[i].words);
	}
}
