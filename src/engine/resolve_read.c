/* Resolve: where the versions of a conflict are, and what is in them. */
#include "engine/resolve_room.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/terminal.h"
#include "core/flags.h"
#include "format/changed.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool conflict_is_open(const struct engine *engine, const struct conflict *conflict, struct arena *arena)
{
	struct row *rows = NULL;
	size_t count = 0;

	if (conflict->path)
		return engine->places->find(engine->places, conflict->path, arena) != NULL;
	return !conflict->key || state_rows_by_key(engine->state, conflict->key, arena, &rows, &count) ||
	       count > 0;
}

uint32_t resolve_flags(const char *path)
{
	static const struct {
		char letter;
		uint32_t bit;
	} letters[] = { { 'D', FLAG_DRAFT },    { 'F', FLAG_FLAGGED }, { 'P', FLAG_FORWARDED },
			{ 'R', FLAG_ANSWERED }, { 'S', FLAG_SEEN },    { 'T', FLAG_DELETED } };
	const char *info = strstr(path, ":2,");
	uint32_t bits = 0;

	for (size_t i = 0; info && i < sizeof letters / sizeof *letters; i++)
		if (strchr(info + 3, letters[i].letter))
			bits |= letters[i].bit;
	return bits;
}

/* ---- the item in its folder ---- */

static const struct state_folder *folder_named(const struct state_folder *folders, size_t count,
					       const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(folders[i].path, path) == 0)
			return &folders[i];
	return NULL;
}

static const struct state_folder *folder_of(const struct state_folder *folders, size_t count,
					    const struct row *row)
{
	for (size_t i = 0; i < count; i++)
		if (folders[i].id == row->folder)
			return &folders[i];
	return NULL;
}

/* The row of a keyed item: in its folder, else wherever it was moved to. */
static const struct fail *row_by_key(const struct engine *engine, const struct conflict *conflict,
				     const struct state_folder *folder, struct arena *arena, struct row **row)
{
	struct row *rows = NULL;
	size_t count = 0;
	const struct fail *f = NULL;

	*row = NULL;
	if (!conflict->key)
		return NULL;
	f = state_rows_by_key(engine->state, conflict->key, arena, &rows, &count);
	for (size_t i = 0; !f && i < count; i++) {
		bool here = folder && rows[i].folder == folder->id;

		if (rows[i].side[LOCAL].ref && (here || !*row))
			*row = &rows[i];
		if (*row == &rows[i] && here)
			break;
	}
	return f;
}

/* The UID of each file is asked for: the run that left the conflict was killed before it knew the file's
 * name, or somebody renamed it. */
static const struct fail *find_uid(const struct engine *engine, const struct conflict *conflict,
				   struct arena *arena, struct resolve_place *place)
{
	struct store *local = engine->side[LOCAL];
	struct look look = { .folder = &place->folder, .cursor = "", .full = true };
	const struct fail *f = store_list(local, &look, 1);

	if (!f)
		f = look.fail;
	for (size_t i = 0; !f && look.listing && i < look.listing->count && !place->there; i++) {
		struct read read = { .folder = &place->folder,
				     .ref = look.listing->entries[i].ref,
				     .part = PART_PRINT };

		f = store_read(local, &read, 1, NULL, NULL, arena);
		if (f || read.fail || !read.key || strcmp(read.key, conflict->key) != 0)
			continue;
		place->ref = arena_str(arena, read.ref);
		place->there = true;
	}
	listing_free(look.listing);
	return f;
}

const struct fail *resolve_find(const struct engine *engine, const struct conflict *conflict,
				struct arena *arena, struct resolve_place *place)
{
	bool keyed = kind_traits(conflict->kind)->keyed;
	struct state_folder *folders = NULL;
	const struct state_folder *folder = NULL;
	struct row *row = NULL;
	size_t count = 0;
	const struct fail *f = state_folders(engine->state, arena, &folders, &count);

	*place = (struct resolve_place){ .folder = { .path = conflict->folder, .kind = conflict->kind } };
	if (!f)
		folder = folder_named(folders, count, conflict->folder);
	if (!f && keyed)
		f = row_by_key(engine, conflict, folder, arena, &row);
	else if (!f && folder && conflict->name)
		f = state_row_find(engine->state, folder->id, LOCAL, conflict->name, arena, &row);
	if (!f && row)
		folder = folder_of(folders, count, row);
	if (f || !folder)
		return f;
	place->folder.path = folder->path;
	place->folder.name = folder->name[LOCAL];
	if (row) {
		place->ref = row->side[LOCAL].ref;
		place->flags = row->side[LOCAL].flags;
		f = store_exists(engine->side[LOCAL], &place->folder, place->ref, &place->there);
	}
	if (!f && !place->there && conflict->key && conflict->revision[SERVER])
		f = find_uid(engine, conflict, arena, place);
	return f;
}

