/* Contract: what store.h promises, checked on any driver.
 *
 * A bench is a medium that a driver works on: it makes a fresh one, opens stores on it, and changes
 * it behind their backs the way other programs would.  contract_run() runs all checks on it; a check
 * that needs what the medium cannot do is skipped, and says why.
 */
#ifndef KOC_TESTS_CONTRACT_H
#define KOC_TESTS_CONTRACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "core/flags.h"
#include "store/store.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What the medium can do beyond what all can. */
enum bench_can {
	CAN_EDIT = 1,       /* a body can be replaced under its ref (write.replaces) */
	CAN_KEEP = 2,       /* removed and replaced bytes are put somewhere (`into`): a local side */
	CAN_TELL_NEWS = 4,  /* NEWS_NONE is told when nothing has changed */
	CAN_ADD_KEYWORDS = 8, /* new keywords can be stored */
	CAN_HOLD_ALL_KEYWORDS = 16, /* as many as one likes */
	CAN_HOLD_BARE = 32, /* bare LF, bare CR and CR CR LF in a mail */
	CAN_HOLD_NUL = 64,
	CAN_HOLD_EMPTY = 128,
	CAN_FIND = 256,     /* find() sees what the medium holds: mail */
	CAN_REMOVE_ALONE = 512, /* a removal takes no other \Deleted message along and is not refused
	                         * because there is one */
	CAN_TELL_REVISIONS = 1024, /* now.revision is told after a write */
	CAN_KEEP_BYTES = 2048, /* what is stored is what was written */
	CAN_RENAME = 4096,  /* folders can be renamed by the store */
	CAN_HOLD_ALL_NAMES = 8192, /* else some names of folders are refused */
	CAN_GUARD_MOVES = 16384, /* an item is moved only if it is what was last seen */
};

struct bench {
	const char *name;
	enum kind kind;      /* of all folders */
	uint32_t can;        /* enum bench_can */
	int spool;           /* directory for bodies, on the file system of the medium; -1 none */
	size_t least;        /* fewer checks than this must not have run */
	void *medium;        /* the bench's own */

	void (*fresh)(struct bench *);  /* an empty medium */
	struct store *(*open)(struct bench *);
	void (*finish)(struct bench *); /* removes the medium */

	/* As another program would; false if it could not.  NULL: no other program can.  Bodies are
	 * converted to the form that the medium has; `ref` is as the driver tells it. */
	bool (*add_folder)(struct bench *, const char *path);
	bool (*remove_folder)(struct bench *, const char *path);
	bool (*rename_folder)(struct bench *, const char *path, const char *to);
	bool (*add)(struct bench *, const char *path, const char *key, struct body *body,
		    struct flags flags);
	bool (*edit)(struct bench *, const char *path, const char *ref, struct body *body);
	bool (*remove)(struct bench *, const char *path, const char *ref);
	bool (*move)(struct bench *, const char *path, const char *ref, const char *to);
	bool (*flag)(struct bench *, const char *path, const char *ref, struct flags add,
		     struct flags remove);
	bool (*renumber)(struct bench *, const char *path);
	bool (*make_read_only)(struct bench *, const char *path);
	bool (*kept)(struct bench *, const char *into, struct buf *bytes);
};

/* Runs all checks; the number of those that failed. */
int contract_run(struct bench *bench);

/* ---- for the checks ------------------------------------------------------------------------ */

/* A body made for a check, and its bytes: a driver may take the file that it lies in. */
struct check_body {
	struct body *body;
	struct buf bytes;    /* as they lie on disk */
};

/* One check at work: a fresh medium with a store open on it. */
struct check {
	struct bench *bench;
	struct store *store;
	struct arena *arena; /* for all strings of the check */
	struct spool spool;
	struct { VEC(struct check_body) } bodies;
	unsigned samples, kept;
};

typedef void check_function(struct check *check);

/* A check in a table. */
struct contract_check {
	const char *name;
	check_function *run;
	uint32_t needs;      /* enum bench_can */
	bool needs_flags;    /* a kind that has flags */
	bool mail_only, mail_not;
	size_t needs_call;   /* offset in struct bench of the function needed; 0 none */
	const char *call;    /* its name */
};

/* One line of a table; its end. */
#define CHECK(function, ...) { .name = #function, .run = function, __VA_ARGS__ }
#define CHECKS_END { .name = NULL }
#define NEEDS_CALL(function) .needs_call = offsetof(struct bench, function), .call = #function

extern const struct contract_check contract_folders[], contract_listings[], contract_bodies[],
	contract_writes[], contract_flags[], contract_places[]; /* each ends with a NULL name */

/* Succeeds, or the check ends with the fail's text. */
#define OK(call) contract_ok((call), __FILE__, __LINE__)
void contract_ok(const struct fail *fail, const char *file, int line);

/* Fails with this code. */
#define FAILS(code, call) contract_fails((code), (call), __FILE__, __LINE__)
void contract_fails(enum fail_code code, const struct fail *fail, const char *file, int line);

/* koc's path of a folder of the bench's kind: "mail/NAME", "calendars/NAME". */
const char *path_of(struct check *check, const char *name);

/* The folder of this name, made if it is not there. */
struct store_folder *folder_of(struct check *check, const char *name);
/* All folders, and the one of this path in the list (NULL: not there). */
struct folder_list folders_now(struct check *check, const struct store_known *known, size_t count);
struct store_folder *folder_in(const struct folder_list *list, const char *path);

/* Closes the store and opens it again. */
void reopen(struct check *check);

/* A body: text with LF line ends; of bytes as on the wire; the n-th sample (each has another content,
 * *key is its UID if the kind has them, else NULL).  Freed when the check ends. */
struct body *body_text(struct check *check, const char *text);
struct body *body_wire(struct check *check, const void *data, size_t size);
struct body *body_sample(struct check *check, const char **key);
/* Another sample, but of the same key: what an item is edited into. */
struct body *body_edited(struct check *check, const char *key);
/* The same bytes once more: a body can be written only once. */
struct body *body_again(struct check *check, struct body *body);

/* Listings end when the check does. */
struct listing *look_at(struct check *check, const struct store_folder *folder, const char *cursor);
struct listing *look_full(struct check *check, const struct store_folder *folder);
const struct entry *entry_of(const struct listing *listing, const char *ref);
bool gone_in(const struct listing *listing, const char *ref);

/* Puts a new item into the folder: through the store, or behind its back; returns its ref. */
const char *put(struct check *check, const struct store_folder *folder, struct body *body,
		const char *key, struct flags flags);
const char *put_sample(struct check *check, const struct store_folder *folder);
const char *put_behind(struct check *check, const struct store_folder *folder, struct body *body,
		       const char *key, struct flags flags);

/* The bytes of an item, as they lie on disk. */
struct buf read_bytes(struct check *check, const struct store_folder *folder, const char *ref,
		      bool wire);
struct buf body_bytes(struct check *check, struct body *body);
/* Are they these? */
void assert_body(struct check *check, const struct store_folder *folder, const char *ref,
		 struct body *body);

/* Where bytes go that leave a folder: another place at each call; NULL where the medium keeps none. */
const char *keep_at(struct check *check);

/* The flags of an item as a listing tells them, as text. */
const char *flags_now(struct check *check, const struct store_folder *folder, const char *ref);

#endif
