/* Fetch: what the arguments mean.  A file's path, absolute or from here; a folder, by its name, a pattern
 * or its directory; else a Message-ID, with angle brackets or without. */
#include "command/fetch.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/str.h"
#include "config/account_id.h"
#include "config/rules.h"
#include "store/maildir/name.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct arguments {
	const struct call *call;
	struct fetch_task *tasks;
	size_t count;
	struct arena *arena;
	struct {
		VEC(const char *)
	} ids; /* each once, with angle brackets */
	enum exit_code code;
};

__attribute__((format(printf, 2, 3))) static void wrong(struct arguments *arguments, const char *format, ...)
{
	char line[PATH_MAX + 256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	log_line(LOG_QUIET, "fetch: %s", line);
	arguments->code = exit_code_worse(arguments->code, EXIT_USAGE);
}

static void target_add(struct arguments *arguments, struct fetch_task *task, const char *folder,
		       const char *ref)
{
	*vec_push(&task->targets) = (struct fetch_target){
		.folder = arena_str(arguments->arena, folder),
		.ref = arena_str(arguments->arena, ref),
	};
}

/* ---- paths ---------------------------------------------------------------------------------------- */

/* What lies below the directory, of a path that does; NULL: it does not. */
static const char *below(const char *directory, const char *path)
{
	size_t size = strlen(directory);

	return strncmp(path, directory, size) == 0 && path[size] == '/' ? path + size + 1 : NULL;
}

/* Takes "cur" or "new" from the end of a path; false: neither is there. */
static bool cut_place(char *path)
{
	char *last = strrchr(path, '/');

	if (!last || (strcmp(last, "/cur") != 0 && strcmp(last, "/new") != 0))
		return false;
	*last = '\0';
	return true;
}

/* The account in whose store the path lies, one that -a leaves out too; *rest: below the store. */
static const struct account *account_of(const struct call *call, const char *path, const char **rest)
{
	const struct config *config = call->config;

	for (size_t i = 0; i < config->account_count; i++) {
		char root[PATH_MAX];

		*rest = realpath(config->accounts[i].store, root) ? below(root, path) : NULL;
		if (*rest)
			return &config->accounts[i];
	}
	return NULL;
}

/* A directory's path without links, or a file's with its directory's; false: there is no such directory. */
static bool path_real(const char *argument, bool directory, char path[PATH_MAX], const char **name)
{
	const char *slash = strrchr(argument, '/');
	char *above;
	bool there;

	*name = NULL;
	if (directory)
		return realpath(argument, path) != NULL;
	*name = slash ? slash + 1 : argument;
	above = memory_str(slash == argument ? "/" : slash ? argument : ".");
	if (slash && slash != argument)
		above[slash - argument] = '\0';
	there = realpath(above, path) != NULL;
	free(above);
	return there;
}

static void take_path(struct arguments *arguments, const char *argument, bool directory)
{
	const struct call *call = arguments->call;
	const struct account *account = NULL;
	const char *name, *rest = NULL;
	char path[PATH_MAX];
	bool in_place;

	if (!path_real(argument, directory, path, &name)) {
		wrong(arguments, "%s: %s", argument, strerror(errno));
		return;
	}
	in_place = cut_place(path);
	account = account_of(call, path, &rest);
	if (!account) {
		wrong(arguments, "%s: it lies in no account's store", argument);
		return;
	}
	if (!str_starts(rest, "mail/") || (name && !in_place)) {
		wrong(arguments, "%s: it lies in no mail folder of %s", argument, account->name);
		return;
	}
	for (size_t i = 0; i < arguments->count; i++) {
		struct fetch_task *task = &arguments->tasks[i];

		if (task->account != account)
			continue;
		if (task->service)
			target_add(arguments, task, rest,
				   name ? arena_strn(arguments->arena, name, name_base(name)) : NULL);
		else if (task->code == EXIT_DONE) /* else it was told */
			wrong(arguments, "%s: %s: %s", argument, task->label, task->fail->text);
		return;
	}
	wrong(arguments, "%s: it is of account %s", argument, account->name);
}

/* ---- folders -------------------------------------------------------------------------------------- */

/* Is there such a Maildir, though no run has seen it? */
static bool is_here(const struct service *service, const char *path)
{
	char cur[PATH_MAX];

	return service->root >= 0 && (size_t)snprintf(cur, sizeof cur, "%s/cur", path) < sizeof cur &&
	       faccessat(service->root, cur, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Folders of one account; a pattern means those that are on. */
static size_t folders_take(struct arguments *arguments, struct fetch_task *task, const char *argument,
			   struct nearest *nearest)
{
	bool pattern = strpbrk(argument, "*%") != NULL;
	struct state_folder *folders = NULL;
	size_t count = 0, taken = 0;
	const struct fail *f = state_folders(task->service->state, task->service->arena, &folders, &count);

	for (size_t i = 0; !f && i < count; i++) {
		struct folder_settings settings;

		if (folders[i].kind != KIND_MAIL)
			continue;
		nearest_offer(nearest, arena_str(arguments->arena, folders[i].path));
		if (!str_match(argument, folders[i].path))
			continue;
		config_folder(task->account, folders[i].path, KIND_MAIL, folders[i].roles, &settings);
		if (!pattern || settings.mode != MODE_OFF)
			target_add(arguments, task, folders[i].path, NULL);
		taken++;
	}
	if (!taken && !f && is_here(task->service, argument)) {
		target_add(arguments, task, argument, NULL);
		taken++;
	}
	if (f) {
		log_line(LOG_QUIET, "%s: %s", task->label, f->text);
		arguments->code = exit_code_worse(arguments->code, exit_code_of(f));
	}
	return f ? 1 : taken;
}

static void take_folder(struct arguments *arguments, const char *argument)
{
	struct nearest nearest = nearest_to(argument);
	const char *reason = pattern_wrong(argument);
	size_t taken = 0, looked = 0;

	for (size_t i = 0; !reason && i < arguments->count; i++) {
		if (!arguments->tasks[i].service)
			continue;
		looked++;
		taken += folders_take(arguments, &arguments->tasks[i], argument, &nearest);
	}
	if (reason)
		wrong(arguments, "%s: %s", argument, reason);
	else if (!taken && looked && nearest.best)
		wrong(arguments, "there is no folder %s: did you mean %s?", argument, nearest.best);
	else if (!taken && looked)
		wrong(arguments, "there is no folder %s", argument);
}

/* ---- Message-IDs ---------------------------------------------------------------------------------- */

static void take_id(struct arguments *arguments, const char *argument)
{
	size_t size = strlen(argument);
	bool bare = size < 2 || argument[0] != '<' || argument[size - 1] != '>';
	const char *id = bare ? arena_printf(arguments->arena, "<%s>", argument) : argument;

	for (size_t i = 0; i < arguments->ids.count; i++)
		if (strcmp(arguments->ids.items[i], id) == 0)
			return;
	*vec_push(&arguments->ids) = id;
}

/* What the accounts have of one Message-ID. */
struct holders {
	size_t known, texts;
	bool differ;             /* they are not all the same message */
	struct fetch_task *task; /* of the file that is meant */
	const struct fetch_found *found;
};

static bool same_print(const struct print *a, const struct print *b)
{
	return a->size == b->size && digest_equal(&a->head, &b->head);
}

/* A text form is meant before what is whole, but for a single part of it. */
static void holders_add(struct holders *holders, struct fetch_task *task, const struct fetch_wish *wish,
			bool part)
{
	holders->known += wish->known;
	for (size_t i = 0; i < wish->count; i++) {
		const struct fetch_found *found = &wish->found[i], *before = holders->found;

		holders->texts += found->text;
		if (before)
			holders->differ |= !same_print(&before->print, &found->print);
		if (!before || (before->text != found->text && found->text == !part)) {
			holders->task = task;
			holders->found = found;
		}
	}
}

/* Copies of one message are several that could become whole, but any of them has the part. */
static void tell_several(struct arguments *arguments, const char *id, struct fetch_wish *const *wishes,
			 size_t at, bool part)
{
	wrong(arguments, "several messages have the Message-ID %s: name one by its file", id);
	for (size_t i = 0; i < arguments->count; i++)
		for (size_t k = 0; wishes[i] && k < wishes[i][at].count; k++)
			if (part || wishes[i][at].found[k].text)
				log_line(LOG_QUIET, "  %s/%s", arguments->tasks[i].account->store,
					 wishes[i][at].found[k].path);
}

/* The message of a Message-ID becomes a target. */
static void settle_id(struct arguments *arguments, struct fetch_wish *const *wishes, size_t at)
{
	const struct fetch_values *values = arguments->call->values;
	const char *id = arguments->ids.items[at];
	struct holders holders = { 0 };
	bool looked = false;

	for (size_t i = 0; i < arguments->count; i++) {
		looked |= wishes[i] != NULL;
		if (wishes[i])
			holders_add(&holders, &arguments->tasks[i], &wishes[i][at], values->part);
	}
	if (!looked)
		return; /* what is wrong was told */
	if (values->part ? holders.differ : holders.texts > 1) {
		tell_several(arguments, id, wishes, at, values->part);
	} else if (holders.found) {
		target_add(arguments, holders.task, holders.found->folder, holders.found->ref);
	} else if (holders.known) {
		log_line(LOG_QUIET, "fetch: the file of message %s is gone: koc sync tells what became of it",
			 id);
		arguments->code = exit_code_worse(arguments->code, EXIT_SOME);
	} else if (strchr(id, '@')) {
		wrong(arguments, "there is no message %s", id);
	} else {
		wrong(arguments, "there is no message %s (a folder is named like mail/INBOX)", id);
	}
}

static const struct fail *find_ids(struct arguments *arguments, struct fetch_task *task,
				   struct fetch_wish *wishes)
{
	char id[ACCOUNT_ID_SIZE + 1];
	struct engine engine;

	account_id(task->account, id);
	engine = fetch_engine(task, task->service, id);
	for (size_t i = 0; i < arguments->ids.count; i++)
		wishes[i] = (struct fetch_wish){ .message_id = arguments->ids.items[i] };
	return fetch_find(&engine, wishes, arguments->ids.count, arguments->arena);
}

static void settle_ids(struct arguments *arguments)
{
	size_t count = arguments->ids.count;
	struct fetch_wish **wishes = arena_alloc(arguments->arena, (arguments->count + 1) * sizeof *wishes);

	for (size_t i = 0; count && i < arguments->count; i++) {
		struct fetch_task *task = &arguments->tasks[i];
		const struct fail *f = NULL;

		if (!task->service)
			continue;
		wishes[i] = arena_alloc(arguments->arena, count * sizeof **wishes);
		f = find_ids(arguments, task, wishes[i]);
		if (!f)
			continue;
		log_line(LOG_QUIET, "%s: %s", task->label, f->text);
		arguments->code = exit_code_worse(arguments->code, exit_code_of(f));
		wishes[i] = NULL;
	}
	for (size_t i = 0; i < count; i++)
		settle_id(arguments, wishes, i);
}

/* ---- all of them ---------------------------------------------------------------------------------- */

/* A path of a message as mail programs write it, whether or not the file bears that name now. */
static bool is_place(const char *argument)
{
	const char *slash = strrchr(argument, '/');

	return slash && slash - argument >= 4 &&
	       (strncmp(slash - 4, "/cur", 4) == 0 || strncmp(slash - 4, "/new", 4) == 0);
}

static bool is_folder(const char *argument)
{
	for (int kind = 0; kind < KINDS; kind++) {
		const char *root = kind_traits((enum kind)kind)->root;

		if (str_starts(argument, root) && argument[strlen(root)] == '/')
			return true;
	}
	return false;
}

static void take(struct arguments *arguments, const char *argument)
{
	bool marked = argument[0] == '/' || argument[0] == '.' || argument[0] == '~';
	struct stat status;
	size_t size = strlen(argument);

	if (size > 2 && argument[0] == '<' && argument[size - 1] == '>') {
		take_id(arguments, argument);
	} else if (stat(argument, &status) == 0 && (!S_ISDIR(status.st_mode) || !is_folder(argument))) {
		take_path(arguments, argument, S_ISDIR(status.st_mode));
	} else if (is_place(argument)) {
		take_path(arguments, argument, false);
	} else if (is_folder(argument)) {
		if (str_starts(argument, "mail/"))
			take_folder(arguments, argument);
		else
			wrong(arguments, "%s: only mail has text forms", argument);
	} else if (marked || (strchr(argument, '/') && !strchr(argument, '@'))) {
		wrong(arguments, "%s: %s", argument, strerror(ENOENT));
	} else {
		take_id(arguments, argument);
	}
}

enum exit_code fetch_arguments(const struct call *call, struct fetch_task *tasks, size_t count,
			       struct arena *arena)
{
	struct arguments arguments = { .call = call, .tasks = tasks, .count = count, .arena = arena };

	for (size_t i = 0; i < call->argument_count; i++)
		take(&arguments, call->arguments[i]);
	settle_ids(&arguments);
	vec_free(&arguments.ids);
	return arguments.code;
}
