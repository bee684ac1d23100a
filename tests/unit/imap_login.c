/* The driver and logins, STARTTLS, capabilities, folders: what servers offer, refuse and lie
 * about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scripted.h"

/* ---- logging in ---------------------------------------------------------------------------- */

#define PLAIN_LOGIN GREET(""), "C: 1 LOGIN *"

static void logins(void **state)
{
	static const struct {
		const char *script[STEPS];
		enum fail_code code;
		const char *text;
	} samples[] = {
		{ { "S: * BYE too busy" }, FAIL_UNREACHABLE, "too busy" },
		{ { "S: * PREAUTH welcome" }, FAIL_TLS, "logged in already" },
		{ { "S: * NO" }, FAIL_PROTOCOL, "does not greet" },
		{ { "S: HTTP/1.1 400 Bad Request" }, FAIL_PROTOCOL, "not IMAP" },
		{ { GREET("LOGINDISABLED") }, FAIL_LOGIN, "neither" },
		{ { GREET(""), "C: 1 LOGIN \"jane\" \"a \\\"b\\\" \\\\c\"",
		    "S: 1 NO [AUTHENTICATIONFAILED] wrong password" }, FAIL_LOGIN, "wrong password" },
		{ { PLAIN_LOGIN, "S: 1 NO [UNAVAILABLE] later" }, FAIL_UNREACHABLE, "later" },
		{ { PLAIN_LOGIN, "S: * BYE going down" }, FAIL_UNREACHABLE, "going down" },
		{ { PLAIN_LOGIN, "S: 1 BAD what" }, FAIL_LOGIN, "what" },
		{ { PLAIN_LOGIN, "S: 2 OK not yours" }, FAIL_PROTOCOL, "not asked" },
		{ { PLAIN_LOGIN, "S: + what else?" }, FAIL_PROTOCOL, "not asked" },
		{ { PLAIN_LOGIN, "CLOSE" }, FAIL_UNREACHABLE, "closed" },
		/* jane and the password, in base64. */
		{ { GREET("AUTH=PLAIN SASL-IR"), "C: 1 AUTHENTICATE PLAIN AGphbmUAYSAiYiIgXGM=",
		    "S: 1 NO no" }, FAIL_LOGIN, "refused: no" },
		{ { GREET("AUTH=PLAIN LOGINDISABLED"), "C: 1 AUTHENTICATE PLAIN", "S: + ",
		    "C: AGphbmUAYSAiYiIgXGM=", "S: 1 NO no" }, FAIL_LOGIN, "refused: no" },
		{ { GREET("AUTH=PLAIN LOGINDISABLED"), "C: 1 AUTHENTICATE PLAIN", "S: 1 NO never" },
		  FAIL_LOGIN, "never" },
		{ { "S: * OK hello", "C: 1 CAPABILITY", "S: 1 OK" }, FAIL_PROTOCOL, "what it can" },
		{ { PLAIN_LOGIN, "S: 1 OK in", "C: 2 CAPABILITY", "S: * CAPABILITY IMAP4rev1", "S: 2 OK",
		    "C: 3 LIST *", "S: 3 NO none" }, FAIL_REFUSED, "none" },
		/* A list whose end was not seen is none. */
		{ { PLAIN_LOGIN, "S: 1 OK [CAPABILITY IMAP4rev1] in", "C: 2 LIST *",
		    "S: * LIST () \"/\" INBOX", "CLOSE" }, FAIL_UNREACHABLE, "closed" },
		{ { PLAIN_LOGIN, "S: 1 OK [CAPABILITY IMAP4rev1] in", "C: 2 LIST *",
		    "S: * LIST () \"/\" INBOX", "S:- * LIST () \"/\" {10}\r\nabc", "CLOSE" },
		  FAIL_UNREACHABLE, "closed" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, passed++) {
		struct session_test test;

		start(&test, samples[i].script);
		fails(folders(&test, NULL, 0), samples[i].code, samples[i].text);
		end(&test);
	}
	assert_true(passed >= 19);
}

static void odd_passwords(void **state)
{
	static const struct {
		const char *secret;
		const char *script[STEPS];
		const char *text;
	} samples[] = {
		{ "a\r\nb", { GREET("") }, "line end" },
		{ "p\xc3\xa4ss", { GREET(""), "C: 1 LOGIN {4}", "S: + ", "C: jane {5}", "S: + ",
				   "C: p\xc3\xa4ss", "S: 1 NO good" }, "good" },
		{ "p\xc3\xa4ss", { GREET(""), "C: 1 LOGIN {4}", "S: 1 NO literals" }, "literals" },
		{ "p\xc3\xa4ss", { GREET("AUTH=PLAIN"), "C: 1 AUTHENTICATE PLAIN", "S: +",
				   "C: AGphbmUAcMOkc3M=", "S: 1 NO good" }, "good" },
		{ "", { GREET(""), "C: 1 LOGIN \"jane\" \"\"", "S: 1 NO good" }, "good" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, passed++) {
		struct session_test test;
		struct imap_options options = options_plain();

		options.secret = samples[i].secret;
		start_with(&test, samples[i].script, &options);
		fails(folders(&test, NULL, 0), FAIL_LOGIN, samples[i].text);
		end(&test);
	}
	assert_true(passed >= 5);
}

static void without_tls_only_to_loopback(void **state)
{
	struct imap_options options = { .host = "192.0.2.1", .port = "143", .plain = true, .user = "a",
					.secret = "b", .timeout = 1 };
	struct arena *arena = arena_new();
	struct store *store = imap_open(&options);
	struct folder_list list;

	(void)state;
	fails(store_folders(store, NULL, 0, arena, &list), FAIL_TLS, "");
	store_close(store);
	arena_free(arena);
}

/* STARTTLS: refused, not offered, and answers put in behind it. */
static void starttls_is_not_to_be_fooled(void **state)
{
	static const struct {
		const char *script[STEPS];
		const char *text;
	} samples[] = {
		{ { GREET("AUTH=PLAIN") }, "no STARTTLS" },
		{ { "S: * PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] welcome" }, "logged in already" },
		{ { "S: * OK hello", "C: 1 CAPABILITY", "S: * CAPABILITY IMAP4rev1", "S: 1 OK" },
		  "no STARTTLS" },
		{ { GREET("STARTTLS"), "C: 1 STARTTLS", "S: 1 NO not today" }, "not today" },
		{ { GREET("STARTTLS"), "C: 1 STARTTLS", "S: 1 BAD not today" }, "not today" },
		{ { GREET("STARTTLS"), "C: 1 STARTTLS",
		    "S:- 1 OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n2 OK\r\n" }, "behind its answer" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, passed++) {
		struct session_test test;
		struct imap_options options = options_plain();

		options.plain = false;
		start_with(&test, samples[i].script, &options);
		fails(folders(&test, NULL, 0), FAIL_TLS, samples[i].text);
		end(&test);
	}
	assert_true(passed >= 6);
}

/* ---- folders ------------------------------------------------------------------------------- */

static void folders_without_extensions(void **state)
{
	static const char *const script[] = {
		LOGIN(""),
		"C: 2 LIST \"\" \"*\"",
		"S: * LIST (\\HasNoChildren) \".\" inbox",
		"S: * LIST (\\Noselect) \".\" lists",
		"S: * LIST () \".\" lists.a",
		"S: * LIST () \".\" a&b",
		"S: * LIST () \".\" Spam",
		"S: * LIST () \".\" \"Deleted Items\"",
		"S: * LIST () \".\" Trash",
		"S: * LIST () \".\" \"a/b\"",
		"S: 2 OK",
		"C: 3 STATUS \"INBOX\" (MESSAGES UIDNEXT UIDVALIDITY)",
		"C: 4 STATUS \"lists.a\" (MESSAGES UIDNEXT UIDVALIDITY)",
		"C: 5 STATUS *", "C: 6 STATUS *", "C: 7 STATUS *", "C: 8 STATUS *", "C: 9 STATUS *",
		"S: * STATUS INBOX (MESSAGES 2 UIDNEXT 7 UIDVALIDITY 9)",
		"S: 4 NO [NOPERM] not for you",
		"S: 3 OK", "S: 9 OK", "S: 8 OK", "S: 7 OK", "S: 6 OK", "S: 5 OK",
		NULL,
	};
	struct session_test test;

	(void)state;
	start(&test, script);
	ok(folders(&test, NULL, 0));
	assert_int_equal(test.list.count, 8);
	assert_true(test.list.complete);
	assert_int_equal(folder(&test, "mail/INBOX")->roles, ROLE_INBOX);
	assert_string_equal(folder(&test, "mail/INBOX")->next, "0000000007");
	assert_string_equal(folder(&test, "mail/INBOX")->identity, "9");
	assert_int_equal(folder(&test, "mail/INBOX")->news, NEWS_SOME);
	assert_int_equal(folder(&test, "mail/lists")->roles, ROLE_NOSELECT);
	assert_int_equal(folder(&test, "mail/Spam")->roles, ROLE_JUNK);
	assert_int_equal(folder(&test, "mail/Trash")->roles, ROLE_TRASH);
	assert_int_equal(folder(&test, "mail/Deleted Items")->roles, 0);
	assert_true(folder(&test, "mail/Deleted Items")->count == UINT64_MAX);
	assert_false(folder(&test, "mail/a%2Fb")->unsupported);
	assert_true(folder(&test, "mail/%!a&b")->unsupported);
	assert_non_null(folder(&test, "mail/%!a&b")->why);
	end(&test);
}

static void namespaces_are_seen(void **state)
{
	static const char *const script[] = {
		LOGIN("NAMESPACE LIST-EXTENDED SPECIAL-USE"),
		"C: 2 NAMESPACE",
		"C: 3 LIST \"\" \"*\" RETURN (SPECIAL-USE)",
		"S: * NAMESPACE ((\"INBOX.\" \".\")) ((\"user.\" \".\")) NIL",
		"S: 2 OK",
		"S: * LIST () \".\" INBOX",
		"S: * LIST (\\Trash) \".\" INBOX.Papierkorb",
		"S: * LIST () \".\" INBOX.Trash",
		"S: * LIST () \".\" user.bob",
		"S: * LIST () \".\" user.eve",
		"S: * LIST () \".\" user.bob.Trash",
		"S: * LIST () \".\" INBOX.user.bob",
		"S: 3 OK",
		"C: 4 LSUB \"\" \"*\"",
		"S: * LSUB () \".\" user.bob",
		"S: * LSUB () \".\" user.gone",
		"S: 4 OK",
		"C: 5 STATUS *", "C: 6 STATUS *", "C: 7 STATUS *", "C: 8 STATUS *", "C: 9 STATUS *",
		"C: 10 STATUS *", "C: 11 STATUS *",
		"S: 5 NO", "S: 6 NO", "S: 7 NO", "S: 8 NO", "S: 9 NO", "S: 10 NO", "S: 11 NO",
		NULL,
	};
	struct session_test test;

	(void)state;
	start(&test, script);
	ok(folders(&test, NULL, 0));
	assert_int_equal(test.list.count, 5);
	assert_int_equal(folder(&test, "mail/INBOX")->roles, ROLE_INBOX);
	assert_int_equal(folder(&test, "mail/Papierkorb")->roles, ROLE_TRASH);
	assert_int_equal(folder(&test, "mail/Trash")->roles, 0);
	/* The one in our own namespace keeps the place. */
	assert_string_equal(folder(&test, "mail/user/bob")->name, "INBOX.user.bob");
	assert_int_equal(folder(&test, "mail/user/bob")->roles, 0);
	assert_true(folder(&test, "mail/%!user.bob")->unsupported);
	assert_non_null(test.store->memo);
	assert_non_null(strstr(test.store->memo, "mine 46 INBOX.\n"));
	assert_non_null(strstr(test.store->memo, "foreign 46 user.\n"));
	end(&test);
}

static const char memo_of_all[] = "imap 1\nbefore\nafter CONDSTORE ENABLE LIST-EXTENDED LIST-STATUS "
				  "QRESYNC SPECIAL-USE\nvolunteers\nnamespaces\n";

/* All in one flight, as the memo says. */
static void a_memo_saves_turns(void **state)
{
	static const char *const script[] = {
		GREET(""),
		"C: 1 LOGIN *",
		"C: 2 ENABLE QRESYNC",
		"C: 3 LIST \"\" \"*\" RETURN (SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ))",
		"S: 1 OK [CAPABILITY IMAP4rev1 CONDSTORE ENABLE LIST-EXTENDED LIST-STATUS QRESYNC SPECIAL-USE] in",
		"S: * ENABLED QRESYNC",
		"S: 2 OK",
		"S: * LIST () \"/\" INBOX",
		"S: * STATUS INBOX (MESSAGES 2 UIDNEXT 7 UIDVALIDITY 9 HIGHESTMODSEQ 5)",
		"S: * LIST () \"/\" a",
		"S: * STATUS a (MESSAGES 2 UIDNEXT 7 UIDVALIDITY 9 HIGHESTMODSEQ 5)",
		"S: * LIST () \"/\" b",
		"S: * STATUS b (MESSAGES 2 UIDNEXT 7 UIDVALIDITY 9 HIGHESTMODSEQ 0)",
		"S: 3 OK",
		"C: 999999999 LOGOUT",
		NULL,
	};
	static const struct store_known known[] = {
		{ "mail/INBOX", "INBOX", "1 9 7 2 5" },
		{ "mail/a", "a", "1 9 7 3 5" },
		{ "mail/b", "b", "1 9 7 2 0" },
	};
	struct session_test test;
	struct imap_options options = options_plain();

	(void)state;
	options.memo = memo_of_all;
	start_with(&test, script, &options);
	ok(folders(&test, known, COUNT(known)));
	assert_int_equal(folder(&test, "mail/INBOX")->news, NEWS_NONE);
	assert_int_equal(folder(&test, "mail/a")->news, NEWS_SOME);
	assert_int_equal(folder(&test, "mail/b")->news, NEWS_SOME);
	assert_true(imap_counts(test.store).turns <= 2);
	end(&test);
}

/* The server cannot do any more what the memo says. */
static void a_memo_can_be_wrong(void **state)
{
	static const char *const script[] = {
		GREET(""),
		"C: 1 LOGIN *",
		"C: 2 ENABLE QRESYNC",
		"C: 3 LIST \"\" \"*\" RETURN (*",
		"S: 1 OK [CAPABILITY IMAP4rev1] in",
		"S: 2 BAD what",
		"S: 3 BAD what",
		"C: 4 LIST *",
		"S: * LIST () \"/\" INBOX",
		"S: 4 OK",
		"C: 5 STATUS \"INBOX\" (MESSAGES UIDNEXT UIDVALIDITY)",
		"S: * STATUS INBOX (MESSAGES 2 UIDNEXT 7 UIDVALIDITY 9)",
		"S: 5 OK",
		NULL,
	};
	struct session_test test;
	struct imap_options options = options_plain();

	(void)state;
	options.memo = memo_of_all;
	start_with(&test, script, &options);
	ok(folders(&test, NULL, 0));
	assert_int_equal(test.list.count, 1);
	assert_int_equal(folder(&test, "mail/INBOX")->count, 2);
	assert_null(strstr(test.store->memo, "LIST-STATUS"));
	end(&test);
}

/* A server that loses what comes right behind a login is asked step by step, and it is noted. */
static void a_careful_login(void **state)
{
	static const char *const script[] = {
		GREET(""),
		"C: 1 LOGIN *",
		"S: 1 OK [CAPABILITY IMAP4rev1] in",
		"CLOSE",
		"ACCEPT",
		GREET(""),
		"C: 4 LOGIN *",
		"S: 4 OK [CAPABILITY IMAP4rev1] in",
		"C: 5 LIST *",
		"S: 5 OK",
		NULL,
	};
	struct session_test test;
	struct imap_options options = options_plain();

	(void)state;
	options.memo = memo_of_all;
	start_with(&test, script, &options);
	ok(folders(&test, NULL, 0));
	assert_int_equal(test.list.count, 0);
	assert_non_null(strstr(test.store->memo, "careful\n"));
	end(&test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logins),
		cmocka_unit_test(odd_passwords),
		cmocka_unit_test(without_tls_only_to_loopback),
		cmocka_unit_test(starttls_is_not_to_be_fooled),
		cmocka_unit_test(folders_without_extensions),
		cmocka_unit_test(namespaces_are_seen),
		cmocka_unit_test(a_memo_saves_turns),
		cmocka_unit_test(a_memo_can_be_wrong),
		cmocka_unit_test(a_careful_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
