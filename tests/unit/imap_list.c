/* The driver's listings at each level, from servers that change their mind, go back, or talk
 * nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scripted.h"

#define FETCH_ALL "(UID FLAGS INTERNALDATE RFC822.SIZE)"

struct listed_sample {
	const char *script[STEPS];
	const char *cursor;
	enum fail_code code;  /* LISTED: it succeeds */
	const char *expected; /* the fail's text, or
			       * "complete|delta[ renumbered][ unstable] CURSOR: REF(says bits)… -GONE…" */
};

#define LISTED FAIL_CODES

static void listing_show(struct buf *out, const struct listing *listing)
{
	buf_addf(out, "%s%s%s %s:", listing->complete ? "complete" : "delta",
		 listing->renumbered ? " renumbered" : "", listing->unstable ? " unstable" : "",
		 *listing->cursor ? listing->cursor : "-");
	for (size_t i = 0; i < listing->count; i++)
		buf_addf(out, " %lu(%u %u%s%s)", strtoul(listing->entries[i].ref, NULL, 10),
			 listing->entries[i].says, listing->entries[i].flags.bits,
			 listing->entries[i].lasting ? " " : "",
			 listing->entries[i].lasting ? listing->entries[i].lasting : "");
	for (size_t i = 0; i < listing->gone_count; i++)
		buf_addf(out, " -%lu:%lu", strtoul(listing->gone[i].first, NULL, 10),
			 strtoul(listing->gone[i].last, NULL, 10));
}

static void listed(const struct listed_sample *sample)
{
	struct session_test test;
	struct look look = { .cursor = sample->cursor };

	start(&test, sample->script);
	ok(folders(&test, NULL, 0));
	look.folder = folder(&test, "mail/INBOX");
	ok(store_list(test.store, &look, 1));
	if (sample->code != LISTED) {
		fails(look.fail, sample->code, sample->expected);
		assert_int_equal(look.fail->scope, FAIL_FOLDER);
		assert_null(look.listing);
	} else {
		struct buf out;

		ok(look.fail);
		buf_init(&out, 10000);
		listing_show(&out, look.listing);
		assert_string_equal(out.data, sample->expected);
		buf_free(&out);
		listing_free(look.listing);
	}
	end(&test);
}

#define STATUS3 "MESSAGES 3 UIDNEXT 10 UIDVALIDITY 5"
#define ONE(n, uid, flags) "S: * " n " FETCH (UID " uid " FLAGS (" flags ") RFC822.SIZE 9)"

