/* Fetch: the phases.  What is to be whole is settled from the files and the rows; what is left is pulled,
 * as a sync pulls it, by operations that are made here. */
#include "engine/fetch_room.h"

#include "base/map.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_MOST 20000 /* messages of folders in one round: what bounds the memory */

/* ---- one run -------------------------------------------------------------------------------------- */

void fetching_begin(struct fetching *fetching, const struct engine *engine)
{
	struct run *run = &fetching->run;

	fetching->engine = *engine;
	fetching->engine.tell = NULL; /* each file is told by itself */
	run->engine = &fetching->engine;
	run->request = &fetching->nothing_else;
	run->outcome = &fetching->beside;
	run->fetching = true;
	run->arena = arena_new();
	run->round = arena_new();
	run->scratch = arena_new();
	run->claimed = map_new();
	fetching->taken = map_new();
}

void fetching_clear(struct fetching *fetching)
{
	struct run *run = &fetching->run;

	for (size_t i = 0; i < run->folder_count; i++) {
		map_free(run->folders[i].by_row);
		run->folders[i].by_row = NULL;
	}
	vec_free(&run->matches);
	vec_free(&run->left);
	vec_free(&fetching->files);
	arena_reset(run->round);
}

void fetching_end(struct fetching *fetching)
{
	struct run *run = &fetching->run;

	fetching_clear(fetching);
	map_free(fetching->taken);
	map_free(run->claimed);
	arena_free(run->scratch);
	arena_free(run->round);
	arena_free(run->arena);
}

struct folder *fetching_folder(struct fetching *fetching, const char *path, const struct fail **why)
{
	struct run *run = &fetching->run;

	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		if (strcmp(folder->path, path) != 0 || !folder->seen[LOCAL] ||
		    folder->saved.kind != KIND_MAIL)
			continue;
		if (folder->policy.mode != MODE_OFF)
			return folder;
		*why = fail_make(FAIL_USAGE, FAIL_ITEM, "%s is off (koc mode turns it on)", path);
		return NULL;
	}
	*why = fail_make(FAIL_USAGE, FAIL_ITEM, "there is no folder %s", path);
	return NULL;
}

void file_settle(struct fetching *fetching, struct wanted *file, enum fetch_end end, const struct fail *fail)
{
	const struct fetch_request *request = fetching->request;
	const struct folder *folder = &fetching->run.folders[file->folder];
	const struct match *match = file->match;
	const char *ref = match->now[LOCAL] ? match->now[LOCAL]->ref : "";
	struct fetch_file told = {
		.target = file->target,
		.folder = folder->path,
		.path = file->path ? file->path
				   : arena_printf(fetching->run.round, "%s/cur/%s", folder->path, ref),
		.message_id = match->row ? match->row->message_id : NULL,
		.subject = match->row ? match->row->subject : NULL,
		.end = end,
		.fail = fail,
	};

	file->settled = true;
	fetching->outcome->whole += end == FETCH_WHOLE;
	fetching->outcome->fetched += end == FETCH_DONE;
	fetching->outcome->failed += end == FETCH_FAILED;
	/* Of folders those that were to be fetched. */
	if (request->settled && (file->target->ref || end != FETCH_WHOLE))
		request->settled(request->context, &told);
}

/* ---- what is to be whole -------------------------------------------------------------------------- */

/* A folder that is not there, or off, or a file of it. */
static void name_settle(struct fetching *fetching, struct fetch_target *target, const struct fail *why)
{
	const struct fetch_request *request = fetching->request;
	struct fetch_file told = { .target = target,
				   .folder = target->folder,
				   .path = target->ref ? arena_printf(fetching->run.round, "%s/cur/%s",
								      target->folder, target->ref)
						       : target->folder,
				   .end = FETCH_FAILED,
				   .fail = why };

	fetching->outcome->failed++;
	if (request->settled)
		request->settled(request->context, &told);
}

/* Takes up the files that were named; folders only if they are none to be taken up. */
static const struct fail *add_names(struct fetching *fetching)
{
	const struct fetch_request *request = fetching->request;
	const struct fail *f = NULL;

	for (size_t i = 0; i < request->count && !f; i++) {
		struct fetch_target *target = &request->targets[i];
		const struct fail *why = NULL;
		struct folder *folder = fetching_folder(fetching, target->folder, &why);

		target->open = false;
		if (!folder)
			name_settle(fetching, target, why);
		else if (target->ref)
			f = files_add_name(fetching, target, folder, target->ref);
	}
	return f;
}

static struct fetch_target *target_of(const struct fetching *fetching, const struct folder *folder)
{
	for (size_t i = 0; i < fetching->request->count; i++) {
		struct fetch_target *target = &fetching->request->targets[i];

		if (!target->ref && strcmp(target->folder, folder->path) == 0)
			return target;
	}
	return NULL;
}

