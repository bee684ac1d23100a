/* Secret: the password of an account, from the configuration or from the user's command. */
#include "config/config.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MOST 65536 /* bytes that a command may print */

/* In the child: becomes /bin/sh.  Standard input stays only if it is a terminal (a passphrase may be
 * asked for): the command must not eat what koc is to read. */
__attribute__((noreturn)) static void child(const char *command, int output)
{
	sigset_t none;
	int null;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (!isatty(STDIN_FILENO)) {
		null = open("/dev/null", O_RDONLY);
		if (null < 0 || dup2(null, STDIN_FILENO) < 0)
			_exit(127);
	}
	if (dup2(output, STDOUT_FILENO) < 0)
		_exit(127);
	closefrom(STDERR_FILENO + 1);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

#define GONE (-2)

/* Reads until the end, or until the command has ended and the pipe is empty: something that it left
 * running (an agent) may hold the pipe open for ever.  *size > OUTPUT_MOST: it printed too much. */
static const struct fail *collect(int output, int ended, char *data, size_t *size)
{
	struct pollfd polls[2] = {
		{ .fd = output, .events = POLLIN },
		{ .fd = ended, .events = POLLIN }, /* negative: poll leaves it out */
	};

	for (*size = 0; *size <= OUTPUT_MOST;) {
		ssize_t got;
		int ready = poll(polls, 2, polls[1].fd == GONE ? 0 : -1);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			return fail_errno(FAIL_ACCOUNT, errno, "password-command: poll");
		if (ready == 0)
			return NULL;
		if (polls[0].revents == 0) { /* it has ended: what it printed is in the pipe now */
			polls[1].fd = GONE;
			continue;
		}
		got = read(output, data + *size, OUTPUT_MOST + 1 - *size);
		if (got == 0)
			return NULL;
		if (got > 0)
			*size += (size_t)got;
		else if (errno != EINTR)
			return fail_errno(FAIL_ACCOUNT, errno, "password-command: read");
	}
	return NULL;
}

/* The first line, without CR and LF, in place. */
static const struct fail *first_line(char *data, size_t size, char **secret)
{
	char *end = memchr(data, '\n', size);
	size_t length = end ? (size_t)(end - data) : size;

	while (length > 0 && data[length - 1] == '\r')
		length--;
	if (length == 0)
		return fail_make(FAIL_LOGIN, FAIL_ACCOUNT,
				 "password-command printed nothing on its first line");
	if (memchr(data, '\0', length))
		return fail_make(FAIL_LOGIN, FAIL_ACCOUNT, "password-command printed a NUL byte");
	*secret = memory_alloc(length + 1);
	memcpy(*secret, data, length);
	return NULL;
}

static const struct fail *status_fail(int status)
{
	if (WIFSIGNALED(status))
		return fail_make(FAIL_LOGIN, FAIL_ACCOUNT, "password-command was ended by signal %d",
				 WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return fail_make(FAIL_LOGIN, FAIL_ACCOUNT, "password-command failed with status %d",
				 WEXITSTATUS(status));
	return NULL;
}

static const struct fail *command_secret(const char *command, char **secret)
{
	const struct fail *fail = NULL;
	char *data = memory_alloc(OUTPUT_MOST + 1);
	int ends[2] = { -1, -1 }, ended = -1, status = 0;
	size_t size = 0;
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		fail = fail_errno(FAIL_ACCOUNT, errno, "password-command: pipe");
		goto out;
	}
	pid = fork();
	if (pid < 0) {
		fail = fail_errno(FAIL_ACCOUNT, errno, "password-command: fork");
		goto out;
	}
	if (pid == 0)
		child(command, ends[1]);
	close(ends[1]);
	ends[1] = -1;
	ended = pidfd_open(pid, 0); /* fails before Linux 5.3: then only the end of the pipe counts */
	fail = collect(ends[0], ended, data, &size);
	if (!fail && size > OUTPUT_MOST)
		fail = fail_make(FAIL_LOGIN, FAIL_ACCOUNT,
				 "password-command printed more than %d bytes", OUTPUT_MOST);
	if (fail)
		kill(pid, SIGTERM);
	close(ends[0]); /* now, or a command that goes on printing would never end */
	ends[0] = -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!fail)
		fail = status_fail(status);
	if (!fail)
		fail = first_line(data, size, secret);
out:
	if (ended >= 0)
		close(ended);
	if (ends[0] >= 0)
		close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
	explicit_bzero(data, OUTPUT_MOST + 1);
	free(data);
	return fail;
}

const struct fail *config_secret(const struct account *account, char **secret)
{
	*secret = NULL;
	if (account->password) {
		*secret = memory_str(account->password);
		return NULL;
	}
	if (account->password_command)
		return command_secret(account->password_command, secret);
	return fail_make(FAIL_LOGIN, FAIL_ACCOUNT,
			 "this version of koc cannot log in with oauth2-command");
}
