/* The store contract on the DAV driver and a real Radicale: calendars, and address books over HTTP/2. */
#include "davbench.h"

static const struct level levels[] = {
	{ .name = "DAV: Radicale, calendars",
	  .program = "radicale",
	  .kind = KIND_EVENTS,
	  .arguments = (const char *const[]){ "--read-only", "nothing", NULL },
	  .homes = { "/alice/" },
	  .home = "/alice/",
	  .read_only = true,
	  .can = CAN_HOLD_ALL_NAMES },
	{ .name = "DAV: Radicale, address books, HTTP/2",
	  .program = "radicale",
	  .kind = KIND_CONTACTS,
	  .arguments = (const char *const[]){ "--read-only", "nothing", "--front", NULL },
	  .homes = { "/alice/" },
	  .home = "/alice/",
	  .tls = true,
	  .read_only = true,
	  .can = CAN_HOLD_ALL_NAMES },
};

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < COUNT(levels); i++)
		failed += level_run(&levels[i]);
	return failed != 0;
}
