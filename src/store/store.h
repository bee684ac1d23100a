/* Store: one side of an account, server or local.  imap, maildir, memory (and later dav, vdir) are
 * drivers of this interface; the engine says side[SERVER], side[LOCAL] and knows no more.
 *
 *  - A ref (UID, href, file name) is opaque to all but its driver; refs sort with strcmp.
 *  - A listing says whether it is complete (missing means gone) or a delta (only `gone` is gone).
 *    A listing whose end was not seen does not exist: the call fails.
 *  - Writes are conditional.  A lost race is FAIL_STALE on the item: the engine looks again.
 *  - What the driver returns is the truth about its side, not what it was asked to do.
 *  - Requests come in arrays over any number of folders.  How a driver pipelines them is its private
 *    business.  read() may run what was queued before it; write, flag, transfer and remove may be
 *    queued; all outcomes are filled in, and all is durable, when sync() has returned.  The arrays and
 *    all they point to stay with the caller and alive until then.
 *  - Two kinds of failure: the function's own result says that the whole call (account) or the rest
 *    of it failed; `fail` in a request that this one did.  A request that was never tried because the
 *    call failed has `fail` set to that fail.
 *  - Every durable act passes step() (base/step.h) just before it is done.
 */
#ifndef KOC_STORE_STORE_H
#define KOC_STORE_STORE_H

#include "base/fail.h"
#include "core/item.h"
#include "store/body.h"

struct arena;

/* ---- folders ------------------------------------------------------------------------------ */

/* Has a folder changed since the cursor that the engine saved? */
enum news {
	NEWS_NONE,    /* surely not */
	NEWS_SOME,    /* it has, or may have: list it */
};

struct store_folder {
	const char *path;    /* koc's path: "mail/Archive/2026", UTF-8, safe (SPEC 1), unique */
	const char *name;    /* the driver's own name (mailbox as on the wire, directory) */
	enum kind kind;
	uint32_t roles;      /* enum folder_role */
	enum news news;
	const char *next;    /* refs >= this are newer than all there are now; "" unknown.  For
	                      * intents: where an item that is about to arrive will be found */
	const char *identity;/* stays when the folder is renamed (UIDVALIDITY, inode); "" none.  A hint
	                      * only: it may not be unique */
	const char *lasting; /* the same, and as long as the folder exists no other one has it (MAILBOXID);
	                      * NULL none */
	uint64_t count;      /* items; UINT64_MAX unknown */
	const char *title;   /* what people see as its name, one line of UTF-8; NULL: the side tells none */
	const char *color;   /* "#RRGGBB"; NULL: it tells none */
	bool read_only;      /* nothing can be written to it, as is known before it is listed */
	bool unsupported;    /* cannot be synchronised; `why` says so (a name that cannot be mapped) */
	const char *why;
};

/* What the engine remembers of a folder, so that a driver can tell what is new. */
struct store_known {
	const char *path;
	const char *name;
	const char *cursor;  /* from the last listing; "" never listed */
};

struct folder_list {
	struct store_folder *items; /* sorted by path */
	size_t count;
	bool complete;              /* the end was seen: what is missing is not there */
};

/* ---- listings ----------------------------------------------------------------------------- */

enum entry_says {
	SAYS_BITS = 1,     /* the entry's flag bits are known */
	SAYS_KEYWORDS = 2, /* its keywords are known, as far as the listing's `speaks` goes */
	SAYS_SIZE = 4      /* `size` is known */
};

/* One item in a listing. */
struct entry {
	const char *ref;
	const char *revision; /* "" where bodies never change */
	const char *key;      /* keyed kinds, where the listing gives it; else NULL */
	struct flags flags;
	uint32_t says;        /* enum entry_says */
	uint64_t size;        /* on the wire, as the side claims (mail); bytes of the file (local) */
	int64_t date;         /* received; 0 unknown */
	const char *lasting;  /* what this side calls the content wherever it lies (EMAILID): equal ones are
	                       * of equal content; NULL not told */
	const struct print *print; /* mail, where it was asked for and read along; NULL: it was not */
};

