/* Below: paths below the store's root. */
#include "store/below.h"

#include "base/file.h"
#include "store/barrier.h"
#include "store/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

const struct fail *below_parent(int root, const char *path, int *directory,
				const char **name)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];

	*directory = -1;
	*name = slash ? slash + 1 : path;
	if (!slash || slash == path || !slash[1] || (size_t)(slash - path) >= sizeof parent)
		return fail_make(FAIL_USAGE, FAIL_ITEM, "%s: no path below a directory", path);
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	return fail_scoped(file_open_directory(root, parent, false, directory), FAIL_ITEM);
}

const struct fail *below_into(int root, const char *into, int *directory,
			      const char **name)
{
	const struct fail *fail;

	*directory = -1;
	if (!into)
		return fail_make(FAIL_USAGE, FAIL_ITEM, "no place for what leaves the folder");
	fail = below_parent(root, into, directory, name);
	if (fail_is(fail, FAIL_MISSING))
		fail = fail_make(FAIL_SYSTEM, FAIL_ITEM, "%s", fail->text);
	return fail;
}

const struct fail *below_make(int root, struct barrier *barrier, const char *path, int *fd)
{
	const struct fail *fail = NULL;
	int parent = -1;

	fail = file_open_directory(root, "", false, &parent);
	while (!fail && *path) {
		size_t size = strcspn(path, "/");
		char name[PATH_COMPONENT + 1];
		struct stat status;
		bool missing;

		if (size >= sizeof name) {
			fail = fail_errno(FAIL_FOLDER, ENAMETOOLONG, "%s", path);
			break;
		}
		memcpy(name, path, size);
		name[size] = '\0';
		path += size + (path[size] == '/');
		missing = fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0;
		fail = file_open_directory(parent, name, true, fd);
		if (!fail && missing)
			fail = barrier_add(barrier, parent);
		if (!fail) {
			close(parent);
			parent = *fd;
			*fd = -1;
		}
	}
	if (fail && parent >= 0)
		close(parent);
	else
		*fd = parent;
	return fail;
}
