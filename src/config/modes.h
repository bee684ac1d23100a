/* Modes: the .modes file beside a configuration, as `koc mode` changes it.  Comments and other entries
 * stay as they are.  What is in it is said in config.h; how a name in it is read, in rules.h. */
#ifndef KOC_CONFIG_MODES_H
#define KOC_CONFIG_MODES_H

#include "config/config.h"

struct buf;

/* A folder's mode in the account's part of the text.  set: makes the entry or changes it; drop: removes it
 * if it is there.  `name`: see rules.h.  FAIL_CONFIG if the text has a form that koc cannot change safely. */
const struct fail *modes_set(struct buf *text, const char *account, const char *name,
			     enum mode mode) MUST_CHECK;
const struct fail *modes_drop(struct buf *text, const char *account, const char *name) MUST_CHECK;

/* The file being changed.  From begin to end others who change it wait, and `text`, which is for the caller
 * to change, is what is in it. */
struct modes {
	char *path;       /* of the file; behind a symlink, what that leads to */
	int lock, directory;
	struct buf *text; /* "" if there is no file yet */
};

/* Fails: FAIL_DENIED, FAIL_SYSTEM, FAIL_CONFIG (too large).  The caller ends it, after a fail too. */
const struct fail *modes_begin(const struct config *config, struct modes *modes) MUST_CHECK;
/* Puts the text in the file's place, in one step, readable by the user only (0600). */
const struct fail *modes_save(const struct modes *modes) MUST_CHECK;
void modes_end(struct modes *modes);

#endif
