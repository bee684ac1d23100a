/* config.h: which rule applies to a folder, and what applies where none does. */
#include "unit/config_room.h"

#include "config/rules.h"

/* Which patterns can match a folder of which kinds: m c t k n, as in KINDS. */
static const struct {
	const char *pattern, *kinds;
} reaches[] = {
	{ "mail/INBOX", "m" },
	{ "mail/*", "m" },
	{ "mail*", "m" },
	{ "mail", "" },
	{ "mail/", "" },
	{ "*", "mctkn" },
	{ "%", "" },
	{ "%/%", "mctkn" },
	{ "%%/a", "mctkn" },
	{ "*/Team", "mctkn" },
	{ "%s/*", "ctkn" },
	{ "c*", "ck" },
	{ "c%", "" },
	{ "c%/x", "ck" },
	{ "*a*i*", "mctkn" },
	{ "notes/Notes", "n" },
	{ "contacts/%", "k" },
	{ "tasks/*", "t" },
	{ "task/*", "" },
	{ "Mail/*", "" },
	{ "mails/*", "" },
	{ "/mail/*", "" },
	{ "Conflicts/mail", "" },
	{ "**********************************x", "mctkn" },
	{ "", "" },
};

static void patterns_reach(void **state)
{
	static const char letters[] = "mctkn";
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(reaches); i++, count++) {
		char got[KINDS + 1];
		size_t size = 0;

		for (int kind = 0; kind < KINDS; kind++) {
			bool kinds[KINDS] = { false };

			kinds[kind] = true;
			if (pattern_reaches(reaches[i].pattern, kinds))
				got[size++] = letters[kind];
		}
		got[size] = '\0';
		assert_string_equal(got, reaches[i].kinds);
		assert_int_equal(pattern_reaches(reaches[i].pattern, NULL), size > 0);
	}
	assert_in_range(count, 25, 100);
}

/* The line of the section from which the mode comes. */
static const struct {
	const char *rules; /* begins on line 6 */
	const char *path;
	int line;          /* 0: the default */
} chosen[] = {
	{ "", "mail/INBOX", 0 },
	{ "folder 'mail/*' { mode = off }\n", "mail/INBOX", 6 },
	{ "folder 'mail/*' { mode = off }\n", "mail/a/b/c", 6 },
	{ "folder 'mail/%' { mode = off }\n", "mail/a", 6 },
	{ "folder 'mail/%' { mode = off }\n", "mail/a/b", 0 },
	{ "folder 'mail/%/b' { mode = off }\n", "mail/a/b", 6 },
	{ "folder 'mail/%/b' { mode = off }\n", "mail/a/c/b", 0 },
	{ "folder 'mail/*/b' { mode = off }\n", "mail/a/c/b", 6 },
	{ "folder '*' { mode = off }\n", "mail/a", 6 },
	{ "folder '*2026*' { mode = off }\n", "mail/Archive/2026/May", 6 },
	{ "folder 'mail/a' { mode = off }\n", "mail/a/b", 0 },
	{ "folder 'mail/a' { mode = off }\n", "mail/A", 0 },
	{ "folder 'mail/a' { mode = off }\n", "mail/ab", 0 },
	/* Most literal characters, wherever the section stands. */
	{ "folder 'mail/*' { mode = off }\nfolder 'mail/Lists/*' { mode = full }\n", "mail/Lists/x", 7 },
	{ "folder 'mail/Lists/*' { mode = full }\nfolder 'mail/*' { mode = off }\n", "mail/Lists/x", 6 },
	{ "folder 'mail/*x' { mode = full }\nfolder 'mail/*' { mode = off }\n", "mail/x", 6 },
	{ "folder '*/Lists/koc' { mode = full }\nfolder 'mail/L*' { mode = off }\n", "mail/Lists/koc", 6 },
	/* A name before every pattern. */
	{ "folder 'mail/x' { mode = full }\nfolder '*mail/x*' { mode = off }\n", "mail/x", 6 },
	{ "folder '*mail/x*' { mode = full }\nfolder 'mail/x' { mode = off }\n", "mail/x", 7 },
	/* Of equals the later. */
	{ "folder 'mail/a*' { mode = full }\nfolder 'mail/*a' { mode = off }\n", "mail/a", 7 },
	{ "folder 'mail/*a' { mode = full }\nfolder 'mail/a*' { mode = off }\n", "mail/a", 7 },
	/* Characters are counted, not bytes. */
	{ "folder 'mail/ab*' { mode = full }\nfolder 'mail/*\xc3\xa4' { mode = off }\n",
	  "mail/ab\xc3\xa4", 6 },
	/* Each key for itself. */
	{ "folder 'mail/*' { mode = off }\nfolder 'mail/a' { delete = never }\n", "mail/a", 6 },
};