static void full_listings(void **state)
{
	static const struct listed_sample samples[] = {
		{ { INBOX("", STATUS3), "C: 4 SELECT \"INBOX\"", "C: 5 UID FETCH 1:9 " FETCH_ALL,
		    SELECTED("4", "3", CODES("5", "10")), ONE("1", "2", ""), ONE("2", "4", "\\Seen"),
		    ONE("3", "9", ""), "S: 5 OK" }, "", LISTED,
		  "complete 1 5 10 3 0: 2(7 0) 4(7 16) 9(7 0)" },
		/* With names for ever. */
		{ { INBOX("OBJECTID", STATUS3), "C: 4 SELECT \"INBOX\"",
		    "C: 5 UID FETCH 1:9 (UID FLAGS INTERNALDATE RFC822.SIZE EMAILID)",
		    "S: * OK [MAILBOXID (F1)] x", SELECTED("4", "3", CODES("5", "10")),
		    "S: * 1 FETCH (UID 2 FLAGS () RFC822.SIZE 9 EMAILID (M2))", ONE("2", "4", ""),
		    "S: * 3 FETCH (UID 9 EMAILID (M9))", "S: * 3 FETCH (UID 9 FLAGS ())", "S: 5 OK" }, "", LISTED,
		  "complete 1 5 10 3 0: 2(7 0 M2) 4(7 0) 9(3 0 M9)" },
		/* In any order, twice, in pieces, without UID, of a UID beyond. */
		{ { INBOX("", STATUS3), "C: 4 SELECT \"INBOX\"", "C: 5 UID FETCH 1:9 " FETCH_ALL,
		    SELECTED("4", "3", CODES("5", "10")), ONE("3", "9", ""), ONE("3", "9", "\\Draft"),
		    "S: * 2 FETCH (FLAGS (\\Flagged))", ONE("2", "4", "\\Seen"), ONE("4", "10", ""),
		    "S: * 1 FETCH (UID 2 FLAGS ())", "S: 5 OK" }, "", LISTED,
		  "complete 1 5 10 3 0: 2(3 0) 4(7 16) 9(7 1)" },
		/* Fewer than there are: nothing may be called gone for that. */
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH *",
		    SELECTED("4", "3", CODES("5", "10")), ONE("1", "2", ""), "S: 5 OK" }, "", LISTED,
		  "complete unstable -: 2(7 0)" },
		/* … unless it was told. */
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH *",
		    SELECTED("4", "3", CODES("5", "10")), ONE("1", "2", ""), "S: * 2 EXPUNGE",
		    "S: * 2 EXPUNGE", "S: 5 OK" }, "", LISTED, "complete 1 5 10 1 0: 2(7 0)" },
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH *",
		    SELECTED("4", "0", CODES("5", "10")), "S: 5 OK" }, "", LISTED, "complete 1 5 10 0 0:" },
		/* More has come since STATUS. */
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH 1:9 *",
		    SELECTED("4", "4", CODES("5", "13")), ONE("1", "2", ""), ONE("2", "4", ""),
		    ONE("3", "9", ""), "S: 5 OK", "C: 6 SELECT *", "C: 7 UID FETCH 10:12 *",
		    SELECTED("6", "5", CODES("5", "14")), ONE("4", "12", ""), "S: 7 OK" }, "", LISTED,
		  "complete 1 5 13 4 0: 2(7 0) 4(7 0) 9(7 0) 12(7 0)" },
		/* Another mailbox than STATUS saw. */
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH 1:9 *",
		    SELECTED("4", "1", CODES("6", "3")), ONE("1", "2", ""), "S: 5 OK", "C: 6 SELECT *",
		    "C: 7 UID FETCH 1:2 *", SELECTED("6", "1", CODES("6", "3")), ONE("1", "2", ""),
		    "S: 7 OK" }, "", LISTED, "complete 1 6 3 1 0: 2(7 0)" },
		/* No UIDNEXT: STATUS has one. */
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH 1:9 *", "S: * 1 EXISTS",
		    "S: * OK [UIDVALIDITY 5]", ONE("1", "2", ""), "S: 4 OK", ONE("1", "2", ""),
		    "S: 5 OK" }, "", LISTED, "complete 1 5 10 1 0: 2(7 0)" },
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH *", "S: * 1 EXISTS",
		    "S: * OK [UIDNEXT 3]", "S: 4 OK", "S: 5 OK" }, "", FAIL_PROTOCOL, "UIDVALIDITY" },
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH *", "S: * 1 EXISTS",
		    CODES("0", "10"), "S: 4 OK", "S: 5 OK" }, "", FAIL_PROTOCOL, "UIDVALIDITY" },
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH *", CODES("5", "10"), "S: 4 OK",
		    "S: 5 OK" }, "", FAIL_PROTOCOL, "number of messages" },
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH *",
		    SELECTED("4", "4000000000", CODES("5", "10")), "S: 5 OK" }, "", FAIL_PROTOCOL,
		  "number of messages" },
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH *", "S: 4 NO [NOPERM] never",
		    "S: 5 BAD no mailbox selected" }, "", FAIL_DENIED, "never" },
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH *",
		    SELECTED("4", "3", CODES("5", "10")), ONE("1", "2", ""), "S: 5 NO broken index" }, "",
		  FAIL_REFUSED, "broken index" },
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH *",
		    SELECTED("4", "3", CODES("5", "10")), "S: * 1 FETCH (UID 0 FLAGS ())" }, "",
		  FAIL_PROTOCOL, "no sense" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, passed++)
		listed(&samples[i]);
	assert_true(passed >= 15);
}

#define STATUS_MOD "MESSAGES 3 UIDNEXT 10 UIDVALIDITY 5 HIGHESTMODSEQ 20"
#define CODES_MOD(validity, next, modseq) CODES(validity, next), "S: * OK [HIGHESTMODSEQ " modseq "]"

