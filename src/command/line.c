/* Line: the command line, taken apart with getopt_long(3). */
#include "command/line.h"

#include "base/buf.h"
#include "base/memory.h"
#include "base/nearest.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MOST 64
#define LONG 256 /* what getopt returns for a long option: this and its index */

/* ---- options for all ------------------------------------------------------------------------- */

static const char *set_config(void *values, const char *argument)
{
	struct line *line = values;

	line->config = argument;
	return argument[0] ? NULL : "the name of the file is empty";
}

static const char *set_account(void *values, const char *argument)
{
	struct line *line = values;

	*vec_push(&line->accounts) = argument;
	return NULL;
}

static const char *set_quiet(void *values, const char *argument)
{
	struct line *line = values;

	(void)argument;
	line->level = LOG_QUIET;
	return NULL;
}

static const char *set_verbose(void *values, const char *argument)
{
	struct line *line = values;

	(void)argument;
	if (line->level < LOG_WIRE)
		line->level = line->level < LOG_VERBOSE ? LOG_VERBOSE : LOG_WIRE;
	return NULL;
}

static const char *set_json(void *values, const char *argument)
{
	struct line *line = values;

	(void)argument;
	line->json = true;
	return NULL;
}

static const char *set_help(void *values, const char *argument)
{
	struct line *line = values;

	(void)argument;
	line->help = true;
	return NULL;
}

static const char *set_version(void *values, const char *argument)
{
	struct line *line = values;

	(void)argument;
	line->version = true;
	return NULL;
}

const struct command_option line_options[] = {
	{ 'c', "config", "FILE", "read this configuration", set_config },
	{ 'a', "account", "ACCOUNT", "only this account; can be repeated", set_account },
	{ 'q', "quiet", NULL, "tell failures only", set_quiet },
	{ 'v', "verbose", NULL, "tell each operation; -vv: the wire too", set_verbose },
	{ 0, "json", NULL, "print JSON", set_json },
	{ 'h', "help", NULL, "print this help", set_help },
	{ 0, "version", NULL, "print the version", set_version },
	{ 0, NULL, NULL, NULL, NULL },
};

/* ---- parsing --------------------------------------------------------------------------------- */

/* The options of a command, then those for all, in getopt's form. */
struct forms {
	const struct command_option *option[OPTIONS_MOST];
	size_t count, own; /* the first `own` are the command's */
	struct option longs[OPTIONS_MOST + 1];
	char shorts[2 * OPTIONS_MOST + 3];
};

static void forms_add(struct forms *forms, const struct command_option *options)
{
	for (; options && options->name && forms->count < OPTIONS_MOST; options++) {
		size_t length = strlen(forms->shorts);

		forms->option[forms->count] = options;
		forms->longs[forms->count] = (struct option){
			.name = options->name,
			.has_arg = options->argument ? required_argument : no_argument,
			.val = LONG + (int)forms->count,
		};
		if (options->letter) {
			forms->shorts[length++] = options->letter;
			if (options->argument)
				forms->shorts[length] = ':';
		}
		forms->count++;
	}
}

/* `stop`: the options end before the first argument. */
static void forms_make(struct forms *forms, const struct command *command, bool stop)
{
	memset(forms, 0, sizeof *forms);
	snprintf(forms->shorts, sizeof forms->shorts, stop ? "+:" : ":");
	forms_add(forms, command ? command->options : NULL);
	forms->own = forms->count;
	forms_add(forms, line_options);
}

static const struct command_option *forms_find(const struct forms *forms, int value)
{
	for (size_t i = 0; i < forms->count; i++)
		if (value == LONG + (int)i ||
		    (forms->option[i]->letter && value == forms->option[i]->letter))
			return forms->option[i];
	return NULL;
}

/* What getopt calls unknown: `word` is what it stumbled over, optopt what it knows of it. */
static const struct fail *unknown_option(const struct forms *forms, const char *word)
{
	const struct command_option *option = forms_find(forms, optopt);
	struct nearest nearest;
	char name[64];

	if (option)
		return fail_make(FAIL_USAGE, FAIL_ALL, "--%s takes no argument", option->name);
	if (optopt > 0 && optopt < LONG)
		return fail_make(FAIL_USAGE, FAIL_ALL, "there is no option -%c", optopt);
	snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
	nearest = nearest_to(name);
	for (size_t i = 0; i < forms->count; i++)
		nearest_offer(&nearest, forms->option[i]->name);
	if (nearest.best)
		return fail_make(FAIL_USAGE, FAIL_ALL, "there is no option --%s: did you mean --%s?",
				 name, nearest.best);
	return fail_make(FAIL_USAGE, FAIL_ALL, "there is no option --%s", name);
}

