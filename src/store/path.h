/* Path: how the name of a mailbox on a server becomes koc's folder path, which is the path of a
 * directory in the store, and how it becomes a name again (SPEC 1).  Pure.
 *
 * A server's name is split at its hierarchy delimiter; each component is escaped by itself:
 *
 *     a byte that is no part of valid UTF-8, C0, DEL, C1, '/'   %XX, upper case, for each byte
 *     '.' in front; '.' or ' ' at the end                       %2E, %20
 *     all of "cur", "new", "tmp", "dovecot-keywords" (any case) its first byte as %XX
 *     '%' before two upper-case hexadecimal digits              %25
 *     the empty component                                       "%-"
 *     over 255 bytes                                            cut into nested directories, every
 *                                                               one but the last ends in "%+"
 *
 * ("%-" and a final "%+" that stand in the name itself have their '%' escaped.)  All else stays as
 * it is: "100% Wolle" and "Entwürfe" are their own names.  Nothing is stored beside the names: the
 * mapping can be undone by looking at the path alone, and it is one-to-one.
 *
 * Of the names that a person can give to a directory not all are results of this mapping ("a%41",
 * ".x", "a\nb", invalid UTF-8).  Those are told apart (PATH_ODD) and not synchronised: so the
 * mapping is one-to-one in the other direction too, between the paths that are PATH_GOOD and the
 * names.
 *
 * On a case-blind file system two names that differ by case alone still meet in one directory: the
 * second one finds the folder there already (FAIL_EXISTS).
 */
#ifndef KOC_STORE_PATH_H
#define KOC_STORE_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

#define PATH_MOST       2048 /* bytes in a folder's path */
#define PATH_DEPTH      64   /* components in a folder's path */
#define PATH_COMPONENT  255  /* bytes in a component */

/* Appends the directory name(s) for one component of a server's name, which is any bytes.  Names
 * that were cut are separated by '/'. */
void path_component_escape(struct buf *out, const char *name, size_t size);

/* Appends what path_component_escape made these directory name(s) from; '/' joins cut ones.
 * False, with nothing sensible in `out`, unless escaping that again gives just this. */
bool path_component_unescape(struct buf *out, const char *path, size_t size);

enum path_state {
	PATH_GOOD, /* a folder's path */
	PATH_OPEN, /* it ends within a name that was cut: a directory for others, never a folder */
	PATH_ODD   /* no path that the mapping makes, or beyond the limits */
};

/* What a folder's path below its root is ("Archive/2026", without "mail/"). */
enum path_state path_check(const char *path);

/* The path "ROOT/…" for a server's name.  `delimiter` '\0': the server has no hierarchy.  INBOX in
 * any case becomes "INBOX" (RFC 3501 5.1).  NULL if it would be beyond the limits. */
const char *path_of_name(struct arena *arena, const char *root, const char *name, size_t size,
			 char delimiter);

/* The server's name for a path "ROOT/…", and its size (it may hold a NUL; it is terminated too).
 * NULL where there is none: the path is not PATH_GOOD, a component holds the delimiter, there is no
 * delimiter but a hierarchy, or it is INBOX in another spelling. */
const char *path_name(struct arena *arena, const char *path, char delimiter, size_t *size);

#endif