static void best_rule(void **state)
{
	struct buf lines;
	size_t count = 0;

	(void)state;
	buf_init(&lines, 1 << 16);
	for (size_t i = 0; i < COUNT(chosen); i++, count++) {
		struct folder_settings settings;
		struct config *config;
		char text[1024];

		snprintf(text, sizeof text, ACCOUNT("%s"), chosen[i].rules);
		config = room_read_text(&lines, text);
		assert_string_equal(lines.data, "");
		config_folder(&config->accounts[0], chosen[i].path, KIND_MAIL, 0, &settings);
		assert_int_equal(settings.mode_line, chosen[i].line);
		config_free(config);
	}
	assert_in_range(count, 23, 100);
	buf_free(&lines);
}

static void defaults(void **state)
{
	static const struct {
		const char *path;
		enum kind kind;
		uint32_t roles;
		enum mode mode;
		enum delete_policy remove;
		const char *name;
	} cases[] = {
		{ "mail/INBOX", KIND_MAIL, ROLE_INBOX, MODE_FULL, DELETE_TRASH, "INBOX" },
		{ "mail/INBOX", KIND_MAIL, 0, MODE_FULL, DELETE_TRASH, "INBOX" }, /* only here yet */
		{ "mail/Entwurf", KIND_MAIL, ROLE_DRAFTS, MODE_FULL, DELETE_TRASH, "Drafts" },
		{ "mail/Drafts", KIND_MAIL, 0, MODE_TEXT, DELETE_TRASH, "other mail" },
		{ "mail/Notes", KIND_MAIL, 0, MODE_FULL, DELETE_TRASH, "Notes" },
		{ "mail/INBOX/Notes", KIND_MAIL, 0, MODE_FULL, DELETE_TRASH, "Notes" },
		{ "mail/Archive", KIND_MAIL, ROLE_ARCHIVE, MODE_TEXT, DELETE_TRASH, "other mail" },
		{ "calendars/Home", KIND_EVENTS, 0, MODE_FULL, DELETE_TRASH, "calendars" },
		{ "tasks/Work", KIND_TASKS, 0, MODE_FULL, DELETE_TRASH, "tasks" },
		{ "contacts/Friends", KIND_CONTACTS, 0, MODE_FULL, DELETE_TRASH, "contacts" },
		{ "notes/Notes", KIND_NOTES, 0, MODE_FULL, DELETE_TRASH, "notes" },
		{ "mail/All", KIND_MAIL, ROLE_ALL, MODE_TEXT, DELETE_TRASH, "other mail" },
		{ "mail/INBOX", KIND_MAIL, ROLE_INBOX | ROLE_LABEL, MODE_FULL, DELETE_EXPUNGE, "INBOX" },
		{ "mail/Work", KIND_MAIL, ROLE_LABEL, MODE_TEXT, DELETE_EXPUNGE, "other mail" },
		{ "mail/[Gmail]/All Mail", KIND_MAIL, ROLE_ALL | ROLE_LABEL, MODE_OFF, DELETE_EXPUNGE,
		  "all of Gmail" },
		{ "mail/[Gmail]/Important", KIND_MAIL, ROLE_IMPORTANT | ROLE_LABEL, MODE_OFF,
		  DELETE_EXPUNGE, "Gmail's views" },
		{ "mail/[Gmail]/Starred", KIND_MAIL, ROLE_FLAGGED | ROLE_LABEL, MODE_OFF,
		  DELETE_EXPUNGE, "Gmail's views" },
	};
	struct account account = { .name = NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct folder_settings settings;

		memset(&settings, 0xff, sizeof settings);
		config_folder(&account, cases[i].path, cases[i].kind, cases[i].roles, &settings);
		assert_int_equal(settings.mode, cases[i].mode);
		assert_int_equal(settings.mode_line, 0);
		assert_false(settings.mode_from_modes);
		assert_false(settings.mode_kept);
		assert_string_equal(settings.mode_default, cases[i].name);
		assert_int_equal(settings.direction, DIRECTION_BOTH);
		assert_int_equal(settings.remove, cases[i].remove);
		assert_false(settings.keep_removed);
		assert_false(settings.merge);
		assert_int_equal(settings.expire_days, 0);
	}
}