static void listings_from_a_cursor(void **state)
{
	static const struct listed_sample samples[] = {
		/* Bare. */
		{ { INBOX("", STATUS3), "C: 4 SELECT \"INBOX\"", "C: 5 UID FETCH 1:6 (UID FLAGS)",
		    "C: 6 UID FETCH 7:9 " FETCH_ALL, SELECTED("4", "3", CODES("5", "10")),
		    "S: * 1 FETCH (UID 2 FLAGS ())", "S: * 2 FETCH (UID 4 FLAGS (\\Seen))", "S: 5 OK",
		    ONE("3", "9", ""), "S: 6 OK" }, "1 5 7 2 0", LISTED,
		  "complete 1 5 10 3 0: 2(3 0) 4(3 16) 9(7 0)" },
		/* Nothing new to fetch. */
		{ { INBOX("", STATUS3), "C: 4 SELECT \"INBOX\"", "C: 5 UID FETCH 1:9 (UID FLAGS)",
		    SELECTED("4", "1", CODES("5", "10")), "S: * 1 FETCH (UID 2 FLAGS ())", "S: 5 OK" },
		  "1 5 10 3 0", LISTED, "complete 1 5 10 1 0: 2(3 0)" },
		/* Renumbered, as STATUS and then SELECT says. */
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH 1:9 *",
		    SELECTED("4", "1", CODES("5", "10")), ONE("1", "2", ""), "S: 5 OK" }, "1 4 7 2 0", LISTED, "complete renumbered 1 5 10 1 0: 2(7 0)" },
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH 1:6 (UID FLAGS)",
		    "C: 6 UID FETCH 7:9 *", SELECTED("4", "1", CODES("6", "3")),
		    "S: * 1 FETCH (UID 2 FLAGS ())", "S: 5 OK", "S: 6 OK", "C: 7 SELECT *",
		    "C: 8 UID FETCH 1:2 " FETCH_ALL, SELECTED("7", "1", CODES("6", "3")),
		    ONE("1", "2", "\\Seen"), "S: 8 OK" }, "1 5 7 2 0", LISTED,
		  "complete renumbered 1 6 3 1 0: 2(7 16)" },
		/* It never stops changing. */
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH *",
		    SELECTED("4", "0", CODES("6", "2")), "S: 5 OK", "C: 6 SELECT *", "C: 7 UID FETCH *",
		    SELECTED("6", "0", CODES("7", "2")), "S: 7 OK", "C: 8 SELECT *", "C: 9 UID FETCH *",
		    SELECTED("8", "0", CODES("8", "2")), "S: 9 OK", "C: 10 SELECT *", "C: 11 UID FETCH *",
		    SELECTED("10", "0", CODES("9", "2")), "S: 11 OK", "C: 12 SELECT *",
		    "C: 13 UID FETCH *", SELECTED("12", "0", CODES("10", "2")), "S: 13 OK" }, "",
		  FAIL_STALE, "changes all the time" },
		/* UIDNEXT went back. */
		{ { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH 1:9 " FETCH_ALL,
		    SELECTED("4", "1", CODES("5", "10")), ONE("1", "2", ""), "S: 5 OK" }, "1 5 11 2 0", LISTED, "complete 1 5 10 1 0: 2(7 0)" },
		/* CONDSTORE: changes alone. */
		{ { INBOX("CONDSTORE", STATUS_MOD), "C: 4 SELECT \"INBOX\" (CONDSTORE)",
		    "C: 5 UID FETCH 1:6 (UID FLAGS) (CHANGEDSINCE 11)", "C: 6 UID FETCH 7:9 " FETCH_ALL,
		    SELECTED("4", "3", CODES_MOD("5", "10", "20")),
		    "S: * 2 FETCH (UID 4 FLAGS (\\Seen) MODSEQ (19))", "S: 5 OK", ONE("3", "9", ""),
		    "S: 6 OK" }, "1 5 7 2 11", LISTED, "delta 1 5 10 3 20: 4(3 16) 9(7 0)" },
		/* One went: a search tells what is left. */
		{ { INBOX("CONDSTORE", STATUS_MOD), "C: 4 SELECT *", "C: 5 UID FETCH *", "C: 6 UID FETCH *",
		    SELECTED("4", "3", CODES_MOD("5", "10", "20")), "S: * 2 FETCH (UID 4 FLAGS (\\Seen))",
		    "S: 5 OK", ONE("3", "9", ""), "S: 6 OK", "C: 7 SELECT \"INBOX\"", "C: 8 UID SEARCH ALL",
		    SELECTED("7", "4", CODES_MOD("5", "11", "21")), "S: * SEARCH 2 4", "S: * SEARCH 9 10",
		    "S: 8 OK" }, "1 5 7 3 11", LISTED, "complete 1 5 10 3 20: 2(0 0) 4(3 16) 9(7 0)" },
		/* MODSEQ went back; the server does not count any more. */
		{ { INBOX("CONDSTORE", STATUS_MOD), "C: 4 SELECT *", "C: 5 UID FETCH 1:9 " FETCH_ALL,
		    SELECTED("4", "1", CODES_MOD("5", "10", "20")), ONE("1", "2", ""), "S: 5 OK" },
		  "1 5 10 1 30", LISTED, "complete 1 5 10 1 20: 2(7 0)" },
		{ { INBOX("CONDSTORE", STATUS_MOD), "C: 4 SELECT *", "C: 5 UID FETCH 1:9 (UID FLAGS) (*",
		    SELECTED("4", "1", CODES("5", "10")), "S: * OK [NOMODSEQ]", "S: 5 OK", "C: 6 SELECT *",
		    "C: 7 UID FETCH 1:9 " FETCH_ALL, SELECTED("6", "1", CODES("5", "10")),
		    ONE("1", "2", ""), "S: 7 OK" }, "1 5 10 1 11", LISTED, "complete 1 5 10 1 0: 2(7 0)" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, passed++)
		listed(&samples[i]);
	assert_true(passed >= 10);
}

