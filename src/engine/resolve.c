/* Resolve: the acts.  resolve_read.c finds and reads the versions. */
#include "engine/resolve.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/str.h"
#include "engine/resolve_room.h"
#include "format/renew.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MOST 200 /* bytes of the old file name kept in the vault */

/* One conflict being resolved. */
struct resolving {
	const struct engine *engine;
	const struct conflict *conflict;
	struct arena *arena;
	struct resolve_place place; /* of the item in its folder */
	const char *loser;          /* its path now */
	struct body *body;          /* of the loser */
	struct flags flags;         /* mail: of its name */
	int64_t date;               /* mail: received */
};

/* ---- the vault ---- */

/* A path in the vault, recorded before anything goes there. */
static const struct fail *vault_path(struct resolving *r, const char *folder, const char *name,
				     const char *why, const char **path)
{
	const struct engine *engine = r->engine;
	char stamp[17] = "";
	const char *directory;
	const struct fail *f;
	unsigned number = 1;

	clock_stamp(engine->now, stamp);
	directory = arena_printf(r->arena, ".koc/vault/%s-%s-conflicts", stamp, engine->service);
	f = engine->places->prepare(engine->places, directory);
	if (f)
		return fail_in(f, "the vault");
	do
		*path = arena_printf(r->arena, "%s/%u.%.*s", directory, number++, NAME_MOST, name);
	while (engine->places->there(engine->places, *path));
	return state_vault_put(
		engine->state,
		&(struct vaulted){
			.folder = folder, .name = name, .path = *path, .when = engine->now, .why = why });
}

/* ---- writing ---- */

static const struct fail *write_one(struct resolving *r, struct write *write)
{
	struct store *local = r->engine->side[LOCAL];
	const struct fail *f = store_write(local, write, 1, r->arena);

	if (!f)
		f = store_sync(local);
	return f ? f : write->fail;
}

/* Is the item of this name the very one that was to be written?  Then a run before this one did so. */
static const struct fail *is_written(struct resolving *r, const char *ref, bool *same)
{
	struct read read = { .folder = &r->place.folder, .ref = ref, .part = PART_PRINT };
	const struct fail *f = store_read(r->engine->side[LOCAL], &read, 1, NULL, NULL, r->arena);

	*same = !f && !read.fail && digest_equal(&read.now.digest, &r->body->digest);
	return f;
}

/* Writes it as a new item, by this name if nothing else has it. */
static const struct fail *write_new(struct resolving *r, struct body *body, const char *name,
				    const char **path)
{
	struct write write = { .folder = &r->place.folder,
			       .body = body,
			       .key = body->mail ? NULL : body->facts.uid,
			       .flags = r->flags,
			       .date = r->date,
			       .name = name };
	const char *ref = name;
	const struct fail *f = write_one(r, &write);
	bool same = false;

	if (fail_is(f, FAIL_EXISTS) && name) {
		f = is_written(r, name, &same);
		write.name = NULL;
		if (!f && !same)
			f = write_one(r, &write);
	}
	if (!f && !same)
		ref = write.now.ref;
	*path = arena_printf(r->arena, "%s/%s", r->place.folder.path, ref);
	return f;
}

/* Puts it in the place of what is there, which goes to the vault, whatever it is by now. */
static const struct fail *write_over(struct resolving *r, const char **path)
{
	struct write write = { .folder = &r->place.folder,
			       .body = r->body,
			       .key = r->body->mail ? NULL : r->body->facts.uid,
			       .flags = r->place.flags,
			       .replaces = r->place.ref };
	const struct fail *f = vault_path(r, r->place.folder.path, r->place.ref,
					  "replaced by koc conflicts keep", &write.into);

	if (!f)
		f = write_one(r, &write);
	*path = arena_printf(r->arena, "%s/%s", r->place.folder.path, r->place.ref);
	return f;
}

static const struct fail *remove_again(struct resolving *r)
{
	struct store *local = r->engine->side[LOCAL];
	struct removal removal = { .folder = &r->place.folder, .ref = r->place.ref, .hint = r->place.flags };
	const struct fail *f = vault_path(r, r->place.folder.path, r->place.ref,
					  "removed by koc conflicts keep", &removal.into);

	if (!f)
		f = store_remove(local, &removal, 1, r->arena);
	if (!f)
		f = store_sync(local);
	return f || fail_is(removal.fail, FAIL_MISSING) ? f : removal.fail;
}

/* ---- keep, both, drop ---- */

static const struct fail *keep(struct resolving *r, const char **path)
{
	if (!r->loser)
		return r->place.there ? remove_again(r) : NULL;
	if (r->place.there)
		return write_over(r, path);
	return write_new(r, r->body, r->place.ref ? r->place.ref : r->conflict->name, path);
}

/* A UID that nothing else has, and the same one whenever this conflict is resolved so: who was stopped in
 * between makes no third item.  In the form of RFC 9562 5.8. */
static const char *uid_make(struct resolving *r)
{
	const struct conflict *conflict = r->conflict;
	const char *seed = arena_printf(r->arena, "koc both %s %" PRId64 " %" PRId64 " %s %s",
					r->engine->service, conflict->id, conflict->when, conflict->folder,
					conflict->key ? conflict->key : "");
	struct digest_run *run = digest_begin();
	struct digest digest;
	char hex[2 * DIGEST_SIZE + 1];

	digest_add(run, seed, strlen(seed));
	digest_add(run, r->body->digest.bytes, DIGEST_SIZE);
	digest = digest_end(run);
	str_hex(hex, digest.bytes, DIGEST_SIZE);
	return arena_printf(r->arena, "%.8s-%.4s-8%.3s-a%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15,
			    hex + 18);
}

