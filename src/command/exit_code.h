/* Exit status of the program (SPEC 5; sysexits.h where it fits). */
#ifndef KOC_COMMAND_EXIT_CODE_H
#define KOC_COMMAND_EXIT_CODE_H

#include "base/fail.h"

enum exit_code {
	EXIT_DONE = 0,
	EXIT_SOME = 1,         /* some items or folders failed, or work was left undone */
	EXIT_HELD = 3,         /* removals are held */
	EXIT_USAGE = 64,
	EXIT_REFUSED = 69,     /* by the server */
	EXIT_UNREACHABLE = 75, /* try later; also: another run holds the lock */
	EXIT_PROTOCOL = 76,    /* or TLS not verified */
	EXIT_LOGIN = 77,
	EXIT_CONFIG = 78,
	EXIT_SIGNAL = 128      /* and the number of the signal that ended the program, as shells say it */
};

/* The status for a fail that ended a run, an account or a command; EXIT_DONE for NULL. */
enum exit_code exit_code_of(const struct fail *fail);

/* The status of a program that was told to end by this signal. */
enum exit_code exit_code_signal(int signal);

/* Of two, the one that is told: the first of 128+signal 78 64 77 76 69 75 1 3 0. */
enum exit_code exit_code_worse(enum exit_code a, enum exit_code b);

#endif