/* Every key, each from another section; what a kind has no use for stays as it is. */
static void settings_of_folders(void **state)
{
	struct folder_settings s;
	struct config *config;
	struct buf lines;

	(void)state;
	buf_init(&lines, 1 << 16);
	config = room_read_text(
		&lines, ACCOUNT("folder '*' { mode = text merge = yes delete = never\n"
				"expire-attachments = 9 }\n"
				"folder '*/b' { direction = pull }\n"
				"folder 'mail/*' { removals = keep }\n"
				"folder 'mail/c' { removals = follow direction = push }\n"
				"folder 'mail/d' { mode = off }\n"));
	assert_string_equal(lines.data, "");

	config_folder(&config->accounts[0], "mail/b", KIND_MAIL, 0, &s);
	assert_int_equal(s.mode, MODE_FULL); /* removals = keep forces it, and nothing is amiss */
	assert_true(s.mode_kept);
	assert_int_equal(s.mode_line, 9);
	assert_null(s.mode_default);
	assert_true(s.keep_removed);
	assert_int_equal(s.direction, DIRECTION_PULL);
	assert_int_equal(s.remove, DELETE_NEVER);
	assert_int_equal(s.expire_days, 0); /* nothing leaves a folder that is full */
	assert_false(s.merge); /* not for mail */

	config_folder(&config->accounts[0], "mail/c", KIND_MAIL, 0, &s);
	assert_int_equal(s.mode, MODE_TEXT);
	assert_int_equal(s.expire_days, 9);
	assert_false(s.mode_kept);
	assert_int_equal(s.mode_line, 6);
	assert_false(s.keep_removed);
	assert_int_equal(s.direction, DIRECTION_PUSH);

	config_folder(&config->accounts[0], "mail/d", KIND_MAIL, 0, &s);
	assert_int_equal(s.mode, MODE_OFF);
	assert_true(s.keep_removed);

	config_folder(&config->accounts[0], "tasks/b", KIND_TASKS, 0, &s);
	assert_int_equal(s.mode, MODE_FULL); /* text is for mail */
	assert_int_equal(s.mode_line, 0);
	assert_true(s.merge);
	assert_int_equal(s.expire_days, 0);
	assert_int_equal(s.direction, DIRECTION_PULL);
	config_free(config);
	buf_free(&lines);
}

/* The configuration and the .modes file together: of all that fits what has most literal characters, and of
 * equals what .modes says. */
static const struct {
	const char *rules; /* begins on line 6 */
	const char *modes; /* begins on line 2 */
	const char *path;
	int line;
	bool from_modes;
} together[] = {
	{ "folder 'mail/a' { mode = off }\n", "folder 'mail/a' { mode = full }\n", "mail/a", 2, true },
	{ "folder 'mail/a*' { mode = off }\n", "folder 'mail/a' { mode = full }\n", "mail/a", 2, true },
	{ "folder 'mail/*' { mode = off }\n", "folder 'mail/a' { mode = full }\n", "mail/b", 6, false },
	/* All below a folder, at any depth; not the folder itself, nor its neighbours. */
	{ "", "folder 'mail/a/*' { mode = off }\n", "mail/a/b", 2, true },
	{ "", "folder 'mail/a/*' { mode = off }\n", "mail/a/b/c", 2, true },
	{ "", "folder 'mail/a/*' { mode = off }\n", "mail/a", 0, false },
	{ "", "folder 'mail/a/*' { mode = off }\n", "mail/ab", 0, false },
	{ "", "folder 'mail/*' { mode = off }\n", "mail/a/b/c", 2, true },
	{ "folder 'mail/a/*' { mode = full }\n", "folder 'mail/a/*' { mode = off }\n", "mail/a/b", 2, true },
	{ "folder 'mail/a/b' { mode = full }\n", "folder 'mail/a/*' { mode = off }\n", "mail/a/b", 6, false },
	{ "folder 'mail/a/b*' { mode = full }\n", "folder 'mail/a/*' { mode = off }\n", "mail/a/bc", 6, false },
	{ "folder 'mail/*/bc' { mode = full }\n", "folder 'mail/a/*' { mode = off }\n", "mail/a/bc", 6, false },
	{ "folder 'mail/*' { mode = full }\n", "folder 'mail/a/*' { mode = off }\n", "mail/a/b", 2, true },
	{ "", "folder 'mail/*' { mode = full }\nfolder 'mail/a/*' { mode = off }\n", "mail/a/b", 3, true },
	{ "", "folder 'mail/a/*' { mode = off }\nfolder 'mail/*' { mode = full }\n", "mail/a/b", 2, true },
	{ "", "folder 'mail/a/*' { mode = off }\nfolder 'mail/a/b' { mode = full }\n", "mail/a/b", 3, true },
	/* Nothing else in a name stands for another character. */
	{ "", "folder 'mail/100%/*' { mode = off }\n", "mail/100%/x", 2, true },
	{ "", "folder 'mail/100%/*' { mode = off }\n", "mail/1000/x", 0, false },
	{ "", "folder 'mail/a*' { mode = off }\n", "mail/ab", 0, false },
	{ "", "folder 'mail/a*' { mode = off }\n", "mail/a*", 2, true },
	{ "", "folder 'mail/%' { mode = off }\n", "mail/b", 0, false },
	/* What is literal in .modes counts as such: "mail/a%/" is longer than "mail/a". */
	{ "folder 'mail/a*' { mode = full }\n", "folder 'mail/a%/*' { mode = off }\n", "mail/a%/b", 2, true },
};

