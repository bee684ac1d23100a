/* config/modes.h: entries of the .modes file set and dropped, comments and everything else left alone. */
#include "unit/config_room.h"

#include "config/modes.h"
#include "config/rules.h"

#include <sys/wait.h>

#define FIRST "# Modes of folders, as koc mode set them; see koc.conf(5).\n"

/* What is asked for: "NAME=mode", or "-NAME". */
static const struct {
	const char *before, *change, *after;
} edits[] = {
	/* A file that is not there yet, one of other accounts, one with room for it. */
	{ "", "mail/a=off", FIRST "account \"x\" {\n\tfolder \"mail/a\" { mode = off }\n}\n" },
	{ "# mine\n", "mail/a=off", "# mine\naccount \"x\" {\n\tfolder \"mail/a\" { mode = off }\n}\n" },
	{ "# mine", "mail/a=off", "# mine\naccount \"x\" {\n\tfolder \"mail/a\" { mode = off }\n}\n" },
	{ "account y { folder 'mail/a' { mode = full } }\n", "mail/a=off",
	  "account y { folder 'mail/a' { mode = full } }\n"
	  "account \"x\" {\n\tfolder \"mail/a\" { mode = off }\n}\n" },
	{ "account x {\n}\n", "mail/a=text", "account x {\n\tfolder \"mail/a\" { mode = text }\n}\n" },
	{ "account x {\n\tfolder a/b { mode = off }\n} # end\n", "mail/a=text",
	  "account x {\n\tfolder a/b { mode = off }\n\tfolder \"mail/a\" { mode = text }\n} # end\n" },
	{ "account x { }\n", "mail/a=off", "account x { \n\tfolder \"mail/a\" { mode = off }\n}\n" },
	{ "account x { folder b { mode = off } }", "mail/a=off",
	  "account x { folder b { mode = off } \n\tfolder \"mail/a\" { mode = off }\n}" },
	/* Changed in its place: only the word. */
	{ "account x {\n folder mail/a { # why\n  mode =   off # this\n }\n}\n", "mail/a=full",
	  "account x {\n folder mail/a { # why\n  mode =   full # this\n }\n}\n" },
	{ "account x { folder 'mail/a' { mode = 'off' } }\n", "mail/a=off",
	  "account x { folder 'mail/a' { mode = off } }\n" },
	{ "account y { folder b { mode = off } }\naccount x { folder b { mode = off } }\n", "b=full",
	  "account y { folder b { mode = off } }\naccount x { folder b { mode = full } }\n" },
	{ "account x { folder 'mail/a/*' { mode = off } }\n", "mail/a=full",
	  "account x { folder 'mail/a/*' { mode = off } \n\tfolder \"mail/a\" { mode = full }\n}\n" },
	{ "account x { folder \"mail/a/*\" { mode = off } }\n", "mail/a/*=full",
	  "account x { folder \"mail/a/*\" { mode = full } }\n" },
	/* Comments that look like entries. */
	{ "account x {\n# folder a { mode = off }\n/* folder a {\n*/ folder b { mode = off }\n}\n", "a=full",
	  "account x {\n# folder a { mode = off }\n/* folder a {\n*/ folder b { mode = off }\n"
	  "\tfolder \"a\" { mode = full }\n}\n" },
	/* Names that must be quoted so that they come back as they are. */
	{ "", "a\"b=off", FIRST "account \"x\" {\n\tfolder 'a\"b' { mode = off }\n}\n" },
	{ "", "a'b=off", FIRST "account \"x\" {\n\tfolder \"a'b\" { mode = off }\n}\n" },
	{ "", "a'\"\\=off", FIRST "account \"x\" {\n\tfolder 'a\\'\"\\\\' { mode = off }\n}\n" },
	{ "", "a${HOME}=off", FIRST "account \"x\" {\n\tfolder 'a${HOME}' { mode = off }\n}\n" },
	{ "account x { folder 'a\\'\"\\\\' { mode = off } }", "a'\"\\=full",
	  "account x { folder 'a\\'\"\\\\' { mode = full } }" },
	{ "account x { folder \"a\\\"\\\\b\" { mode = off } }", "a\"\\b=full",
	  "account x { folder \"a\\\"\\\\b\" { mode = full } }" },
	{ "account x { folder 'a\\b' { mode = off } }", "a\\b=full",
	  "account x { folder 'a\\b' { mode = full } }" },
	/* Dropped: with its line and what is said on it; the account's section with its last entry. */
	{ "account x {\n\tfolder a { mode = off } # why\n\tfolder b { mode = off }\n}\n", "-a",
	  "account x {\n\tfolder b { mode = off }\n}\n" },
	{ "account x {\n\tfolder a {\n\t\tmode = off\n\t}\n\tfolder b { mode = off }\n}\n", "-a",
	  "account x {\n\tfolder b { mode = off }\n}\n" },
	{ "account x { folder a { mode = off } folder b { mode = off } }\n", "-a",
	  "account x {  folder b { mode = off } }\n" },
	{ "# top\naccount x {\n\tfolder a { mode = off }\n}\n# end\n", "-a", "# top\n# end\n" },
	{ "account x { folder a { mode = off } }\n", "-a", "" },
	{ "account x {\n\t# note\n\tfolder a { mode = off }\n}\n", "-a", "account x {\n\t# note\n}\n" },
	{ "account y { folder a { mode = off } }\n", "-a", "account y { folder a { mode = off } }\n" },
	{ "account x { folder a { mode = off } }\n", "-b", "account x { folder a { mode = off } }\n" },
	{ "account x {\n}\n", "-b", "account x {\n}\n" },
	{ "", "-b", "" },
	/* A byte order mark, carriage returns. */
	{ "\xef\xbb\xbf" "account x {\r\n folder a { mode = off }\r\n}\r\n", "a=full",
	  "\xef\xbb\xbf" "account x {\r\n folder a { mode = full }\r\n}\r\n" },
	/* What koc would not write is left to people. */
	{ "account x { folder a { } }\n", "a=off", NULL },
	{ "account x { folder a { mode = { off } } }\n", "a=off", NULL },
	{ "account x { folder a { delete = never } }\n", "a=off", NULL },
	{ "account x { user = b }\n", "a=off", NULL },
	{ "account x {\n", "a=off", NULL },
	{ "folder a { mode = off }\n", "a=off", NULL },
	{ "account x { folder 'a { mode = off } }\n", "a=off", NULL },
	{ "account x { folder a { mode = off } }\n}\n", "-a", NULL },
};