#define INBOX_Q(status) LOGIN("ENABLE QRESYNC"), "C: 2 ENABLE QRESYNC", "C: 3 LIST *",       \
			"S: * ENABLED QRESYNC", "S: 2 OK", "S: * LIST () \"/\" INBOX", "S: 3 OK", \
			"C: 4 STATUS *", "S: * STATUS INBOX (" status ")", "S: 4 OK"

static void listings_by_qresync(void **state)
{
	static const struct listed_sample samples[] = {
		{ { INBOX_Q(STATUS_MOD), "C: 5 SELECT \"INBOX\" (QRESYNC (5 11))",
		    "C: 6 UID FETCH 7:9 " FETCH_ALL, "S: * VANISHED (EARLIER) 1,3",
		    "S: * 2 FETCH (UID 4 FLAGS (\\Seen) MODSEQ (19))",
		    "S: * 3 FETCH (UID 9 FLAGS () MODSEQ (20))",
		    SELECTED("5", "3", CODES_MOD("5", "10", "20")), ONE("3", "9", ""), "S: 6 OK" },
		  "1 5 7 4 11", LISTED, "delta 1 5 10 3 20: 4(3 16) 9(7 0) -1:1 -3:3" },
		/* What is gone again is not listed. */
		{ { INBOX_Q(STATUS_MOD), "C: 5 SELECT *", "C: 6 UID FETCH *",
		    SELECTED("5", "3", CODES_MOD("5", "10", "20")), ONE("3", "9", ""), "S: * VANISHED 9",
		    "S: 6 OK" }, "1 5 7 4 11", LISTED, "delta 1 5 10 3 20: -9:9" },
		/* What was said of the mailbox before counts not. */
		{ { INBOX_Q(STATUS_MOD), "C: 5 SELECT *", "C: 6 UID FETCH *", "S: * VANISHED 1:100",
		    "S: * 2 FETCH (UID 4 FLAGS (\\Seen))", "S: * OK [CLOSED]",
		    SELECTED("5", "3", CODES_MOD("5", "10", "20")), ONE("3", "9", ""), "S: 6 OK" },
		  "1 5 7 4 11", LISTED, "delta 1 5 10 3 20: 9(7 0)" },
		{ { INBOX_Q(STATUS_MOD), "C: 5 SELECT *", "C: 6 UID FETCH *",
		    SELECTED("5", "3", CODES("5", "10")), "S: * OK [NOMODSEQ]", "S: 6 OK", "C: 7 SELECT *",
		    "C: 8 UID FETCH 1:9 *", SELECTED("7", "1", CODES("5", "10")), ONE("1", "2", ""),
		    "S: 8 OK" }, "1 5 7 4 11", LISTED, "complete 1 5 10 1 0: 2(7 0)" },
		{ { INBOX_Q(STATUS_MOD), "C: 5 SELECT *", "C: 6 UID FETCH *", "S: * VANISHED 1:*" },
		  "1 5 7 4 11", FAIL_PROTOCOL, "no sense" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, passed++)
		listed(&samples[i]);
	assert_true(passed >= 5);
}

/* Nonsense about one mailbox is that one's failure. */
static void the_others_are_listed(void **state)
{
	static const char *const script[] = {
		LOGIN(""), "C: 2 LIST *", "S: * LIST () \"/\" a", "S: * LIST () \"/\" b", "S: 2 OK",
		"C: 3 STATUS *", "C: 4 STATUS *", "S: * STATUS a (" STATUS3 ")", "S: * STATUS b (" STATUS3 ")",
		"S: 3 OK", "S: 4 OK",
		"C: 5 SELECT \"a\"", "C: 6 UID FETCH *", "C: 7 SELECT \"b\"", "C: 8 UID FETCH *",
		SELECTED("5", "1", CODES("5", "10")), "S: * 1 FETCH (UID 0)",
		"ACCEPT", GREET(""), "C: 9 LOGIN *", "S: 9 OK [CAPABILITY IMAP4rev1] in",
		"C: 10 SELECT \"b\"", "C: 11 UID FETCH *", SELECTED("10", "1", CODES("5", "10")),
		ONE("1", "2", ""), "S: 11 OK", NULL,
	};
	struct session_test test;
	struct look looks[2] = { 0 };

	(void)state;
	start(&test, script);
	ok(folders(&test, NULL, 0));
	looks[0].folder = folder(&test, "mail/a");
	looks[1].folder = folder(&test, "mail/b");
	ok(store_list(test.store, looks, 2));
	fails(looks[0].fail, FAIL_PROTOCOL, "no sense");
	ok(looks[1].fail);
	assert_int_equal(looks[1].listing->count, 1);
	listing_free(looks[1].listing);
	end(&test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_listings),
		cmocka_unit_test(listings_from_a_cursor),
		cmocka_unit_test(listings_by_qresync),
		cmocka_unit_test(the_others_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
