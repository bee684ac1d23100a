/* config.h: whose file it is, who can read it, and files made to break the reader. */
#include "unit/config_room.h"

#include <sys/socket.h>
#include <sys/un.h>

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

#define WITH_PASSWORD "account x { server = h.example user = u\nstore = /s\npassword = 'x' }\n"

static void permissions(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *lines;
	} cases[] = {
		{ WITH_PASSWORD, 0600, "" },
		{ WITH_PASSWORD, 0400, "" },
		{ WITH_PASSWORD, 0640, "config:3: password: others can read this file: chmod 600 it\n" },
		{ WITH_PASSWORD, 0604, "config:3: password: others can read this file: chmod 600 it\n" },
		{ WITH_PASSWORD, 0644, "config:3: password: others can read this file: chmod 600 it\n" },
		{ WITH_PASSWORD, 0620, "" },
		{ ACCOUNT(""), 0644, "" },
		{ ACCOUNT(""), 0664, "" },
		{ ACCOUNT(""), 0666, "config: others can write to this file: chmod o-w it\n" },
		/* A password that is not used is a password in the file all the same. */
		{ ACCOUNT("password = 'a'\n"), 0644,
		  "config:6: password: others can read this file: chmod 600 it\n"
		  "config:6: password: there is password-command on line 4 already\n" },
		{ ACCOUNT("password = it's\n"), 0644,
		  "config:6: a text with ' must be in quotes\n"
		  "config:6: password: others can read this file: chmod 600 it\n"
		  "config:6: password: there is password-command on line 4 already\n" },
	};
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++, count++) {
		room_put(room_config, cases[i].text, strlen(cases[i].text), cases[i].mode);
		config_free(room_read(&lines));
		assert_string_equal(lines.data, cases[i].lines);
	}
	assert_in_range(count, 10, 100);
}

/* Only root can make a file of somebody else. */
static void owner(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	room_put(room_config, ACCOUNT(""), strlen(ACCOUNT("")), 0600);
	assert_int_equal(chown(room_config, 4711, (gid_t)-1), 0);
	assert_null(room_read(&lines));
	assert_string_equal(lines.data, "config: the file belongs to another user (uid 4711)\n");
}

static void no_files(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	(void)state;
	unlink(room_config);
	assert_null(room_read(&lines));
	assert_string_equal(lines.data, "config: No such file or directory (koc.conf(5) tells how to "
					"write it)\n");

	assert_int_equal(mkdir(room_config, 0700), 0);
	assert_null(room_read(&lines));
	assert_string_equal(lines.data, "config: this is not a file\n");
	rmdir(room_config);

	assert_int_equal(mkfifo(room_config, 0600), 0); /* nobody writes to it: must not wait */
	assert_null(room_read(&lines));
	assert_string_equal(lines.data, "config: this is not a file\n");
	unlink(room_config);

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(address.sun_path, room_config, strlen(room_config));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_null(room_read(&lines));
	assert_string_equal(lines.data, "config: No such device or address\n");
	close(fd);
	unlink(room_config);

	assert_int_equal(symlink(room_config, room_config), 0);
	assert_null(room_read(&lines));
	assert_string_equal(lines.data, "config: Too many levels of symbolic links\n");
	unlink(room_config);
}

/* A symlink to the file is how people keep their settings elsewhere. */
static void symlink_followed(void **state)
{
	char path[80];

	(void)state;
	snprintf(path, sizeof path, "%s/real", room_path);
	room_put(path, ACCOUNT(""), strlen(ACCOUNT("")), 0600);
	assert_int_equal(symlink("real", room_config), 0);
	config_free(room_read(&lines));
	assert_string_equal(lines.data, "");
	unlink(room_config);
}

/* Puts `before`, `size` times `fill`, `after`, and reads that. */
static struct config *filled(const char *before, char fill, size_t size, const char *after)
{
	struct config *config;
	struct buf text;
	char *middle = malloc(size);

	assert_non_null(middle);
	memset(middle, fill, size);
	buf_init(&text, 4 << 20);
	buf_adds(&text, before);
	buf_add(&text, middle, size);
	buf_adds(&text, after);
	free(middle);
	room_put(room_config, text.data, text.size, 0600);
	buf_free(&text);
	config = room_read(&lines);
	return config;
}

