/* The driver's reads and changes on servers that refuse, mix up, lose and garble answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/step.h"
#include "scripted.h"

#define STATUS3 "MESSAGES 3 UIDNEXT 10 UIDVALIDITY 5"
#define SELECT(tag) "C: " tag " SELECT \"INBOX\"", SELECTED(tag, "3", CODES("5", "10"))

static struct body *body_of(const char *text)
{
	struct body *body;

	ok(body_of_memory(text, strlen(text), BODY_MAIL, &body));
	return body;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* What a read came to: "UID: BODY", "UID: fail CODE". */
static const struct fail *read_show(void *context, struct read *read)
{
	struct buf *out = context;

	buf_addf(out, "%lu: ", strtoul(read->ref, NULL, 10));
	if (read->fail) {
		buf_addf(out, "fail %s; ", fail_word(read->fail->code));
		assert_int_equal(read->fail->scope, FAIL_ITEM);
	} else if (read->body) {
		char text[100];
		size_t got;

		ok(body_read(read->body, 0, text, sizeof text, &got));
		buf_add(out, text, got);
		buf_adds(out, "; ");
	} else {
		buf_addf(out, "print %lu; ", (unsigned long)read->print.size);
	}
	body_free(read->body);
	read->body = NULL;
	return NULL;
}

#define BODY(uid, text) "S:- * 1 FETCH (UID " uid " FLAGS () BODY[] \"" text "\")\r\n"

static void reads(void **state)
{
	static const struct {
		const char *script[STEPS];
		const char *expected;
	} samples[] = {
		{ { INBOX("", STATUS3), SELECT("4"), "C: 5 UID FETCH 1:3 (UID FLAGS INTERNALDATE BODY.PEEK[])",
		    BODY("1", "one"), BODY("2", "two"), BODY("3", "three"), "S: 5 OK" },
		  "1: one; 2: two; 3: three; " },
		/* Not there, without a body, twice, not asked for but without a body. */
		{ { INBOX("", STATUS3), SELECT("4"), "C: 5 UID FETCH *", BODY("3", "three"),
		    "S: * 1 FETCH (UID 1 FLAGS () BODY[] NIL)", "S: * 9 FETCH (UID 9 FLAGS ())", "S: 5 OK" },
		  "3: three; 1: fail missing; 2: fail missing; " },
		/* Refused together, then one by one. */
		{ { INBOX("", STATUS3), SELECT("4"), "C: 5 UID FETCH 1:3 *", BODY("1", "one"),
		    "S: 5 NO cannot read", "C: 6 UID FETCH 3 *", BODY("3", "three"), "S: 6 OK",
		    "C: 7 UID FETCH 2 *", "S: 7 NO cannot read" },
		  "1: one; 3: three; 2: fail refused; " },
		/* Nonsense about the second message: it is asked for once more, alone. */
		{ { INBOX("", STATUS3), SELECT("4"), "C: 5 UID FETCH 1:3 *", BODY("1", "one"),
		    "S: * 2 FETCH (UID 2 BODY[] {99999999999}", "ACCEPT", GREET(""), "C: 6 LOGIN *",
		    "S: 6 OK [CAPABILITY IMAP4rev1]", SELECT("7"), "C: 8 UID FETCH 3 *", BODY("3", "three"),
		    "S: 8 OK", "C: 9 UID FETCH 2 *", "S: * 2 FETCH (UID 2 BODY[] {99999999999}", "CLOSE" },
		  "1: one; 3: three; 2: fail protocol; " },
		/* The connection breaks in a body, once. */
		{ { INBOX("", STATUS3), SELECT("4"), "C: 5 UID FETCH 1:3 *", BODY("1", "one"),
		    "S:- * 2 FETCH (UID 2 BODY[] {10}\r\nabc", "ACCEPT", GREET(""), "C: 6 LOGIN *",
		    "S: 6 OK [CAPABILITY IMAP4rev1]", SELECT("7"), "C: 8 UID FETCH 3 *", BODY("3", "three"),
		    "S: 8 OK", "C: 9 UID FETCH 2 *", BODY("2", "two"), "S: 9 OK" },
		  "1: one; 3: three; 2: two; " },
		/* Not asked for. */
		{ { INBOX("", STATUS3), SELECT("4"), "C: 5 UID FETCH 1:3 *", BODY("7", "seven"), "ACCEPT",
		    GREET(""), "C: 6 LOGIN *", "S: 6 OK [CAPABILITY IMAP4rev1]", SELECT("7"),
		    "C: 8 UID FETCH 2:3 *", BODY("2", "two"), BODY("3", "three"), "S: 8 OK",
		    "C: 9 UID FETCH 1 *", BODY("1", "one"), "S: 9 OK" },
		  "2: two; 3: three; 1: one; " },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, passed++) {
		struct session_test test;
		struct read all[3] = { 0 };
		struct buf out;

		start(&test, samples[i].script);
		ok(folders(&test, NULL, 0));
		for (unsigned n = 0; n < COUNT(all); n++) {
			all[n].folder = folder(&test, "mail/INBOX");
			all[n].ref = arena_printf(test.arena, "%010u", n + 1);
			all[n].part = PART_WHOLE;
		}
		buf_init(&out, 10000);
		ok(store_read(test.store, all, COUNT(all), read_show, &out, test.arena));
		assert_string_equal(out.data, samples[i].expected);
		buf_free(&out);
		end(&test);
	}
	assert_true(passed >= 6);
}

