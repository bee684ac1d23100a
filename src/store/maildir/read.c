/* Read: bodies and prints, and looking for messages by them. */
#include "store/maildir/driver.h"

#include "base/arena.h"
#include "base/vec.h"
#include "store/maildir/box.h"
#include "store/maildir/locate.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* ---- read --------------------------------------------------------------------------------- */

struct reading {
	struct items items;
	read_done *done;
	void *context;
	struct arena *arena;
};

static void read_clear(struct read *read)
{
	read->fail = NULL;
	read->now = (struct version){ 0 };
	read->has_flags = false;
	read->date = 0;
	read->print = (struct print){ 0 };
	read->body = NULL;
	read->key = NULL;
	read->text = false;
	read->stub = NULL;
	read->words = NULL;
	read->normal = (struct digest){ 0 };
	read->notice = false;
	read->path = NULL;
}

static const struct fail *read_found(struct read *read, const struct box *box,
				     const struct found *found, struct arena *arena)
{
	char revision[REVISION_TEXT];
	const struct fail *fail;
	struct stat status;
	struct name name;

	fail = body_of_named(box->in[found->place], found->text, BODY_MAIL, read->wire, &read->body, &status);
	if (fail)
		return fail;
	name_parse(&name, found->text);
	revision_text(revision, &status);
	read->now.ref = arena_str(arena, read->ref);
	read->path = arena_printf(arena, "%s/%s/%s", box->path, found->place == IN_NEW ? "new" : "cur",
				  found->text);
	read->now.revision = arena_str(arena, revision);
	read->now.digest = read->body->digest;
	read->now.flags = box_flags(box, &name, arena);
	read->has_flags = name.has_info || found->place == IN_NEW;
	read->date = status.st_mtim.tv_sec;
	read->print = read->body->print;
	read->stub = body_stub(read->body, arena);
	read->words = body_words(read->body, arena);
	read->normal = read->body->says;
	read->notice = read->body->fields.notice;
	if (read->part == PART_PRINT) {
		body_free(read->body);
		read->body = NULL;
	}
	return NULL;
}

static bool read_try(struct maildir *maildir, void *item, enum chance chance, void *context,
		     const struct fail **fail)
{
	struct reading *reading = context;
	struct read *read = item;
	bool settled = true;
	struct box *box;
	struct found found;

	*fail = box_use(maildir, read->folder->path, &box);
	if (!*fail)
		*fail = locate(maildir, box, read->ref, &read->hint, chance, &found);
	if (!*fail && !found.there) {
		settled = locate_missed(&found, chance, fail);
	} else if (!*fail) {
		*fail = read_found(read, box, &found, reading->arena);
		if (fail_is(*fail, FAIL_MISSING))
			settled = locate_vanished(chance, fail);
	}
	if (!settled)
		return false;
	read->fail = *fail;
	if (reading->done)
		reading->items.end = reading->done(reading->context, read);
	return true;
}

const struct fail *maildir_read(struct store *store, struct read *reads, size_t count,
				read_done *done, void *context, struct arena *arena)
{
	struct reading reading = {
		.items = { reads, count, sizeof *reads, offsetof(struct read, fail), NULL },
		.done = done,
		.context = context,
		.arena = arena,
	};

	maildir_call((struct maildir *)store);
	for (size_t i = 0; i < count; i++)
		read_clear(&reads[i]);
	return items_each((struct maildir *)store, &reading.items, read_try, &reading);
}

/* ---- exists ------------------------------------------------------------------------------- */

const struct fail *maildir_exists(struct store *store, const struct store_folder *folder,
				  const char *ref, bool *there)
{
	struct maildir *maildir = (struct maildir *)store;
	const struct fail *fail;
	struct box *box;
	struct found found;

	/* When in doubt it is there: the caller is about to remove its other copy. */
	*there = true;
	maildir_call(maildir);
	fail = box_use(maildir, folder->path, &box);
	if (!fail)
		fail = locate(maildir, box, ref, NULL, CHANCE_FRESH, &found);
	if (!fail)
		*there = found.there || !found.sure;
	if (!fail_is(fail, FAIL_MISSING))
		return fail;
	*there = false; /* no folder, no item */
	return NULL;
}

/* ---- find --------------------------------------------------------------------------------- */

/* Can a file of this size be the message?  Line ends take one byte here and one or two on the wire,
 * and the file may have one line more than the print counts (format/mail.h). */
static bool size_possible(const struct find *find, const struct stat *status)
{
	uint64_t size = (uint64_t)status->st_size;

	if (!find->print.size)
		return true;
	return size <= find->print.size + MAIL_NOISE_SIZE && find->print.size <= 2 * size;
}

static bool body_matches(const struct find *find, const struct body *body)
{
	if (find->print.size && find->print.size != body->print.size)
		return false;
	if (digest_equal(&find->print.head, &body->print.head))
		return true;
	return find->message_id && body->fields.message_id &&
	       strcmp(find->message_id, body->fields.message_id) == 0;
}

static const struct fail *name_matches(const struct find *find, const struct box *box,
				       const struct scan_name *name, bool *matches)
{
	int at = box->in[name->place];
	struct body *body = NULL;
	const struct fail *fail;
	struct stat status;

	*matches = false;
	if (fstatat(at, name->text, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(status.st_mode) || !size_possible(find, &status))
		return NULL;
	fail = body_of_named(at, name->text, BODY_MAIL, false, &body, &status);
	if (!fail)
		*matches = body_matches(find, body);
	body_free(body);
	/* One that cannot be read is not the one that is sought. */
	return fail_ends(fail) ? fail : NULL;
}

static const struct fail *folder_find(struct maildir *maildir, struct find *find,
				      struct arena *arena)
{
	const struct fail *fail;
	struct box *box;
	const struct scan *scan;
	struct {
		VEC(const char *)
	} refs = { 0 };

	fail = box_use(maildir, find->folder->path, &box);
	if (!fail)
		fail = index_fresh(maildir, box);
	scan = fail ? NULL : &box->index.scan;
	for (size_t i = 0; scan && i < scan->count && !fail; i++) {
		const struct scan_name *name = &scan->items[i];
		char *ref;
		bool matches;

		if (i && scan_same(name, name - 1))
			continue;
		ref = arena_strn(arena, name->text, name->base_size);
		if (find->next && strcmp(ref, find->next) < 0)
			continue;
		fail = name_matches(find, box, name, &matches);
		if (!fail && matches)
			*vec_push(&refs) = ref;
	}
	if (!fail && refs.count) {
		find->count = refs.count;
		find->refs = arena_alloc(arena, refs.count * sizeof *refs.items);
		memcpy(find->refs, refs.items, refs.count * sizeof *refs.items);
	}
	vec_free(&refs);
	return fail;
}

const struct fail *maildir_find(struct store *store, struct find *finds, size_t count,
				struct arena *arena)
{
	struct items items = { finds, count, sizeof *finds, offsetof(struct find, fail), NULL };
	struct maildir *maildir = (struct maildir *)store;
	const struct fail *end = NULL;

	maildir_call(maildir);
	items_begin(&items);
	for (size_t i = 0; i < count && !end; i++) {
		finds[i].refs = NULL;
		finds[i].count = 0;
		finds[i].fail = folder_find(maildir, &finds[i], arena);
		if (fail_ends(finds[i].fail))
			end = finds[i].fail;
	}
	if (end)
		items_fail(&items, NULL, end);
	return end;
}