/* Takes up what was moved into the folders that were named, or copied there. */
static const struct fail *add_new(struct fetching *fetching)
{
	struct run *run = &fetching->run;
	const struct fail *f = files_list(fetching);
	size_t count = run->matches.count;

	for (size_t i = 0; !f && i < count; i++) {
		struct match *match = run->matches.items[i];
		struct fetch_target *target = target_of(fetching, &run->folders[match->folder]);

		if (target && !match->row && match->now[LOCAL])
			files_add_new(fetching, target, match);
	}
	return f;
}

/* Takes up the text forms that rows of the folders tell of, as many as one round takes. */
static const struct fail *add_rows(struct fetching *fetching)
{
	struct run *run = &fetching->run;
	size_t most = fetching->engine.round_most ? fetching->engine.round_most : ROUND_MOST;
	const struct fail *f = NULL;

	for (size_t i = 0; i < fetching->request->count && !f; i++) {
		struct fetch_target *target = &fetching->request->targets[i];
		const struct fail *why = NULL;
		struct folder *folder = target->ref ? NULL : fetching_folder(fetching, target->folder, &why);
		struct row *rows = NULL;
		size_t count = 0, asked = most + map_count(fetching->taken);

		if (!folder || !folder->saved.id || fetching->files.count >= most)
			continue;
		f = state_rows_text(run->engine->state, folder->saved.id, fetching->look ? 1 : asked,
				    run->round, &rows, &count);
		if (fetching->look) { /* which of them are here is found out later */
			target->open |= count > 0;
			continue;
		}
		for (size_t k = 0; !f && k < count && fetching->files.count < most; k++)
			files_add_row(fetching, target, folder, &rows[k]);
	}
	return f;
}

/* ---- the server ----------------------------------------------------------------------------------- */

const struct fail *fetching_connect(struct fetching *fetching)
{
	const struct fail *f = fetching->connected ? NULL : lists_read_server(&fetching->run);

	fetching->connected = !f;
	return f;
}

const struct fail *fetching_number_wrong(const struct folder *home)
{
	const char *known = home->saved.identity[SERVER];

	if (home->fail)
		return home->fail;
	if (!home->seen[SERVER])
		return fail_make(FAIL_STALE, FAIL_ITEM,
				 "the server has no folder %s any more: run koc sync first", home->path);
	if ((known && strcmp(known, home->seen[SERVER]->identity) != 0) ||
	    (home->saved.lasting && home->seen[SERVER]->lasting &&
	     strcmp(home->saved.lasting, home->seen[SERVER]->lasting) != 0))
		return fail_make(FAIL_STALE, FAIL_ITEM,
				 "the server numbers the messages of %s anew: run koc sync first",
				 home->path);
	return NULL;
}

static void check_numbers(struct fetching *fetching)
{
	for (size_t i = 0; i < fetching->files.count; i++) {
		struct wanted *file = &fetching->files.items[i];
		const struct fail *why =
			file->settled ? NULL
				      : fetching_number_wrong(&fetching->run.folders[file->match->folder]);

		if (why)
			file_settle(fetching, file, FETCH_FAILED, why);
	}
}

static struct op op_of(const struct wanted *file)
{
	struct op op = { .verb = VERB_UPDATE,
			 .side = LOCAL,
			 .match = file->match,
			 .folder = file->folder,
			 .to = file->folder,
			 .why = "koc fetch" };

	file->match->become = FORM_WHOLE;
	file->match->elsewhere = !file->known;
	return op;
}

/* What the user is told of a file that could not be fetched. */
static const struct fail *why_not(struct fetching *fetching, const struct wanted *file,
				  const struct fail *fail)
{
	struct run *run = &fetching->run;
	bool there = false;
	const struct fail *f = NULL;

	if (!fail)
		return fail_make(FAIL_REFUSED, FAIL_ITEM, "not fetched");
	if (!fail_is(fail, FAIL_MISSING) && !fail_is(fail, FAIL_STALE))
		return fail;
	f = store_exists(run->engine->side[LOCAL], run->folders[file->folder].seen[LOCAL],
			 file->match->now[LOCAL]->ref, &there);
	if (f)
		return f;
	if (!there)
		return fail_make(FAIL_STALE, FAIL_ITEM,
				 "it was renamed, moved or removed while it was fetched");
	if (fail_is(fail, FAIL_STALE))
		return fail_make(FAIL_STALE, FAIL_ITEM, "it changed while it was fetched");
	return fail_make(FAIL_MISSING, FAIL_ITEM,
			 "the server does not have it there any more; koc sync tells what became of it");
}

