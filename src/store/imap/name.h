/* Names: what a mailbox is called here, and what a folder is called there. */
#ifndef KOC_STORE_IMAP_NAME_H
#define KOC_STORE_IMAP_NAME_H

#include "store/imap/memo.h"

struct arena;

/* koc's path for a mailbox, "mail/…"; NULL and *why where there is none.
 *
 * The prefix of the personal namespace ("INBOX.") is left out, unless what is left would be
 * empty or begin with INBOX: then nothing is left out, so that no two mailboxes of the namespace
 * get one path.  One outside it may get the path of one inside: whoever lists them must look. */
const char *name_to_path(struct arena *arena, const struct memo *memo, const char *name,
			 char delimiter, const char **why);

/* The mailbox for koc's path; NULL where there is none (what name_to_path would not map back). */
const char *name_of_path(struct arena *arena, const struct memo *memo, const char *path,
			 char delimiter);

/* Is it in another user's or a public namespace? */
bool name_is_foreign(const struct memo *memo, const char *name);

/* Is it INBOX, in whatever case? */
bool name_is_inbox(const char *name);

#endif