struct ref_range {
	const char *first, *last; /* both inclusive */
};

struct listing {
	struct arena *arena;     /* owns all strings, arrays and the listing itself;
	                          * listing_free frees it */
	bool complete;           /* entries are all there is; else they are what changed */
	bool renumbered;         /* refs from before this listing mean nothing any more */
	struct entry *entries;   /* sorted by ref, each ref once */
	size_t count;
	struct ref_range *gone;  /* of a delta; sorted, not overlapping */
	size_t gone_count;
	const char *cursor;      /* to be saved when all in this listing has been dealt with */
	const char *next;        /* as in store_folder, now */
	const char *speaks;      /* keywords that entries with SAYS_KEYWORDS speak about; NULL: all.
	                          * About a keyword that is not in it an entry says nothing. */
	bool read_only;          /* nothing can be written to this folder */
	struct flags admits;     /* flags that can be stored permanently */
	bool admits_keywords;    /* new keywords can be made */
	bool unstable;           /* changed while it was listed: nothing may be called gone */
};

void listing_free(struct listing *listing); /* NULL allowed */

/* A folder to be listed. */
struct look {
	const struct store_folder *folder;
	const char *cursor;       /* "" : list in full */
	bool full;                /* list in full although there is a cursor */
	bool prints;              /* the prints of new items will be wanted: read along if they are few */
	/* outcome: */
	struct listing *listing;  /* the caller frees it */
	const struct fail *fail;
};

/* ---- requests ----------------------------------------------------------------------------- */

enum part {
	PART_WHOLE, /* the body */
	PART_PRINT, /* only the print (the header is read); of a local item the digest too; of keyed kinds
		     * all but the body, on both sides */
	PART_TEXT,  /* mail: the body as text form (format/textform.h), where attachments need not be
		     * transferred for it; else, and by drivers that cannot, the whole body */
	PART_SECTION /* mail on a server: one part of the message, as an entity: the header fields that say
		      * what it is, an empty line, the part as it was sent (format/entity.h decodes it).
		      * `print` is of the message.  FAIL_DATA: the message has no such part */
};

struct read {
	const struct store_folder *folder;
	const char *ref;
	enum part part;
	const char *section;    /* PART_SECTION: its name, "1.2" (RFC 3501 6.4.5) */
	bool wire;              /* local mail: the row says that the file holds wire bytes */
	struct flags hint;      /* flags as last known: helps to find a file */
	/* outcome: */
	const struct fail *fail; /* FAIL_MISSING: gone meanwhile */
	struct version now;      /* ref, revision, digest; flags where the read tells (has_flags) */
	bool has_flags;
	int64_t date;
	struct print print;
	struct body *body;       /* not of PART_PRINT: whoever gets it frees it */
	bool text;               /* PART_TEXT: the body is a text form; `print` is of the message itself, the
				  * digest is not known */
	const struct stub *stub; /* local mail: the file is a text form, of this message; NULL it is not */
	const struct words *words; /* local mail: what its header tells; NULL not known */
	const char *key;         /* keyed kinds: its UID; NULL it has none */
	struct digest normal;    /* keyed kinds: of the normalised form (format/item.h); of local
				  * text forms: of what they say (format/textform.h) */
	const char *path;        /* local mail: the file, below the store's root */
	const char *wrong;       /* keyed kinds: why it cannot be written to a server; NULL it can */
	bool notice;             /* local mail: a message of koc's own (format/notice.h), which no server
				  * gets */
};

/* Called as each read is finished, in any order; may call the *other* store, never this one.  A fail
 * it returns ends the call. */
typedef const struct fail *read_done(void *context, struct read *read);