static void with_modes(void **state)
{
	struct buf lines;
	size_t count = 0;
	char path[80];

	(void)state;
	buf_init(&lines, 1 << 16);
	snprintf(path, sizeof path, "%s.modes", room_config);
	for (size_t i = 0; i < COUNT(together); i++, count++) {
		struct folder_settings settings;
		struct config *config;
		char text[1024], modes[1024];

		snprintf(text, sizeof text, ACCOUNT("%s"), together[i].rules);
		snprintf(modes, sizeof modes, "account x {\n%s}\n", together[i].modes);
		room_put(path, modes, strlen(modes), 0600);
		config = room_read_text(&lines, text);
		assert_string_equal(lines.data, "");
		config_folder(&config->accounts[0], together[i].path, KIND_MAIL, 0, &settings);
		assert_int_equal(settings.mode_line, together[i].line);
		assert_int_equal(settings.mode_from_modes, together[i].from_modes);
		config_free(config);
	}
	unlink(path);
	assert_in_range(count, 22, 100);
	buf_free(&lines);
}

/* expire-attachments where nothing could leave. */
static void expiry(void **state)
{
	static const struct {
		const char *section, *lines;
	} cases[] = {
		{ "folder 'mail/*' { expire-attachments = 30 }\n", "" },
		{ "folder 'mail/*' { mode = text expire-attachments = 30 }\n", "" },
		{ "folder 'mail/*' { mode = full\nexpire-attachments = 0 }\n", "" },
		{ "folder 'mail/*' { mode = full\nexpire-attachments = 30 }\n",
		  "config:7: expire-attachments is for folders in mode text; this one is full on line 6\n" },
		{ "folder 'mail/*' { expire-attachments = 1\nmode = off }\n",
		  "config:6: expire-attachments is for folders in mode text; this one is off on line 7\n" },
		{ "folder 'mail/*' { expire-attachments = 1\nremovals = keep }\n",
		  "config:6: expire-attachments is for folders in mode text; removals = keep on line 7 "
		  "makes this one full\n" },
		{ "folder 'mail/*' { expire-attachments = x }\n",
		  "config:6: expire-attachments: \"x\" is not a number of days from 0 to 36500\n" },
		{ "folder 'tasks/*' { expire-attachments = 1 }\n",
		  "config:6: expire-attachments is for mail folders\n" },
	};
	struct buf lines;
	size_t count = 0;

	(void)state;
	buf_init(&lines, 1 << 16);
	for (size_t i = 0; i < COUNT(cases); i++, count++) {
		char text[1024];

		snprintf(text, sizeof text, ACCOUNT("%s"), cases[i].section);
		config_free(room_read_text(&lines, text));
		assert_string_equal(lines.data, cases[i].lines);
	}
	assert_in_range(count, 8, 100);
	buf_free(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_reach),
		cmocka_unit_test(best_rule),
		cmocka_unit_test(defaults),
		cmocka_unit_test(settings_of_folders),
		cmocka_unit_test(with_modes),
		cmocka_unit_test(expiry),
	};

	return cmocka_run_group_tests_name("config: rules", tests, room_set_up, room_tear_down);
}