static void another_numbering_is_not_read(void **state)
{
	static const char *const script[] = {
		INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 UID FETCH *",
		SELECTED("4", "3", CODES("6", "10")), BODY("1", "another"), "S: 5 OK", NULL,
	};
	struct session_test test;
	struct read read = { .ref = "0000000001", .part = PART_WHOLE };

	(void)state;
	start(&test, script);
	ok(folders(&test, NULL, 0));
	read.folder = folder(&test, "mail/INBOX");
	ok(store_read(test.store, &read, 1, NULL, NULL, test.arena));
	/* What was read before SELECT was understood is not given out. */
	fails(read.fail, FAIL_STALE, "UIDVALIDITY");
	assert_null(read.body);
	end(&test);
}

/* ---- changing ------------------------------------------------------------------------------ */

struct changes {
	struct session_test test;
	struct flag_change flags[3];
	struct transfer transfers[2];
	struct removal removals[2];
	struct write writes[2];
};

static const char *outcome(const struct fail *f)
{
	return f ? fail_word(f->code) : "ok";
}

/* Runs `count` changes of each kind that the letters name: f, m(ove), c(opy), r, w; UIDs 1, 2,
 * 3.  The outcome as text. */
static void change(struct changes *changes, const char *kinds, struct buf *out)
{
	struct session_test *test = &changes->test;
	struct store_folder *inbox;
	size_t f = 0, t = 0, r = 0, w = 0;
	static const char *const refs[] = { "0000000001", "0000000002", "0000000003" };

	ok(folders(test, NULL, 0));
	inbox = folder(test, "mail/INBOX");
	for (const char *kind = kinds; *kind; kind++) {
		if (*kind == 'f')
			changes->flags[f] = (struct flag_change){ .folder = inbox, .ref = refs[f],
								  .add.bits = FLAG_SEEN }, f++;
		else if (*kind == 'm' || *kind == 'c')
			changes->transfers[t] = (struct transfer){ .folder = inbox, .to = inbox,
								   .ref = refs[t], .copy = *kind == 'c' },
			t++;
		else if (*kind == 'r')
			changes->removals[r] = (struct removal){ .folder = inbox, .ref = refs[r] }, r++;
		else
			changes->writes[w] = (struct write){ .folder = inbox, .date = 1700000000,
							     .flags = { FLAG_SEEN, "$Junk" },
							     .body = body_of("A: b\n\nc\n") }, w++;
	}
	ok(store_flag(test->store, changes->flags, f, test->arena));
	ok(store_transfer(test->store, changes->transfers, t, test->arena));
	ok(store_remove(test->store, changes->removals, r, test->arena));
	ok(store_write(test->store, changes->writes, w, test->arena));
	buf_addf(out, "%s;", outcome(store_sync(test->store)));
	for (size_t i = 0; i < f; i++)
		buf_addf(out, " f %s %u", outcome(changes->flags[i].fail), changes->flags[i].now.bits);
	for (size_t i = 0; i < t; i++)
		buf_addf(out, " t %s %s", outcome(changes->transfers[i].fail),
			 changes->transfers[i].now.ref ? changes->transfers[i].now.ref : "-");
	for (size_t i = 0; i < r; i++)
		buf_addf(out, " r %s", outcome(changes->removals[i].fail));
	for (size_t i = 0; i < w; i++) {
		buf_addf(out, " w %s %s %s", outcome(changes->writes[i].fail),
			 changes->writes[i].now.ref ? changes->writes[i].now.ref : "-",
			 changes->writes[i].now.flags.keywords ? changes->writes[i].now.flags.keywords : "-");
		body_free(changes->writes[i].body);
	}
}

