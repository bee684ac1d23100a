/* Label: the files `displayname` and `color` of a collection, as khal and vdirsyncer know them: one line of
 * UTF-8. */
#ifndef KOC_STORE_VDIR_LABEL_H
#define KOC_STORE_VDIR_LABEL_H

#include "base/fail.h"

#include <stdbool.h>

struct arena;

#define LABEL_TITLE "displayname"
#define LABEL_COLOR "color"

/* Is it one of these files' names? */
bool label_is_one(const char *name);

/* What the file of the directory says; NULL: it is not there, or says nothing that could be meant. */
const char *label_read(int at, const char *name, struct arena *arena);

/* Does the file say that already, or is that nothing that could be said? */
bool label_says(int at, const char *name, const char *text, struct arena *arena);

/* Writes the file anew, durable.  `text` may be several lines, which become one.  FAIL_DATA: no text for this
 * file; FAIL_DENIED: what has the name is no regular file. */
const struct fail *label_write(int at, const char *name, const char *text, struct arena *arena) MUST_CHECK;

#endif
