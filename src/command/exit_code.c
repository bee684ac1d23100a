/* Exit status of the program. */
#include "command/exit_code.h"

#include <stddef.h>

enum exit_code exit_code_of(const struct fail *fail)
{
	if (!fail)
		return EXIT_DONE;
	switch (fail->code) {
	case FAIL_UNREACHABLE:
	case FAIL_LOCKED:
		return EXIT_UNREACHABLE;
	case FAIL_PROTOCOL:
	case FAIL_TLS:
		return EXIT_PROTOCOL;
	case FAIL_LOGIN:
		return EXIT_LOGIN;
	case FAIL_CONFIG:
		return EXIT_CONFIG;
	case FAIL_USAGE:
		return EXIT_USAGE;
	case FAIL_REFUSED:
	case FAIL_QUOTA:
		return EXIT_REFUSED;
	case FAIL_STALE:
	case FAIL_MISSING:
	case FAIL_EXISTS:
	case FAIL_DENIED: /* of this system: a server's refusal is FAIL_REFUSED */
	case FAIL_DISK:
	case FAIL_SYSTEM:
	case FAIL_STATE:
	case FAIL_DATA:
	case FAIL_STOPPED:
	case FAIL_CODES:
		break;
	}
	return EXIT_SOME;
}

enum exit_code exit_code_signal(int signal)
{
	return (enum exit_code)(EXIT_SIGNAL + signal);
}

enum exit_code exit_code_worse(enum exit_code a, enum exit_code b)
{
	static const enum exit_code order[] = {
		EXIT_CONFIG, EXIT_USAGE, EXIT_LOGIN, EXIT_PROTOCOL,
		EXIT_REFUSED, EXIT_UNREACHABLE, EXIT_SOME, EXIT_HELD,
	};

	if (a > EXIT_SIGNAL || b > EXIT_SIGNAL)
		return a > b ? a : b;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (order[i] == a || order[i] == b)
			return order[i];
	return EXIT_DONE;
}
