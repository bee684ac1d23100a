/* Fetch: what its files share.  fetch.c goes through the phases, fetch_files.c settles what each file is,
 * fetch_find.c knows messages by their Message-ID, fetch_part.c reads single parts. */
#ifndef KOC_ENGINE_FETCH_ROOM_H
#define KOC_ENGINE_FETCH_ROOM_H

#include "engine/fetch.h"
#include "engine/run.h"

/* One file that is to be whole. */
struct wanted {
	struct fetch_target *target;
	struct match *match; /* what lies here, and its row */
	size_t folder;       /* where it lies: the row may be of another one */
	const char *path;    /* below the store's root; NULL: not seen yet */
	bool known;          /* the row is the one of this name */
	bool settled;
};

/* A fetch under way.  Files live as long as the run's round. */
struct fetching {
	struct run run;
	struct engine engine;
	struct sync_request nothing_else;
	struct sync_outcome beside;
	const struct fetch_request *request;
	struct fetch_outcome *outcome;
	bool look; /* only that */
	bool connected;
	struct map *taken; /* files and rows that were taken up, over all rounds */
	struct {
		VEC(struct wanted)
	} files;
};

void fetching_begin(struct fetching *fetching, const struct engine *engine);
void fetching_end(struct fetching *fetching);

/* Nothing of the round stays. */
void fetching_clear(struct fetching *fetching);

/* The folder at this path that is here, and not off; else *why says what is wrong with it. */
struct folder *fetching_folder(struct fetching *fetching, const char *path, const struct fail **why);

/* Asks the server for its folders, once. */
const struct fail *fetching_connect(struct fetching *fetching) MUST_CHECK;
/* Why the numbers of the folder's rows mean nothing on the server now; NULL: they do. */
const struct fail *fetching_number_wrong(const struct folder *home);

/* The file is settled: that is told. */
void file_settle(struct fetching *fetching, struct wanted *file, enum fetch_end end, const struct fail *fail);

/* fetch_files.c */

/* Takes up a file: of a folder's row; by its name; one that is new in its folder, with its match.  Not
 * twice. */
void files_add_row(struct fetching *fetching, struct fetch_target *target, struct folder *folder,
		   struct row *row);
const struct fail *files_add_name(struct fetching *fetching, struct fetch_target *target,
				  struct folder *folder, const char *ref) MUST_CHECK;
void files_add_new(struct fetching *fetching, struct fetch_target *target, struct match *match);

/* Reads those that lie here, and settles those that need not or cannot be fetched. */
const struct fail *files_judge(struct fetching *fetching) MUST_CHECK;

/* Lists the folders of the targets (with none, all that are on) as far as they changed here.  What no row
 * knows by its name is a match without a row. */
const struct fail *files_list(struct fetching *fetching) MUST_CHECK;

/* The row that a text form here stands for, as far as it can be told; else *why. */
const struct fail *files_row(struct fetching *fetching, const struct match *match, struct row **row,
			     const struct fail **why) MUST_CHECK;

#endif
