/* fail.h, digest.h, clock.h, log.h: failures and what is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_fail(void **state)
{
	const struct fail *fail = fail_make(FAIL_QUOTA, FAIL_ITEM, "append %s", "refused");
	const struct fail *outer = fail_in(fail, "UID %d", 77);

	(void)state;
	assert_string_equal(fail->text, "append refused");
	assert_string_equal(outer->text, "UID 77: append refused");
	assert_true(fail_is(outer, FAIL_QUOTA) && outer->scope == FAIL_ITEM);
	assert_true(fail_scoped(outer, FAIL_FOLDER)->scope == FAIL_FOLDER);
	assert_string_equal(fail_scoped(outer, FAIL_FOLDER)->text, outer->text);
	assert_null(fail_in(NULL, "x"));
	assert_null(fail_scoped(NULL, FAIL_ALL));
	assert_false(fail_is(NULL, FAIL_STALE));
	assert_string_equal(fail_make(FAIL_TLS, FAIL_ALL, "%s", "")->text, "tls");
	assert_string_equal(fail_make(FAIL_TLS, FAIL_ALL, "a\r\nb\n")->text, "a  b");
	for (int i = 0; i < FAIL_CODES; i++) {
		assert_string_not_equal(fail_word((enum fail_code)i), "unknown");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(fail_word((enum fail_code)i),
						fail_word((enum fail_code)j));
	}
}

static void test_errno(void **state)
{
	static const struct {
		int error;
		enum fail_code code;
		enum fail_scope scope;
	} table[] = {
		{ ENOSPC, FAIL_DISK, FAIL_ACCOUNT },  { EDQUOT, FAIL_DISK, FAIL_ACCOUNT },
		{ EROFS, FAIL_DISK, FAIL_ACCOUNT },   { EIO, FAIL_DISK, FAIL_ACCOUNT },
		{ ENOENT, FAIL_MISSING, FAIL_ITEM },  { EEXIST, FAIL_EXISTS, FAIL_ITEM },
		{ EACCES, FAIL_DENIED, FAIL_ITEM },   { EPERM, FAIL_DENIED, FAIL_ITEM },
		{ ENOTDIR, FAIL_SYSTEM, FAIL_ITEM },  { 99999, FAIL_SYSTEM, FAIL_ITEM },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++) {
		const struct fail *fail = fail_errno(FAIL_ITEM, table[i].error, "x");

		assert_int_equal(fail->code, table[i].code);
		assert_int_equal(fail->scope, table[i].scope);
	}
	assert_true(checked >= 10);
	assert_string_equal(fail_errno(FAIL_ITEM, ENOSPC, "a%d", 1)->text,
			    "a1: No space left on device");
}

/* Texts of any length: cut, still UTF-8, also when the ring has gone round. */
static void test_ring(void **state)
{
	const struct fail *fail = fail_make(FAIL_DATA, FAIL_ITEM, "begin");
	char text[FAIL_TEXT * 2];
	const struct fail *first = fail;

	(void)state;
	for (int i = 0; i < 3 * FAIL_RING; i++)
		fail = fail_in(fail, "%d", i % 10);
	assert_int_equal(strlen(fail->text), FAIL_TEXT - 1);
	for (int i = 0; i < FAIL_RING; i++)
		fail = fail_in(i ? fail : first, "\xe2\x82\xac");
	assert_true(str_utf8(fail->text, strlen(fail->text)));
	for (size_t size = FAIL_TEXT - 8; size < FAIL_TEXT + 8; size++) {
		memset(text, 'x', sizeof text);
		memcpy(text + size - 3, "\xe2\x82\xac", 4);
		fail = fail_make(FAIL_DATA, FAIL_ITEM, "%s", text);
		assert_true(str_utf8(fail->text, strlen(fail->text)));
		assert_int_equal(strlen(fail->text), size < FAIL_TEXT ? size :
			size < FAIL_TEXT + 2 ? size - 3 : FAIL_TEXT - 1);
	}
}

