/* terminal.h, log.h on a terminal: a pseudo-terminal of 20 columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Runs `work` in a child whose standard error is a terminal; what arrives there comes back. */
static void on_terminal(void work(void), char *out, size_t room)
{
	struct winsize size = { .ws_row = 5, .ws_col = 20 };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios raw;
	int status = -1;
	size_t used = 0;
	pid_t child;
	int slave;

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(slave >= 0);
	assert_int_equal(tcgetattr(slave, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(slave, STDERR_FILENO);
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	/* All was written before the child ended, so nothing has to be waited for. */
	for (;;) {
		struct pollfd ready = { .fd = master, .events = POLLIN };
		ssize_t got;

		if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLIN))
			break;
		got = read(master, out + used, room - 1 - used);
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	out[used] = '\0';
	close(slave);
	close(master);
}

static void work_progress(void)
{
	terminal_clear(); /* nothing to clear yet */
	terminal_progress("%s", "short");
	terminal_progress("%s", "0123456789012345678901234567890");
	terminal_progress("%s", "\033[2J");
	terminal_progress("%s", "\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5"
				"\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac");
	terminal_progress("%s", "");
	terminal_clear();
	terminal_clear();
}

static void test_progress(void **state)
{
	char out[1000];

	(void)state;
	on_terminal(work_progress, out, sizeof out);
	assert_string_equal(out, "\rshort\033[K"
				 "\r0123456789012345678\033[K"
				 "\r\\x1b[2J\033[K"
				 "\r\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5"
				 "\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\033[K"
				 "\r\033[K"
				 "\r\033[K");
}

static void work_log(void)
{
	terminal_progress("%s", "under way");
	log_line(LOG_NORMAL, "%s", "done");
}

/* A line of the log takes the place of the progress line. */
static void test_log(void **state)
{
	char out[1000];

	(void)state;
	on_terminal(work_log, out, sizeof out);
	assert_string_equal(out, "\runder way\033[K\r\033[Kkoc: done\n");
}

/* Nothing where standard error is no terminal. */
static void test_no_terminal(void **state)
{
	int saved = dup(STDERR_FILENO);
	char out[10];
	int ends[2];

	(void)state;
	assert_true(saved >= 0);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	terminal_progress("%s", "text");
	terminal_clear();
	dup2(saved, STDERR_FILENO); /* closes the writing end */
	close(saved);
	assert_int_equal(read(ends[0], out, sizeof out), 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_no_terminal), /* last: the answer is kept */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
