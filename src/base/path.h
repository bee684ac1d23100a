/* Path: what file.c and rename.c share.  Private to base/. */
#ifndef KOC_BASE_PATH_H
#define KOC_BASE_PATH_H

#include "base/fail.h"

#define PATH_TEMPORARY 24

/* Opens the directory that holds the last component of `path`, and tells that component.  Without a
 * slash *directory is `at` itself; path_close closes it unless it is that. */
const struct fail *path_split(int at, const char *path, int *directory,
			      const char **name) MUST_CHECK;
void path_close(int at, int directory);

/* A name that nobody else uses, with a leading dot, so that mail programs leave it alone. */
void path_temporary(char name[PATH_TEMPORARY]);

#endif
