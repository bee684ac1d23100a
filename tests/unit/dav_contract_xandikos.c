/* The store contract on the DAV driver and a real Xandikos: calendars, and address books over HTTP/2. */
#include "davbench.h"

static const struct level levels[] = {
	{ .name = "DAV: Xandikos, calendars",
	  .program = "xandikos",
	  .kind = KIND_EVENTS,
	  .arguments = (const char *const[]){ "--no-tls", NULL },
	  .homes = { "/alice/calendars/", "/alice/contacts/" },
	  .home = "/alice/calendars/" },
	{ .name = "DAV: Xandikos, address books, HTTP/2",
	  .program = "xandikos",
	  .kind = KIND_CONTACTS,
	  .arguments = (const char *const[]){ NULL },
	  .homes = { "/alice/calendars/", "/alice/contacts/" },
	  .home = "/alice/contacts/",
	  .tls = true },
};

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < COUNT(levels); i++)
		failed += level_run(&levels[i]);
	return failed != 0;
}
