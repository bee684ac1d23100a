/* The command line, exit codes, tables: what people type and what they get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "command/exit_code.h"
#include "command/line.h"
#include "command/table.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- a set of commands of our own ------------------------------------------------------------ */

struct values {
	bool dry;
	char first[32];
};

static const char *set_dry(void *values, const char *argument)
{
	assert_null(argument);
	((struct values *)values)->dry = true;
	return NULL;
}

static const char *set_first(void *values, const char *argument)
{
	if (strcmp(argument, "bad") == 0)
		return "this will not do";
	snprintf(((struct values *)values)->first, sizeof((struct values *)values)->first, "%s",
		 argument);
	return NULL;
}

static const struct command_option go_options[] = {
	{ 'n', "dry-run", NULL, "no harm", set_dry },
	{ 'f', "first", "FOLDER", "this one", set_first },
	{ 0, NULL, NULL, NULL, NULL },
};

static const struct command go = {
	.name = "go", .arguments = "[WHERE...]", .help = "go there", .options = go_options,
	.most = SIZE_MAX, .values_size = sizeof(struct values),
};
static const struct command one = {
	.name = "one", .arguments = "THING", .help = "needs one", .least = 1, .most = 1,
};
static const struct command none = { .name = "none", .arguments = "", .help = "takes none" };
static const struct command *const commands[] = { &go, &one, &none, NULL };

/* ---- parsing --------------------------------------------------------------------------------- */

/* What was understood, as one text; or "! " and the fail's. */
static const char *understood(const char *typed)
{
	static char text[512];
	char words[256], *argv[20];
	const struct values *values;
	const struct fail *f;
	struct line line;
	int argc = 0, used;

	snprintf(words, sizeof words, "koc %s", typed);
	for (char *at = words; *at; argc++) {
		size_t size = strcspn(at, " ");

		argv[argc] = at;
		at += size;
		if (*at)
			*at++ = '\0';
	}
	argv[argc] = NULL;

	f = line_parse(argc, argv, commands, &line);
	if (f) {
		assert_int_equal(f->code, FAIL_USAGE);
		snprintf(text, sizeof text, "! %s", f->text);
		line_free(&line);
		return text;
	}
	values = line.values;
	used = snprintf(text, sizeof text, "%s%s%s%s%s%s%s", line.command ? line.command->name : "-",
			line.help ? " help" : "", line.version ? " version" : "",
			line.json ? " json" : "", values && values->dry ? " dry" : "",
			values && values->first[0] ? " first=" : "", values ? values->first : "");
	if (line.level != LOG_NORMAL)
		used += snprintf(text + used, sizeof text - (size_t)used, " level=%d", line.level);
	if (line.config)
		used += snprintf(text + used, sizeof text - (size_t)used, " config=%s", line.config);
	for (size_t i = 0; i < line.accounts.count; i++)
		used += snprintf(text + used, sizeof text - (size_t)used, " account=%s",
				 line.accounts.items[i]);
	for (size_t i = 0; i < line.argument_count; i++)
		used += snprintf(text + used, sizeof text - (size_t)used, " (%s)",
				 line.arguments[i]);
	line_free(&line);
	return text;
}

static const struct {
	const char *typed, *text;
} lines[] = {
	{ "go", "go" },
	{ "go a b", "go (a) (b)" },
	/* Options anywhere, before the command only those for all. */
	{ "go a -n b", "go dry (a) (b)" },
	{ "go a --dry-run b --first x", "go dry first=x (a) (b)" },
	{ "go -nfx a", "go dry first=x (a)" },
	{ "go --first=x", "go first=x" },
	{ "go --first= a", "go (a)" },
	{ "go -- -n --first", "go (-n) (--first)" },
	{ "go -c file a --json -a x -a y", "go json config=file account=x account=y (a)" },
	{ "-c file -v go a", "go level=1 config=file (a)" },
	{ "--config file --account=x go", "go config=file account=x" },
	{ "-c file go -c other", "go config=other" },
	{ "go -v", "go level=1" },
	{ "go -vv", "go level=2" },
	{ "go -vvv", "go level=2" },
	{ "go -q", "go level=-1" },
	{ "go -q -v", "go level=1" },
	{ "go --dry", "go dry" }, /* a prefix that is one option's alone */
	{ "one x", "one (x)" },
	{ "none", "none" },
	{ "--help", "- help" },
	{ "-h", "- help" },
	{ "--version", "- version" },
	{ "go --help", "go help" },
	{ "one --help", "one help" }, /* nothing is missing then */
	{ "none a b --help", "none help (a) (b)" },

	{ "", "! a command is missing" },
	{ "-q", "! a command is missing" },
	{ "goo", "! there is no command goo: did you mean go?" },
	{ "nome", "! there is no command nome: did you mean none?" },
	{ "frobnicate", "! there is no command frobnicate" },
	{ "-n go", "! there is no option -n" },
	{ "--dry-run go", "! there is no option --dry-run" },
	{ "--jason", "! there is no option --jason: did you mean --json?" },
	{ "go -x", "! go: there is no option -x" },
	{ "go -nx", "! go: there is no option -x" },
	{ "go --frist x", "! go: there is no option --frist: did you mean --first?" },
	{ "go --dryrun", "! go: there is no option --dryrun: did you mean --dry-run?" },
	{ "go a --qiet b", "! go: there is no option --qiet: did you mean --quiet?" },
	{ "go --frobnicate", "! go: there is no option --frobnicate" },
	{ "go --frobnicate=3", "! go: there is no option --frobnicate" },
	{ "go --dry-run=3", "! go: --dry-run takes no argument" },
	{ "go --first", "! go: --first needs FOLDER" },
	{ "go -f", "! go: --first needs FOLDER" },
	{ "go -nf", "! go: --first needs FOLDER" },
	{ "-c", "! --config needs FILE" },
	{ "go --config=", "! go: --config : the name of the file is empty" },
	{ "go --first bad", "! go: --first bad: this will not do" },
	{ "one", "! one: an argument is missing: THING" },
	{ "one a b", "! one: too many arguments: b" },
	{ "none a", "! none takes no arguments" },
};

