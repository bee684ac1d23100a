/* config.h: the secret that a command prints. */
#include "unit/config_room.h"

#include "base/fail.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static const struct {
	const char *command, *secret, *fail; /* one of the last two */
} cases[] = {
	{ "echo secret", "secret", NULL },
	{ "printf secret", "secret", NULL },
	{ "printf 'secret\\r\\n'", "secret", NULL },
	{ "printf 'secret\\r\\r\\n\\r\\n'", "secret", NULL },
	{ "printf 'secret\\nuser: jane\\nurl: x\\n'", "secret", NULL },
	{ "printf ' s e c \\n'", " s e c ", NULL },
	{ "printf 's\\rt\\n'", "s\rt", NULL },
	{ "printf '\\303\\244\\n'", "\xc3\xa4", NULL },
	{ "printf sec; printf 'ret\\n' | cat", "secret", NULL },
	{ "read x; echo \"${x:-none}\"", "none", NULL }, /* standard input is not koc's */
	/* A lot behind the first line is read to its end: the command must not die of SIGPIPE. */
	{ "echo secret; head -c 60000 /dev/zero", "secret", NULL },
	/* Something left running holds the pipe open. */
	{ "echo secret; sleep 1000 & echo $! >\"$KOC_TEST_PID\"", "secret", NULL },
	{ "true", NULL, "password-command printed nothing on its first line" },
	{ "echo", NULL, "password-command printed nothing on its first line" },
	{ "printf '\\r\\nsecret\\n'", NULL, "password-command printed nothing on its first line" },
	{ "printf 'a\\0b\\n'", NULL, "password-command printed a NUL byte" },
	{ "false", NULL, "password-command failed with status 1" },
	{ "echo secret; exit 3", NULL, "password-command failed with status 3" },
	{ "exec /nonexistent 2>/dev/null", NULL, "password-command failed with status 127" },
	{ "kill -9 $$", NULL, "password-command was ended by signal 9" },
	{ "head -c 70000 /dev/zero | tr '\\0' x", NULL, "password-command printed more than 65536 bytes" },
	{ "exec yes", NULL, "password-command printed more than 65536 bytes" },
};

static size_t open_files(void)
{
	size_t count = 0;
	DIR *directory = opendir("/proc/self/fd");

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void commands(void **state)
{
	char path[80], text[32] = "";
	size_t before = open_files(), count = 0;
	int fd;

	(void)state;
	snprintf(path, sizeof path, "%s/pid", room_path);
	setenv("KOC_TEST_PID", path, 1);
	for (size_t i = 0; i < COUNT(cases); i++, count++) {
		char command[256];
		struct account account = { .password_command = command };
		const struct fail *fail;
		char *secret = NULL;

		snprintf(command, sizeof command, "%s", cases[i].command);
		fail = config_secret(&account, &secret);
		if (cases[i].secret) {
			assert_null(fail);
			assert_string_equal(secret, cases[i].secret);
			config_wipe(secret);
			assert_string_equal(secret, "");
			free(secret);
		} else {
			assert_non_null(fail);
			assert_null(secret);
			assert_int_equal(fail->code, FAIL_LOGIN);
			assert_int_equal(fail->scope, FAIL_ACCOUNT);
			assert_string_equal(fail->text, cases[i].fail);
		}
	}
	assert_in_range(count, 20, 100);
	assert_int_equal(open_files(), before);
	errno = 0;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left behind */
	assert_int_equal(errno, ECHILD);

	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof text - 1) > 0);
	close(fd);
	assert_true(atol(text) > 1);
	kill((pid_t)atol(text), SIGKILL);
}

/* The command gets no descriptor of koc's, whatever its flags. */
static void descriptors(void **state)
{
	char command[] = "ls /proc/self/fd | tr '\\n' ' '";
	struct account account = { .password_command = command };
	char *secret = NULL;
	int open_one = dup(STDERR_FILENO); /* without close-on-exec */

	(void)state;
	assert_true(open_one > STDERR_FILENO);
	assert_null(config_secret(&account, &secret));
	assert_string_equal(secret, "0 1 2 3 "); /* 3 is ls' own */
	free(secret);
	close(open_one);
}

static void passwords(void **state)
{
	char password[] = "s3cret";
	struct account account = { .password = password }, oauth2 = { .oauth2_command = password };
	char *secret = NULL;
	const struct fail *fail;

	(void)state;
	assert_null(config_secret(&account, &secret));
	assert_string_equal(secret, "s3cret");
	assert_ptr_not_equal(secret, password);
	config_wipe(secret);
	free(secret);
	config_wipe(NULL);

	fail = config_secret(&oauth2, &secret);
	assert_non_null(fail);
	assert_null(secret);
	assert_int_equal(fail->code, FAIL_LOGIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(descriptors),
		cmocka_unit_test(passwords),
	};

	return cmocka_run_group_tests_name("config: secret", tests, room_set_up, room_tear_down);
}
