/* Mode: what came of it, told. */
#include "command/mode.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/terminal.h"
#include "command/mode_words.h"

#include <string.h>

void mode_settings(const struct config *config, const struct mode_account *found,
		   const struct mode_target *target, const struct mode_folder *folder,
		   struct folder_settings *settings)
{
	for (size_t i = 0; i < config->account_count; i++)
		if (strcmp(config->accounts[i].name, found->account->name) == 0)
			config_folder(&config->accounts[i], folder->path, target->kind, folder->roles,
				      settings);
}

/* ---- people ------------------------------------------------------------------------------------ */

static void add_safe(struct buf *out, const char *text)
{
	terminal_safe(out, text, strlen(text));
}

/* "mail/Lists: off (config.modes:3), was full (default: other mail)" */
static void tell_one(struct buf *out, const struct mode_folder *folder, const struct config *before,
		     const struct folder_settings *was, const struct config *after,
		     const struct folder_settings *is)
{
	struct arena *arena = arena_new();

	add_safe(out, folder->path);
	buf_addf(out, ": %s (", mode_word(is->mode));
	add_safe(out, mode_source(arena, after, is));
	if (was->mode != is->mode) {
		buf_addf(out, "), was %s (", mode_word(was->mode));
		add_safe(out, mode_source(arena, before, was));
	}
	buf_adds(out, ")\n");
	arena_free(arena);
}

/* Of many folders only those that are not as was asked. */
static bool is_worth_a_line(const struct mode_target *target, const struct folder_settings *is,
			    const char *word)
{
	return !target->below || log_level() >= LOG_VERBOSE || strcmp(word, "default") == 0 ||
	       strcmp(mode_word(is->mode), word) != 0;
}

static void tell_below(struct buf *out, const struct mode_target *target,
		       const struct mode_account *found, const char *word)
{
	size_t count = found->folders.count - (found->there ? 1 : 0);
	const char *folders = count == 1 ? "folder" : "folders";

	if (target->itself) {
		add_safe(out, target->path);
		buf_addf(out, ", %zu %s below it", count, folders);
	} else {
		buf_addf(out, "%zu %s below ", count, folders);
		add_safe(out, target->path);
	}
	buf_addf(out, ", and those to come: %s\n", word);
}

void mode_tell_people(const struct call *call, const struct mode_target *target,
		      const struct mode_account *found, const struct config *before,
		      const struct config *after, const char *word)
{
	if (log_level() < LOG_NORMAL)
		return;
	if (target->below)
		tell_below(call->out, target, found, word);
	for (size_t i = 0; i < found->folders.count; i++) {
		const struct mode_folder *folder = &found->folders.items[i];
		struct folder_settings was, is;

		if (!target->itself && strcmp(folder->path, target->path) == 0)
			continue;
		mode_settings(before, found, target, folder, &was);
		mode_settings(after, found, target, folder, &is);
		if (is_worth_a_line(target, &is, word))
			tell_one(call->out, folder, before, &was, after, &is);
	}
	if (!found->known && !found->folders.count && !target->below) {
		add_safe(call->out, target->path);
		buf_addf(call->out, ": %s, once there is such a folder\n", word);
	}
}

/* ---- programs ---------------------------------------------------------------------------------- */

void mode_tell_program(const struct call *call, const struct mode_target *target,
		       const struct mode_account *found, const struct config *before,
		       const struct config *after)
{
	struct json json = { .out = call->out };
	struct arena *arena = arena_new();

	json_begin(&json, '[');
	json_begin(&json, '{');
	json_key(&json, "account");
	json_text(&json, found->account->name);
	json_key(&json, "target");
	json_text(&json, target->path);
	json_key(&json, "below");
	json_bool(&json, target->below);
	json_key(&json, "folders");
	json_begin(&json, '[');
	for (size_t i = 0; i < found->folders.count; i++) {
		const struct mode_folder *folder = &found->folders.items[i];
		struct folder_settings was, is;

		if (!target->itself && strcmp(folder->path, target->path) == 0)
			continue;
		mode_settings(before, found, target, folder, &was);
		mode_settings(after, found, target, folder, &is);
		json_begin(&json, '{');
		json_key(&json, "folder");
		json_text(&json, folder->path);
		mode_members(&json, arena, after, &is);
		json_key(&json, "was");
		json_text(&json, mode_word(was.mode));
		json_end(&json, '}');
	}
	json_end(&json, ']');
	json_end(&json, '}');
	json_end(&json, ']');
	buf_addc(call->out, '\n');
	arena_free(arena);
}
