/* Box: the store object, and what is known of each mailbox in this run.  Private to the driver. */
#ifndef KOC_STORE_IMAP_BOX_H
#define KOC_STORE_IMAP_BOX_H

#include "store/imap/cursor.h"
#include "store/imap/imap.h"
#include "store/imap/session.h"

struct map;

/* One mailbox.  Lives as long as the store. */
struct box {
	const char *name;      /* on the wire; its address names the box */
	const char *quoted;    /* the same as it is sent */
	const char *path;      /* koc's; NULL: cannot be mapped, `why` */
	const char *why;
	char delimiter;
	uint32_t roles;
	bool listed;           /* by the last LIST */
	bool counted;          /* STATUS was answered: `now` */
	struct cursor now;
	const char *lasting;   /* MAILBOXID, if counted; NULL: not told */
	uint32_t validity;     /* UIDVALIDITY as seen in this run: refs are of that; 0 not yet */
	uint64_t next;         /* UIDNEXT as last seen; 0 unknown */
	/* As last selected: */
	bool known;
	bool other;            /* SELECT told another UIDVALIDITY: what is in there is another's */
	bool read_only;
	struct flags admits;
	bool any_keyword;
	size_t turn;           /* scratch: its place among the folders of a call */
};

struct imap {
	struct store store;
	struct imap_options options; /* strings are the arena's but for the secret */
	struct arena *arena;         /* lives as long as the store */
	struct session session;
	struct map *boxes;           /* by name on the wire */
	struct {
		VEC(struct box *)
	} order;                     /* of the last LIST */
	struct queue *queue;         /* requests that wait for sync (alter.c) */
	struct {                     /* of bodies, for COMPRESS (fetch.c) */
		uint64_t bytes, messages, milliseconds;
		uint64_t expected;   /* bytes of new messages that listings told of */
	} speed;
	struct {                     /* structures that came, and what was held of them (fetch_steps.c) */
		size_t count, bytes;
	} told;
	unsigned sizes_wrong;        /* messages that were not of the size that was told (fetch_text.c) */
};

static inline struct imap *imap_of(struct store *store)
{
	return (struct imap *)store;
}

/* The box of a name, made if need be. */
struct box *box_get(struct imap *imap, const char *name);

/* The box of a folder; NULL if there is none or it holds no messages. */
struct box *box_of(struct imap *imap, const struct store_folder *folder);

/* The mailbox has this MAILBOXID; NULL: it was not told. */
void box_lasts(struct imap *imap, struct box *box, const char *lasting);

/* What STATUS is asked for: all that a cursor is made of, and what the folder is. */
const char *status_items(const struct session *session);

/* FAIL_PROTOCOL once what servers say has filled more memory than mailboxes can need. */
const struct fail *imap_room(const struct imap *imap) MUST_CHECK;

/* The store's memo is made anew. */
void imap_memo(struct imap *imap);

/* ---- the driver's calls, by file ---- */

const struct fail *imap_folders(struct store *, const struct store_known *, size_t, struct arena *,
				struct folder_list *);
const struct fail *imap_make(struct store *, const char *, uint32_t, struct arena *,
			     struct store_folder *);
const struct fail *imap_rename(struct store *, const struct store_folder *, const char *,
			       struct arena *, struct store_folder *);
const struct fail *imap_drop(struct store *, const struct store_folder *);
const struct fail *imap_list(struct store *, struct look *, size_t);
const struct fail *imap_read(struct store *, struct read *, size_t, read_done *, void *,
			     struct arena *);
const struct fail *imap_write(struct store *, struct write *, size_t, struct arena *);
const struct fail *imap_flag(struct store *, struct flag_change *, size_t, struct arena *);
const struct fail *imap_transfer(struct store *, struct transfer *, size_t, struct arena *);
const struct fail *imap_remove(struct store *, struct removal *, size_t, struct arena *);
const struct fail *imap_exists(struct store *, const struct store_folder *, const char *, bool *);
const struct fail *imap_find(struct store *, struct find *, size_t, struct arena *);
const struct fail *imap_sync(struct store *);

#endif