static void assert_digest(struct digest digest, const char *hex)
{
	char text[2 * DIGEST_SIZE + 1];

	str_hex(text, digest.bytes, DIGEST_SIZE);
	assert_string_equal(text, hex);
}

static void test_digest(void **state)
{
	/* FIPS 180-2, appendix B. */
	static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	static const char million[] =
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
	struct digest_run *run = digest_begin();
	struct digest unknown = { { 0 } };
	struct digest a, b;

	(void)state;
	assert_digest(digest_of("abc", 3), abc);
	assert_digest(digest_of("", 0),
		      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (int i = 0; i < 1000000 / 500; i++) {
		char as[500];

		memset(as, 'a', sizeof as);
		digest_add(run, as, sizeof as);
	}
	assert_digest(digest_end(run), million);
	digest_cancel(digest_begin());
	digest_cancel(NULL);
	a = b = digest_of("abc", 3);
	assert_true(digest_equal(&a, &b) && digest_known(&a) && !digest_known(&unknown));
	assert_false(digest_equal(&a, &unknown));
	assert_false(digest_equal(&unknown, &unknown));
	b.bytes[31] ^= 1;
	assert_false(digest_equal(&a, &b));
}

static void test_clock(void **state)
{
	int64_t before = clock_monotonic();
	char text[20], stamp[17];

	(void)state;
	setenv("TZ", "UTC-2", 1);
	tzset();
	clock_text(1795435380, text);
	clock_stamp(1795435380, stamp);
	assert_string_equal(text, "2026-11-23 14:03");
	assert_string_equal(stamp, "20261123T120300Z");
	clock_stamp(INT64_MAX, stamp);
	assert_true(strlen(stamp) == 16);
	clock_text(INT64_MIN, text);
	assert_true(strlen(text) == 16);
	assert_true(clock_monotonic() >= before);
	assert_true(clock_now() > 1700000000);
}

/* Calls log_line with standard error led into a pipe; returns what came out of it. */
static size_t logged(enum log_level level, const char *text, char *out, size_t room)
{
	int saved = dup(STDERR_FILENO);
	ssize_t got = 0;
	int ends[2];

	assert_true(saved >= 0);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	log_line(level, "%s", text);
	dup2(saved, STDERR_FILENO); /* closes the writing end */
	close(saved);
	got = read(ends[0], out, room - 1); /* one line is one write, so one read */
	close(ends[0]);
	assert_true(got >= 0);
	out[got] = '\0';
	return (size_t)got;
}

static void test_log(void **state)
{
	char big[9000];
	char out[10000];

	(void)state;
	assert_int_equal(logged(LOG_VERBOSE, "hidden", out, sizeof out), 0);
	logged(LOG_NORMAL, "work: \033[2J\xe2\x80\xae done", out, sizeof out);
	assert_string_equal(out, "koc: work: \\x1b[2J\\u{202e} done\n");
	log_set_level(LOG_QUIET);
	assert_int_equal(logged(LOG_NORMAL, "hidden", out, sizeof out), 0);
	assert_int_equal(logged(LOG_QUIET, "x", out, sizeof out), 7);
	log_set_level(LOG_VERBOSE);
	assert_int_equal(log_level(), LOG_VERBOSE);
	assert_int_equal(logged(LOG_VERBOSE, "x", out, sizeof out), 7);
	log_set_level(LOG_NORMAL);
	memset(big, '\001', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	assert_int_equal(logged(LOG_NORMAL, big, out, sizeof out), 4096);
	assert_int_equal(out[4095], '\n');
	for (size_t shift = 0; shift < 3; shift++) {
		for (size_t i = 0; i + 3 < sizeof big; i += 3)
			memcpy(big + i, "\xe2\x82\xac", 3);
		big[sizeof big - 1] = '\0';
		memset(big, 'x', 3);
		logged(LOG_NORMAL, big + shift, out, sizeof out);
		assert_true(str_utf8(out, strlen(out)) && strlen(out) > 4090);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
