/* Are new items listed under the names they were sent to?  What is asked to find out, once, and what follows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "davscript.h"

#define STORED(name) { .request = "PUT /home/work/" name, .has = { "If-None-Match: *\r\n" }, .status = "201", \
		       .headers = "ETag: \"1\"\r\n" }
#define ASKED(name, says, ...) { .request = "PROPFIND /home/work/" name, .has = { "Depth: 0", "getetag" }, \
				 .status = says, __VA_ARGS__ }
#define IS(name) .body = MULTISTATUS(ITEM("/home/work/" name, "\"1\""))

/* Writes new items "a", "b", … in one go; how many of them go by another name. */
static size_t write_some(struct script_test *test, size_t count)
{
	struct write writes[4] = { 0 };
	size_t other = 0;
	char text[512];

	for (size_t i = 0; i < count; i++) {
		const char *key = (const char *const[]){ "a", "b", "c", "d" }[i];

		snprintf(text, sizeof text, EVENT("%s", "new"), key);
		writes[i] = (struct write){ .folder = script_folder(test, "calendars/Work"), .key = key,
					    .body = script_body(text) };
	}
	OK(store_write(test->store, writes, count, test->arena));
	OK(store_sync(test->store));
	for (size_t i = 0; i < count; i++) {
		if (writes[i].fail) {
			FAILS(FAIL_STALE, "another name", writes[i].fail);
			other++;
		}
		body_free(writes[i].body);
	}
	return other;
}

struct sample {
	const char *what;
	struct exchange script[12]; /* of three items at once, and one in the next run */
	size_t other;               /* of the three */
	const char *learnt;         /* NULL: nothing */
	size_t later;               /* of the one */
};

#define THREE STORED("a.ics"), STORED("b.ics"), STORED("c.ics")

static const struct sample samples[] = {
	{ "kept", { THREE, ASKED("a.ics", "207", IS("a.ics")), STORED("a.ics") }, 0, "calendar renames", 0 },
	{ "not found", { THREE, ASKED("a.ics", "404"), ASKED("b.ics", "404"), ASKED("c.ics", "207", IS("c.ics")),
			 STORED("a.ics"), ASKED("a.ics", "404") }, 2, "calendar names", 1 },
	{ "not found, within 207",
	  { THREE, ASKED("a.ics", "207", .body = MULTISTATUS(GONE("/home/work/a.ics"))), ASKED("b.ics", "410"),
	    ASKED("c.ics", "410"), STORED("a.ics"), ASKED("a.ics", "207", IS("a.ics")) }, 3, "calendar names", 0 },
	{ "another name", { THREE, ASKED("a.ics", "207", IS("x.ics")), ASKED("b.ics", "207", IS("y.ics")),
			    ASKED("c.ics", "207", IS("z.ics")), STORED("a.ics"), ASKED("a.ics", "207", IS("x.ics")) },
	  3, "calendar names", 1 },
	{ "the same name, written in another way",
	  { THREE, ASKED("a.ics", "207", IS("%61.ics")), ASKED("b.ics", "207", IS("%62.ics")),
	    ASKED("c.ics", "207", IS("%63.ics")), STORED("a.ics"), ASKED("a.ics", "207", IS("%61.ics")) },
	  3, "calendar names", 1 },
	{ "it does not tell", { THREE, ASKED("a.ics", "403"), STORED("a.ics"), ASKED("a.ics", "403") }, 0, NULL, 0 },
	{ "it tells about nothing", { THREE, ASKED("a.ics", "207", .body = MULTISTATUS("")), STORED("a.ics"),
				      ASKED("a.ics", "207", IS("a.ics")) }, 0, NULL, 0 },
};

static void names(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, checked++) {
		struct exchange script[24] = { DISCOVER, HOME(WORK) };
		struct script_test test;
		char line[64];
		size_t k = 3;

		print_message("# %s\n", samples[i].what);
		for (size_t at = 0; samples[i].script[at].request; at++) {
			/* The next run lists the home before it writes. */
			if (at > 3 && strcmp(samples[i].script[at].request, "PUT /home/work/a.ics") == 0)
				script[k++] = (struct exchange)HOME(WORK);
			script[k++] = samples[i].script[at];
		}
		script_begin(&test, script);
		assert_int_equal(write_some(&test, 3), samples[i].other);
		snprintf(line, sizeof line, "\nlacks %s http://", samples[i].learnt ? samples[i].learnt : "");
		assert_int_equal(strstr(test.store->memo, line) != NULL, samples[i].learnt != NULL);
		assert_int_equal(strstr(test.store->memo, "\nlacks ") != NULL, samples[i].learnt != NULL);
		script_reopen(&test);
		test.list.count = 0;
		assert_int_equal(write_some(&test, 1), samples[i].later);
		script_end(&test);
	}
	assert_true(checked >= 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(names) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
