/* The Maildir driver: the local side of mail, below <store>/mail.  A ref is a file's base name
 * (what stands before ":2,"); a revision tells inode, size and mtime. */
#ifndef KOC_STORE_MAILDIR_MAILDIR_H
#define KOC_STORE_MAILDIR_MAILDIR_H

#include "store/store.h"

/* The local mail store below the directory descriptor `root` (the account's store; it stays the
 * caller's and must outlive the store).  Makes <root>/mail if it is missing (the engine sees that
 * all folders it knew are gone).  FAIL_DENIED if it is a symlink. */
const struct fail *maildir_open(int root, struct store **store) MUST_CHECK;

/* The same for one who only looks: folders() and list() may be called.  Makes nothing, settles nothing that
 * another run has under way and writes nothing, so that its cursors are good for nothing.  Needs no lock. */
const struct fail *maildir_look(int root, struct store **store) MUST_CHECK;

#endif
