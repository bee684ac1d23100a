/* Files below a directory: opening, reading and writing them.  What gives them other names is in
 * rename.c. */
#include "base/file.h"

#include "base/buf.h"
#include "base/path.h"
#include "base/step.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_CHUNK ((size_t)64 * 1024)

/* Opens the next component of a path, which is a directory. */
static int component_open(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* With O_DIRECTORY a symlink is ENOTDIR (open(2)); it should be told apart. */
static int component_error(int at, const char *name, int error)
{
	struct stat status;

	if (error == ENOTDIR && fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(status.st_mode))
		return ELOOP;
	return error;
}

/* Makes the directory `name` if it is missing and opens it. */
static int component_make(int at, const char *name, const struct fail **stopped)
{
	int fd = component_open(at, name);
	mode_t mask;
	int error;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	*stopped = step("mkdir");
	if (*stopped)
		return -1;
	/* A mask that takes the owner's bits would leave a directory that cannot be opened to be
	 * given its mode. */
	mask = umask(0);
	error = mkdirat(at, name, DIRECTORY_MODE) == 0 ? 0 : errno;
	umask(mask);
	errno = error;
	/* Another process may have been faster. */
	return error == 0 || error == EEXIST ? component_open(at, name) : -1;
}

/* Copies the first component of *path into `name` and goes behind it; false at the end. */
static bool component_next(const char **path, char name[NAME_MAX + 1], int *error)
{
	size_t size;

	*error = 0;
	for (;;) {
		while (**path == '/')
			(*path)++;
		if (!**path)
			return false;
		size = strcspn(*path, "/");
		if (size != 1 || **path != '.')
			break;
		(*path)++;
	}
	if (size > NAME_MAX) {
		*error = ENAMETOOLONG;
		return false;
	}
	memcpy(name, *path, size);
	name[size] = '\0';
	*path += size;
	return true;
}

/* Opens a directory component by component.  -1 and errno, or *stopped. */
static int walk(int at, const char *path, bool make, const struct fail **stopped)
{
	int fd = component_open(at, ".");
	char name[NAME_MAX + 1];
	int error = 0;

	while (fd >= 0 && component_next(&path, name, &error)) {
		int next = make ? component_make(fd, name, stopped) : component_open(fd, name);

		error = next < 0 ? component_error(fd, name, errno) : 0;
		close(fd);
		fd = next;
	}
	if (fd >= 0 && error) {
		close(fd);
		fd = -1;
	}
	if (fd < 0 && error)
		errno = error;
	return fd;
}

/* Is the path one that stays below, as far as its text tells? */
static bool stays_below(const char *path)
{
	if (path[0] == '/')
		return false;
	while (*path) {
		size_t size = strcspn(path, "/");

		if (size == 2 && path[0] == '.' && path[1] == '.')
			return false;
		path += size + (path[size] == '/');
	}
	return true;
}

/* The whole path in one call where the kernel can (Linux 5.6); ENOSYS where not. */
static int open_beneath(int at, const char *path, int flags, mode_t mode)
{
	static bool lacking;
	struct open_how how = {
		.flags = (unsigned)flags,
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	long fd;

	if (lacking || strlen(path) >= PATH_MAX) {
		errno = ENOSYS;
		return -1;
	}
	fd = syscall(SYS_openat2, at, path, &how, sizeof how);
	/* A sandbox that does not know the call may answer EPERM. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
		lacking = true;
		errno = ENOSYS;
	}
	return (int)fd;
}

static const struct fail *open_failed(enum fail_scope scope, int error, const char *path)
{
	if (error == ELOOP)
		return fail_make(FAIL_DENIED, scope, "%s: is a symlink", path);
	if (error == EXDEV)
		return fail_make(FAIL_DENIED, scope, "%s: leads outside", path);
	return fail_errno(scope, error, "%s", path);
}

const struct fail *file_open_directory(int at, const char *path, _Bool make, int *fd)
{
	const struct fail *stopped = NULL;

	*fd = -1;
	if (!stays_below(path))
		return open_failed(FAIL_FOLDER, EXDEV, path);
	if (!*path)
		path = ".";
	*fd = open_beneath(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (*fd < 0 && (errno == ENOSYS || (errno == ENOENT && make)))
		*fd = walk(at, path, make, &stopped);
	if (*fd >= 0 || stopped)
		return stopped;
	return open_failed(FAIL_FOLDER, errno, path);
}

const struct fail *path_split(int at, const char *path, int *directory, const char **name)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];

	*directory = -1;
	*name = path;
	if (!stays_below(path) || !*path || (slash && !slash[1]))
		return open_failed(FAIL_ITEM, *path ? EXDEV : ENOENT, path);
	if (!slash) {
		*directory = at;
		return NULL;
	}
	if ((size_t)(slash - path) >= sizeof parent)
		return open_failed(FAIL_ITEM, ENAMETOOLONG, path);
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	*name = slash + 1;
	return fail_scoped(file_open_directory(at, parent, false, directory), FAIL_ITEM);
}

void path_close(int at, int directory)
{
	if (directory >= 0 && directory != at)
		close(directory);
}

/* Opens a file below `at`.  -1 and errno, or *fail. */
static int file_open(int at, const char *name, int flags, mode_t mode, const struct fail **fail)
{
	const char *last;
	int directory;
	int error;
	int fd;

	*fail = NULL;
	flags |= O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
	if (!strchr(name, '/') && stays_below(name))
		return openat(at, name, flags, mode);
	if (stays_below(name)) {
		fd = open_beneath(at, name, flags, mode);
		if (fd >= 0 || errno != ENOSYS)
			return fd;
	}
	*fail = path_split(at, name, &directory, &last);
	if (*fail)
		return -1;
	fd = openat(directory, last, flags, mode);
	error = errno;
	path_close(at, directory);
	errno = error;
	return fd;
}

const struct fail *file_open_read(int at, const char *name, int *fd, struct stat *status)
{
	const struct fail *fail;
	const char *what = NULL;

	*fd = file_open(at, name, O_RDONLY | O_NONBLOCK, 0, &fail);
	if (fail)
		return fail;
	if (*fd < 0 && (errno == ELOOP || errno == ENXIO))
		what = errno == ELOOP ? "is a symlink" : "is no regular file";
	else if (*fd < 0)
		return open_failed(FAIL_ITEM, errno, name);
	else if (fstat(*fd, status) != 0)
		fail = fail_errno(FAIL_ITEM, errno, "%s", name);
	else if (!S_ISREG(status->st_mode))
		what = S_ISDIR(status->st_mode) ? "is a directory" : "is no regular file";
	if (what)
		fail = fail_make(FAIL_DATA, FAIL_ITEM, "%s: %s", name, what);
	if (fail && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return fail;
}

const struct fail *file_create(int at, const char *name, int *fd)
{
	const struct fail *fail;

	*fd = file_open(at, name, O_RDWR | O_CREAT | O_EXCL, FILE_MODE, &fail);
	if (fail)
		return fail;
	if (*fd < 0)
		return open_failed(FAIL_ITEM, errno, name);
	if (fchmod(*fd, FILE_MODE) != 0) {
		fail = fail_errno(FAIL_ITEM, errno, "%s", name);
		close(*fd);
		*fd = -1;
	}
	return fail;
}

const struct fail *file_write(int fd, const void *data, size_t size)
{
	const char *from = data;

	while (size) {
		ssize_t written = write(fd, from, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return fail_errno(FAIL_ITEM, errno, "cannot write");
		from += written;
		size -= (size_t)written;
	}
	return NULL;
}

const struct fail *file_read_all(int at, const char *name, struct buf *buf, size_t limit)
{
	const struct fail *fail;
	char chunk[READ_CHUNK];
	struct stat status;
	ssize_t got = 0;
	int fd = -1;

	buf_clear(buf);
	fail = file_open_read(at, name, &fd, &status);
	if (fail)
		return fail;
	while (!buf->over && buf->size <= limit) {
		got = read(fd, chunk, sizeof chunk);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		buf_add(buf, chunk, (size_t)got);
	}
	if (got < 0)
		fail = fail_errno(FAIL_ITEM, errno, "%s", name);
	else if (buf->over || buf->size > limit)
		fail = fail_make(FAIL_DATA, FAIL_ITEM, "%s: is larger than %zu bytes", name,
				 limit < buf->limit ? limit : buf->limit);
	close(fd);
	return fail;
}

void path_temporary(char name[PATH_TEMPORARY])
{
	uint64_t number = 0;

	/* A failure leaves 0: O_EXCL then decides. */
	if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
		number = 0;
	snprintf(name, PATH_TEMPORARY, ".koc-%016llx", (unsigned long long)number);
}

const struct fail *file_sync_all(int fd)
{
	if (syncfs(fd) != 0)
		return fail_errno(FAIL_ACCOUNT, errno, "cannot make the files durable");
	return NULL;
}

const struct fail *file_sync(int fd)
{
	if (fsync(fd) != 0)
		return fail_errno(FAIL_ACCOUNT, errno, "cannot make the file durable");
	return NULL;
}
