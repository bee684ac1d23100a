/* file.h: files below a directory, in a throw-away one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/step.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char root_path[] = "/tmp/koc-file-XXXXXX";
static int root = -1;
static bool old_system; /* without openat2 and the flags of renameat2 */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static int set_up(void **state)
{
	(void)state;
	memcpy(root_path + sizeof root_path - 7, "XXXXXX", 6);
	if (!mkdtemp(root_path))
		return -1;
	root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0;
}

static int tear_down(void **state)
{
	(void)state;
	step_set_hook(NULL, NULL);
	close(root);
	return nftw(root_path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *name, const char *text)
{
	int fd = -1;

	assert_null(file_create(root, name, &fd));
	assert_null(file_write(fd, text, strlen(text)));
	close(fd);
}

static void assert_holds(const char *name, const char *text)
{
	struct buf buf;

	buf_init(&buf, 1000);
	assert_null(file_read_all(root, name, &buf, 1000));
	assert_string_equal(buf.data, text);
	buf_free(&buf);
}

static void assert_absent(const char *name)
{
	struct stat status;

	assert_int_equal(fstatat(root, name, &status, AT_SYMLINK_NOFOLLOW), -1);
}

static void assert_fails(const struct fail *fail, enum fail_code code, const char *text)
{
	assert_non_null(fail);
	assert_string_equal(fail_word(fail->code), fail_word(code));
	assert_non_null(strstr(fail->text, text));
}

static mode_t mode_of(const char *name)
{
	struct stat status;

	assert_int_equal(fstatat(root, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	return status.st_mode & 07777;
}

static int count_names(const char *path)
{
	int fd = -1;
	DIR *directory;
	int count = 0;

	assert_null(file_open_directory(root, path, false, &fd));
	directory = fdopendir(fd);
	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

static void test_modes(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0277, 0777 };
	char path[] = "0/a/b";
	char file[] = "0/a/b/f";

	(void)state;
	for (size_t i = 0; i < COUNT(masks); i++) {
		mode_t before = umask(masks[i]);
		int fd = -1;

		path[0] = file[0] = (char)('0' + (int)i);
		assert_null(file_open_directory(root, path, true, &fd));
		close(fd);
		put(file, "x");
		umask(before);
		assert_int_equal(mode_of(path), 0700);
		assert_int_equal(mode_of(file), 0600);
	}
}

static void test_directories(void **state)
{
	static const char *const outside[] = { "/etc", "..", "../x", "a/../b", "a/..", "/" };
	int fd = -1;
	int again = -1;

	(void)state;
	for (size_t i = 0; i < COUNT(outside); i++) {
		assert_fails(file_open_directory(root, outside[i], false, &fd), FAIL_DENIED, "outside");
		assert_fails(file_open_directory(root, outside[i], true, &fd), FAIL_DENIED, "outside");
		assert_int_equal(fd, -1);
	}
	assert_fails(file_open_directory(root, "no/such", false, &fd), FAIL_MISSING, "no/such");
	assert_null(file_open_directory(root, "", false, &fd));
	close(fd);
	assert_null(file_open_directory(root, ".", true, &fd));
	close(fd);
	assert_null(file_open_directory(root, "a//b/./..c/", true, &fd));
	assert_null(file_open_directory(root, "a/b/..c", false, &again));
	put("file", "x");
	assert_non_null(file_open_directory(root, "file", false, &fd));
	assert_non_null(file_open_directory(root, "file/x", true, &fd));
	close(again);
}

static void test_symlinks(void **state)
{
	struct stat status;
	struct buf buf;
	int fd = -1;

	(void)state;
	assert_null(file_open_directory(root, "real/sub", true, &fd));
	close(fd);
	put("real/file", "secret");
	assert_int_equal(symlinkat("real", root, "link"), 0);
	assert_int_equal(symlinkat("/etc", root, "out"), 0);
	assert_int_equal(symlinkat("real/file", root, "flink"), 0);
	assert_int_equal(symlinkat("nowhere", root, "dangling"), 0);
	assert_fails(file_open_directory(root, "link", false, &fd), FAIL_DENIED, "is a symlink");
	assert_fails(file_open_directory(root, "link/sub", false, &fd), FAIL_DENIED, "is a symlink");
	assert_fails(file_open_directory(root, "link/new", true, &fd), FAIL_DENIED, "is a symlink");
	assert_fails(file_open_directory(root, "dangling", true, &fd), FAIL_DENIED, "is a symlink");
	assert_absent("real/new");
	assert_absent("nowhere");
	assert_fails(file_open_read(root, "flink", &fd, &status), FAIL_DATA, "is a symlink");
	assert_non_null(file_open_read(root, "link/file", &fd, &status));
	assert_non_null(file_open_read(root, "out/passwd", &fd, &status));
	assert_fails(file_create(root, "dangling", &fd), FAIL_EXISTS, "dangling");
	assert_non_null(file_create(root, "link/made", &fd));
	assert_absent("real/made");
	assert_non_null(file_rename_new(root, "link/file", root, "stolen"));
	assert_non_null(file_rename_new(root, "real/file", root, "link/x"));
	assert_fails(file_exchange(root, "real/file", root, "link/sub"), FAIL_DENIED, "symlink");
	assert_non_null(file_replace(root, "link/file", "x", 1));
	buf_init(&buf, 100);
	assert_non_null(file_read_all(root, "flink", &buf, 100));
	buf_free(&buf);
	assert_holds("real/file", "secret");
	/* Replacing a symlink replaces it, not what it points to. */
	assert_null(file_replace(root, "flink", "new", 3));
	assert_holds("real/file", "secret");
	assert_holds("flink", "new");
}

static void test_read(void **state)
{
	struct stat status;
	struct buf buf;
	int fd = -1;

	(void)state;
	assert_int_equal(mkfifoat(root, "fifo", 0600), 0);
	assert_int_equal(mkdirat(root, "directory", 0700), 0);
	/* Opening a FIFO must not wait for a writer. */
	assert_fails(file_open_read(root, "fifo", &fd, &status), FAIL_DATA, "regular");
	assert_fails(file_open_read(root, "directory", &fd, &status), FAIL_DATA, "directory");
	assert_fails(file_open_read(root, "absent", &fd, &status), FAIL_MISSING, "absent");
	assert_fails(file_open_read(root, "../x", &fd, &status), FAIL_DENIED, "outside");
	assert_int_equal(fd, -1);
	put("file", "0123456789");
	assert_null(file_open_read(root, "file", &fd, &status));
	assert_int_equal(status.st_size, 10);
	close(fd);
	buf_init(&buf, 1000);
	buf_adds(&buf, "old");
	assert_null(file_read_all(root, "file", &buf, 10));
	assert_string_equal(buf.data, "0123456789");
	assert_fails(file_read_all(root, "file", &buf, 9), FAIL_DATA, "larger");
	buf_free(&buf);
	buf_init(&buf, 5);
	assert_fails(file_read_all(root, "file", &buf, 100), FAIL_DATA, "larger");
	buf_free(&buf);
}

static void test_rename(void **state)
{
	int again = -1;
	int fd = -1;

	(void)state;
	assert_null(file_open_directory(root, "a/b", true, &fd));
	put("one", "1");
	put("two", "2");
	assert_fails(file_rename_new(root, "one", root, "two"), FAIL_EXISTS, "two");
	assert_holds("one", "1");
	assert_holds("two", "2");
	assert_null(file_rename_new(root, "one", root, "a/b/one"));
	assert_absent("one");
	assert_holds("a/b/one", "1");
	assert_null(file_rename_new(fd, "one", root, "one"));
	assert_holds("one", "1");
	assert_fails(file_rename_new(root, "gone", root, "x"), FAIL_MISSING, "gone");
	assert_fails(file_rename_new(root, "one", root, "no/x"), FAIL_MISSING, "no");
	assert_fails(file_rename_new(root, "one", root, "../x"), FAIL_DENIED, "outside");
	assert_null(file_rename_new(root, "a/b", root, "b"));
	assert_int_equal(count_names("a"), 0);
	assert_null(file_open_directory(root, "a/b", true, &again));
	assert_fails(file_rename_new(root, "b", root, "a/b"), FAIL_EXISTS, "a/b");
	close(again);
	close(fd);
}

static void test_exchange(void **state)
{
	(void)state;
	put("one", "1");
	put("two", "2");
	if (old_system) {
		assert_fails(file_exchange(root, "one", root, "two"), FAIL_SYSTEM, "no exchange");
		assert_holds("one", "1");
		return;
	}
	assert_null(file_exchange(root, "one", root, "two"));
	assert_holds("one", "2");
	assert_holds("two", "1");
	assert_fails(file_exchange(root, "one", root, "gone"), FAIL_MISSING, "gone");
}

/* Between two file systems; /dev/shm and /tmp are two on any usual machine. */
static void test_rename_across(void **state)
{
	static const struct timespec times[2] = { { .tv_sec = 1000000 }, { .tv_sec = 1000000000 } };
	char path[] = "/dev/shm/koc-file-XXXXXX";
	struct stat here, there;
	int fd = -1;
	int other;

	(void)state;
	if (!mkdtemp(path))
		skip();
	other = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(other >= 0);
	assert_int_equal(fstat(root, &here), 0);
	assert_int_equal(fstat(other, &there), 0);
	if (here.st_dev != there.st_dev) {
		assert_null(file_create(other, "mail", &fd));
		for (int i = 0; i < 20000; i++)
			assert_null(file_write(fd, "0123456789", 10));
		assert_int_equal(futimens(fd, times), 0);
		close(fd);
		put("taken", "x");
		assert_fails(file_rename_new(other, "mail", root, "taken"), FAIL_EXISTS, "taken");
		assert_holds("taken", "x");
		assert_int_equal(count_names("."), 1);
		assert_null(file_rename_new(other, "mail", root, "mail"));
		assert_int_equal(count_names("."), 2);
		assert_int_equal(fstatat(other, "mail", &there, 0), -1);
		assert_int_equal(fstatat(root, "mail", &here, 0), 0);
		assert_int_equal(here.st_size, 200000);
		assert_int_equal(here.st_mtim.tv_sec, 1000000000);
	}
	close(other);
	assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	if (here.st_dev == there.st_dev)
		skip();
}

static void test_replace(void **state)
{
	(void)state;
	assert_null(file_replace(root, "file", "first", 5));
	assert_holds("file", "first");
	assert_null(file_replace(root, "file", "", 0));
	assert_holds("file", "");
	assert_int_equal(mode_of("file"), 0600);
	assert_fails(file_replace(root, "no/file", "x", 1), FAIL_MISSING, "no");
	assert_int_equal(count_names("."), 1);
}

struct gate {
	int passed;
	int most;
};

static const struct fail *gate_hook(void *context, const char *what)
{
	struct gate *gate = context;

	assert_true(what && *what);
	if (gate->passed == gate->most)
		return fail_make(FAIL_STOPPED, FAIL_ALL, "stopped before %s", what);
	gate->passed++;
	return NULL;
}

/* Everything that changes a name passes the gate, and does nothing when the gate is shut. */
static void test_steps(void **state)
{
	struct gate gate = { 0 };
	int fd = -1;

	(void)state;
	put("one", "1");
	put("two", "2");
	step_set_hook(gate_hook, &gate);
	assert_fails(file_open_directory(root, "new", true, &fd), FAIL_STOPPED, "mkdir");
	assert_fails(file_rename_new(root, "one", root, "new"), FAIL_STOPPED, "rename");
	assert_fails(file_exchange(root, "one", root, "two"), FAIL_STOPPED, "exchange");
	assert_fails(file_replace(root, "one", "x", 1), FAIL_STOPPED, "replace");
	assert_absent("new");
	assert_holds("one", "1");
	assert_int_equal(count_names("."), 2);
	gate.most = 1000;
	assert_null(file_open_directory(root, "a/b/c", true, &fd));
	close(fd);
	assert_int_equal(gate.passed, 3);
	assert_null(file_open_directory(root, "a/b/c", true, &fd));
	close(fd);
	assert_int_equal(gate.passed, 3);
	assert_null(file_replace(root, "one", "x", 1));
	assert_null(file_rename_new(root, "one", root, "a/one"));
	/* Where it is done by a link, that and the removal of the old name are two steps. */
	assert_int_equal(gate.passed, old_system ? 6 : 5);
	if (!old_system)
		assert_null(file_exchange(root, "a/one", root, "two"));
}

/* From here on the kernel looks like an old one, or the file system like a poor one. */
static bool make_system_old(void)
{
	static struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = COUNT(filter), .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_modes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_directories, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_symlinks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rename, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_exchange, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rename_across, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_replace, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_steps, set_up, tear_down),
	};
	int failed = cmocka_run_group_tests_name("this kernel", tests, NULL, NULL);

	/* The same again with what koc does on older systems. */
	old_system = make_system_old();
	if (old_system)
		failed += cmocka_run_group_tests_name("an old kernel", tests, NULL, NULL);
	return failed;
}