static void settle_ops(struct fetching *fetching, struct wanted *const *files, const struct op *ops,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct folder *home = &fetching->run.folders[ops[i].match->folder];
		const struct fail *fail = ops[i].ended ? ops[i].failed : home->fail;

		if (ops[i].ended && !fail)
			file_settle(fetching, files[i], FETCH_DONE, NULL);
		else
			file_settle(fetching, files[i], FETCH_FAILED, why_not(fetching, files[i], fail));
	}
}

/* Those that ended before the run could not go on are told all the same. */
static void settle_ended(struct fetching *fetching, struct wanted *const *files, const struct op *ops,
			 size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ops[i].ended && !ops[i].failed)
			file_settle(fetching, files[i], FETCH_DONE, NULL);
}

static const struct fail *pull_files(struct fetching *fetching, struct wanted **files, size_t count)
{
	struct run *run = &fetching->run;
	struct op *ops = memory_alloc((count + 1) * sizeof *ops);
	struct op **list = memory_alloc((count + 1) * sizeof(struct op *));
	const struct fail *f = run_begin(run);

	for (size_t i = 0; i < count; i++) {
		ops[i] = op_of(files[i]);
		list[i] = &ops[i];
		op_open(run, &ops[i]);
	}
	run->progress.items_all += count;
	if (!f)
		f = pull_items(run, list, count);
	if (f)
		settle_ended(fetching, files, ops, count);
	else
		settle_ops(fetching, files, ops, count);
	free(list);
	free(ops);
	return f;
}

/* In the order in which the server is asked: by folder, the newest first. */
static int server_order(const void *a, const void *b)
{
	const struct match *left = (*(struct wanted *const *)a)->match;
	const struct match *right = (*(struct wanted *const *)b)->match;

	if (left->folder != right->folder)
		return left->folder < right->folder ? -1 : 1;
	return strcmp(right->now[SERVER]->ref, left->now[SERVER]->ref);
}

static const struct fail *fetch_files(struct fetching *fetching)
{
	struct wanted **files = memory_alloc((fetching->files.count + 1) * sizeof(struct wanted *));
	const struct fail *f = NULL;
	size_t count = 0;

	for (size_t i = 0; i < fetching->files.count; i++)
		count += !fetching->files.items[i].settled;
	if (count)
		f = fetching_connect(fetching);
	if (!f && count)
		check_numbers(fetching);
	count = 0;
	for (size_t i = 0; i < fetching->files.count; i++)
		if (!fetching->files.items[i].settled)
			files[count++] = &fetching->files.items[i];
	qsort(files, count, sizeof *files, server_order);
	if (!f && count)
		f = pull_files(fetching, files, count);
	free(files);
	return f;
}

/* ---- all of it ------------------------------------------------------------------------------------ */

static const struct fail *rounds(struct fetching *fetching)
{
	const struct fail *f = add_names(fetching);
	bool any = false;

	if (!f)
		f = add_new(fetching);
	do {
		if (!f)
			f = add_rows(fetching);
		any = fetching->files.count > 0;
		if (!f)
			f = files_judge(fetching);
		if (!f && !fetching->look)
			f = fetch_files(fetching);
		fetching_clear(fetching);
	} while (!f && any && !fetching->look);
	return f;
}

/* Writes down how the run ended, if it did anything. */
static const struct fail *run_close(struct fetching *fetching, bool failed)
{
	struct run *run = &fetching->run;
	char summary[80] = "";
	const struct fail *f = NULL;

	if (!run->id)
		return NULL;
	snprintf(summary, sizeof summary, "%llu fetched", (unsigned long long)fetching->outcome->fetched);
	f = tx_begin(run);
	if (!f)
		f = state_run_end(run->engine->state, run->id, run->engine->now,
				  failed || fetching->outcome->failed, summary);
	return tx_end(run, f);
}

const struct fail *fetch_look(const struct engine *engine, const struct fetch_request *request,
			      struct fetch_outcome *outcome)
{
	struct fetching fetching = { .request = request, .outcome = outcome, .look = true };
	const struct fail *f = NULL;

	fetching.nothing_else.dry_run = true;
	fetching_begin(&fetching, engine);
	f = folders_look(&fetching.run);
	if (!f)
		f = rounds(&fetching);
	fetching_end(&fetching);
	return f;
}

const struct fail *account_fetch(const struct engine *engine, const struct fetch_request *request,
				 struct fetch_outcome *outcome)
{
	struct fetching fetching = { .request = request, .outcome = outcome };
	const struct fail *f = NULL, *closed = NULL;

	fetching_begin(&fetching, engine);
	f = recover_places(&fetching.run);
	if (!f)
		f = folders_look(&fetching.run);
	if (!f)
		f = rounds(&fetching);
	closed = run_close(&fetching, f != NULL);
	outcome->bytes = fetching.run.progress.bytes;
	outcome->conflicts = fetching.beside.conflicts;
	fetching_end(&fetching);
	return f ? f : closed;
}