static void command_lines(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++, count++)
		assert_string_equal(understood(lines[i].typed), lines[i].text);
	assert_in_range(count, 50, 200);
}

static void help(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 16);
	line_help(&out, commands);
	for (size_t i = 0; commands[i]; i++)
		assert_non_null(strstr(out.data, commands[i]->help));
	for (size_t i = 0; line_options[i].name; i++)
		assert_non_null(strstr(out.data, line_options[i].help));
	buf_clear(&out);
	line_help_command(&out, &go);
	assert_non_null(strstr(out.data, "usage: koc go [OPTION...] [WHERE...]\n"));
	assert_non_null(strstr(out.data, "  -f, --first FOLDER           this one\n"));
	assert_non_null(strstr(out.data, "      --json "));
	for (const char *at = out.data; at && *at; at = strchr(at, '\n') + 1)
		assert_in_range(strcspn(at, "\n"), 0, 80);
	buf_free(&out);
}

/* ---- exit codes ------------------------------------------------------------------------------ */

static void codes_of_fails(void **state)
{
	static const struct {
		enum fail_code fail;
		int code;
	} cases[] = {
		{ FAIL_STALE, 1 },    { FAIL_MISSING, 1 },	{ FAIL_EXISTS, 1 },
		{ FAIL_REFUSED, 69 }, { FAIL_DENIED, 1 },	{ FAIL_QUOTA, 69 },
		{ FAIL_PROTOCOL, 76 }, { FAIL_UNREACHABLE, 75 }, { FAIL_TLS, 76 },
		{ FAIL_LOGIN, 77 },   { FAIL_CONFIG, 78 },	{ FAIL_USAGE, 64 },
		{ FAIL_DISK, 1 },     { FAIL_SYSTEM, 1 },	{ FAIL_STATE, 1 },
		{ FAIL_LOCKED, 75 },  { FAIL_DATA, 1 },		{ FAIL_STOPPED, 1 },
	};

	(void)state;
	assert_int_equal(COUNT(cases), FAIL_CODES);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(exit_code_of(fail_make(cases[i].fail, FAIL_ACCOUNT, "x")),
				 cases[i].code);
	assert_int_equal(exit_code_of(NULL), 0);
}

/* SPEC 5: "Of several the first in this order wins: 78 64 77 76 69 75 1 3." */
static void worse_code(void **state)
{
	static const enum exit_code order[] = { 78, 64, 77, 76, 69, 75, 1, 3, 0 };
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++)
		for (size_t j = 0; j < COUNT(order); j++, count++)
			assert_int_equal(exit_code_worse(order[i], order[j]),
					 order[i < j ? i : j]);
	assert_int_equal(count, 81);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void tables(void **state)
{
	static const char long_name[] = "mail/a-name-that-is-very-long/and-goes-on-and-on/"
					"for-ever-and-ever/until-nobody-reads-it";
	char wanted[400];
	struct table table;
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 16);
	table_init(&table, 3);
	table.right[1] = true;
	table_add(&table, (const char *const[]){ "NAME", "SIZE", "WHY" });
	table_add(&table, (const char *const[]){ "gr\xc3\xbcn", "7", "" });
	table_add(&table, (const char *const[]){ "\xe6\x97\xa5\xe6\x9c\xac", "1234", "\x1b[31m" });
	table_add(&table, (const char *const[]){ "e\xcc\x81t\xc3\xa9", "12345", "x" });
	table_print(&table, 1, &out);
	assert_string_equal(out.data, " NAME   SIZE  WHY\n"
				      " gr\xc3\xbcn      7\n"
				      " \xe6\x97\xa5\xe6\x9c\xac   1234  \\x1b[31m\n"
				      " e\xcc\x81t\xc3\xa9   12345  x\n");
	table_free(&table);

	/* Too wide for 80 columns: the long name has a line of its own. */
	buf_clear(&out);
	table_init(&table, 2);
	table.right[1] = true;
	table_add(&table, (const char *const[]){ "short", "1" });
	table_add(&table, (const char *const[]){ long_name, "22" });
	table_print(&table, 2, &out);
	snprintf(wanted, sizeof wanted, "  %-77s1\n  %s\n%80s\n", "short", long_name, "22");
	assert_string_equal(out.data, wanted);
	table_free(&table);
	buf_free(&out);
}

static void sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0" }, { 999, "999" }, { 1000, "1.0 KB" }, { 57312, "57.3 KB" },
		{ 99949, "99.9 KB" }, { 99950, "100 KB" }, { 999499, "999 KB" }, { 999500, "1.0 MB" },
		{ 257000000, "257 MB" }, { UINT64_C(1200000000), "1.2 GB" },
		{ UINT64_MAX, "18.4 EB" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(table_size(arena, cases[i].bytes), cases[i].text);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_lines),
		cmocka_unit_test(help),
		cmocka_unit_test(codes_of_fails),
		cmocka_unit_test(worse_code),
		cmocka_unit_test(tables),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests_name("command: line", tests, NULL, NULL);
}
