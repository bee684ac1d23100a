/* koc mode: the mode of a folder, written to the .modes file beside the configuration.  Offline: the next
 * sync goes by it. */
#include "command/mode.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/str.h"
#include "config/modes.h"
#include "config/rules.h"

#include <string.h>

struct mode_values {
	bool below;
};

static const char *set_recursive(void *values, const char *argument)
{
	struct mode_values *mode = values;

	(void)argument;
	mode->below = true;
	return NULL;
}

static const struct command_option options[] = {
	{ 'r', "recursive", NULL, "all folders below it too, later ones as well", set_recursive },
	{ 0, NULL, NULL, NULL, NULL },
};

/* ---- what is asked for ------------------------------------------------------------------------- */

static const struct {
	const char *word;
	bool drop; /* the entry goes: what the configuration says, or the default */
	enum mode mode;
} modes_known[] = {
	{ "full", false, MODE_FULL },
	{ "text", false, MODE_TEXT },
	{ "off", false, MODE_OFF },
	{ "default", true, MODE_FULL },
};
#define MODES_KNOWN (sizeof modes_known / sizeof *modes_known)

static const struct fail *mode_read(const char *word, size_t *mode)
{
	struct nearest nearest = nearest_to(word);

	for (*mode = 0; *mode < MODES_KNOWN; (*mode)++) {
		if (strcmp(modes_known[*mode].word, word) == 0)
			return NULL;
		nearest_offer(&nearest, modes_known[*mode].word);
	}
	if (nearest.best)
		return fail_make(FAIL_USAGE, FAIL_ALL, "there is no mode %s: did you mean %s?", word,
				 nearest.best);
	return fail_make(FAIL_USAGE, FAIL_ALL, "there is no mode %s: full, text, off or default", word);
}

/* The kind of folders under this root; false: there is none. */
static bool kind_find(struct mode_target *target)
{
	for (int kind = 0; kind < KINDS; kind++) {
		const char *root = kind_traits((enum kind)kind)->root;

		target->root = strcmp(target->path, root) == 0;
		target->kind = (enum kind)kind;
		if (target->root || (str_starts(target->path, root) && target->path[strlen(root)] == '/'))
			return true;
	}
	return false;
}

/* "mail/Lists", as a shell completes it "mail/Lists/", or "mail/Lists/" and "*": all below it. */
static const struct fail *target_read(const char *argument, bool below, struct arena *arena,
				      struct mode_target *target)
{
	const char *wrong = NULL;
	char *path = arena_str(arena, argument);
	size_t size;

	*target = (struct mode_target){ .itself = true, .below = below };
	if (modes_below(argument, &size)) {
		path[size] = '\0';
		*target = (struct mode_target){ .below = true };
	}
	for (size = strlen(path); size > 1 && path[size - 1] == '/'; size--)
		path[size - 1] = '\0';
	target->path = path;
	if (!kind_find(target))
		wrong = pattern_wrong(path);
	else if (!target->root)
		wrong = modes_wrong(path);
	else if (!target->below)
		wrong = "this is not one folder: -r sets the mode of all below it";
	target->itself = target->itself && !target->root;
	if (wrong)
		return fail_make(FAIL_USAGE, FAIL_ALL, "%s: %s", argument, wrong);
	return NULL;
}

/* ---- the entries ------------------------------------------------------------------------------- */

/* One change of one folder's mode, or of many. */
struct change {
	const struct call *call;
	struct mode_target target;
	struct mode_account found;
	size_t mode;            /* of modes_known */
	struct arena *arena;
	struct modes modes;
	struct config *before, *after;
};

static const char *below_name(struct change *change)
{
	return arena_printf(change->arena, "%s/*", change->target.path);
}

static const struct fail *entry_set(struct change *change, const char *name)
{
	const char *account = change->found.account->name;

	if (modes_known[change->mode].drop)
		return modes_drop(change->modes.text, account, name);
	return modes_set(change->modes.text, account, name, modes_known[change->mode].mode);
}

/* The entries for single folders below, and for parts of them, go: they would win. */
static const struct fail *entries_drop_below(struct change *change)
{
	const char *account = change->found.account->name, *all = below_name(change);
	size_t size = strlen(all) - 1;
	const struct fail *f = NULL;

	for (size_t i = 0; i < change->before->account_count; i++) {
		const struct account *known = &change->before->accounts[i];

		for (size_t k = 0; !f && strcmp(known->name, account) == 0 && k < known->rule_count; k++) {
			const char *name = known->rules[k].pattern;

			if (known->rules[k].from_modes && strncmp(name, all, size) == 0 &&
			    strcmp(name, all) != 0)
				f = modes_drop(change->modes.text, account, name);
		}
	}
	return f;
}