/* ---- bytes ---- */

static const struct fail *keep_body(void *context, struct read *read)
{
	(void)context;
	(void)read;
	return NULL;
}

static const struct fail *body_bytes(struct body *body, struct arena *arena, struct diff_input *input)
{
	const struct fail *f = NULL;
	size_t size = 0, got = 0;
	char *bytes;

	if (body->size > RESOLVE_READ_MOST)
		return NULL;
	bytes = arena_alloc(arena, (size_t)body->size + 1);
	do {
		f = body_read(body, size, bytes + size, (size_t)body->size - size, &got);
		size += got;
	} while (!f && got && size < body->size);
	*input = (struct diff_input){ f ? NULL : bytes, f ? 0 : size };
	return f;
}

/* The server's version is what lies in the folder. */
static const struct fail *read_server(const struct engine *engine, const struct conflict *conflict,
				      struct arena *arena, struct conflict_versions *versions)
{
	struct resolve_place place;
	struct read read;
	const struct fail *f = resolve_find(engine, conflict, arena, &place);

	if (f || !place.there)
		return f;
	read = (struct read){
		.folder = &place.folder, .ref = place.ref, .part = PART_WHOLE, .hint = place.flags
	};
	f = store_read(engine->side[LOCAL], &read, 1, keep_body, NULL, arena);
	if (!f && !read.fail && read.body)
		f = body_bytes(read.body, arena, &versions->input[DIFF_SERVER]);
	body_free(read.body);
	if (!f && !fail_is(read.fail, FAIL_MISSING))
		versions->path[DIFF_SERVER] = arena_printf(arena, "%s/%s", place.folder.path, place.ref);
	return f;
}

static const struct fail *read_local(const struct engine *engine, const struct conflict *conflict,
				     struct arena *arena, struct conflict_versions *versions)
{
	struct places *places = engine->places;
	struct diff_input *input = &versions->input[DIFF_LOCAL];
	struct stat status;
	const char *path = conflict->path ? places->find(places, conflict->path, arena) : NULL;
	const struct fail *f = NULL;
	size_t size = 0;
	char *bytes;
	int fd = -1;

	if (!path)
		return NULL;
	f = places->open(places, path, &fd, &status);
	if (f)
		return fail_is(f, FAIL_MISSING) ? NULL : f;
	versions->path[DIFF_LOCAL] = path;
	versions->when[DIFF_LOCAL] = status.st_mtim.tv_sec;
	if ((uint64_t)status.st_size <= RESOLVE_READ_MOST) {
		bytes = arena_alloc(arena, (size_t)status.st_size + 1);
		while (size < (size_t)status.st_size) {
			ssize_t got = read(fd, bytes + size, (size_t)status.st_size - size);

			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0)
				f = fail_errno(FAIL_ITEM, errno, "%s", path);
			if (got <= 0)
				break;
			size += (size_t)got;
		}
		*input = (struct diff_input){ bytes, size };
	}
	close(fd);
	return f;
}

const struct fail *conflict_read(const struct engine *engine, const struct conflict *conflict,
				 struct arena *arena, struct conflict_versions *versions)
{
	const struct fail *f;

	*versions = (struct conflict_versions){ 0 };
	f = state_conflict_base_get(engine->state, conflict->id, arena, &versions->input[DIFF_BASE].data,
				    &versions->input[DIFF_BASE].size);
	if (!f)
		f = read_server(engine, conflict, arena, versions);
	if (!f)
		f = read_local(engine, conflict, arena, versions);
	if (!f && kind_traits(conflict->kind)->keyed && versions->input[DIFF_SERVER].data)
		versions->when[DIFF_SERVER] =
			changed_when(versions->input[DIFF_SERVER].data, versions->input[DIFF_SERVER].size,
				     conflict->kind == KIND_CONTACTS);
	return f;
}

void conflict_diff(const struct conflict *conflict, const struct conflict_versions *versions,
		   struct arena *arena, struct diff *diff)
{
	if (kind_traits(conflict->kind)->keyed)
		diff_items(versions->input, conflict->kind == KIND_CONTACTS, arena, diff);
	else
		diff_messages(versions->input, arena, diff);
}

const char *conflict_title(const struct conflict *conflict, const struct conflict_versions *versions,
			   struct arena *arena)
{
	bool keyed = kind_traits(conflict->kind)->keyed, card = conflict->kind == KIND_CONTACTS;
	const char *title = NULL;
	struct buf safe;

	for (int v = 0; keyed && v < DIFF_VERSIONS && !title; v++)
		if (versions->input[v].data)
			title = diff_title(&versions->input[v], card, arena);
	if (title)
		return title;
	buf_init(&safe, SIZE_MAX);
	terminal_safe(&safe, conflict->item, strlen(conflict->item));
	title = arena_strn(arena, safe.data, safe.size);
	buf_free(&safe);
	return title;
}