struct write {
	const struct store_folder *folder;
	struct body *body;       /* borrowed; a driver may take its spool file (body_taken) */
	const char *key;
	struct flags flags;
	int64_t date;
	const char *name;        /* a wish for the new ref's name (a file name); NULL: the driver
				  * makes one, of the
				  * key where there is one */
	const char *replaces;    /* ref to be replaced; NULL: a new item, which must not exist */
	const char *if_revision; /* with replaces: only if it still has this revision */
	const char *into;        /* local, with replaces: path below the store's root where the old
	                          * bytes go, whatever they are; its directory exists */
	/* outcome: */
	const struct fail *fail; /* FAIL_STALE: not done, or done but what came out was not what
	                          * if_revision names: then `came_out` is true */
	bool came_out;
	struct version now;      /* as stored; ref NULL: stored, but its ref is unknown */
};

struct flag_change {
	const struct store_folder *folder;
	const char *ref;
	struct flags hint;       /* flags as last known there (local: helps to find the file) */
	struct flags add, remove;
	/* outcome: */
	const struct fail *fail;
	struct flags now;        /* what the item has now, as far as is known */
};

/* Moves or copies an item to another folder of the same store. */
struct transfer {
	const struct store_folder *folder, *to;
	const char *ref;
	const char *if_revision; /* keyed kinds: only if it still has this revision; NULL: whatever it has */
	struct flags hint;
	bool copy;
	const char *name;        /* a wish for the ref there; NULL none */
	/* outcome: */
	const struct fail *fail;
	struct version now;      /* in `to`; ref NULL: done, but its ref is not known */
};

struct removal {
	const struct store_folder *folder;
	const char *ref;
	const char *if_revision; /* only if it still has this revision; NULL: whatever it has */
	struct flags hint;
	const char *into;        /* local: path below the root where the bytes go */
	/* outcome: */
	const struct fail *fail; /* FAIL_MISSING: it was gone already */
};

/* A search for an item that this program wrote, or that moved: refs >= `next` in the folder whose
 * print matches, or whose Message-ID does and whose size is close. */
struct find {
	const struct store_folder *folder;
	const char *next;
	struct print print;
	const char *message_id;  /* NULL none */
	/* outcome: */
	const struct fail *fail;
	const char **refs;       /* in the arena given, ascending; count 0: not there */
	size_t count;
};

/* ---- the interface ------------------------------------------------------------------------ */

enum store_traits {
	STORE_REFS_KEPT = 1,   /* write() of a new item always tells its ref */
	STORE_IDEMPOTENT = 2,  /* writing a new item twice by the same key or name makes one item */
	STORE_TRANSFERS = 4,   /* can move and copy within itself */
	STORE_LABELS = 8       /* folders have a title and a color */
};

struct store;

struct store_driver {
	const char *name; /* "imap", "maildir", "memory", for logs */
	const struct fail *(*folders)(struct store *, const struct store_known *known, size_t count,
				      struct arena *arena, struct folder_list *list);
	const struct fail *(*make)(struct store *, const char *path, uint32_t roles,
				   struct arena *arena, struct store_folder *made);
	const struct fail *(*rename)(struct store *, const struct store_folder *folder,
				     const char *path, struct arena *arena,
				     struct store_folder *renamed);
	const struct fail *(*drop)(struct store *, const struct store_folder *folder);
	const struct fail *(*label)(struct store *, const struct store_folder *folder, const char *title,
				    const char *color); /* NULL: folders have no labels */
	const struct fail *(*list)(struct store *, struct look *looks, size_t count);
	const struct fail *(*read)(struct store *, struct read *reads, size_t count, read_done *done,
				   void *context, struct arena *arena);
	const struct fail *(*write)(struct store *, struct write *writes, size_t count,
				    struct arena *arena);
	const struct fail *(*flag)(struct store *, struct flag_change *changes, size_t count,
				   struct arena *arena);
	const struct fail *(*transfer)(struct store *, struct transfer *transfers, size_t count,
				       struct arena *arena);
	const struct fail *(*remove)(struct store *, struct removal *removals, size_t count,
				     struct arena *arena);
	/* Is the item there, by a look just now?  Local: before its server copy is removed. */
	const struct fail *(*exists)(struct store *, const struct store_folder *folder, const char *ref,
				     bool *there);
	const struct fail *(*find)(struct store *, struct find *finds, size_t count,
				   struct arena *arena);
	const struct fail *(*sync)(struct store *);
	void (*close)(struct store *);
};

