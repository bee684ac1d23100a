/* Mode: what the files of `koc mode` share.  mode.c is the command; mode_folders.c finds the folders that it
 * is about; mode_tell.c says what came of it. */
#ifndef KOC_COMMAND_MODE_H
#define KOC_COMMAND_MODE_H

#include "base/vec.h"
#include "command/command.h"

struct arena;

/* What is to get another mode. */
struct mode_target {
	const char *path;  /* a folder, or the root of a kind: "mail" */
	enum kind kind;
	bool root;         /* it is a root: only what lies below has a mode */
	bool itself;       /* the folder */
	bool below;        /* all folders below it, those that are made later too */
};

/* A folder that exists and is meant. */
struct mode_folder {
	const char *path;
	uint32_t roles;
};

/* An account, and what it has of the target. */
struct mode_account {
	const struct account *account;
	bool known;        /* folders of this kind are known: it was synchronised */
	bool there;        /* the target itself is one */
	struct {
		VEC(struct mode_folder)
	} folders;         /* the target and all below it */
};

/* The one account of the call that has the target.  FAIL_USAGE if there is none (naming the nearest folder)
 * or more than one.  Of an account that was never synchronised nothing is known; any target is right there.
 * The caller frees it with mode_account_free, after a fail too. */
const struct fail *mode_account_find(const struct call *call, const struct mode_target *target,
				     struct arena *arena, struct mode_account *found) MUST_CHECK;
void mode_account_free(struct mode_account *found);

/* The settings of a folder of the account as this configuration has them. */
void mode_settings(const struct config *config, const struct mode_account *found,
		   const struct mode_target *target, const struct mode_folder *folder,
		   struct folder_settings *settings);

/* What was done: the modes as they were and as they are now.  `word`: the mode asked for, or "default". */
void mode_tell_people(const struct call *call, const struct mode_target *target,
		      const struct mode_account *found, const struct config *before,
		      const struct config *after, const char *word);
void mode_tell_program(const struct call *call, const struct mode_target *target,
		       const struct mode_account *found, const struct config *before,
		       const struct config *after);

#endif
