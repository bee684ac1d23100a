/* Cursor: what a listing of a mailbox took in, as text: "1 UIDVALIDITY UIDNEXT MESSAGES
 * HIGHESTMODSEQ".  Pure. */
#ifndef KOC_STORE_IMAP_CURSOR_H
#define KOC_STORE_IMAP_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

struct cursor {
	uint32_t validity; /* never 0 */
	uint64_t next;     /* UIDs below it were listed; can be one more than the last UID */
	uint64_t messages; /* how many of them were there */
	uint64_t modseq;   /* changes up to it were taken in; 0: the server does not count them */
};

/* False for "", NULL and nonsense. */
bool cursor_parse(const char *text, struct cursor *cursor);
const char *cursor_text(struct arena *arena, const struct cursor *cursor);

/* Can a mailbox that was as in `then` be as in `now` by what servers do: has nothing gone back? */
bool cursor_follows(const struct cursor *then, const struct cursor *now);

/* Is nothing new since: all four equal and changes counted? */
bool cursor_same(const struct cursor *then, const struct cursor *now);

#endif