static const struct fail *edit(struct buf *text, const char *change)
{
	static const char *const words[] = { [MODE_FULL] = "full", [MODE_TEXT] = "text", [MODE_OFF] = "off" };
	const char *sign = strrchr(change, '=');
	enum mode mode = MODE_FULL;
	char name[128];

	if (change[0] == '-')
		return modes_drop(text, "x", change + 1);
	assert_non_null(sign);
	snprintf(name, sizeof name, "%.*s", (int)(sign - change), change);
	for (size_t i = 0; i < COUNT(words); i++)
		if (strcmp(words[i], sign + 1) == 0)
			mode = (enum mode)i;
	return modes_set(text, "x", name, mode);
}

static void edited(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(edits); i++, count++) {
		const struct fail *f;
		struct buf text;

		buf_init(&text, 1 << 16);
		buf_adds(&text, edits[i].before);
		f = edit(&text, edits[i].change);
		if (edits[i].after) {
			assert_null(f);
			assert_string_equal(text.data, edits[i].after);
			assert_null(edit(&text, edits[i].change)); /* once more changes nothing */
			assert_string_equal(text.data, edits[i].after);
		} else {
			assert_non_null(f);
			assert_int_equal(f->code, FAIL_CONFIG);
			assert_string_equal(text.data, edits[i].before);
		}
		buf_free(&text);
	}
	assert_in_range(count, 38, 100);
}

