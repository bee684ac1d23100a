/* notice.h: the message that tells of conflicts.  That other programs can read it is shown by tests/t. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/terminal.h"
#include "format/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char server[] = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:Dinner\r\nEND:VEVENT\r\n"
			     "END:VCALENDAR\r\n";
static const char local[] = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:Late lunch\r\nEND:VEVENT\r\n"
			    "END:VCALENDAR\r\n";

static const struct notice_options options = { .account = "work",
					       .id = "0123abcd",
					       .user = "jane@example.com",
					       .message_id = "a.b@koc.localhost",
					       .count = 1,
					       .now = 1795356180 };

static void item_add(struct notice_draft *notice, struct arena *arena, int64_t number, const char *item)
{
	struct notice_item added = { .number = number,
				     .folder = "calendars/Home",
				     .item = item,
				     .why = "edited on both sides",
				     .form = NOTICE_CALENDAR,
				     .input = { { NULL, 0 }, { server, sizeof server - 1 }, { local, sizeof local - 1 } },
				     .path = { NULL, "calendars/Home/u.ics", "Conflicts/calendars/Home/u.ics" },
				     .when = { 0, 1795352400, 1795353000 } };
	struct diff diff;

	diff_items(added.input, false, arena, &diff);
	added.diff = &diff;
	notice_add(notice, &added);
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)); text++)
		count++;
	return count;
}

static void one_item(void **context)
{
	static const char *const lines[] = {
		"From: koc <koc@localhost>\n",
		"\nTo: jane@example.com\n",
		"\nSubject: Message in conflict! (1 item)\n",
		"\nDate: Sun, 22 Nov 2026 15:03:00 +0100\n",
		"\nMessage-ID: <a.b@koc.localhost>\n",
		"\nX-Koc-Notice: 0123abcd\n",
		"\nMIME-Version: 1.0\n",
		"\nContent-Type: multipart/mixed; boundary=\"koc-",
		"\n2: calendars/Home: Lunch\n",
		"  edited on both sides\n",
		"\n  server  calendars/Home/u.ics\n          changed 2026-11-22 14:00\n",
		"\n  local   Conflicts/calendars/Home/u.ics\n          changed 2026-11-22 14:10\n",
		"\n  Summary\n    server  Dinner\n    local   Late lunch\n",
		"\n          koc conflicts keep 2\n",
		"\nContent-Type: text/calendar; charset=utf-8\n",
		"\nContent-Disposition: attachment; filename=\"2-server.ics\"\n",
		"\nContent-Disposition: attachment; filename=\"2-local.ics\"\n",
	};
	struct arena *arena = arena_new();
	struct notice_draft *notice = notice_begin(&options);
	struct buf out;
	size_t found = 0;

	(void)context;
	item_add(notice, arena, 2, "Lunch");
	buf_init(&out, SIZE_MAX);
	notice_end(notice, &out);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++, found++)
		if (!strstr(out.data, lines[i]))
			fail_msg("lacks %s\n%s", lines[i], out.data);
	assert_true(found >= 17);
	assert_int_equal(count_of(out.data, "\n--koc-"), 4); /* text, two versions, the end */
	assert_int_equal(count_of(out.data, "\r"), 0);
	for (const char *at = out.data, *end; (end = strchr(at, '\n')); at = end + 1)
		if (end - at > 80)
			fail_msg("too wide: %.*s", (int)(end - at), at);
	buf_free(&out);
	arena_free(arena);
}

/* Names, logins and versions that are not meant well. */
static void hostile(void **context)
{
	static const char mail[] = "Subject: a\n\n--koc-0000\n\nFrom here\n.\n";
	struct notice_options bad = options;
	struct arena *arena = arena_new();
	struct notice_draft *notice;
	struct diff diff = { 0 };
	struct notice_item item = { .number = 1,
				    .folder = "mail/INBOX",
				    .item = "Hi\r\nBcc: everybody@example.com\x1b[2J \xc3\xa4\xe2\x80\xae",
				    .why = "edited here, removed on the server",
				    .form = NOTICE_MAIL,
				    .input = { { NULL, 0 }, { NULL, 0 }, { mail, sizeof mail - 1 } },
				    .path = { NULL, NULL, "Conflicts/mail/cur/\x1b]0;x" },
				    .diff = &diff };
	struct buf out;

	(void)context;
	bad.user = "jane\r\nBcc: everybody@example.com";
	bad.account = "wo'rk\x07";
	bad.several = true;
	notice = notice_begin(&bad);
	notice_add(notice, &item);
	buf_init(&out, SIZE_MAX);
	notice_end(notice, &out);
	assert_null(strstr(out.data, "\nBcc"));
	assert_non_null(strstr(out.data, "\nTo: you <koc@localhost>\n"));
	assert_non_null(strstr(out.data, mail)); /* as it is */
	assert_non_null(strstr(out.data, "\nContent-Description: =?UTF-8?B?"));
	for (const char *at = out.data; *at;) {
		uint32_t code = 0;
		size_t length = str_utf8_next(at, strlen(at), &code);

		assert_true(length > 0);
		assert_true(*at == '\n' || !terminal_unsafe(code));
		at += length;
	}
	buf_free(&out);
	arena_free(arena);
}