/* Every driver's object begins with this. */
struct store {
	const struct store_driver *driver;
	uint32_t traits;    /* enum store_traits; may become known only after folders() */
	const char *memo;   /* what the driver wants to be given at the next open (capabilities, the
	                     * folder list); the engine saves it in the state; NULL nothing */
	struct spool *spool;/* where read() puts bodies; set by the engine before the first read */
};

/* All below call the driver.  Contracts, beyond what is said above:
 *
 * folders: connects if need be; lists every folder with its news against `known`.  With a partial list
 *   it fails rather than returning it.
 * make: makes the folder for koc's path (and on disk what lies above it).  FAIL_EXISTS if it is there.
 * rename: the folder and what lies below it; FAIL_EXISTS if the target is there.
 * drop: only an empty folder: FAIL_REFUSED otherwise.
 * label: sets title and color (NULL: leaves it) where people see them: the files `displayname` and
 * `color`, a property
 *   of the server's.  FAIL_REFUSED where that cannot be had.  Nothing where the driver knows no labels.
 * list: one look per folder, all in one flight where the medium allows.
 * read: see read_done.  A body read by a server driver lies in `spool`.
 * write: see struct write.  Server: an append is never repeated by the driver itself.
 * remove: local: the bytes go to `into`, durable; server: expunged, this item alone (never others that
 *   are flagged \Deleted), FAIL_REFUSED if that cannot be had now.
 * exists, find: see above.
 * sync: runs what is queued; durable when it returns.
 * close: frees the store; queued requests are dropped; says good-bye without waiting.
 */
const struct fail *store_folders(struct store *store, const struct store_known *known, size_t count,
				 struct arena *arena, struct folder_list *list) MUST_CHECK;
const struct fail *store_make(struct store *store, const char *path, uint32_t roles,
			      struct arena *arena, struct store_folder *made) MUST_CHECK;
const struct fail *store_rename(struct store *store, const struct store_folder *folder,
				const char *path, struct arena *arena,
				struct store_folder *renamed) MUST_CHECK;
const struct fail *store_drop(struct store *store, const struct store_folder *folder) MUST_CHECK;
const struct fail *store_label(struct store *store, const struct store_folder *folder, const char *title,
			       const char *color) MUST_CHECK;
const struct fail *store_list(struct store *store, struct look *looks, size_t count) MUST_CHECK;
const struct fail *store_read(struct store *store, struct read *reads, size_t count, read_done *done,
			      void *context, struct arena *arena) MUST_CHECK;
const struct fail *store_write(struct store *store, struct write *writes, size_t count,
			       struct arena *arena) MUST_CHECK;
const struct fail *store_flag(struct store *store, struct flag_change *changes, size_t count,
			      struct arena *arena) MUST_CHECK;
const struct fail *store_transfer(struct store *store, struct transfer *transfers, size_t count,
				  struct arena *arena) MUST_CHECK;
const struct fail *store_remove(struct store *store, struct removal *removals, size_t count,
				struct arena *arena) MUST_CHECK;
const struct fail *store_exists(struct store *store, const struct store_folder *folder,
				const char *ref, bool *there) MUST_CHECK;
const struct fail *store_find(struct store *store, struct find *finds, size_t count,
			      struct arena *arena) MUST_CHECK;
const struct fail *store_sync(struct store *store) MUST_CHECK;
void store_close(struct store *store); /* NULL allowed */

#endif
