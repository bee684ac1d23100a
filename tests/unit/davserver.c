/* The private Radicale and Xandikos that tests stand on, and the client beside them: they start, ask for the
 * password, keep what they are given and refuse what they should. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "davserver.h"

static const char EVENT[] =
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:one@test\r\n"
	"DTSTAMP:20261122T120000Z\r\nDTSTART:20261123T090000Z\r\nDTEND:20261123T100000Z\r\n"
	"SUMMARY:First\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
static const char CARD[] = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:card@test\r\nFN:Jane Miller\r\n"
			   "N:Miller;Jane;;;\r\nEND:VCARD\r\n";

static void serves(const char *program, const char *const *more, const char *calendar, const char *book)
{
	struct davserver server;
	struct davanswer answer;
	char path[128], etag[160], headers[256];

	assert_true(davserver_start(&server, program, more));
	assert_true(server.http[0]);
	assert_true(davserver_make(&server, calendar, "Home", "VEVENT VTODO"));
	assert_true(davserver_make(&server, book, "Friends", NULL));
	assert_false(davserver_make(&server, calendar, "Home", "VEVENT"));

	snprintf(path, sizeof path, "%sone.ics", calendar);
	assert_int_equal(davserver_do(&server, "PUT", path, "If-None-Match: *\r\nContent-Type: text/calendar\r\n",
				      EVENT, etag), 201);
	assert_int_equal(etag[0], '"');
	assert_int_equal(davserver_do(&server, "PUT", path, "If-None-Match: *\r\nContent-Type: text/calendar\r\n",
				      EVENT, NULL), 412);
	snprintf(headers, sizeof headers, "If-Match: %s\r\n", etag);
	davserver_ask(&server, "GET", path, "", "", 0, &answer);
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.etag, etag);
	assert_non_null(strstr(answer.body.data, "SUMMARY:First\r\n"));
	buf_free(&answer.body);
	assert_in_range(davserver_do(&server, "DELETE", path, headers, "", NULL), 200, 204);
	assert_int_equal(davserver_do(&server, "GET", path, "", "", NULL), 404);

	snprintf(path, sizeof path, "%sone.vcf", book);
	assert_int_equal(davserver_do(&server, "PUT", path, "Content-Type: text/vcard\r\n", CARD, etag), 201);
	davserver_stop(&server);
	assert_int_not_equal(access(server.directory, F_OK), 0);
}

static void radicale(void **state)
{
	const char *const none[] = { NULL };

	(void)state;
	serves("radicale", none, "/alice/home/", "/alice/friends/");
}

static void radicale_front(void **state)
{
	const char *const more[] = { "--front", NULL };

	(void)state;
	serves("radicale", more, "/alice/home/", "/alice/friends/");
}

static void xandikos(void **state)
{
	const char *const none[] = { NULL };

	(void)state;
	serves("xandikos", none, "/alice/calendars/home/", "/alice/contacts/friends/");
}

/* Nobody comes in without the password. */
static void login(void **state)
{
	static const char *const programs[] = { "radicale", "xandikos" };
	const char *const more[] = { "--users", "alice:other", NULL };
	unsigned tested = 0;

	(void)state;
	for (size_t i = 0; i < 2; i++, tested++) {
		struct davserver server;

		assert_true(davserver_start(&server, programs[i], more));
		assert_int_equal(davserver_do(&server, "PROPFIND", "/alice/", "Depth: 0\r\n", "", NULL), 401);
		davserver_stop(&server);
	}
	assert_int_equal(tested, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(radicale),
		cmocka_unit_test(radicale_front),
		cmocka_unit_test(xandikos),
		cmocka_unit_test(login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