/* What is written is what is read: any name of a folder, among others. */
static void read_back(void **state)
{
	static const char *const names[] = {
		"mail/INBOX", "mail/Lists/koc", "mail/100%", "mail/*", "mail/a/*", "mail/a b", "mail/#1",
		"mail/{}", "mail/it's", "mail/\"x\"", "mail/\\", "mail/\\\\'", "mail/${HOME}", "mail/$x", "mail/;",
		"mail/=", "mail//*x", "mail/caf\xc3\xa9", "calendars/+=", "tasks/a,b(c)", "mail/\\x41",
	};
	struct buf lines, text;
	char path[80];
	struct config *config;
	size_t count = 0;

	(void)state;
	buf_init(&lines, 1 << 16);
	buf_init(&text, 1 << 16);
	snprintf(path, sizeof path, "%s.modes", room_config);
	for (size_t i = 0; i < COUNT(names); i++)
		if (!modes_wrong(names[i]))
			assert_null(modes_set(&text, "x", names[i], MODE_OFF));
	room_put(path, text.data, text.size, 0600);
	config = room_read_text(&lines, ACCOUNT(""));
	assert_string_equal(lines.data, "");
	for (size_t i = 0; i < COUNT(names); i++) {
		if (modes_wrong(names[i]))
			continue;
		assert_true(count < config->accounts[0].rule_count);
		assert_string_equal(config->accounts[0].rules[count].pattern, names[i]);
		assert_true(config->accounts[0].rules[count].from_modes);
		count++;
	}
	assert_in_range(count, 20, 100);
	assert_int_equal(config->accounts[0].rule_count, count);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_null(modes_drop(&text, "x", names[i]));
	assert_string_equal(text.data, FIRST);
	config_free(config);
	unlink(path);
	buf_free(&text);
	buf_free(&lines);
}

/* ---- random files ------------------------------------------------------------------------------- */

static uint32_t roll(uint64_t *dice, uint32_t sides)
{
	*dice = *dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*dice >> 33) % sides;
}

#define NAMES 6
static const char *const some_names[NAMES] = { "mail/a", "mail/a b", "mail/it's", "mail/\"q\"", "mail/a/*", "mail/\\" };
static const char *const mode_words[] = { "full", "text", "off" };

/* What may stand between any two tokens. */
static void add_space(struct buf *out, uint64_t *dice)
{
	static const char *const spaces[] = { " ", "\n", "\t", " # a } comment {\n", " // folder x { mode = off }\n",
					      " /* account x {\n */", "\r\n", "  " };

	buf_adds(out, spaces[roll(dice, COUNT(spaces))]);
}

/* The name in a form that it can be written in. */
static void add_name(struct buf *out, uint64_t *dice, const char *name)
{
	bool bare = !strpbrk(name, " '\"\\*") && roll(dice, 2);
	char quote = roll(dice, 2) ? '"' : '\'';

	if (bare) {
		buf_adds(out, name);
		return;
	}
	buf_addc(out, quote);
	for (; *name; name++) {
		if (*name == quote || *name == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *name);
	}
	buf_addc(out, quote);
}

/* A file with some folders of two accounts; modes[]: those of x, -1 none. */
static void make_file(struct buf *out, uint64_t *dice, int modes[NAMES])
{
	for (int x = 1; x >= 0; x--) {
		buf_adds(out, x ? "account x" : "account 'y'");
		buf_addc(out, ' ');
		buf_addc(out, '{');
		add_space(out, dice);
		for (size_t i = 0; i < NAMES; i++) {
			int mode = (int)roll(dice, 4) - 1;

			if (x)
				modes[i] = mode;
			if (mode < 0)
				continue;
			buf_adds(out, "folder ");
			add_name(out, dice, some_names[i]);
			buf_addc(out, ' ');
			buf_addc(out, '{');
			add_space(out, dice);
			buf_addf(out, "mode = %s", mode_words[mode]);
			add_space(out, dice);
			buf_adds(out, "}");
			add_space(out, dice);
		}
		buf_adds(out, "}");
		add_space(out, dice);
	}
}

/* The modes that a text gives the names, -1 none. */
static void read_modes(const char *text, size_t account, int modes[NAMES])
{
	struct config *config = NULL;

	for (size_t i = 0; i < NAMES; i++)
		modes[i] = -1;
	assert_null(config_read_with(room_config, text, NULL, NULL, &config));
	for (size_t k = 0; k < config->accounts[account].rule_count; k++)
		for (size_t i = 0; i < NAMES; i++)
			if (strcmp(config->accounts[account].rules[k].pattern, some_names[i]) == 0)
				modes[i] = (int)config->accounts[account].rules[k].mode;
	config_free(config);
}