/* One that is just small enough to be attached, one that is not. */
static void large(void **context)
{
	static char bytes[NOTICE_PART_MOST + 1];

	(void)context;
	memset(bytes, 'x', sizeof bytes);
	for (size_t over = 0; over < 2; over++) {
		struct notice_draft *notice = notice_begin(&options);
		struct diff diff = { 0 };
		struct notice_item item = { .number = 1,
					    .folder = "mail/INBOX",
					    .item = "Large",
					    .why = "edited here, removed on the server",
					    .form = NOTICE_MAIL,
					    .input[DIFF_LOCAL] = { bytes, NOTICE_PART_MOST + over },
					    .path = { NULL, NULL, "Conflicts/mail/cur/large" },
					    .diff = &diff };
		struct buf out;

		notice_add(notice, &item);
		buf_init(&out, SIZE_MAX);
		notice_end(notice, &out);
		assert_int_equal(count_of(out.data, "          (too large to be attached, or not readable)\n"), over);
		assert_int_equal(count_of(out.data, "\n--koc-"), over ? 2 : 3);
		buf_free(&out);
	}
}

/* Hundreds of items, and more attachments than one message takes. */
static void many(void **context)
{
	struct notice_options all = options;
	struct arena *arena = arena_new();
	struct notice_draft *notice = notice_begin(&all);
	static char large[NOTICE_PART_MOST];
	struct notice_item item = { .number = 999,
				    .folder = "mail/INBOX",
				    .item = "Large",
				    .why = "edited here, removed on the server",
				    .form = NOTICE_MAIL,
				    .path = { NULL, NULL, "Conflicts/mail/cur/large" } };
	struct diff diff = { 0 };
	struct buf out;

	(void)context;
	all.count = 300 + 40 + 700;
	for (int64_t i = 1; i <= 300; i++) {
		item_add(notice, arena, i, "Lunch");
		arena_reset(arena);
	}
	memset(large, 'x', sizeof large);
	item.diff = &diff;
	item.input[DIFF_LOCAL] = (struct diff_input){ large, sizeof large };
	for (int i = 0; i < 40; i++)
		notice_add(notice, &item);
	for (int i = 0; i < 700; i++) {
		item_add(notice, arena, 1000 + i, "Lunch");
		arena_reset(arena);
	}
	buf_init(&out, SIZE_MAX);
	notice_end(notice, &out);
	assert_non_null(strstr(out.data, "\nSubject: Message in conflict! (1040 items)\n"));
	assert_int_equal(count_of(out.data, "          koc conflicts keep"), NOTICE_ITEMS);
	assert_non_null(strstr(out.data, "\nand 40 more\n"));
	assert_int_equal(count_of(out.data, "\n  Summary\n"), NOTICE_DETAILS);
	assert_true(out.size > NOTICE_MOST / 2 && out.size < NOTICE_MOST + (2 << 20));
	assert_true(count_of(out.data, "\n--koc-") > 600);
	assert_false(out.over);
	buf_free(&out);
	arena_free(arena);
}

static void dates(void **context)
{
	static const struct {
		int64_t when;
		const char *text;
	} rows[] = {
		{ 1795356180, "Sun, 22 Nov 2026 15:03:00 +0100" },
		{ 1783944183, "Mon, 13 Jul 2026 14:03:03 +0200" },
		{ 0, "Thu, 01 Jan 1970 01:00:00 +0100" },
	};

	(void)context;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[CLOCK_MAIL];

		clock_mail(rows[i].when, text);
		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_item),
		cmocka_unit_test(hostile),
		cmocka_unit_test(large),
		cmocka_unit_test(many),
		cmocka_unit_test(dates),
	};

	setenv("TZ", "Europe/Prague", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
