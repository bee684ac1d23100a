/* Line: the command line, taken apart by tables of options. */
#ifndef KOC_COMMAND_LINE_H
#define KOC_COMMAND_LINE_H

#include "base/log.h"
#include "base/vec.h"
#include "command/command.h"

struct buf;

struct line {
	const struct command *command; /* NULL: only --help or --version was asked for */
	bool help, version, json;
	const char *config;            /* -c; NULL: the default */
	struct {
		VEC(const char *)
	} accounts;                    /* -a */
	enum log_level level;
	void *values;                  /* of the command's options */
	const char *const *arguments;  /* in argv */
	size_t argument_count;
};

/* The options that every command has; ends with one that has no name. */
extern const struct command_option line_options[];

/* Takes a command line apart; argv is reordered.  `commands` ends with NULL.  FAIL_USAGE with a text
 * that names what was meant.  The caller frees it with line_free, after a fail too. */
const struct fail *line_parse(int argc, char **argv, const struct command *const *commands,
			      struct line *line) MUST_CHECK;
void line_free(struct line *line);

/* The command of this name; FAIL_USAGE names the nearest. */
const struct fail *line_command(const char *name, const struct command *const *commands,
				const struct command **command) MUST_CHECK;

/* Appends the help: of all commands, or of one. */
void line_help(struct buf *out, const struct command *const *commands);
void line_help_command(struct buf *out, const struct command *command);

#endif