/* Whatever is in a file, what is set is set, what is dropped is gone, and all other modes are as they were. */
static void random_files(void **state)
{
	static const char two[] = "account x { server = h user = u password-command = a store = /x }\n"
				  "account y { server = h user = u password-command = a store = /y }\n";
	size_t count = 0;

	(void)state;
	room_put(room_config, two, strlen(two), 0600);
	for (uint64_t seed = 1; seed <= 500; seed++) {
		uint64_t dice = seed * 7919;
		int modes[NAMES], others[NAMES], now[NAMES];
		struct buf text;

		buf_init(&text, 1 << 16);
		make_file(&text, &dice, modes);
		read_modes(text.data, 0, now);
		assert_memory_equal(now, modes, sizeof modes);
		read_modes(text.data, 1, others);
		for (int turn = 0; turn < 4; turn++, count++) {
			size_t i = roll(&dice, NAMES);
			int mode = (int)roll(&dice, 4) - 1;

			assert_null(mode < 0 ? modes_drop(&text, "x", some_names[i])
					     : modes_set(&text, "x", some_names[i], (enum mode)mode));
			modes[i] = mode;
			read_modes(text.data, 0, now);
			assert_memory_equal(now, modes, sizeof modes);
			read_modes(text.data, 1, now);
			assert_memory_equal(now, others, sizeof others);
		}
		buf_free(&text);
	}
	assert_int_equal(count, 2000);
}

static void put_one(const struct config *config, const char *name)
{
	struct modes modes;

	assert_null(modes_begin(config, &modes));
	assert_null(modes_set(modes.text, "x", name, MODE_OFF));
	assert_null(modes_save(&modes));
	modes_end(&modes);
}

/* In one step, for the user alone, behind a symlink where that leads; two at the same time both count. */
static void saved(void **state)
{
	char path[80], real[80], fresh[90], name[32];
	struct stat status;
	struct config *config;
	struct buf lines;
	pid_t children[8];
	size_t count = 0;

	(void)state;
	buf_init(&lines, 1 << 16);
	config = room_read_text(&lines, ACCOUNT(""));
	snprintf(path, sizeof path, "%s.modes", room_config);
	snprintf(real, sizeof real, "%s/real", room_path);
	snprintf(fresh, sizeof fresh, "%s.new", real);
	room_put(real, "# mine\n", 7, 0644);
	room_put(fresh, "left behind", 11, 0644);
	assert_int_equal(symlink("real", path), 0);
	put_one(config, "mail/0");
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(stat(real, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(access(fresh, F_OK), -1);

	for (size_t i = 0; i < COUNT(children); i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			snprintf(name, sizeof name, "mail/%zu", i + 1);
			put_one(config, name);
			_exit(0);
		}
	}
	for (size_t i = 0; i < COUNT(children); i++) {
		int ended = -1;

		assert_int_equal(waitpid(children[i], &ended, 0), children[i]);
		assert_int_equal(ended, 0);
		count++;
	}
	assert_int_equal(count, 8);
	config_free(config);
	config = room_read(&lines);
	assert_non_null(config);
	assert_int_equal(config->accounts[0].rule_count, 9);
	config_free(config);
	unlink(path);
	unlink(real);
	buf_free(&lines);
}

/* Where it cannot be read or written, what is there stays. */
static void not_saved(void **state)
{
	char path[80];
	struct modes modes;
	struct config *config;
	struct buf lines;

	(void)state;
	buf_init(&lines, 1 << 16);
	config = room_read_text(&lines, ACCOUNT(""));
	snprintf(path, sizeof path, "%s.modes", room_config);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(modes_begin(config, &modes)->code, FAIL_DATA);
	modes_end(&modes);
	rmdir(path);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_non_null(modes_begin(config, &modes));
	modes_end(&modes);
	unlink(path);

	assert_null(modes_begin(config, &modes));
	assert_string_equal(modes.text->data, "");
	assert_null(modes_set(modes.text, "x", "mail/a", MODE_OFF));
	assert_int_equal(mkdir(path, 0700), 0); /* somebody is quicker */
	assert_non_null(modes_save(&modes));
	modes_end(&modes);
	rmdir(path);
	snprintf(path, sizeof path, "%s.modes.new", room_config);
	assert_int_equal(access(path, F_OK), -1);
	config_free(config);
	buf_free(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edited),
		cmocka_unit_test(read_back),
		cmocka_unit_test(random_files),
		cmocka_unit_test(saved),
		cmocka_unit_test(not_saved),
	};

	return cmocka_run_group_tests_name("config: .modes", tests, room_set_up, room_tear_down);
}
