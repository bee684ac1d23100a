/* Fetch: text forms become whole where they lie (SPEC 2).  Nothing else is synchronised: no flag, move or
 * removal goes either way, and no cursor moves.  What the user did meanwhile (marked, renamed or moved a
 * file) stays for the next sync, which finds it as if the message had been whole all along. */
#ifndef KOC_ENGINE_FETCH_H
#define KOC_ENGINE_FETCH_H

#include "engine/account.h"

/* A file that is to be whole, or all text forms of a folder. */
struct fetch_target {
	const char *folder; /* koc's path */
	const char *ref;    /* the file's name there, without its flags; NULL: all */
	/* outcome: */
	bool open; /* something of it has to be fetched */
};

enum fetch_end {
	FETCH_WHOLE, /* it was whole before */
	FETCH_DONE,
	FETCH_FAILED
};

/* What became of one file. */
struct fetch_file {
	const struct fetch_target *target;
	const char *folder;               /* where it lies: koc's path */
	const char *path;                 /* below the store's root, as far as it is known */
	const char *message_id, *subject; /* NULL: not known */
	enum fetch_end end;
	const struct fail *fail; /* FETCH_FAILED: why */
};

struct fetch_request {
	struct fetch_target *targets;
	size_t count;
	/* Called for each file once it is settled: all that were named, and of folders those that were to be
	 * fetched; and for a folder that is not there, or off (FAIL_USAGE). */
	void (*settled)(void *context, const struct fetch_file *file);
	void *context;
};

struct fetch_outcome {
	uint64_t fetched, whole, failed;
	uint64_t bytes;     /* of what was fetched */
	uint64_t conflicts; /* files that were saved while they were replaced */
};

/* Settles what needs no server, and sets `open` of the targets.  Offline: writes nothing, so a run may be
 * at work meanwhile.  Of the engine, `side[LOCAL]`, `state`, `account` and `settings` are used. */
const struct fail *fetch_look(const struct engine *engine, const struct fetch_request *request,
			      struct fetch_outcome *outcome) MUST_CHECK;

/* Settles all; asks the server only if something is to be fetched.  Needs the service's lock.  A fail of
 * ACCOUNT scope ended it early; what was fetched by then stays so.  What failed in single files was told.
 * */
const struct fail *account_fetch(const struct engine *engine, const struct fetch_request *request,
				 struct fetch_outcome *outcome) MUST_CHECK;

/* ---- messages by their Message-ID --------------------------------------------------------------- */

/* A file with that Message-ID. */
struct fetch_found {
	const char *folder, *ref, *path; /* as in fetch_file and fetch_target */
	const char *subject;
	struct print print;
	bool text; /* it is a text form */
};

struct fetch_wish {
	const char *message_id; /* with angle brackets */
	/* outcome, in the arena: */
	struct fetch_found *found;
	size_t count;
	size_t known; /* rows that have it, wherever their files are */
};

/* Finds the files of messages by what is remembered of them, also where they were moved since the last run.
 * Offline, as fetch_look. */
const struct fail *fetch_find(const struct engine *engine, struct fetch_wish *wishes, size_t count,
			      struct arena *arena) MUST_CHECK;

/* ---- single parts ------------------------------------------------------------------------------- */

/* One part of the message in one file, decoded. */
struct fetch_part {
	const char *folder, *ref; /* as in fetch_target */
	const char *name;         /* the part's file name, as mail programs show it; or its section, "2.1" */
	int fd;                   /* it is written there */
	/* outcome; the strings are in the arena: */
	bool there;   /* it is on the server, and was not written: see fetch_part_here */
	bool decoded; /* false: its encoding is not known, and the bytes are as they were sent */
	const char *path, *section, *type, *file; /* below the store's root; …; its file name; NULL none */
};

/* Reads it from the file here, if it lies in it.  Offline, as fetch_look.  FAIL_MISSING: there is no such
 * message; FAIL_USAGE: no such part, or several. */
const struct fail *fetch_part_here(const struct engine *engine, struct fetch_part *part,
				   struct arena *arena) MUST_CHECK;

/* Reads it from the server, if it does not lie here.  Needs the service's lock. */
const struct fail *account_fetch_part(const struct engine *engine, struct fetch_part *part,
				      struct arena *arena) MUST_CHECK;

#endif