/* Takes options from argv[0] on; *used is where the arguments begin. */
static const struct fail *options_take(struct line *line, const struct forms *forms, int argc,
				       char **argv, int *used)
{
	int value;

	opterr = 0;
	optind = 0; /* begin anew */
	while ((value = getopt_long(argc, argv, forms->shorts, forms->longs, NULL)) != -1) {
		const struct command_option *option = forms_find(forms, value);
		const char *wrong;
		bool own = false;

		if (value == ':') {
			option = forms_find(forms, optopt);
			return fail_make(FAIL_USAGE, FAIL_ALL, "--%s needs %s",
					 option ? option->name : "?",
					 option ? option->argument : "an argument");
		}
		if (!option)
			return unknown_option(forms, argv[optind - 1]);
		for (size_t i = 0; i < forms->own; i++)
			own |= forms->option[i] == option;
		wrong = option->set(own ? line->values : line, optarg);
		if (wrong)
			return fail_make(FAIL_USAGE, FAIL_ALL, "--%s %s: %s", option->name,
					 optarg ? optarg : "", wrong);
	}
	*used = optind;
	return NULL;
}

const struct fail *line_command(const char *name, const struct command *const *commands,
				const struct command **command)
{
	struct nearest nearest = nearest_to(name);

	for (; *commands; commands++) {
		if (strcmp((*commands)->name, name) == 0) {
			*command = *commands;
			return NULL;
		}
		nearest_offer(&nearest, (*commands)->name);
	}
	if (nearest.best)
		return fail_make(FAIL_USAGE, FAIL_ALL, "there is no command %s: did you mean %s?",
				 name, nearest.best);
	return fail_make(FAIL_USAGE, FAIL_ALL, "there is no command %s", name);
}

static const struct fail *count_check(const struct line *line)
{
	const struct command *command = line->command;

	if (line->argument_count > command->most)
		return command->most == 0
			       ? fail_make(FAIL_USAGE, FAIL_ALL, "%s takes no arguments",
					   command->name)
			       : fail_make(FAIL_USAGE, FAIL_ALL, "%s: too many arguments: %s",
					   command->name, line->arguments[command->most]);
	if (line->argument_count < command->least)
		return fail_make(FAIL_USAGE, FAIL_ALL, "%s: an argument is missing: %s",
				 command->name, command->arguments);
	return NULL;
}

const struct fail *line_parse(int argc, char **argv, const struct command *const *commands,
			      struct line *line)
{
	const struct fail *f;
	struct forms forms;
	int used = argc;

	*line = (struct line){ .level = LOG_NORMAL };
	forms_make(&forms, NULL, true);
	f = options_take(line, &forms, argc, argv, &used);
	if (f)
		return f;
	if (used >= argc)
		return line->help || line->version
			       ? NULL
			       : fail_make(FAIL_USAGE, FAIL_ALL, "a command is missing");

	argc -= used;
	argv += used;
	f = line_command(argv[0], commands, &line->command);
	if (f)
		return f;
	if (line->command->values_size)
		line->values = memory_alloc(line->command->values_size);
	forms_make(&forms, line->command, false);
	f = options_take(line, &forms, argc, argv, &used);
	if (f)
		return fail_in(f, "%s", line->command->name);
	line->arguments = (const char *const *)argv + used;
	line->argument_count = (size_t)(argc - used);
	return line->help || line->version ? NULL : count_check(line);
}

void line_free(struct line *line)
{
	vec_free(&line->accounts);
	free(line->values);
	line->values = NULL;
}

/* ---- help ------------------------------------------------------------------------------------ */

static void add_options(struct buf *out, const struct command_option *options)
{
	for (; options && options->name; options++) {
		char left[64];

		snprintf(left, sizeof left, "%s%.1s%s --%s%s%s", options->letter ? "-" : " ",
			 options->letter ? &options->letter : " ", options->letter ? "," : " ",
			 options->name, options->argument ? " " : "",
			 options->argument ? options->argument : "");
		buf_addf(out, "  %-28s %s\n", left, options->help);
	}
}

void line_help(struct buf *out, const struct command *const *commands)
{
	buf_adds(out, "usage: koc COMMAND [OPTION...] [ARGUMENT...]\n\ncommands:\n");
	for (; *commands; commands++) {
		char left[64];

		snprintf(left, sizeof left, "%s %s", (*commands)->name, (*commands)->arguments);
		buf_addf(out, "  %-28s %s\n", left, (*commands)->help);
	}
	buf_adds(out, "\noptions for all:\n");
	add_options(out, line_options);
	buf_adds(out, "\nkoc help COMMAND tells of one; koc(1) and koc.conf(5) of everything.\n");
}

void line_help_command(struct buf *out, const struct command *command)
{
	buf_addf(out, "usage: koc %s [OPTION...] %s\n\n%s\n", command->name, command->arguments,
		 command->help);
	if (command->options) {
		buf_adds(out, "\noptions:\n");
		add_options(out, command->options);
	}
	buf_adds(out, "\noptions for all:\n");
	add_options(out, line_options);
}
