/* rule.h, ical.h, moment.h: which rules libical gets to see, and that it comes back from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "format/date.h"
#include "format/ical.h"
#include "format/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct slice slice_of(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

/* ---- moments ---- */

static void moments(void **context)
{
	static const struct {
		const char *text, *want;
		enum moment_kind kind;
	} tries[] = {
		{ "20261122", "2026-11-22", MOMENT_DATE },
		{ "20261122T140300", "2026-11-22 14:03:00", MOMENT_LOCAL },
		{ "20261122t140300z", "2026-11-22 14:03:00", MOMENT_UTC },
		{ "00010101", "0001-01-01", MOMENT_DATE },
		{ "99991231T235960Z", "10000-01-01 00:00:00", MOMENT_UTC }, /* a leap second */
		{ "20240229", "2024-02-29", MOMENT_DATE },
		{ "20230229", NULL, MOMENT_NONE },
		{ "20261301", NULL, MOMENT_NONE },
		{ "20260001", NULL, MOMENT_NONE },
		{ "20261122T", NULL, MOMENT_NONE },
		{ "20261122T1403", NULL, MOMENT_NONE },
		{ "20261122T240000", NULL, MOMENT_NONE },
		{ "20261122T140300ZZ", NULL, MOMENT_NONE },
		{ "20261122T140300X", NULL, MOMENT_NONE },
		{ "2026112", NULL, MOMENT_NONE },
		{ "2026-11-22", NULL, MOMENT_NONE },
		{ "00001122", NULL, MOMENT_NONE },
		{ "", NULL, MOMENT_NONE },
	};
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(tries); i++, tried++) {
		char text[MOMENT_TEXT];
		struct moment moment;

		assert_int_equal(moment_read(slice_of(tries[i].text), &moment), tries[i].want != NULL);
		assert_int_equal(moment.kind, tries[i].kind);
		if (!tries[i].want)
			continue;
		moment_text(moment, text);
		assert_string_equal(text, tries[i].want);
	}
	assert_true(tried >= 18);
}

static void days(void **context)
{
	int year, month, day, seen = 0;

	(void)context;
	assert_true(date_days(1970, 1, 1) == 0);
	assert_true(date_days(2000, 3, 1) == 11017);
	for (int64_t n = date_days(1, 1, 1); n <= date_days(2500, 1, 1); n++, seen++) {
		date_civil(n, &year, &month, &day);
		if (!date_exists(year, month, day) || date_days(year, month, day) != n)
			fail_msg("day %lld", (long long)n);
	}
	assert_true(seen > 900000);
}

/* ---- rules ---- */

