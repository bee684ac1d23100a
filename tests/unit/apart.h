/* Tests that need a file system of their own (small, or another one): they run in a mount namespace; where
 * that may not be had they are skipped. */
#ifndef KOC_TESTS_APART_H
#define KOC_TESTS_APART_H

#include "local_room.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define NOT_ALLOWED 77

static inline bool put_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* A mount namespace; an ordinary user needs one of users for it, in which he is root. */
static inline bool leave(void)
{
	uid_t user = getuid();
	gid_t group = getgid();
	char line[64];

	if (user == 0)
		return unshare(CLONE_NEWNS) == 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
	    !put_line("/proc/self/setgroups", "deny"))
		return false;
	snprintf(line, sizeof line, "0 %u 1\n", user);
	if (!put_line("/proc/self/uid_map", line))
		return false;
	snprintf(line, sizeof line, "0 %u 1\n", group);
	return put_line("/proc/self/gid_map", line);
}

static inline bool mount_memory(const char *path, const char *options)
{
	return mount("koc-test", path, "tmpfs", 0, options) == 0;
}

/* Runs it in a child that has a /tmp of its own, which goes with it. */
static inline void apart(void (*test)(void), const char *options)
{
	pid_t child = room_fork();
	int status;

	if (child == 0) {
		if (!leave() || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		    !mount_memory("/tmp", options))
			_exit(NOT_ALLOWED);
		setenv("TMPDIR", "/tmp", 1);
		test();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_ALLOWED)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

#endif
