/* START READING HERE: the words of koc, as types.
 *
 * A person's items (messages, events, tasks, contacts, notes) live on two sides, the SERVER and
 * LOCAL.  What both sides agreed on last time is the base, remembered in a row.  One sync compares
 * each side with the base:
 *
 *     row (base)  ×  what the server has now  ×  what is here now   →   match   →   op
 *
 * Nothing in core/ does I/O, reads a clock or knows a library: it is tables and comparisons that can
 * be read aloud and tested by the hundred thousand.
 *
 * Strings are borrowed from an arena of the caller's unless a comment says otherwise.
 */
#ifndef KOC_CORE_ITEM_H
#define KOC_CORE_ITEM_H

#include "base/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum side { SERVER, LOCAL, SIDES };

static inline enum side side_other(enum side side)
{
	return side == SERVER ? LOCAL : SERVER;
}

/* ---- kinds -------------------------------------------------------------------------------- */

enum kind { KIND_MAIL, KIND_EVENTS, KIND_TASKS, KIND_CONTACTS, KIND_NOTES, KINDS };

/* All that tells the kinds apart for the planner and the engine. */
struct kind_traits {
	const char *root;   /* first component of a folder's path: "mail", "calendars", … */
	bool has_flags;     /* items carry flags and keywords */
	bool keyed;         /* items have a UID of their own that names them on both sides */
	bool server_edits;  /* an item's body can change on the server under the same ref */
};

/* The traits of a kind; static. */
const struct kind_traits *kind_traits(enum kind kind);

/* ---- flags -------------------------------------------------------------------------------- */

/* The flags that have a letter in a Maildir file name (D F P R S T). */
enum flag_bit {
	FLAG_DRAFT = 1,     /* D \Draft */
	FLAG_FLAGGED = 2,   /* F \Flagged */
	FLAG_FORWARDED = 4, /* P $Forwarded (a keyword on the wire, never in `keywords`) */
	FLAG_ANSWERED = 8,  /* R \Answered */
	FLAG_SEEN = 16,     /* S \Seen */
	FLAG_DELETED = 32,  /* T \Deleted */
	FLAG_ALL = 63
};

/* A message's flags.  `keywords` are in canonical form: each once, separated by one space, sorted
 * without regard to case; NULL or "" is none.  They compare case-blind (RFC 3501 2.3.2). */
struct flags {
	uint32_t bits;
	const char *keywords;
};

/* ---- versions and rows -------------------------------------------------------------------- */

/* What identifies the content of a message wherever it lies, as far as it can be known without
 * reading the whole: used to pair items that lost their names (moves, adoption, UIDVALIDITY).
 * `size` is the size on the wire (CRLF), `head` the SHA-256 of the header; both leave out the lines
 * that other tools add locally (format/mail.h).  It is known when `head` is. */
struct print {
	uint64_t size;
	struct digest head;
};

/* What a text form (SPEC 2) says of the message that it stands for, in the words of the server's driver.  Its
 * header tells which it is; the account's id does not: server and user may since be named otherwise. */
struct stub {
	const char *epoch;   /* identity of the message's folder when it was made; "" not to be told */
	const char *ref;     /* the message's there */
	struct digest head;  /* its print's; unknown: the file holds pieces of several */
};

/* What a message's header tells people and scripts, decoded (format/mail.h); NULL, 0: nothing. */
struct words {
	const char *message_id, *subject, *from;
	int64_t sent;
};

/* One item as one side has it (now), or had it (in a row). */
struct version {
	const char *ref;       /* the driver's name for it (UID, href, file name); NULL: not there.
	                        * Opaque; refs of one folder sort with strcmp in the driver's order. */
	const char *revision;  /* changes when the body may have changed; "" where it never does */
	struct digest digest;  /* of the body as stored on that side; unknown until it was read */
	struct flags flags;
};

/* Marks of a row. */
enum row_mark {
	ROW_KEPT = 1,  /* one side keeps it on purpose (delete = never, removals = keep) */
	ROW_WIRE = 2,  /* the local file holds wire bytes (bare LF or CR CR LF in the message) */
	ROW_TEXT = 4,  /* the local file is a text form */
	ROW_BARE = 8   /* it does not become a text form: that would be the whole message, or the user
			* asked for all of it */
};

/* What is remembered of one item: the base. */
struct row {
	int64_t id;     /* of the state; 0: not stored yet */
	int64_t folder; /* the state's folder id */
	const char *key;/* UID of a keyed kind, else NULL */
	struct version side[SIDES]; /* ref NULL: not (yet, or any more) on that side */
	struct print print;
	const char *lasting; /* what the server calls this content wherever it lies there; NULL not told */
	struct digest normal; /* of what both sides agreed on.  Keyed kinds: of the normalised form;
			       * text forms: of what they say (format/textform.h) */
	int64_t date;   /* received, seconds since the epoch; 0 unknown */
	uint32_t marks; /* enum row_mark */
	/* For people and scripts, never for decisions: */
	const char *message_id; /* with angle brackets, as sent; NULL none */
	const char *subject;    /* decoded, UTF-8 */
	const char *from;       /* decoded, UTF-8 */
	int64_t sent;           /* Date:, seconds since the epoch; 0 unknown */
};

/* ---- folders ------------------------------------------------------------------------------ */

enum mode { MODE_FULL, MODE_TEXT, MODE_OFF };
enum direction { DIRECTION_BOTH, DIRECTION_PULL, DIRECTION_PUSH };
enum delete_policy { DELETE_TRASH, DELETE_EXPUNGE, DELETE_NEVER };

/* What a folder is for (RFC 6154 special use, RFC 5258 attributes); a set. */
enum folder_role {
	ROLE_INBOX = 1,
	ROLE_TRASH = 2,
	ROLE_JUNK = 4,
	ROLE_DRAFTS = 8,
	ROLE_SENT = 16,
	ROLE_ARCHIVE = 32,
	ROLE_ALL = 64,
	ROLE_FLAGGED = 128,
	ROLE_IMPORTANT = 256,
	ROLE_NOSELECT = 512,   /* holds no items, only other folders */
	ROLE_SUBSCRIBED = 1024,
	ROLE_FOREIGN = 2048,   /* in another user's or a public namespace */
	ROLE_LABEL = 4096      /* shows the messages that bear a label (Gmail): they lie in other folders
	                        * too, and leave this one when they lose it */
};

/* The rules for one folder: configuration and what this run was asked for, resolved. */
struct policy {
	enum mode mode;
	enum direction direction;
	enum delete_policy remove;  /* what a local removal does on the server */
	bool keep_removed;          /* removals = keep: what vanishes on the server stays here */
	bool merge;
	int expire_days;            /* mode text: whole messages older than that become text forms; 0 none */
	bool allow_removals;        /* --allow-removals: the brake is off */
	bool in_scope;              /* part of this run; else only looked at for moves */
	bool pull_only, push_only;  /* --pull, --push: the other direction stays pending */
	bool server_read_only;      /* nothing can be written there */
	bool expunge;               /* it is \Trash, below it, or \Junk: removals are final there */
};

#endif