static void huge(void **state)
{
	const size_t large = 1000000;
	struct config *config;

	(void)state;
	assert_null(filled("", 'a', 2 << 20, ""));
	assert_string_equal(lines.data, "config: the file is larger than 1048576 bytes\n");

	/* A line of a megabyte: in a comment, in a value, as a word, in a name. */
	config = filled(ACCOUNT("") "# ", '#', large, "\n");
	assert_non_null(config);
	config_free(config);
	config = filled(ACCOUNT(""), '\n', large, "");
	assert_non_null(config);
	config_free(config);
	assert_null(filled("account x {\nafter-sync = '", 'a', large, "'\n}\n"));
	assert_non_null(strstr(lines.data, "config:2: this text is too long\n"));
	assert_null(filled("account x {\nafter-sync = \"", '\\', large, "\"\n}\n"));
	assert_non_null(strstr(lines.data, "config:2: this text is too long\n"));
	assert_null(filled("account x {\ndav = ", 'a', large, "\n}\n"));
	assert_non_null(strstr(lines.data, "config:2: this text is too long\n"));
	assert_null(filled("account x {\n", 'a', large, " = 3\n}\n"));
	assert_non_null(strstr(lines.data, "config:2: this text is too long\n"));
	assert_null(filled("account ", 'a', large, " { }"));
	assert_non_null(strstr(lines.data, "config:1: this text is too long\n"));
	assert_null(filled("account x { folder mail/", 'a', large, " { mode = off } }"));
	assert_non_null(strstr(lines.data, "config:1: this text is too long\n"));
}

static void deep(void **state)
{
	const size_t large = 500000;

	(void)state;
	assert_null(filled("", '{', large, ""));
	assert_string_equal(lines.data, "config:1: a key is missing before {\n");
	assert_null(filled("", '}', large, ""));
	assert_non_null(strstr(lines.data, "config:1: this } closes nothing\n"));
	assert_non_null(strstr(lines.data, "more mistakes\n"));
	assert_null(filled("account x { dav = ", '{', large, ""));
	assert_null(filled("account x { bogus ", '{', large, ""));
	assert_null(filled("bogus ", '{', large, "}"));
	assert_null(filled("", '=', large, ""));
	assert_null(filled("", '(', large, ""));
	assert_null(filled("", '"', large, ""));
	assert_null(filled("", '\'', large + 1, ""));
	assert_null(filled("account x { user = \"", '$', large, ""));
	assert_null(filled("/", '*', large, ""));
	assert_null(filled("account x { folder \"", '*', 900, "\" { merge = yes mode = text } }"));
}

static void many(void **state)
{
	struct buf text;
	size_t size;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_adds(&text, "account x { server = h.example user = u store = /s "
			"password-command = true\n");
	for (int i = 0; i < 5000; i++)
		buf_addf(&text, "folder \"mail/%d\" { mode = off }\n", i);
	size = text.size;
	buf_adds(&text, "}\n");
	room_put(room_config, text.data, text.size, 0600);
	config_free(room_read(&lines));
	assert_string_equal(lines.data, "");

	text.size = size;
	for (int i = 0; i < 5000; i++)
		buf_addf(&text, "folder \"mail/%d\" { mode = off }\n", i);
	buf_adds(&text, "}\n");
	room_put(room_config, text.data, text.size, 0600);
	assert_null(room_read(&lines));
	assert_non_null(strstr(lines.data, "config:5002: folder \"mail/0\" is given twice: first on "
					   "line 2\n"));
	assert_non_null(strstr(lines.data, "and 4950 more mistakes\n"));
	buf_free(&text);
}

static void odd_bytes(void **state)
{
	static const char nul[] = "account x {\nuser = \"a\0b\"\n}\n";
	struct config *config;

	(void)state;
	room_put(room_config, nul, sizeof nul - 1, 0600);
	assert_null(room_read(&lines));
	assert_non_null(strstr(lines.data, "config:2: there is a NUL byte on this line\n"));

	config = room_read_text(&lines, "\xef\xbb\xbf" ACCOUNT("timeout = 5\r\n"));
	assert_non_null(config);
	assert_int_equal(config->accounts[0].timeout, 5);
	config_free(config);

	assert_null(room_read_text(&lines, ACCOUNT("t\x1b[31m = 5\n")));
	assert_string_equal(lines.data, "config:6: t\\x1b[31m is not a key of account\n");
}

/* Every prefix of a configuration is read to its end without harm, and is a mistake. */
static void prefixes(void **state)
{
	static const char text[] =
		"# c\naccount \"x\" { // d\n/* e */ server = 'h.example'\nuser=u store=\"${HOME}/\\x41\""
		"\npassword = 'a\\'b' dav = { \"https://a/\", https://b/ }\nfolder \"mail/*\" {\n"
		"mode = off delete = never }\nfolder 'tasks/a' { merge = yes }\n}";
	size_t count = 0;

	(void)state;
	for (size_t size = 0; size < sizeof text - 1; size++, count++) {
		room_put(room_config, text, size, 0600);
		assert_null(room_read(&lines));
	}
	room_put(room_config, text, sizeof text - 1, 0600);
	config_free(room_read(&lines));
	assert_string_equal(lines.data, "");
	assert_in_range(count, 200, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(permissions),
		cmocka_unit_test(owner),
		cmocka_unit_test(no_files),
		cmocka_unit_test(symlink_followed),
		cmocka_unit_test(huge),
		cmocka_unit_test(deep),
		cmocka_unit_test(many),
		cmocka_unit_test(odd_bytes),
		cmocka_unit_test(prefixes),
	};

	return cmocka_run_group_tests_name("config: files", tests, set_up, tear_down);
}
