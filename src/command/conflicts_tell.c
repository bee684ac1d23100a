/* Conflicts: told to people and to programs. */
#include "command/conflicts.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/terminal.h"

#include <inttypes.h>
#include <string.h>

#define LIST_COLUMNS 80

static void add_safe(struct buf *out, const char *text)
{
	terminal_safe(out, text, strlen(text));
}

static void add_time(struct buf *out, int64_t when)
{
	char text[20];

	clock_text(when, text);
	buf_adds(out, text);
}

/* ---- the list ---------------------------------------------------------------------------------- */

/* "  2  2026-11-22 13:00  calendars/Home: Lunch, 2026-11-29 10:00" and below it what happened. */
static void list_one(struct buf *out, const struct shelf *shelf, const struct conflict *conflict,
		     struct arena *arena)
{
	struct engine engine = shelf_engine(shelf->service);
	struct conflict_versions versions = { 0 };
	struct buf title;

	/* What cannot be read is listed all the same; `show` tells why. */
	if (kind_traits(conflict->kind)->keyed && conflict_read(&engine, conflict, arena, &versions))
		versions = (struct conflict_versions){ 0 };
	buf_init(&title, SIZE_MAX);
	add_time(&title, conflict->when);
	buf_adds(&title, "  ");
	add_safe(&title, conflict->folder);
	buf_addf(&title, ": %s", conflict_title(conflict, &versions, arena));
	buf_addf(out, "  %" PRId64 "  ", conflict_number(conflict));
	terminal_wrap(out, title.data, 8, 6, LIST_COLUMNS);
	buf_adds(out, "      ");
	add_safe(out, conflict->why);
	buf_addc(out, '\n');
	buf_free(&title);
}

static void list_people(const struct call *call, const struct shelf *shelves, size_t count)
{
	struct buf *out = call->out;
	const struct account *account = NULL;
	struct arena *arena = arena_new();

	for (size_t i = 0; i < count; i++) {
		if (shelves[i].count && shelves[i].account != account) {
			account = shelves[i].account;
			add_safe(out, account->name);
			buf_adds(out, ":\n");
		}
		for (size_t k = 0; k < shelves[i].count; k++) {
			arena_reset(arena);
			list_one(out, &shelves[i], &shelves[i].conflicts[k], arena);
		}
	}
	arena_free(arena);
	buf_adds(out, account ? "See koc conflicts show N; decide with keep, both or drop N.\n"
			      : "no conflicts\n");
}

static void program_members(const struct shelf *shelf, const struct conflict *conflict, struct json *json)
{
	json_key(json, "account");
	json_text(json, shelf->account->name);
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
	json_key(json, "announced");
	json_bool(json, conflict->announced);
}

static void list_program(const struct call *call, const struct shelf *shelves, size_t count)
{
	struct json json = { .out = call->out };

	json_begin(&json, '[');
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < shelves[i].count; k++) {
			json_begin(&json, '{');
			program_members(&shelves[i], &shelves[i].conflicts[k], &json);
			json_key(&json, "path");
			json_text(&json, shelves[i].conflicts[k].path);
			json_end(&json, '}');
		}
	json_end(&json, ']');
	buf_addc(call->out, '\n');
}

void conflicts_list(const struct call *call, const struct shelf *shelves, size_t count)
{
	if (call->json)
		list_program(call, shelves, count);
	else
		list_people(call, shelves, count);
}

/* ---- one of them ------------------------------------------------------------------------------- */

/* "  server  calendars/Home/a.ics", and below it "changed 2026-11-22 13:00". */
static void add_version(struct buf *out, const char *label, const char *path, int64_t when, const char *none)
{
	buf_addf(out, "  %-8s", label);
	add_safe(out, path ? path : none);
	if (when) {
		buf_adds(out, "\n          changed ");
		add_time(out, when);
	}
	buf_addc(out, '\n');
}

static void show_people(struct buf *out, const struct shelf *shelf, const struct conflict *conflict,
			const struct conflict_versions *versions, const struct diff *diff, const char *title)
{
	const struct diff_input *input = versions->input;
	bool there[DIFF_VERSIONS];

	for (int v = 0; v < DIFF_VERSIONS; v++)
		there[v] = input[v].data != NULL;
	buf_addf(out, "%" PRId64 ": ", conflict_number(conflict));
	add_safe(out, shelf->account->name);
	buf_addc(out, '/');
	add_safe(out, conflict->folder);
	buf_addf(out, ": %s\n  ", title);
	add_time(out, conflict->when);
	buf_adds(out, ", ");
	add_safe(out, conflict->why);
	buf_addc(out, '\n');
	add_version(out, "server", versions->path[DIFF_SERVER], versions->when[DIFF_SERVER], "(not there)");
	add_version(out, "local", versions->path[DIFF_LOCAL], versions->when[DIFF_LOCAL], "(removed here)");
	buf_addc(out, '\n');
	if (diff->count)
		diff_tell(diff, there, SIZE_MAX, out);
	else if (there[DIFF_SERVER] && there[DIFF_LOCAL])
		buf_adds(out, "  Nothing differs in what people see.\n");
	else
		buf_adds(out, "  There is nothing to compare it with.\n");
}

static void show_program(struct json *json, const struct shelf *shelf, const struct conflict *conflict,
			 const struct conflict_versions *versions, const struct diff *diff)
{
	static const char *const names[DIFF_VERSIONS] = { "base", "server", "local" };

	json_begin(json, '{');
	program_members(shelf, conflict, json);
	for (int v = DIFF_SERVER; v < DIFF_VERSIONS; v++) {
		json_key(json, names[v]);
		json_begin(json, '{');
		json_key(json, "path");
		json_text(json, versions->path[v]);
		json_key(json, "changed");
		json_time(json, versions->when[v]);
		json_end(json, '}');
	}
	json_key(json, "differences");
	json_begin(json, '[');
	for (size_t i = 0; i < diff->count; i++) {
		json_begin(json, '{');
		json_key(json, "field");
		json_text(json, diff->fields[i].field);
		for (int v = 0; v < DIFF_VERSIONS; v++) {
			json_key(json, names[v]);
			json_text(json, diff->fields[i].text[v]);
		}
		json_end(json, '}');
	}
	json_end(json, ']');
	json_key(json, "more");
	json_count(json, diff->more);
	json_end(json, '}');
}

const struct fail *conflicts_show(const struct call *call, struct shelf *shelf,
				  const struct conflict *conflict, struct json *json)
{
	struct engine engine = shelf_engine(shelf->service);
	struct arena *arena = arena_new();
	struct conflict_versions versions;
	struct diff diff;
	const struct fail *f = conflict_read(&engine, conflict, arena, &versions);

	if (!f)
		conflict_diff(conflict, &versions, arena, &diff);
	if (!f && call->json)
		show_program(json, shelf, conflict, &versions, &diff);
	else if (!f)
		show_people(call->out, shelf, conflict, &versions, &diff,
			    conflict_title(conflict, &versions, arena));
	arena_free(arena);
	return f;
}
