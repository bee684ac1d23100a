/* Fetch: one part of a message, decoded into a file of the user's.  What lies in the message's file here is
 * taken from that; of a text form the rest is on the server, under the number of any row that has the
 * message. */
#include "engine/fetch_room.h"

#include "format/attachment.h"
#include "format/entity.h"

#include <string.h>

#define PIECE ((size_t)64 * 1024)

/* ---- the file here ---------------------------------------------------------------------------- */

static const struct fail *keep_body(void *context, struct read *read)
{
	(void)context; /* the body stays in the read */
	(void)read;
	return NULL;
}

/* A part can be read in a folder that is off, too. */
static const struct fail *file_read(struct fetching *fetching, const struct fetch_part *part,
				    struct read *read)
{
	struct run *run = &fetching->run;
	const struct fail *f = NULL;

	*read = (struct read){ .ref = part->ref, .part = PART_WHOLE };
	for (size_t i = 0; i < run->folder_count; i++)
		if (strcmp(run->folders[i].path, part->folder) == 0 &&
		    run->folders[i].saved.kind == KIND_MAIL)
			read->folder = run->folders[i].seen[LOCAL];
	if (read->folder)
		f = store_read(run->engine->side[LOCAL], read, 1, keep_body, NULL, run->round);
	if (!f && (!read->folder || fail_is(read->fail, FAIL_MISSING)))
		f = fail_make(FAIL_MISSING, FAIL_ITEM, "there is no such message");
	return f ? f : read->fail;
}

/* What parts there are. */
static const struct fail *parts_list(struct body *body, struct arena *arena, struct attachments *parts)
{
	struct attachment_find *find = attachment_find_begin();
	char *data = arena_alloc(arena, PIECE);
	const struct fail *f = NULL;
	uint64_t at = 0;
	size_t got = 0;

	do {
		f = body_read(body, at, data, PIECE, &got);
		if (!f)
			attachment_find_add(find, data, got);
		at += got;
	} while (!f && got);
	attachment_find_end(find, arena, parts);
	return f;
}

/* ---- decoding --------------------------------------------------------------------------------- */

/* Writes what lies between two places of the body. */
static const struct fail *decode(struct body *body, uint64_t at, uint64_t end, struct fetch_part *part,
				 struct arena *arena)
{
	struct entity *entity = entity_begin(part->fd);
	char *data = arena_alloc(arena, PIECE);
	const struct fail *f = NULL, *ended = NULL;

	while (!f && at < end) {
		size_t got = 0;

		f = body_read(body, at, data, end - at < PIECE ? (size_t)(end - at) : PIECE, &got);
		if (!f && !got)
			f = fail_make(FAIL_STALE, FAIL_ITEM, "the file was cut short");
		if (!f)
			f = entity_add(entity, data, got);
		at += got;
	}
	ended = entity_end(entity, &part->decoded);
	return f ? f : ended;
}

/* ---- the server ------------------------------------------------------------------------------- */

/* Reads the section of one row's message.  *gone: it is not there under that number. */
static const struct fail *section_read(struct fetching *fetching, const struct row *row, const char *section,
				       struct read *read, bool *gone)
{
	struct run *run = &fetching->run;
	const struct folder *home = folders_by_id(run, row->folder);
	const struct fail *f = NULL;

	*gone = !row->side[SERVER].ref || !home || fetching_number_wrong(home);
	if (*gone)
		return NULL;
	*read = (struct read){ .folder = home->seen[SERVER],
			       .ref = row->side[SERVER].ref,
			       .part = PART_SECTION,
			       .section = section };
	f = store_read(run->engine->side[SERVER], read, 1, keep_body, NULL, run->round);
	*gone = !f && fail_is(read->fail, FAIL_MISSING);
	if (f || *gone)
		return f;
	if (!read->fail && !digest_equal(&read->print.head, &row->print.head))
		read->fail =
			fail_make(FAIL_DATA, FAIL_ITEM, "the server has another message under its number");
	return read->fail;
}

