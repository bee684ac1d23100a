/* Discovery on a real Radicale and a real Xandikos: from every URL that a user may give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "davserver.h"

#include "base/arena.h"
#include "net/discover.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct davserver server;

/* The homes found as lines "URL calendars contacts collection", the origin left out. */
static void found(const char *at, const char *secret, bool tls, struct buf *out)
{
	struct arena *arena = arena_new();
	const char *origin = arena_printf(arena, "%s://127.0.0.1:%s", tls ? "https" : "http",
					  tls ? server.https : server.http);
	const char *url = arena_printf(arena, "%s%s", origin, at);
	struct http_options http = { .user = "alice", .secret = secret, .timeout = 20, .plain = !tls,
				     .ca_file = tls ? server.ca : NULL };
	struct discover discover = { .urls = &url, .url_count = 1, .http = &http };
	const struct fail *fail = discover_run(&discover, arena);

	buf_clear(out);
	if (fail)
		buf_addf(out, "%s", fail_word(fail->code));
	for (size_t i = 0; i < discover.home_count; i++) {
		const struct discover_home *home = &discover.homes[i];

		assert_memory_equal(home->url, origin, strlen(origin));
		buf_addf(out, "%s%s%s%s ", home->url + strlen(origin), home->calendars ? " calendars" : "",
			 home->contacts ? " contacts" : "", home->collection ? " collection" : "");
	}
	arena_free(arena);
}

struct sample {
	const char *at, *out;
};

static void check_all(const struct sample *samples, size_t count, size_t least)
{
	struct buf out;
	size_t checked = 0;

	buf_init(&out, 4096);
	for (size_t i = 0; i < count; i++)
		for (int tls = server.http[0] ? 0 : 1; tls <= (server.https[0] ? 1 : 0); tls++, checked++) {
			found(samples[i].at, "secret", tls, &out);
			if (strcmp(out.data, samples[i].out) != 0)
				print_message("%s:\n", samples[i].at);
			assert_string_equal(out.data, samples[i].out);
			found(samples[i].at, "wrong", tls, &out);
			assert_string_equal(out.data, "login");
		}
	assert_true(checked >= least);
	buf_free(&out);
}

static void radicale(void **state)
{
	static const struct sample samples[] = {
		{ "/", "/alice/ calendars contacts " },
		{ "", "/alice/ calendars contacts " },
		{ "/.well-known/caldav", "/alice/ calendars contacts " },
		{ "/.well-known/carddav", "/alice/ calendars contacts " },
		{ "/alice/", "/alice/ calendars contacts " },
		{ "/alice", "/alice/ calendars contacts " },
		{ "/alice/work/", "/alice/work/ calendars collection " },
		{ "/alice/work", "/alice/work/ calendars collection " },
		{ "/alice/friends/", "/alice/friends/ contacts collection " },
		{ "/alice/nothing/", "refused" },
		{ "/bob/", "refused" },
	};

	(void)state;
	check_all(samples, COUNT(samples), 10);
}

static void xandikos(void **state)
{
	static const struct sample samples[] = {
		{ "/", "/alice/calendars/ calendars /alice/contacts/ contacts " },
		{ "/.well-known/caldav", "/alice/calendars/ calendars /alice/contacts/ contacts " },
		{ "/alice/", "/alice/calendars/ calendars /alice/contacts/ contacts " },
		{ "/alice/calendars/", "/alice/calendars/ calendars /alice/contacts/ contacts " },
		{ "/alice/calendars/work/", "/alice/calendars/work/ calendars collection " },
		{ "/alice/contacts/friends", "/alice/contacts/friends/ contacts collection " },
		{ "/alice/nothing/", "refused" },
	};

	(void)state;
	check_all(samples, COUNT(samples), 14);
}

static int radicale_start(void **state)
{
	static const char *const none[] = { NULL };

	(void)state;
	return !davserver_start(&server, "radicale", none) ||
	       !davserver_make(&server, "/alice/work/", "Work", "VEVENT") ||
	       !davserver_make(&server, "/alice/friends/", "Friends", NULL);
}

static int xandikos_start(void **state)
{
	static const char *const none[] = { NULL };

	(void)state;
	return !davserver_start(&server, "xandikos", none) ||
	       !davserver_make(&server, "/alice/calendars/work/", "Work", "VEVENT") ||
	       !davserver_make(&server, "/alice/contacts/friends/", "Friends", NULL);
}

static int stop(void **state)
{
	(void)state;
	davserver_stop(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest first[] = { cmocka_unit_test(radicale) };
	const struct CMUnitTest second[] = { cmocka_unit_test(xandikos) };

	return cmocka_run_group_tests(first, radicale_start, stop) +
	       cmocka_run_group_tests(second, xandikos_start, stop);
}