static void rules_are_judged(void **context)
{
	static const struct {
		const char *start, *rule;
		bool quick;
	} tries[] = {
		{ "20260302", "FREQ=DAILY", true },
		{ "20260302", "freq=daily;interval=3", true },
		{ "20260302", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", true },
		{ "20260302", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU", true },
		{ "20260302", "FREQ=MONTHLY", true },
		{ "20260331", "FREQ=MONTHLY", true },
		{ "20260302", "FREQ=MONTHLY;BYMONTHDAY=31", true },
		{ "20260302", "FREQ=MONTHLY;BYMONTHDAY=-1;INTERVAL=12", true },
		{ "20260302", "FREQ=MONTHLY;BYDAY=2TU", true },
		{ "20260302", "FREQ=MONTHLY;BYDAY=5TU", true },
		{ "20260302", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", true },
		{ "20260302", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", true },
		{ "20260302", "FREQ=YEARLY", true },
		{ "20240229", "FREQ=YEARLY", true },
		{ "20260302", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", true },
		{ "20260302", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", true },
		{ "20260302", "FREQ=YEARLY;BYDAY=20MO", true },
		{ "20260302", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11", true },
		{ "20260302", "FREQ=DAILY;COUNT=5;", true },
		{ "20260302", "FREQ=HOURLY", false },
		{ "20260302", "FREQ=MINUTELY;COUNT=1", false },
		{ "20260302", "FREQ=SECONDLY", false },
		{ "20260302", "FREQ=DAILY;BYHOUR=1", false },
		{ "20260302", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", false },
		{ "20260302", "FREQ=DAILY;INTERVAL=7;BYDAY=TU", false },
		{ "20260302", "FREQ=DAILY;BYDAY=1MO", false },
		{ "20260302", "FREQ=WEEKLY;BYMONTH=2", false },
		{ "20260302", "FREQ=WEEKLY;BYSETPOS=9;BYDAY=MO", false },
		{ "20260302", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", false },
		{ "20260302", "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", false },
		{ "20260331", "FREQ=MONTHLY;BYMONTH=4", false },
		{ "20260302", "FREQ=MONTHLY;BYDAY=6MO", false },
		{ "20260302", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=5", false },
		{ "20260302", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", false },
		{ "20260331", "FREQ=YEARLY;BYMONTH=4", false },
		{ "20260302", "FREQ=YEARLY;BYDAY=53MO", false },
		{ "20260302", "FREQ=YEARLY;BYWEEKNO=1", false },
		{ "20260302", "FREQ=YEARLY;BYYEARDAY=366", false },
		{ "20260302", "FREQ=YEARLY;INTERVAL=100000", false },
		{ "20260302", "FREQ=DAILY;INTERVAL=0", false },
		{ "20260302", "FREQ=DAILY;COUNT=0", false },
		{ "20260302", "FREQ=DAILY;COUNT=x", false },
		{ "20260302", "FREQ=DAILY;UNTIL=x", false },
		{ "20260302", "FREQ=WEEKLY;BYDAY=XX", false },
		{ "20260302", "FREQ=WEEKLY;BYDAY=", false },
		{ "20260302", "FREQ=WEEKLY;BYDAY=MO;BYDAY=TU", false },
		{ "20260302", "FREQ=MONTHLY;BYMONTHDAY=0", false },
		{ "20260302", "FREQ=MONTHLY;BYMONTHDAY=32", false },
		{ "20260302", "FREQ=MONTHLY;BYMONTH=13", false },
		{ "20260302", "RSCALE=CHINESE;FREQ=YEARLY", false },
		{ "20260302", "FREQ=YEARLY;SKIP=OMIT", false },
		{ "20260302", "FREQ=YEARLY;X-A=b", false },
		{ "20260302", "FREQ=DAILY;FREQ=WEEKLY", false },
		{ "20260302", "INTERVAL=2", false },
		{ "20260302", "FREQ", false },
		{ "20260302", "", false },
	};
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(tries); i++, tried++) {
		struct moment start;
		struct rule rule;

		assert_true(moment_read(slice_of(tries[i].start), &start));
		if (rule_read(slice_of(tries[i].rule), start, &rule) != tries[i].quick)
			fail_msg("%s from %s", tries[i].rule, tries[i].start);
	}
	assert_true(tried >= 56);
}

static void ends_are_taken_out(void **context)
{
	struct moment start;
	struct rule rule;

	(void)context;
	assert_true(moment_read(slice_of("20260302T100000Z"), &start));
	assert_true(rule_read(slice_of("COUNT=7;FREQ=WEEKLY;UNTIL=20261122;BYDAY=MO"), start, &rule));
	assert_string_equal(rule.text, "FREQ=WEEKLY;BYDAY=MO");
	assert_int_equal(rule.count, 7);
	assert_int_equal(rule.until.kind, MOMENT_DATE);
	assert_int_equal(rule.step, 0);
	assert_true(rule_read(slice_of("FREQ=WEEKLY;INTERVAL=2"), start, &rule));
	assert_int_equal(rule.step, 14 * 86400);
	assert_int_equal(rule.count, 0);
	assert_int_equal(rule.until.kind, MOMENT_NONE);
}

/* ---- libical ---- */

struct seen {
	size_t count;
	int64_t first, last;
};

static bool instance_see(void *context, struct moment instance)
{
	struct seen *seen = context;

	if (!seen->count++)
		seen->first = instance.seconds;
	seen->last = instance.seconds;
	return true;
}

/* Every rule that can be made of these passes or not; what passes has instances. */
static size_t all_rules(size_t *passed)
{
	static const char *const starts[] = { "20260302", "20240229T100000", "20260831T235959Z" };
	static const char *const frequencies[] = { "DAILY", "WEEKLY", "MONTHLY", "YEARLY" };
	static const char *const intervals[] = { "", ";INTERVAL=2", ";INTERVAL=12", ";INTERVAL=100" };
	static const char *const months[] = { "", ";BYMONTH=2", ";BYMONTH=4,6", ";BYMONTH=1,2,3" };
	static const char *const month_days[] = { "", ";BYMONTHDAY=1", ";BYMONTHDAY=-29", ";BYMONTHDAY=31",
						  ";BYMONTHDAY=28,31" };
	static const char *const week_days[] = { "",           ";BYDAY=MO",   ";BYDAY=MO,TU,SU",
						 ";BYDAY=5FR", ";BYDAY=-1SU", ";BYDAY=52TH" };
	static const char *const positions[] = { "", ";BYSETPOS=-1", ";BYSETPOS=4", ";BYSETPOS=6" };
	size_t tried = 0;

	for (size_t i = 0; i < 3 * 4 * 4 * 4 * 5 * 6 * 4; i++, tried++) {
		size_t n = i;
		const char *start = starts[n % 3], *frequency = frequencies[(n /= 3) % 4];
		const char *interval = intervals[(n /= 4) % 4], *month = months[(n /= 4) % 4];
		const char *month_day = month_days[(n /= 4) % 5], *week_day = week_days[(n /= 5) % 6];
		const char *position = positions[(n /= 6) % 4];
		struct seen seen = { 0 };
		struct moment from;
		struct rule rule;
		char text[256];

		snprintf(text, sizeof text, "FREQ=%s%s%s%s%s%s", frequency, interval, month, month_day,
			 week_day, position);
		moment_read(slice_of(start), &from);
		if (!rule_read(slice_of(text), from, &rule))
			continue;
		ical_instances(rule.text, from, (struct moment){ MOMENT_NONE, 0 }, 300, instance_see, &seen);
		if (!seen.count)
			print_error("%s from %s has no instance\n", text, start);
		else
			++*passed;
	}
	return tried;
}

/* In a process of its own, with much more time than it needs and much less than one bad rule takes. */
static void quick_rules_are_quick(void **context)
{
	pid_t child = fork();
	int status;

	(void)context;
	if (child == 0) {
		struct rlimit limit = { 60, 60 };
		size_t passed = 0;

		setrlimit(RLIMIT_CPU, &limit);
		_exit(all_rules(&passed) == 23040 && passed > 800 ? 0 : 2);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static bool instance_add(void *context, struct moment instance)
{
	char text[MOMENT_TEXT];

	moment_text(instance, text);
	buf_addf(context, "%s ", text);
	return true;
}

static void instances(void **context)
{
	struct moment start, from;
	struct buf text;

	(void)context;
	buf_init(&text, 1000);
	moment_read(slice_of("20260302T100000"), &start);
	ical_instances("FREQ=WEEKLY;BYDAY=MO,FR", start, (struct moment){ MOMENT_NONE, 0 }, 3, instance_add,
		       &text);
	assert_string_equal(text.data, "2026-03-02 10:00:00 2026-03-06 10:00:00 2026-03-09 10:00:00 ");
	buf_clear(&text);
	moment_read(slice_of("20260501T000000"), &from); /* every other week stays so */
	ical_instances("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", start, from, 2, instance_add, &text);
	assert_string_equal(text.data, "2026-05-11 10:00:00 2026-05-25 10:00:00 ");
	buf_clear(&text);
	moment_read(slice_of("20260331"), &start);
	ical_instances("FREQ=MONTHLY", start, (struct moment){ MOMENT_NONE, 0 }, 3, instance_add, &text);
	assert_string_equal(text.data, "2026-03-31 2026-05-31 2026-07-31 ");
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments),          cmocka_unit_test(days),
		cmocka_unit_test(rules_are_judged), cmocka_unit_test(ends_are_taken_out),
		cmocka_unit_test(instances),        cmocka_unit_test(quick_rules_are_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
