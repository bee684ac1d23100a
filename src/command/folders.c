/* koc folders: every folder, its mode and where that comes from, how much is in it.  Offline: what the
 * last runs wrote down. */
#include "command/command.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/terminal.h"
#include "command/mode_words.h"
#include "command/service.h"
#include "command/table.h"
#include "store/stamp.h"

#include <inttypes.h>
#include <string.h>

/* One folder, for either form of output. */
struct line_of_folder {
	const struct state_folder *folder;
	struct folder_settings settings;
	uint64_t items, bytes; /* on both sides; here */
	uint64_t texts, whole; /* how many of them are text forms; what all are in whole */
};

/* A text form is smaller than its message: what is here is what its files have. */
static const struct fail *texts_count(struct service *service, struct line_of_folder *line)
{
	struct state *state = service->state;
	const struct row *row = NULL;
	struct row *texts = NULL;
	size_t count = 0;
	const struct fail *f = state_rows_text(state, line->folder->id, 1, service->arena, &texts, &count);

	if (f || !count)
		return f;
	line->bytes = 0;
	f = state_walk(state, line->folder->id, LOCAL, NULL, NULL);
	if (!f)
		f = state_walk_next(state, &row);
	while (!f && row) {
		uint64_t size = row->print.size;

		line->texts += (row->marks & ROW_TEXT) != 0;
		if (row->marks & ROW_TEXT)
			(void)revision_size(row->side[LOCAL].revision, &size);
		line->bytes += size;
		f = state_walk_next(state, &row);
	}
	state_walk_end(state);
	return f;
}

static const struct fail *folder_ask(struct service *service, const struct state_folder *folder,
				     struct line_of_folder *line)
{
	const struct fail *f;

	*line = (struct line_of_folder){ .folder = folder };
	config_folder(service->account, folder->path, folder->kind, folder->roles, &line->settings);
	f = state_rows_count(service->state, folder->id, &line->items);
	if (!f)
		f = state_rows_size(service->state, folder->id, &line->whole);
	line->bytes = line->whole;
	return f ? f : texts_count(service, line);
}

/* "57.3 KB", "57.3 KB of 1.2 MB": the rest is on the server only. */
static const char *size_of(struct arena *arena, const struct line_of_folder *line)
{
	const char *size = table_size(arena, line->bytes);

	return line->texts ? arena_printf(arena, "%s of %s", size, table_size(arena, line->whole)) : size;
}

static void add_people(const struct call *call, struct table *table, const struct line_of_folder *line)
{
	table_add(table, (const char *const[]){
				 line->folder->path, mode_word(line->settings.mode),
				 mode_source(table->arena, call->config, &line->settings),
				 arena_printf(table->arena, "%" PRIu64, line->items),
				 size_of(table->arena, line) });
}

static void add_program(const struct call *call, struct json *json, struct arena *arena,
			const struct line_of_folder *line)
{
	json_begin(json, '{');
	json_key(json, "folder");
	json_text(json, line->folder->path);
	json_key(json, "title"); /* as both sides show it; the directory keeps its name */
	json_text(json, line->folder->title);
	mode_members(json, arena, call->config, &line->settings);
	json_key(json, "items");
	json_count(json, line->items);
	json_key(json, "bytes");
	json_count(json, line->bytes);
	json_key(json, "texts");
	json_count(json, line->texts);
	json_key(json, "whole-bytes");
	json_count(json, line->whole);
	json_end(json, '}');
}

/* Adds all folders of an opened account to the table and to the JSON. */
static const struct fail *folders_add(const struct call *call, struct service *service,
				      struct table *table, struct json *json)
{
	struct state_folder *folders = NULL;
	struct line_of_folder line;
	size_t count = 0;
	const struct fail *f;

	if (!service->state)
		return NULL;
	f = state_folders(service->state, service->arena, &folders, &count);
	for (size_t i = 0; !f && i < count; i++) {
		f = folder_ask(service, &folders[i], &line);
		if (!f) {
			add_people(call, table, &line);
			add_program(call, json, service->arena, &line);
		}
	}
	return f;
}

/* What one service of the account has. */
static enum exit_code service_add(const struct call *call, const struct account *account,
				  const struct service_type *type, struct table *table, struct json *json)
{
	struct service *service = NULL;
	const struct fail *f = service_look(type, account, &service);
	char label[SERVICE_LABEL];

	if (!f)
		f = folders_add(call, service, table, json);
	service_label(type, account, label);
	if (f)
		log_line(LOG_QUIET, "%s: %s", label, f->text);
	service_close(service);
	return exit_code_of(f);
}

static enum exit_code account_tell(const struct call *call, const struct account *account,
				   struct json *json)
{
	static const char *const heads[] = { "FOLDER", "MODE", "FROM", "ITEMS", "SIZE" };
	enum exit_code code = EXIT_DONE;
	struct table table;

	table_init(&table, sizeof heads / sizeof *heads);
	table.right[3] = table.right[4] = true;
	table_add(&table, heads);
	json_begin(json, '{');
	json_key(json, "account");
	json_text(json, account->name);
	json_key(json, "store");
	json_text(json, account->store);
	json_key(json, "folders");
	json_begin(json, '[');
	for (size_t t = 0; t < SERVICE_TYPES; t++)
		if (service_wanted(&service_types[t], account))
			code = exit_code_worse(code, service_add(call, account, &service_types[t], &table,
								 json));
	json_end(json, ']');
	json_end(json, '}');

	if (!call->json && (code == EXIT_DONE || table.lines.count > 1)) {
		terminal_safe(call->out, account->name, strlen(account->name));
		buf_adds(call->out, "  ");
		terminal_safe(call->out, account->store, strlen(account->store));
		buf_addc(call->out, '\n');
		if (table.lines.count > 1) /* more than its head */
			table_print(&table, 2, call->out);
		else
			buf_adds(call->out, "  not synchronised yet\n");
	}
	table_free(&table);
	return code;
}

static enum exit_code run(const struct call *call)
{
	enum exit_code code = EXIT_DONE;
	struct json json;
	struct buf text;

	buf_init(&text, 64u << 20);
	json = (struct json){ .out = &text };
	json_begin(&json, '[');
	for (size_t i = 0; i < call->account_count; i++)
		code = exit_code_worse(code, account_tell(call, call->accounts[i], &json));
	json_end(&json, ']');
	if (call->json) {
		buf_add(call->out, text.data, text.size);
		buf_addc(call->out, '\n');
	}
	buf_free(&text);
	return code;
}

const struct command command_folders = {
	.name = "folders",
	.arguments = "",
	.help = "tell every folder, its mode, what is in it",
	.needs_config = true,
	.run = run,
};