/* The loser's bytes under another UID. */
static const struct fail *body_renewed(struct resolving *r, struct body **renewed)
{
	struct body *body = r->body;
	char *bytes = memory_alloc((size_t)body->size + 1);
	size_t size = 0, got = 0;
	const struct fail *f = NULL;
	struct buf text;

	buf_init(&text, 2 * ITEM_MOST);
	do {
		f = body_read(body, size, bytes + size, (size_t)body->size - size, &got);
		size += got;
	} while (!f && got && size < body->size);
	if (!f && !renew_uid(bytes, size, body->form == BODY_CARD, uid_make(r), &text))
		f = fail_make(FAIL_DATA, FAIL_ITEM, "%s: it has no UID that could be another one", r->loser);
	if (!f && text.over)
		f = fail_make(FAIL_DATA, FAIL_ITEM, "%s: it is too large", r->loser);
	if (!f)
		f = body_of_memory(text.data, text.size, body->form, renewed);
	buf_free(&text);
	free(bytes);
	return f;
}

static const struct fail *both(struct resolving *r, const char **path)
{
	struct body *renewed = NULL;
	const struct fail *f = NULL;
	char hex[2 * DIGEST_SIZE + 1];

	if (!r->loser)
		return fail_make(FAIL_DATA, FAIL_ITEM,
				 "it was removed here: there is no version that could be a second item");
	if (r->body->mail) {
		str_hex(hex, r->body->digest.bytes, DIGEST_SIZE);
		return write_new(r, r->body,
				 arena_printf(r->arena, "%" PRId64 ".koc-%" PRId64 ".%.16s",
					      r->conflict->when, conflict_number(r->conflict), hex),
				 path);
	}
	f = body_renewed(r, &renewed);
	if (!f)
		f = write_new(r, renewed, NULL, path);
	/* What has that UID was made by a try before, and edited since. */
	if (fail_is(f, FAIL_EXISTS) || fail_is(f, FAIL_STALE)) {
		*path = NULL;
		f = NULL;
	}
	body_free(renewed);
	return f;
}

static const struct fail *drop(struct resolving *r)
{
	const char *name = r->loser ? strrchr(r->loser, '/') + 1 : NULL, *into = NULL;
	const struct fail *f = NULL;

	if (!name)
		return NULL;
	f = vault_path(r, r->conflict->folder, name, "dropped by koc conflicts drop", &into);
	return f ? f : r->engine->places->move(r->engine->places, r->loser, into);
}

/* ---- all of it ---- */

static const struct fail *loser_open(struct resolving *r)
{
	const struct conflict *conflict = r->conflict;
	struct places *places = r->engine->places;
	struct stat status;
	int fd = -1;
	const struct fail *f = NULL;

	if (!conflict->path)
		return NULL;
	r->loser = places->find(places, conflict->path, r->arena);
	if (!r->loser)
		return fail_make(FAIL_MISSING, FAIL_ITEM, "%s is gone, so there is nothing left to decide",
				 conflict->path);
	f = places->open(places, r->loser, &fd, &status);
	if (!f)
		f = body_of_file(fd, (uint64_t)status.st_size, body_form_of(conflict->kind), false, &r->body);
	if (!f && r->body->mail) {
		r->flags.bits = resolve_flags(r->loser);
		r->date = status.st_mtim.tv_sec;
	}
	return f;
}

/* A text form lacks what was not fetched: sent or doubled it would stand for a message that it is not. */
static const struct fail *check_whole(const struct resolving *r, enum resolve_how how)
{
	if (how == RESOLVE_DROP || !r->body || !r->body->mark)
		return NULL;
	return fail_make(FAIL_DATA, FAIL_ITEM,
			 "%s: it is a text form, whose attachments are still on the server, and cannot take "
			 "the place of a whole message", r->loser);
}

static const struct fail *act(struct resolving *r, enum resolve_how how, const char **path)
{
	switch (how) {
	case RESOLVE_KEEP:
		return keep(r, path);
	case RESOLVE_BOTH:
		return both(r, path);
	case RESOLVE_DROP:
		return drop(r);
	}
	return NULL;
}

const struct fail *conflict_resolve(const struct engine *engine, const struct conflict *conflict,
				    enum resolve_how how, struct arena *arena, const char **path)
{
	struct resolving r = { .engine = engine, .conflict = conflict, .arena = arena };
	const struct fail *f = loser_open(&r), *closed = NULL;

	*path = NULL;
	if (fail_is(f, FAIL_MISSING)) {
		closed = state_conflict_remove(engine->state, conflict->id);
		return closed ? closed : f;
	}
	if (!f)
		f = check_whole(&r, how);
	if (!f)
		f = resolve_find(engine, conflict, arena, &r.place);
	if (!f)
		f = act(&r, how, path);
	if (fail_is(f, FAIL_MISSING))
		f = fail_make(FAIL_MISSING, FAIL_ITEM, "there is no folder %s any more", r.place.folder.path);
	/* What it became is durable: the loser's own file may go. */
	if (!f && r.loser && how != RESOLVE_DROP)
		f = engine->places->remove(engine->places, r.loser);
	if (!f)
		f = state_conflict_remove(engine->state, conflict->id);
	body_free(r.body);
	return f;
}
