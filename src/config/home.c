/* Home: the user's home directory, and paths that begin with "~". */
#include "config/home.h"

#include "base/buf.h"
#include "base/memory.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_LONGEST 4000 /* bytes; leaves room below PATH_MAX for what lies in a store */

const char *home_directory(void)
{
	const char *home = getenv("HOME");
	const struct passwd *entry;

	if (home && home[0] == '/')
		return home;
	entry = getpwuid(getuid());
	return entry && entry->pw_dir && entry->pw_dir[0] == '/' ? entry->pw_dir : NULL;
}

/* Appends the path without "." and empty components; false if ".." is one. */
static bool add_clean(struct buf *clean, const char *path)
{
	while (*path) {
		size_t size = strcspn(path, "/");

		if (size == 2 && memcmp(path, "..", 2) == 0)
			return false;
		if (size > 0 && !(size == 1 && *path == '.')) {
			buf_addc(clean, '/');
			buf_add(clean, path, size);
		}
		path += size;
		path += *path == '/';
	}
	return true;
}

const char *home_expand(const char *path, char **expanded)
{
	const char *home = NULL, *why = NULL;
	struct buf clean;

	if (*path == '~') {
		path++;
		home = home_directory();
		if (*path != '/' && *path != '\0')
			return "\"~name\" is not understood: write the whole path";
		if (!home)
			return "there is no home directory for \"~\": write the whole path";
	} else if (*path != '/') {
		return "the path must be absolute or begin with \"~/\"";
	}

	buf_init(&clean, PATH_LONGEST);
	if ((home && !add_clean(&clean, home)) || !add_clean(&clean, path))
		why = "a path with \"..\" in it is not accepted";
	else if (clean.over)
		why = "the path is too long";
	else if (clean.size == 0)
		why = "the path is \"/\"";
	else
		*expanded = memory_str(clean.data);
	buf_free(&clean);
	return why;
}
