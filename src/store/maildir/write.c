/* Write: new messages.  All bytes of a batch are made durable by one barrier before the first of
 * them gets its name; the names are made durable by the next sync(). */
#include "store/maildir/driver.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/copy.h"
#include "store/maildir/parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct delivery {
	struct write *writes;
	struct parcel *parcels;
	size_t count;
	struct arena *arena;
};

/* ---- packing ------------------------------------------------------------------------------ */

const struct fail *parcel_at(struct maildir *maildir, const struct parcel *parcel,
			     const struct write *write, struct box *box, int *at)
{
	const struct fail *fail = NULL;

	*at = -1;
	if (parcel->spooled) {
		*at = write->body->spool->directory;
		return NULL;
	}
	fail = box_tmp(maildir, box);
	if (!fail)
		*at = box->tmp;
	return fail;
}

void parcel_delivered(struct parcel *parcel, struct write *write)
{
	if (parcel->spooled)
		body_taken(write->body);
	parcel->name[0] = '\0';
}

static const struct fail *parcel_pack(struct maildir *maildir, struct parcel *parcel,
				      struct write *write)
{
	const char *spooled = body_spool_name(write->body);
	char name[NAME_ROOM];
	const struct fail *fail;
	struct box *box;
	int at;

	write->came_out = false;
	write->now = (struct version){ 0 };
	parcel->spooled = spooled != NULL;
	fail = box_use(maildir, write->folder->path, &box);
	if (!fail)
		fail = parcel_at(maildir, parcel, write, box, &at);
	if (fail)
		return fail;
	if (spooled) {
		snprintf(name, sizeof name, "%s", spooled);
	} else {
		box_tmp_name(maildir, name);
		fail = copy_body(write->body, at, name);
		if (fail)
			return fail;
	}
	memcpy(parcel->name, name, sizeof name);
	return copy_date(at, name, write->date);
}

/* Removes what was packed and did not arrive; a spool file belongs to its body. */
static void parcel_discard(struct maildir *maildir, struct parcel *parcel, struct write *write)
{
	struct box *box;
	int at;

	if (parcel->name[0] && !parcel->spooled &&
	    !box_use(maildir, write->folder->path, &box) &&
	    !parcel_at(maildir, parcel, write, box, &at))
		unlinkat(at, parcel->name, 0);
}

/* ---- the first barrier -------------------------------------------------------------------- */

/* Makes all parcels' bytes durable. */
static const struct fail *parcels_sync(struct maildir *maildir, struct delivery *delivery)
{
	struct barrier systems = { 0 };
	const struct fail *fail = NULL;

	for (size_t i = 0; i < delivery->count && !fail; i++) {
		struct parcel *parcel = &delivery->parcels[i];
		struct write *write = &delivery->writes[i];
		struct box *box;
		int at;

		if (write->fail)
			continue;
		fail = box_use(maildir, write->folder->path, &box);
		if (!fail)
			fail = parcel_at(maildir, parcel, write, box, &at);
		if (!fail)
			fail = barrier_bytes(&systems, at, parcel->name, delivery->count);
		if (fail && !fail_ends(fail)) {
			write->fail = fail;
			fail = NULL;
		}
	}
	if (!fail)
		fail = barrier_sync_systems(&systems);
	barrier_close(&systems);
	return fail;
}

/* ---- delivery ----------------------------------------------------------------------------- */

/* The base name for a new message.  FAIL_EXISTS if there is a message by the name wished for. */
static const struct fail *base_choose(struct maildir *maildir, struct box *box,
				      const struct write *write, char base[NAME_ROOM])
{
	const struct fail *fail;
	bool taken;

	if (!write->name || !name_is_base(write->name)) {
		unique_name(&maildir->unique, base);
		return NULL;
	}
	snprintf(base, NAME_ROOM, "%s", write->name);
	fail = index_taken(maildir, box, base, &taken);
	if (!fail && taken)
		fail = fail_make(FAIL_EXISTS, FAIL_ITEM, "%s: is there already", base);
	return fail;
}

