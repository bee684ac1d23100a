/* Command: what a command of koc is.  One file a command; src/koc.c has the table of them. */
#ifndef KOC_COMMAND_COMMAND_H
#define KOC_COMMAND_COMMAND_H

#include "command/exit_code.h"
#include "config/config.h"

struct buf;
struct command_option;

/* One command as it was called.  All is borrowed until it has run. */
struct call {
	const struct command *command;
	const struct config *config;            /* NULL if the command needs none */
	const struct account *const *accounts;  /* those chosen with -a, else all */
	size_t account_count;
	bool json;
	const void *values;                     /* of the command's own options */
	const char *const *arguments;
	size_t argument_count;
	struct buf *out;                        /* goes to standard output at the end */
};

struct command_option {
	char letter;          /* 0: none */
	const char *name;
	const char *argument; /* its name in the help, "FOLDER"; NULL: it takes none */
	const char *help;     /* a line of at most 50 columns */
	/* Takes the option into the command's values.  NULL, or what is wrong with the argument. */
	const char *(*set)(void *values, const char *argument);
};

struct command {
	const char *name;
	const char *arguments;  /* "[FOLDER...]"; "" none */
	const char *help;       /* a line of at most 50 columns */
	const struct command_option *options; /* ends with one that has no name; NULL: none */
	size_t least, most;     /* how many arguments it takes */
	size_t values_size;     /* bytes of its values, which begin as zeros */
	bool needs_config;
	/* Does it.  What fails is told with log_line here. */
	enum exit_code (*run)(const struct call *call);
};

extern const struct command command_sync, command_fetch, command_status, command_folders, command_mode,
	command_conflicts;

#endif