/* The text as it is now, read as any run would read it. */
static const struct fail *text_try(const struct change *change, struct config **config)
{
	const struct fail *f;

	*config = NULL;
	if (change->modes.text->over)
		return fail_make(FAIL_CONFIG, FAIL_ALL, "%s would be too large", change->modes.path);
	f = config_read_with(change->call->config->path, change->modes.text->data, NULL, NULL, config);
	return f ? fail_make(f->code, FAIL_ALL, "not changed, since it would have a mistake: %s", f->text)
		 : NULL;
}

/* Folders that exist are to be covered, also those that a closer section of the configuration names: they
 * get an entry each. */
static const struct fail *entries_for_the_rest(struct change *change)
{
	struct config *config = NULL;
	const struct fail *f = text_try(change, &config);

	for (size_t i = 0; !f && i < change->found.folders.count; i++) {
		const struct mode_folder *folder = &change->found.folders.items[i];
		struct folder_settings settings;

		if (strcmp(folder->path, change->target.path) == 0)
			continue;
		mode_settings(config, &change->found, &change->target, folder, &settings);
		if (settings.mode != modes_known[change->mode].mode && !settings.mode_kept)
			f = entry_set(change, folder->path);
	}
	config_free(config);
	return f;
}

static const struct fail *entries_change(struct change *change)
{
	const struct fail *f = NULL;

	if (change->target.itself)
		f = entry_set(change, change->target.path);
	if (!f && change->target.below)
		f = entries_drop_below(change);
	if (!f && change->target.below)
		f = entry_set(change, below_name(change));
	if (!f && change->target.below && !modes_known[change->mode].drop)
		f = entries_for_the_rest(change);
	return f;
}

/* A single folder that would stay as it is whatever .modes says. */
static const struct fail *check_kept(const struct change *change)
{
	for (size_t i = 0; !change->target.below && i < change->found.folders.count; i++) {
		const struct mode_folder *folder = &change->found.folders.items[i];
		struct folder_settings settings;

		mode_settings(change->after, &change->found, &change->target, folder, &settings);
		if (settings.mode_kept && strcmp(folder->path, change->target.path) == 0 &&
		    modes_known[change->mode].mode == MODE_TEXT)
			return fail_make(FAIL_USAGE, FAIL_ALL,
					 "%s stays full: removals = keep in line %d of the configuration",
					 folder->path, settings.mode_line);
	}
	return NULL;
}

/* ---- the command ------------------------------------------------------------------------------- */

static const struct fail *change_make(struct change *change)
{
	struct buf was;
	const struct fail *f = modes_begin(change->call->config, &change->modes);

	buf_init(&was, CONFIG_LONGEST);
	buf_add(&was, change->modes.text->data, change->modes.text->size);
	if (!f)
		f = text_try(change, &change->before);
	if (!f)
		f = fail_in(entries_change(change), "%s", change->modes.path);
	if (!f)
		f = text_try(change, &change->after);
	if (!f)
		f = check_kept(change);
	if (!f && strcmp(was.data, change->modes.text->data) != 0)
		f = modes_save(&change->modes);
	buf_free(&was);
	modes_end(&change->modes);
	return f;
}

static const struct fail *change_read(struct change *change)
{
	const struct call *call = change->call;
	const struct mode_values *values = call->values;
	const struct fail *f = mode_read(call->arguments[1], &change->mode);

	if (!f)
		f = target_read(call->arguments[0], values->below, change->arena, &change->target);
	if (!f && change->target.kind != KIND_MAIL && modes_known[change->mode].mode == MODE_TEXT)
		f = fail_make(FAIL_USAGE, FAIL_ALL,
			      "%s: text is for mail, whose attachments it leaves on the server; this is full "
			      "or off",
			      call->arguments[0]);
	return f ? f : mode_account_find(call, &change->target, change->arena, &change->found);
}

static enum exit_code run(const struct call *call)
{
	struct change change = { .call = call, .arena = arena_new() };
	const char *word = call->arguments[1];
	const struct fail *f = change_read(&change);

	if (!f)
		f = change_make(&change);
	if (f)
		log_line(LOG_QUIET, "mode: %s", f->text);
	else if (call->json)
		mode_tell_program(call, &change.target, &change.found, change.before, change.after);
	else
		mode_tell_people(call, &change.target, &change.found, change.before, change.after, word);
	config_free(change.before);
	config_free(change.after);
	mode_account_free(&change.found);
	arena_free(change.arena);
	return exit_code_of(f);
}

const struct command command_mode = {
	.name = "mode",
	.arguments = "FOLDER MODE",
	.help = "set a mode: full, text, off or default",
	.options = options,
	.least = 2,
	.most = 2,
	.values_size = sizeof(struct mode_values),
	.needs_config = true,
	.run = run,
};
