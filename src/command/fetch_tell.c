/* Fetch: told. */
#include "command/fetch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/terminal.h"
#include "command/table.h"

#include <inttypes.h>
#include <string.h>

static const char *const ends[] = {
	[FETCH_WHOLE] = "whole",
	[FETCH_DONE] = "fetched",
	[FETCH_FAILED] = "failed",
};

static void tell_program(const struct fetch_telling *telling, const struct fetch_file *file)
{
	const struct account *account = telling->task->account;
	struct json *json = telling->json;
	struct buf path;

	buf_init(&path, SIZE_MAX);
	buf_addf(&path, "%s/%s", account->store, file->path);
	json_begin(json, '{');
	json_key(json, "account");
	json_text(json, account->name);
	json_key(json, "folder");
	json_text(json, file->folder);
	json_key(json, "path");
	json_text(json, path.data);
	json_key(json, "message-id");
	json_text(json, file->message_id);
	json_key(json, "subject");
	json_text(json, file->subject);
	json_key(json, "result");
	json_text(json, ends[file->end]);
	json_key(json, "error");
	json_text(json, file->fail ? file->fail->text : NULL);
	json_end(json, '}');
	buf_free(&path);
}

static void tell_people(const struct fetch_telling *telling, const char *path, const char *what)
{
	if (telling->json || log_level() < LOG_NORMAL)
		return;
	terminal_safe(telling->out, telling->task->label, strlen(telling->task->label));
	buf_adds(telling->out, ": ");
	terminal_safe(telling->out, path, strlen(path));
	buf_addf(telling->out, ": %s\n", what);
}

void fetch_tell_file(void *context, const struct fetch_file *file)
{
	struct fetch_telling *telling = context;
	const char *label = telling->task->label;

	telling->code = exit_code_worse(telling->code, exit_code_of(file->fail));
	if (telling->json)
		tell_program(telling, file);
	switch (file->end) {
	case FETCH_WHOLE:
		tell_people(telling, file->path, "it is whole already");
		return;
	case FETCH_DONE:
		log_line(LOG_VERBOSE, "%s: %s: fetched", label, file->path);
		return;
	case FETCH_FAILED:
		log_line(LOG_QUIET, "%s: %s: %s", label, file->path, file->fail->text);
		return;
	}
}

void fetch_tell_sum(const struct fetch_telling *telling, const struct fetch_outcome *outcome)
{
	struct arena *arena = arena_new();

	if (outcome->conflicts)
		log_line(LOG_QUIET,
			 "%s: %" PRIu64
			 " saved while it was fetched: your version is in Conflicts (koc conflicts)",
			 telling->task->label, outcome->conflicts);
	if (outcome->fetched && !telling->json && log_level() >= LOG_NORMAL) {
		terminal_safe(telling->out, telling->task->label, strlen(telling->task->label));
		buf_addf(telling->out, ": %" PRIu64 " %s fetched, %s\n", outcome->fetched,
			 outcome->fetched == 1 ? "message" : "messages", table_size(arena, outcome->bytes));
	}
	arena_free(arena);
}
