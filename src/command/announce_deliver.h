/* Announce: where the message goes. */
#ifndef KOC_COMMAND_ANNOUNCE_DELIVER_H
#define KOC_COMMAND_ANNOUNCE_DELIVER_H

#include "base/fail.h"

#include <stdbool.h>

struct buf;

/* Was a message delivered whose name has this word?  Looks where they are delivered to: mail/INBOX and
 * Conflicts/mail of the store. */
const struct fail *deliver_find(int root, const char *word, bool *there) MUST_CHECK;

/* Delivers a message, unread, by a name made of `words` (with "_" between; nobody else delivers one at the
 * same time that begins with the same letter): into mail/INBOX, if that is wanted and there is one, else into
 * Conflicts/mail.  Durable when it returns. */
const struct fail *deliver(int root, bool inbox, const char *words, const struct buf *message) MUST_CHECK;

#endif