static void write_tell(struct write *write, const struct box *box, const struct name *name,
		       const struct stat *status, struct arena *arena)
{
	char revision[REVISION_TEXT];

	revision_text(revision, status);
	write->now = (struct version){
		.ref = arena_strn(arena, name->base, name->base_size),
		.revision = arena_str(arena, revision),
		.digest = write->body->digest,
		.flags = box_flags(box, name, arena),
	};
}

static const struct fail *parcel_deliver(struct maildir *maildir, struct write *write,
					 struct parcel *parcel, struct arena *arena)
{
	char base[NAME_ROOM], text[NAME_ROOM];
	struct name name = { .base = base, .bits = write->flags.bits & FLAG_ALL, .rest = "" };
	enum place place;
	const struct fail *fail;
	struct stat status;
	struct box *box;
	int at = -1;

	fail = box_use(maildir, write->folder->path, &box);
	if (!fail)
		fail = parcel_at(maildir, parcel, write, box, &at);
	if (!fail)
		fail = base_choose(maildir, box, write, base);
	if (!fail)
		fail = box_letters(maildir, box, write->flags.keywords, &name.letters);
	if (fail)
		return fail;
	name.base_size = strlen(base);
	name.has_info = name.bits || name.letters;
	place = name.has_info ? IN_CUR : IN_NEW;
	fail = box_place(maildir, box, place);
	if (!fail && !name_build(text, &name))
		fail = fail_make(FAIL_DATA, FAIL_ITEM, "%s: too long with its flags", base);
	if (!fail && fstatat(at, parcel->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		fail = fail_errno(FAIL_ITEM, errno, "%s", parcel->name);
	if (!fail)
		fail = file_rename_new(at, parcel->name, box->in[place], text);
	if (fail)
		return fail;
	parcel_delivered(parcel, write);
	index_note(box, base, name.base_size, place, text);
	/* Another inode, if it was copied from another file system.  A mail program may have taken
	 * it away already: then what it was is what there is to tell. */
	if (fstatat(box->in[place], text, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno != ENOENT)
		return fail_errno(FAIL_ITEM, errno, "%s", text);
	write_tell(write, box, &name, &status, arena);
	return barrier_add(&maildir->barrier, box->in[place]);
}

static bool write_try(struct maildir *maildir, void *item, enum chance chance, void *context,
		      const struct fail **fail)
{
	struct delivery *delivery = context;
	struct write *write = item;
	struct parcel *parcel = &delivery->parcels[write - delivery->writes];

	if (write->replaces)
		return replace_try(maildir, write, parcel, chance, delivery->arena, fail);
	*fail = parcel_deliver(maildir, write, parcel, delivery->arena);
	return true;
}

const struct fail *maildir_write(struct store *store, struct write *writes, size_t count,
				 struct arena *arena)
{
	struct items items = { writes, count, sizeof *writes, offsetof(struct write, fail), NULL };
	struct maildir *maildir = (struct maildir *)store;
	struct delivery delivery = { .writes = writes, .count = count, .arena = arena };
	const struct fail *end = NULL;

	maildir_call(maildir);
	items_begin(&items);
	delivery.parcels = memory_resize(NULL, count + 1, sizeof *delivery.parcels);
	for (size_t i = 0; i < count; i++)
		delivery.parcels[i].name[0] = '\0';
	for (size_t i = 0; i < count && !end; i++) {
		writes[i].fail = parcel_pack(maildir, &delivery.parcels[i], &writes[i]);
		if (fail_ends(writes[i].fail))
			end = writes[i].fail;
	}
	if (!end)
		end = parcels_sync(maildir, &delivery);
	if (end)
		items_fail(&items, NULL, end);
	else
		end = items_each(maildir, &items, write_try, &delivery);
	for (size_t i = 0; i < count; i++)
		parcel_discard(maildir, &delivery.parcels[i], &writes[i]);
	free(delivery.parcels);
	return end;
}
