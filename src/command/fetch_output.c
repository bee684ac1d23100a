/* Output: see fetch_output.h.  Where the file system can, the file has no name until it is whole, so that
 * nothing is left of one that was interrupted. */
#include "command/fetch_output.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Something that is there and no regular file. */
static const struct fail *open_direct(struct output *output)
{
	output->direct = true;
	output->fd = open(output->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (output->fd < 0)
		return fail_errno(FAIL_ITEM, errno, "%s", output->path);
	if (isatty(output->fd))
		return fail_make(FAIL_USAGE, FAIL_ITEM, "%s is a terminal: name a file, or pipe it on",
				 output->path);
	return NULL;
}

static const struct fail *open_directory(struct output *output)
{
	const char *slash = strrchr(output->path, '/');
	char *above = memory_str(slash == output->path ? "/" : slash ? output->path : ".");
	const struct fail *f = NULL;

	if (slash && slash != output->path)
		above[slash - output->path] = '\0';
	output->name = slash ? slash + 1 : output->path;
	output->directory = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (output->directory < 0)
		f = fail_errno(FAIL_ITEM, errno, "%s", above);
	free(above);
	return f;
}

static const struct fail *open_new(struct output *output)
{
	const struct fail *f = open_directory(output);

	if (f)
		return f;
	output->fd = openat(output->directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, FILE_MODE);
	if (output->fd >= 0)
		return NULL;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
		return fail_errno(FAIL_ITEM, errno, "%s", output->path);
	snprintf(output->other, sizeof output->other, ".koc-%ld.part", (long)getpid());
	f = file_create(output->directory, output->other, &output->fd);
	if (f)
		output->other[0] = '\0';
	return fail_in(f, "%s", output->path);
}

const struct fail *output_open(const char *path, struct output *output)
{
	const struct fail *f = NULL;
	struct stat status;

	*output = (struct output){ .path = path, .fd = -1, .directory = -1 };
	if (strcmp(path, "-") == 0) {
		output->direct = true;
		output->fd = STDOUT_FILENO;
		if (isatty(STDOUT_FILENO))
			f = fail_make(FAIL_USAGE, FAIL_ITEM,
				      "standard output is a terminal: name a file, or pipe it on");
	} else if (stat(path, &status) < 0) {
		f = errno == ENOENT ? open_new(output) : fail_errno(FAIL_ITEM, errno, "%s", path);
	} else if (S_ISDIR(status.st_mode)) {
		f = fail_make(FAIL_USAGE, FAIL_ITEM, "%s is a directory: name the file", path);
	} else if (S_ISREG(status.st_mode)) {
		f = fail_make(FAIL_USAGE, FAIL_ITEM, "%s is there already, and stays as it is", path);
	} else {
		f = open_direct(output);
	}
	if (f)
		output_drop(output);
	return f;
}

void output_drop(struct output *output)
{
	if (output->other[0])
		unlinkat(output->directory, output->other, 0);
	if (output->fd > STDERR_FILENO)
		close(output->fd);
	if (output->directory >= 0)
		close(output->directory);
	output->fd = output->directory = -1;
	output->other[0] = '\0';
}

/* Gives a file without a name its name. */
static const struct fail *give_name(struct output *output)
{
	char self[40];
	const struct fail *f = step("link the attachment");

	snprintf(self, sizeof self, "/proc/self/fd/%d", output->fd);
	if (!f && linkat(AT_FDCWD, self, output->directory, output->name, AT_SYMLINK_FOLLOW) < 0)
		f = fail_errno(FAIL_ITEM, errno, "%s", output->path);
	return f;
}

const struct fail *output_keep(struct output *output)
{
	const struct fail *f = NULL;

	if (!output->direct) {
		f = file_sync(output->fd);
		if (!f && !output->other[0])
			f = give_name(output);
		else if (!f)
			f = fail_in(file_rename_new(output->directory, output->other, output->directory,
						    output->name),
				    "%s", output->path);
		if (!f) {
			output->other[0] = '\0';
			f = file_sync(output->directory);
		}
	}
	output_drop(output);
	return f;
}

uint64_t output_size(const struct output *output)
{
	struct stat status;

	if (output->direct || fstat(output->fd, &status) < 0)
		return 0;
	return (uint64_t)status.st_size;
}
