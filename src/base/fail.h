/* Failures: what went wrong, how far it reaches, and where it happened.
 *
 * Every fallible function of koc returns `const struct fail *`; NULL is success.
 *
 *     const struct fail *f = thing_do(thing);
 *     if (f)
 *         return fail_in(f, "mail/INBOX");        // adds context going up
 *
 * The scope says what to skip; the code says why.  A fail is printed once, at the top:
 * "koc: work: mail/INBOX: UID 77: append refused: over quota".
 *
 * Fails live in a ring of FAIL_RING entries of the process and are never freed; one that must be
 * kept longer than the work at hand (in state, in a report) is kept as a copy of its text.
 */
#ifndef KOC_BASE_FAIL_H
#define KOC_BASE_FAIL_H

enum fail_code {
	FAIL_STALE,       /* a lost race: the item is not what the caller last saw; look again */
	FAIL_MISSING,     /* the item or folder is not there */
	FAIL_EXISTS,      /* something is there already */
	FAIL_REFUSED,     /* the server refused this item or command (IMAP NO/BAD, HTTP 4xx) */
	FAIL_DENIED,      /* no permission, read-only */
	FAIL_QUOTA,       /* over quota at the server */
	FAIL_UNREACHABLE, /* no connection, or it broke or went silent: try later */
	FAIL_PROTOCOL,    /* the server's answer makes no sense or breaks a limit */
	FAIL_TLS,         /* no TLS, or not verified */
	FAIL_LOGIN,       /* credentials refused */
	FAIL_CONFIG,      /* configuration */
	FAIL_USAGE,       /* command line */
	FAIL_DISK,        /* no space, read-only file system, I/O error */
	FAIL_SYSTEM,      /* any other system call */
	FAIL_STATE,       /* the state database */
	FAIL_LOCKED,      /* another run holds the store */
	FAIL_DATA,        /* an item or file that cannot be read as what it should be */
	FAIL_STOPPED,     /* step() stopped the run (tests), or --max-time, or a signal */
	FAIL_CODES
};

enum fail_scope {
	FAIL_ITEM,    /* skip this item */
	FAIL_FOLDER,  /* skip this folder */
	FAIL_ACCOUNT, /* skip this account */
	FAIL_ALL      /* end the run */
};

struct fail {
	enum fail_code code;
	enum fail_scope scope;
	const char *text; /* UTF-8, one line, never empty, not yet made safe for a terminal */
};

#define FAIL_RING 2048
#define FAIL_TEXT 512 /* bytes of text kept, the rest is cut */

/* Makes a fail with a formatted text.  Never NULL. */
const struct fail *fail_make(enum fail_code code, enum fail_scope scope, const char *format, ...)
	__attribute__((format(printf, 3, 4), returns_nonnull));

/* Makes a fail from errno: "WHAT: No space left on device".  ENOSPC, EDQUOT, EROFS, EIO become
 * FAIL_DISK with FAIL_ACCOUNT scope whatever `scope` is; ENOENT FAIL_MISSING; EEXIST FAIL_EXISTS;
 * EACCES and EPERM FAIL_DENIED; all others FAIL_SYSTEM. */
const struct fail *fail_errno(enum fail_scope scope, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4), returns_nonnull));

/* The same fail with "CONTEXT: " put before its text; NULL stays NULL. */
const struct fail *fail_in(const struct fail *fail, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same fail with another scope; NULL stays NULL. */
const struct fail *fail_scoped(const struct fail *fail, enum fail_scope scope);

/* A short lower-case word for the code ("stale", "quota"), for logs and state. */
const char *fail_word(enum fail_code code);

/* Is it a fail of this code?  False for NULL. */
static inline _Bool fail_is(const struct fail *fail, enum fail_code code)
{
	return fail && fail->code == code;
}

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