/* The rows that have the message: that of the file's name first. */
static const struct fail *rows_find(struct fetching *fetching, const struct fetch_part *part,
				    const struct digest *head, struct row **rows, size_t *count)
{
	struct run *run = &fetching->run;
	const struct fail *f = state_rows_by_head(run->engine->state, head, run->round, rows, count);

	for (size_t i = 0; !f && i < *count; i++) {
		const struct folder *home = folders_by_id(run, (*rows)[i].folder);
		const char *ref = (*rows)[i].side[LOCAL].ref;
		struct row first = (*rows)[0];

		if (!home || !ref || strcmp(home->path, part->folder) != 0 || strcmp(ref, part->ref) != 0)
			continue;
		(*rows)[0] = (*rows)[i];
		(*rows)[i] = first;
		break;
	}
	return f;
}

static const struct fail *part_fetch(struct fetching *fetching, struct fetch_part *part,
				     const struct textform_mark *mark)
{
	struct run *run = &fetching->run;
	struct read read = { 0 };
	struct row *rows = NULL;
	size_t count = 0;
	bool gone = true;
	const struct fail *f = NULL;

	f = rows_find(fetching, part, &mark->head, &rows, &count);
	if (!f && !count)
		f = fail_make(FAIL_STALE, FAIL_ITEM, "no message is known for it: run koc sync first");
	if (!f)
		f = fetching_connect(fetching);
	for (size_t i = 0; !f && gone && i < count; i++)
		f = section_read(fetching, &rows[i], part->section, &read, &gone);
	if (!f && gone)
		f = fail_make(FAIL_MISSING, FAIL_ITEM,
			      "the server does not have it there any more; koc sync tells what became of it");
	if (!f)
		f = decode(read.body, 0, read.body->size, part, run->round);
	body_free(read.body);
	return f;
}

/* ---- both ------------------------------------------------------------------------------------- */

static const struct fail *part_read(struct fetching *fetching, struct fetch_part *part, struct arena *arena)
{
	struct run *run = &fetching->run;
	const struct attachment *chosen = NULL;
	struct attachments parts = { 0 };
	struct read file = { 0 };
	const struct fail *f = file_read(fetching, part, &file);

	if (f)
		goto out;
	part->path = arena_str(arena, file.path);
	f = parts_list(file.body, run->round, &parts);
	if (!f)
		f = attachment_choose(&parts, part->name, &chosen);
	if (f) {
		if (fail_is(f, FAIL_MISSING))
			f = fail_make(FAIL_USAGE, FAIL_ITEM, "%s", f->text);
		goto out;
	}
	part->section = arena_str(arena, chosen->section);
	part->type = arena_str(arena, chosen->type);
	part->file = arena_str(arena, chosen->name);
	part->there = !chosen->here;
	if (chosen->here)
		f = decode(file.body, chosen->at, chosen->end, part, run->round);
	else if (!fetching->look)
		f = part_fetch(fetching, part, &parts.found.mark);
out:
	body_free(file.body);
	return f;
}

static const struct fail *run_part(struct fetching *fetching, const struct engine *engine,
				   struct fetch_part *part, struct arena *arena)
{
	const struct fail *f = NULL;

	fetching_begin(fetching, engine);
	f = folders_look(&fetching->run);
	if (!f)
		f = part_read(fetching, part, arena);
	fetching_end(fetching);
	return f;
}

const struct fail *fetch_part_here(const struct engine *engine, struct fetch_part *part, struct arena *arena)
{
	struct fetching fetching = { .look = true };

	fetching.nothing_else.dry_run = true;
	return run_part(&fetching, engine, part, arena);
}

const struct fail *account_fetch_part(const struct engine *engine, struct fetch_part *part,
				      struct arena *arena)
{
	struct fetching fetching = { 0 };

	return run_part(&fetching, engine, part, arena);
}