#define THERE(uid, flags) "S: * 1 FETCH (UID " uid " FLAGS (" flags "))"
#define APPEND(tag) "C: " tag " APPEND \"INBOX\" (\\Seen $Junk) \"14-Nov-2023 22:13:20 +0000\" {11}"

static void changes_and_what_came_of_them(void **state)
{
	static const struct {
		const char *kinds;
		const char *script[STEPS];
		const char *expected;
	} samples[] = {
		{ "ff", { INBOX("", STATUS3), SELECT("4"), "C: 5 UID STORE 1:2 +FLAGS.SILENT (\\Seen)",
			  "C: 6 UID FETCH 1:2 (UID FLAGS)", "S: 5 OK", THERE("1", "\\Seen \\Draft"),
			  THERE("2", "\\Seen"), "S: 6 OK" }, "ok; f ok 17 f ok 16" },
		/* Answered at the same time. */
		{ "ff", { INBOX("", STATUS3), SELECT("4"), "C: 5 *", "C: 6 *", THERE("1", "\\Seen"), "S: 6 OK",
			  "S: 5 OK" }, "ok; f ok 16 f missing 0" },
		/* One of them cannot be stored: which? */
		{ "ff", { INBOX("", STATUS3), SELECT("4"), "C: 5 UID STORE 1:2 *", "C: 6 *",
			  "S: 5 NO [LIMIT] no", THERE("1", ""), THERE("2", ""), "S: 6 OK", SELECT("7"),
			  "C: 8 UID STORE 1 *", "C: 9 UID STORE 2 *", "C: 10 UID FETCH 1:2 *",
			  "S: 8 NO [LIMIT] no", "S: 9 OK", THERE("1", ""), THERE("2", "\\Seen"), "S: 10 OK" },
		  "ok; f refused 0 f ok 16" },
		/* Another mailbox came in its place: nothing is called done. */
		{ "fr", { INBOX("UIDPLUS", STATUS3), "C: 4 SELECT *", "C: 5 *", "C: 6 *", "C: 7 *", "C: 8 *",
			  SELECTED("4", "3", CODES("6", "10")), "S: 5 OK", THERE("1", ""), "S: 6 OK", "S: 7 OK",
			  "S: 8 OK" }, "ok; f stale 0 r stale" },
		{ "f", { INBOX("", STATUS3), "C: 4 SELECT *", "C: 5 *", "C: 6 *", "S: 4 NO [NOPERM] no",
			 "S: 5 BAD no mailbox", "S: 6 BAD no mailbox" }, "ok; f denied 0" },
		/* Not answered: nobody knows. */
		{ "ff", { INBOX("", STATUS3), SELECT("4"), "C: 5 *", "C: 6 *", "CLOSE" },
		  "unreachable; f unreachable 0 f unreachable 0" },
		/* MOVE, with and without COPYUID, in part. */
		{ "mm", { INBOX("UIDPLUS MOVE", STATUS3), SELECT("4"), "C: 5 UID FETCH 1:2 (UID FLAGS)",
			  "C: 6 UID MOVE 1:2 \"INBOX\"", THERE("1", ""), THERE("2", ""), "S: 5 OK",
			  "S: * OK [COPYUID 5 1:2 20:21] x", "S: * 1 EXPUNGE", "S: 6 OK" },
		  "ok; t ok 0000000020 t ok 0000000021" },
		{ "m", { INBOX("MOVE", STATUS3), SELECT("4"), "C: 5 *", "C: 6 UID MOVE *", THERE("1", ""),
			 "S: 5 OK", "S: 6 OK" }, "ok; t ok -" },
		{ "mm", { INBOX("UIDPLUS MOVE", STATUS3), SELECT("4"), "C: 5 *", "C: 6 UID MOVE 1:2 *",
			  THERE("1", ""), THERE("2", ""), "S: 5 OK", "S: * OK [COPYUID 5 1 20] x",
			  "S: 6 NO [OVERQUOTA] full", SELECT("7"), "C: 8 *", "C: 9 UID MOVE 2 *", THERE("2", ""),
			  "S: 8 OK", "S: 9 NO [OVERQUOTA] full" }, "ok; t ok 0000000020 t quota -" },
		/* A lie: of another numbering, of other messages, of too few. */
		{ "m", { INBOX("UIDPLUS MOVE", STATUS3), SELECT("4"), "C: 5 *", "C: 6 *", THERE("1", ""),
			 "S: 5 OK", "S: * OK [COPYUID 99 1 20] x", "S: 6 OK" }, "ok; t ok -" },
		{ "m", { INBOX("UIDPLUS MOVE", STATUS3), SELECT("4"), "C: 5 *", "C: 6 *", THERE("1", ""),
			 "S: 5 OK", "S: * OK [COPYUID 5 8 20] x", "S: 6 OK" }, "ok; t ok -" },
		/* Without MOVE: the original goes only when the copy is there. */
		{ "m", { INBOX("UIDPLUS", STATUS3), SELECT("4"), "C: 5 *", "C: 6 UID COPY 1 *", THERE("1", ""),
			 "S: 5 OK", "S: 6 NO [OVERQUOTA] full" }, "ok; t quota -" },
		{ "m", { INBOX("UIDPLUS", STATUS3), SELECT("4"), "C: 5 *", "C: 6 UID COPY 1 *", THERE("1", ""),
			 "S: 5 OK", "S: 6 OK [COPYUID 5 1 20]", SELECT("7"), "C: 8 UID FETCH 1 *",
			 "C: 9 UID STORE 1 +FLAGS.SILENT (\\Deleted)", "C: 10 UID EXPUNGE 1", THERE("1", ""),
			 "S: 8 OK", "S: 9 OK", "S: 10 OK" }, "ok; t ok 0000000020" },
		/* Removal without UIDPLUS: others are flagged \Deleted, or came to be so. */
		{ "rr", { INBOX("", STATUS3), SELECT("4"), "C: 5 UID FETCH 1:2 *", THERE("1", ""),
			  THERE("2", ""), "S: 5 OK", SELECT("6"), "C: 7 *", "C: 8 UID STORE 1:2 *",
			  THERE("1", ""), THERE("2", ""), "S: 7 OK", "S: 8 OK", "C: 9 UID SEARCH DELETED",
			  "S: * SEARCH 1 2 7", "S: 9 OK" }, "ok; r refused r refused" },
		{ "rr", { INBOX("", STATUS3), "C: 4 SELECT *", SELECTED("4", "3", CODES("5", "10")), "C: 5 *",
			  THERE("1", ""), THERE("2", ""), "S: 5 OK", SELECT("6"), "C: 7 *", "C: 8 UID STORE 1:2 *",
			  THERE("1", ""), THERE("2", ""), "S: 7 OK", "S: 8 OK", "C: 9 UID SEARCH DELETED",
			  "S: * SEARCH 2 1", "S: 9 OK", "C: 10 EXPUNGE", "S: 10 OK" }, "ok; r ok r ok" },
		/* A literal that waits, one that is refused, one that must go out all the same. */
		{ "w", { INBOX("", STATUS3), APPEND("4"), "S: + go", "L: 11", "C: ", "S: 4 OK [APPENDUID 5 10]" },
		  "ok; w ok 0000000010 $Junk" },
		{ "ww", { INBOX("", STATUS3), APPEND("4"), "S: 4 NO [OVERQUOTA] full", APPEND("5"), "S: + go",
			  "L: 11", "C: ", "S: 5 OK [APPENDUID 5 10]" },
		  "ok; w quota - - w ok 0000000010 $Junk" },
		{ "w", { INBOX("LITERAL+", STATUS3), "C: 4 APPEND * {11+}", "L: 11", "C: ",
			 "S: 4 NO [OVERQUOTA] full" }, "ok; w quota - -" },
		{ "w", { INBOX("LITERAL-", STATUS3), "C: 4 APPEND * {11+}", "L: 11", "C: ",
			 "S: 4 NO [TRYCREATE] none" }, "ok; w missing - -" },
		/* Once more without keywords. */
		{ "w", { INBOX("LITERAL+", STATUS3), "C: 4 APPEND \"INBOX\" (\\Seen $Junk) *", "L: 11", "C: ",
			 "S: 4 NO keywords", "C: 5 APPEND \"INBOX\" (\\Seen) *", "L: 11", "C: ",
			 "S: 5 OK [APPENDUID 5 10]" }, "ok; w ok 0000000010 -" },
		/* APPENDUID of another numbering says nothing; it is looked for. */
		{ "w", { INBOX("LITERAL+", STATUS3), "C: 4 APPEND *", "L: 11", "C: ",
			 "S: 4 OK [APPENDUID 6 10]", SELECT("5"),
			 "C: 6 UID FETCH 10:* (UID RFC822.SIZE BODY.PEEK[HEADER])",
			 "S:- * 3 FETCH (UID 9 RFC822.SIZE 11 BODY[HEADER] {8}\r\nA: b\r\n\r\n)\r\n",
			 "S:- * 4 FETCH (UID 12 RFC822.SIZE 11 BODY[HEADER] {8}\r\nA: b\r\n\r\n)\r\n",
			 "S: 6 OK" }, "ok; w ok 0000000012 $Junk" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, passed++) {
		struct changes changes = { 0 };
		struct buf out;

		print_message("# %zu: %s\n", i, samples[i].kinds);
		start(&changes.test, samples[i].script);
		buf_init(&out, 1000);
		change(&changes, samples[i].kinds, &out);
		if (strcmp(out.data, samples[i].expected) != 0)
			fail_msg("%zu (%s): %s, but wanted %s", i, samples[i].kinds, out.data,
				 samples[i].expected);
		buf_free(&out);
		end(&changes.test);
	}
	assert_true(passed >= 20);
}

/* ---- steps --------------------------------------------------------------------------------- */

struct steps {
	unsigned passed, stop_at;
	char names[100];
};

static const struct fail *step_count(void *context, const char *what)
{
	struct steps *steps = context;

	if (++steps->passed >= steps->stop_at && steps->stop_at)
		return fail_make(FAIL_STOPPED, FAIL_ALL, "stopped");
	strncat(steps->names, what, sizeof steps->names - strlen(steps->names) - 2);
	strcat(steps->names, " ");
	return NULL;
}

/* Each change passes step() before it is sent; what is stopped there is not sent. */
static void every_change_is_a_step(void **state)
{
	static const char *const script[] = {
		INBOX("UIDPLUS MOVE LITERAL+", STATUS3), "C: 4 APPEND *", "L: 11", "C: ", "C: 5 SELECT *",
		"C: 6 UID STORE *", "C: 7 UID FETCH *", "C: 8 UID COPY *", "C: 9 UID MOVE *",
		"C: 10 UID STORE *", "C: 11 UID EXPUNGE *", "S: 4 OK [APPENDUID 5 10]",
		SELECTED("5", "3", CODES("5", "10")), "S: 6 OK", THERE("1", ""), THERE("2", ""), "S: 7 OK",
		"S: 8 OK", "S: 9 OK", "S: 10 OK", "S: 11 OK", NULL,
	};
	/* Nothing of the flight has gone out: it was still in the buffer. */
	static const char *const stopped[] = { INBOX("UIDPLUS MOVE LITERAL+", STATUS3), NULL };
	struct changes changes = { 0 };
	struct steps steps = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	step_set_hook(step_count, &steps);
	start(&changes.test, script);
	change(&changes, "fcmrw", &out);
	assert_string_equal(steps.names, "append store copy move store expunge ");
	assert_string_equal(out.data, "ok; f ok 0 t ok - t ok - r ok w ok 0000000010 $Junk");
	end(&changes.test);

	steps = (struct steps){ .stop_at = 3 };
	changes = (struct changes){ 0 };
	buf_clear(&out);
	start(&changes.test, stopped);
	change(&changes, "fcmrw", &out);
	assert_memory_equal(out.data, "stopped;", 8);
	end(&changes.test);
	step_set_hook(NULL, NULL);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(another_numbering_is_not_read),
		cmocka_unit_test(changes_and_what_came_of_them),
		cmocka_unit_test(every_change_is_a_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
