/* config.h: what a good configuration says, and files that are none. */
#include "unit/config_room.h"

static struct buf lines;

static int set_up(void **state)
{
	buf_init(&lines, 1 << 20);
	return room_set_up(state);
}

static int tear_down(void **state)
{
	buf_free(&lines);
	return room_tear_down(state);
}

/* Reads a configuration that must be good. */
static struct config *good(const char *text)
{
	struct config *config = room_read_text(&lines, text);

	if (!config)
		fail_msg("%s", lines.data);
	return config;
}

static void everything(void **state)
{
	struct config *config = good(
		"account \"work\" {\n"
		"  server = \"mail.example.com\" user = \"jane@example.com\"\n"
		"  password-command = \"pass show mail/work\" store = \"~/koc//work/\"\n"
		"  imap = \"imaps://mail.example.com\" smtp = smtp://[::1]:26\n"
		"  dav = { \"https://a.example/dav/\",\n\"http://localhost:5232/\", }\n"
		"  tls-ca-file = \"/etc/passwd\"\n"
		"  tls-fingerprint = \"sha256:"
		"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
		"00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff\"\n"
		"  connections = 3 timeout = 20 notice = conflicts notes = markdown\n"
		"  after-sync = 'notmuch new' vault-days = 7\n"
		"  folder \"mail/Archive/*\" { mode = text expire-attachments = 90 }\n"
		"  folder \"mail/a b\" { mode = off direction = pull delete = never\n"
		"    removals = keep expire-attachments = 0 }\n"
		"  folder contacts/Friends { merge = yes }\n"
		"}\n"
		"account 'b' {\n imap = imap://127.0.0.1:1143 tls = none user = b password = 'x'\n"
		"  store = /b }\n");
	const struct account *a = &config->accounts[0], *b = &config->accounts[1];

	(void)state;
	assert_int_equal(config->account_count, 2);
	assert_string_equal(config->path, room_config);
	assert_string_equal(a->name, "work");
	assert_int_equal(a->line, 1);
	assert_string_equal(a->server, "mail.example.com");
	assert_string_equal(a->user, "jane@example.com");
	assert_null(a->password);
	assert_string_equal(a->password_command, "pass show mail/work");
	assert_string_equal(a->store, "/home/jane/koc/work");
	assert_true(a->has_imap && a->imap.implicit_tls);
	assert_string_equal(a->imap.host, "mail.example.com");
	assert_string_equal(a->imap.port, "993");
	assert_true(a->has_smtp && !a->smtp.implicit_tls);
	assert_string_equal(a->smtp.host, "::1");
	assert_string_equal(a->smtp.port, "26");
	assert_int_equal(a->dav_count, 2);
	assert_string_equal(a->dav[0], "https://a.example/dav/");
	assert_string_equal(a->dav[1], "http://localhost:5232/");
	assert_string_equal(a->tls_ca_file, "/etc/passwd");
	assert_string_equal(a->tls_fingerprint,
			    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
	assert_false(a->tls_none);
	assert_int_equal(a->connections, 3);
	assert_int_equal(a->timeout, 20);
	assert_int_equal(a->notice, NOTICE_CONFLICTS);
	assert_int_equal(a->notes, NOTES_MARKDOWN);
	assert_string_equal(a->after_sync, "notmuch new");
	assert_int_equal(a->vault_days, 7);
	assert_int_equal(a->rule_count, 3);
	assert_string_equal(a->rules[0].pattern, "mail/Archive/*");
	assert_true(a->rules[0].has_mode && a->rules[0].mode == MODE_TEXT);
	assert_int_equal(a->rules[0].line, 11);
	assert_string_equal(a->rules[1].pattern, "mail/a b");
	assert_true(a->rules[1].has_mode && a->rules[1].mode == MODE_OFF);
	assert_true(a->rules[1].has_direction && a->rules[1].direction == DIRECTION_PULL);
	assert_true(a->rules[1].has_delete && a->rules[1].remove == DELETE_NEVER);
	assert_true(a->rules[1].has_removals && a->rules[1].keep_removed);
	assert_true(a->rules[0].has_expire && a->rules[0].expire_days == 90);
	assert_true(a->rules[1].has_expire && a->rules[1].expire_days == 0);
	assert_false(a->rules[1].has_merge);
	assert_true(a->rules[2].has_merge && a->rules[2].merge && !a->rules[2].has_mode);
	assert_int_equal(a->rules[2].line, 14);

	assert_int_equal(b->line, 16);
	assert_true(b->tls_none && b->has_imap && !b->has_smtp && !b->server);
	assert_int_equal(b->connections, 0);
	assert_int_equal(b->timeout, 60);
	assert_int_equal(b->notice, NOTICE_INBOX);
	assert_int_equal(b->notes, NOTES_VJOURNAL);
	assert_int_equal(b->vault_days, 30);
	config_free(config);
}

/* Passwords: single quotes keep everything but \' and \\ (koc.conf(5)). */
static const struct {
	const char *written, *read;
} quoted[] = {
	{ "'plain'", "plain" },
	{ "plain", "plain" },
	{ "'p$w{x}y'", "p$w{x}y" },
	{ "'${HOME}'", "${HOME}" },
	{ "'$HOME'", "$HOME" },
	{ "'a\"b'", "a\"b" },
	{ "'a\\'b'", "a'b" },
	{ "'a\\\\b'", "a\\b" },
	{ "'a\\b'", "a\\b" },
	{ "'a\\nb'", "a\\nb" },
	{ "'\\\\\\''", "\\'" },
	{ "'a#b//c/*d*/e'", "a#b//c/*d*/e" },
	{ "' a b '", " a b " },
	{ "'a=b,c;d(e)'", "a=b,c;d(e)" },
	{ "'p\xc3\xa4ss\xe2\x82\xac'", "p\xc3\xa4ss\xe2\x82\xac" },
	{ "\"a'b\"", "a'b" },
	{ "\"a\\\"b\\\\c\"", "a\"b\\c" },
	{ "\"a$b{c}\"", "a$b{c}" },
	{ "\"${HOME}\"", "/home/jane" },
	{ "\"${KOC_NOT_SET:-else}\"", "else" },
	{ "\"#\\x41\\102\"", "#AB" },
};

static void texts(void **state)
{
	size_t count = 0;

	(void)state;
	unsetenv("KOC_NOT_SET");
	for (size_t i = 0; i < COUNT(quoted); i++, count++) {
		struct config *config;
		char text[512];

		snprintf(text, sizeof text,
			 "# comment\naccount x { # ' \n/* \" */ server = h.example user = u\n"
			 "  password = %s // it's\n store = /s\n}\n", quoted[i].written);
		config = good(text);
		assert_string_equal(config->accounts[0].password, quoted[i].read);
		config_free(config);
	}
	assert_in_range(count, 20, 100);
}

/* A mistake never shows a password. */
static void passwords_stay_hidden(void **state)
{
	static const char *const written[] = {
		"'s3cret\n", "s3cret#x", "s3cret hunter", "s3cret\"x\"", "\"s3cret${\"",
		"\"s3cret\\n\"", "{ 's3cret' }", "'s3cret' x", "s3cret=1", "s3cret;", "'s3cret",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(written); i++) {
		char text[256];

		snprintf(text, sizeof text, "account x { server = h user = u store = /s\n"
			 "password = %s\n}\n", written[i]);
		assert_null(room_read_text(&lines, text));
		assert_null(strstr(lines.data, "s3cret"));
	}
	assert_null(room_read_text(&lines, ACCOUNT("imap = 'imaps://u:s3cret@h'\n"
						   "dav = 'https://u:s3cret@h/'\n")));
	assert_null(strstr(lines.data, "s3cret"));
}

static void mode_of(const struct config *config, const char *path, enum mode mode, int line,
		    bool modes)
{
	struct folder_settings settings;

	config_folder(&config->accounts[0], path, KIND_MAIL, 0, &settings);
	assert_int_equal(settings.mode, mode);
	assert_int_equal(settings.mode_line, line);
	assert_int_equal(settings.mode_from_modes, modes);
}

static void modes_file(void **state)
{
	static const struct {
		const char *text, *lines;
	} bad[] = {
		{ "account x { user = b }\n", "config.modes:1: only the mode of folders stands in this "
					      "file, not user\n" },
		{ "account x {\nfolder 'mail/a' { mode = of } }\n",
		  "config.modes:2: mode: \"of\" is not known: write full, text or off\n" },
		{ "account x {\nfolder 'mail/a' { delete = never } }\n",
		  "config.modes:2: only the mode of folders stands in this file, not delete\n" },
		{ "account x {\nfolder 'mails/a' { mode = off } }\n",
		  "config.modes:2: folder \"mails/a\": no folder can have this name: names begin with "
		  "mail/, calendars/, tasks/, contacts/ or notes/, and only a \"/*\" at the end stands for "
		  "others\n" },
		{ "account x {\nfolder '*' { mode = off } }\n",
		  "config.modes:2: folder \"*\": no folder can have this name: names begin with mail/, "
		  "calendars/, tasks/, contacts/ or notes/, and only a \"/*\" at the end stands for others\n" },
		{ "account x {\nfolder 'tasks/*' { mode = text } }\n",
		  "config.modes:2: mode: text is for mail folders; it is full or off here\n" },
		{ "account x {", "config.modes:1: account \"x\": its } is missing\n" },
	};
	char path[80];
	struct config *config;
	const char *text = "# written by koc\naccount 'x' {\n\tfolder 'mail/a' { mode = full }\n"
			   "\tfolder 'mail/100%' { mode = off }\n}\n"
			   "account 'gone' { folder 'mail/a' { mode = off } }\n";

	(void)state;
	snprintf(path, sizeof path, "%s.modes", room_config);
	room_put(path, text, strlen(text), 0644);
	config = good(ACCOUNT("folder 'mail/a' { mode = off }\nfolder 'mail/%' { mode = text }\n"));
	mode_of(config, "mail/a", MODE_FULL, 3, true);
	mode_of(config, "mail/b", MODE_TEXT, 7, false);
	mode_of(config, "mail/100%", MODE_OFF, 4, true);
	mode_of(config, "mail/100x", MODE_TEXT, 7, false); /* a name, not a pattern */
	config_free(config);

	for (size_t i = 0; i < COUNT(bad); i++) {
		room_put(path, bad[i].text, strlen(bad[i].text), 0600);
		assert_null(room_read_text(&lines, ACCOUNT("")));
		assert_string_equal(lines.data, bad[i].lines);
	}
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_null(room_read_text(&lines, ACCOUNT("")));
	assert_string_equal(lines.data, "config.modes: this is not a file\n");
	rmdir(path);
}

static void default_path(void **state)
{
	char *path;

	(void)state;
	setenv("XDG_CONFIG_HOME", "/xdg", 1);
	path = config_default_path();
	assert_string_equal(path, "/xdg/koc/config");
	free(path);
	setenv("XDG_CONFIG_HOME", "relative", 1);
	path = config_default_path();
	assert_string_equal(path, "/home/jane/.config/koc/config");
	free(path);
	unsetenv("XDG_CONFIG_HOME");
	path = config_default_path();
	assert_string_equal(path, "/home/jane/.config/koc/config");
	free(path);
}

/* config.example: good as it stands, and with each line switched on that is switched off in it. */
static void example(void **state)
{
	static const char *const roots[] = { "config.example", "../config.example" };
	struct buf text;
	char *at, *line;
	size_t count = 0;
	char data[65536];
	size_t size = 0;
	FILE *file = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(roots) && !file; i++)
		file = fopen(roots[i], "re");
	assert_non_null(file); /* tests run from the top of the tree */
	size = fread(data, 1, sizeof data - 1, file);
	fclose(file);
	data[size] = '\0';
	config_free(good(data));

	buf_init(&text, sizeof data + 64);
	for (at = data; (line = strstr(at, "\t#")); at = line + 2) {
		const char *body = line + 2, *end = strchr(body, '\n');

		if (*body == ' ' || *body == '\n')
			continue;
		buf_clear(&text);
		buf_add(&text, data, (size_t)(line - data));
		buf_add(&text, body, (size_t)(end - body));
		buf_adds(&text, end);
		room_put(room_config, text.data, text.size, 0600);
		config_free(room_read(&lines));
		if (strncmp(body, "password", 8) == 0 || strncmp(body, "oauth2", 6) == 0)
			assert_non_null(strstr(lines.data, "there is password-command on line"));
		else
			assert_string_equal(lines.data, "");
		count++;
	}
	assert_in_range(count, 18, 60);

	/* The second account, which is switched off as a whole. */
	line = strstr(data, "#account");
	assert_non_null(line);
	for (at = line; *at == '#'; at = strchr(at, '\n') + 1)
		*at = ' ';
	config_free(good(data));
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything),
		cmocka_unit_test(texts),
		cmocka_unit_test(passwords_stay_hidden),
		cmocka_unit_test(modes_file),
		cmocka_unit_test(default_path),
		cmocka_unit_test(example),
	};

	return cmocka_run_group_tests_name("config: values", tests, set_up, tear_down);
}
