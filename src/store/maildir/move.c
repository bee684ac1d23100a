/* Move: what changes a message's place or name, but not a byte of it: flags, moving and copying to
 * other folders, removal into the vault. */
#include "store/maildir/driver.h"

#include "base/arena.h"
#include "base/file.h"
#include "store/copy.h"
#include "store/maildir/box.h"
#include "store/maildir/locate.h"
#include "store/removal.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A name apart, and what it says where it says nothing: then the flags that were last known count.
 */
static void name_believe(struct name *name, const struct box *box, const struct found *found,
			 const struct flags *hint)
{
	name_parse(name, found->text);
	if (name->has_info)
		return;
	if (found->place == IN_CUR)
		name->bits = hint->bits & FLAG_ALL;
	name->letters = letters_of(&box->letters, hint->keywords);
}

static const struct fail *too_long(const char *ref)
{
	return fail_make(FAIL_DATA, FAIL_ITEM, "%s: too long with its flags", ref);
}

/* ---- flags -------------------------------------------------------------------------------- */

/* The name with the change.  False: it stays as it is. */
static bool name_change(struct name *name, const struct box *box, const struct flag_change *change,
			uint32_t added)
{
	uint32_t forwarded = box->letters.forwarded;
	struct name old = *name;

	name->bits &= ~change->remove.bits;
	name->letters &= ~letters_of(&box->letters, change->remove.keywords);
	if (change->remove.bits & FLAG_FORWARDED)
		name->letters &= ~forwarded;
	name->bits |= change->add.bits & FLAG_ALL;
	name->letters |= added;
	/* One of the two ways to say it is enough. */
	if ((name->letters & forwarded) && !(old.bits & FLAG_FORWARDED))
		name->bits &= ~(uint32_t)FLAG_FORWARDED;
	return name->bits != old.bits || name->letters != old.letters;
}

static const struct fail *flag_found(struct maildir *maildir, struct flag_change *change,
				     struct box *box, const struct found *found,
				     struct arena *arena)
{
	const struct fail *fail;
	char text[NAME_ROOM];
	uint32_t added;
	struct name name;

	fail = box_letters(maildir, box, change->add.keywords, &added);
	if (fail)
		return fail;
	name_believe(&name, box, found, &change->hint);
	if (name_change(&name, box, change, added)) {
		name.has_info = true;
		if (!name_build(text, &name))
			return too_long(change->ref);
		fail = file_rename_new(box->in[found->place], found->text, box->in[IN_CUR], text);
		if (fail)
			return fail;
		index_note(box, name.base, name.base_size, IN_CUR, text);
		fail = barrier_add(&maildir->barrier, box->in[IN_CUR]);
		if (!fail)
			fail = barrier_add(&maildir->barrier, box->in[found->place]);
	}
	change->now = box_flags(box, &name, arena);
	return fail;
}

static bool flag_try(struct maildir *maildir, void *item, enum chance chance, void *context,
		     const struct fail **fail)
{
	struct flag_change *change = item;
	struct found found;
	struct box *box;

	*fail = box_use(maildir, change->folder->path, &box);
	if (!*fail)
		*fail = locate(maildir, box, change->ref, &change->hint, chance, &found);
	if (*fail)
		return true;
	if (!found.there)
		return locate_missed(&found, chance, fail);
	*fail = flag_found(maildir, change, box, &found, context);
	if (fail_is(*fail, FAIL_MISSING))
		return locate_vanished(chance, fail);
	/* A second file of this base has just this name: whose flags are whose cannot be told. */
	if (fail_is(*fail, FAIL_EXISTS))
		*fail = &item_stale;
	return true;
}

const struct fail *maildir_flag(struct store *store, struct flag_change *changes, size_t count,
				struct arena *arena)
{
	struct items items = { changes, count, sizeof *changes,
			       offsetof(struct flag_change, fail), NULL };

	maildir_call((struct maildir *)store);
	items_begin(&items);
	for (size_t i = 0; i < count; i++)
		changes[i].now = (struct flags){ 0 };
	return items_each((struct maildir *)store, &items, flag_try, arena);
}

/* ---- to another folder -------------------------------------------------------------------- */

/* The message's base name in the other folder. */
static const struct fail *base_choose(struct maildir *maildir, struct box *to,
				      const struct transfer *transfer, char base[NAME_ROOM])
{
	bool wished = transfer->name && name_is_base(transfer->name);
	const struct fail *fail;
	bool taken;

	snprintf(base, NAME_ROOM, "%s", wished ? transfer->name : transfer->ref);
	fail = index_taken(maildir, to, base, &taken);
	if (fail || !taken)
		return fail;
	if (wished)
		return fail_make(FAIL_EXISTS, FAIL_ITEM, "%s: is there already", base);
	unique_name(&maildir->unique, base);
	return NULL;
}

/* The name that it gets there: its letters are of the table it comes from and have to be
 * translated. */
static const struct fail *name_translate(struct maildir *maildir, struct name *name,
					 const struct box *from, struct box *to,
					 struct arena *arena)
{
	uint32_t letters = name->letters;

	if (letters & from->letters.forwarded)
		name->bits |= FLAG_FORWARDED;
	return box_letters(maildir, to, letters_keywords(&from->letters, arena, letters),
			   &name->letters);
}

static const struct fail *file_transfer(struct maildir *maildir, const struct box *from,
					const struct found *found, struct box *to,
					enum place place, const char *text, bool copy)
{
	const struct fail *fail;
	char name[NAME_ROOM];
	struct stat status;

	if (!copy)
		return file_rename_new(from->in[found->place], found->text, to->in[place], text);
	box_tmp_name(maildir, name);
	fail = box_tmp(maildir, to);
	if (!fail)
		fail = copy_file(from->in[found->place], found->text, to->tmp, name, &status);
	if (fail)
		return fail;
	fail = file_rename_new(to->tmp, name, to->in[place], text);
	if (fail)
		unlinkat(to->tmp, name, 0);
	return fail;
}

/* What it is there. */
static const struct fail *transfer_tell(struct transfer *transfer, const struct box *to,
					const struct name *name, enum place place,
					const char *text, const struct found *found,
					struct arena *arena)
{
	struct stat status = found->status;
	char revision[REVISION_TEXT];

	/* Taken away already: it was the same file, unless it was copied. */
	if (fstatat(to->in[place], text, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno != ENOENT)
		return fail_errno(FAIL_ITEM, errno, "%s", text);
	revision_text(revision, &status);
	transfer->now = (struct version){
		.ref = arena_strn(arena, name->base, name->base_size),
		.revision = arena_str(arena, revision),
		.flags = box_flags(to, name, arena),
	};
	return NULL;
}

static const struct fail *transfer_found(struct maildir *maildir, struct transfer *transfer,
					 struct box *from, const struct found *found,
					 struct box *to, struct arena *arena)
{
	char base[NAME_ROOM], text[NAME_ROOM];
	enum place place = found->place;
	const struct fail *fail;
	struct name name;

	name_believe(&name, from, found, &transfer->hint);
	fail = name_translate(maildir, &name, from, to, arena);
	if (!fail)
		fail = base_choose(maildir, to, transfer, base);
	if (fail)
		return fail;
	name.base = base;
	name.base_size = strlen(base);
	name.has_info |= name.bits || name.letters;
	if (name.has_info)
		place = IN_CUR;
	if (!name_build(text, &name))
		return too_long(transfer->ref);
	fail = box_place(maildir, to, place);
	if (!fail)
		fail = file_transfer(maildir, from, found, to, place, text, transfer->copy);
	if (fail)
		return fail;
	index_note(to, base, name.base_size, place, text);
	if (!transfer->copy)
		index_note(from, transfer->ref, strlen(transfer->ref), found->place, NULL);
	fail = transfer_tell(transfer, to, &name, place, text, found, arena);
	if (!fail)
		fail = barrier_add(&maildir->barrier, to->in[place]);
	if (!fail && !transfer->copy)
		fail = barrier_add(&maildir->barrier, from->in[found->place]);
	return fail;
}

static bool transfer_try(struct maildir *maildir, void *item, enum chance chance, void *context,
			 const struct fail **fail)
{
	struct transfer *transfer = item;
	struct box *from, *to;
	struct found found;

	*fail = box_use(maildir, transfer->folder->path, &from);
	if (!*fail)
		*fail = box_use(maildir, transfer->to->path, &to);
	if (!*fail)
		*fail = locate(maildir, from, transfer->ref, &transfer->hint, chance, &found);
	if (*fail)
		return true;
	if (!found.there)
		return locate_missed(&found, chance, fail);
	*fail = transfer_found(maildir, transfer, from, &found, to, context);
	if (fail_is(*fail, FAIL_MISSING))
		return locate_vanished(chance, fail);
	return true;
}

const struct fail *maildir_transfer(struct store *store, struct transfer *transfers, size_t count,
				    struct arena *arena)
{
	struct items items = { transfers, count, sizeof *transfers,
			       offsetof(struct transfer, fail), NULL };

	maildir_call((struct maildir *)store);
	items_begin(&items);
	for (size_t i = 0; i < count; i++)
		transfers[i].now = (struct version){ 0 };
	return items_each((struct maildir *)store, &items, transfer_try, arena);
}

/* ---- removal ------------------------------------------------------------------------------ */

static const struct fail *removal_found(struct maildir *maildir, const struct removal *removal,
					struct box *box, const struct found *found)
{
	const struct fail *fail;

	fail = removal_run(maildir->root, &maildir->barrier, removal, box->in[found->place],
			   found->text, &found->status);
	if (!fail)
		index_note(box, removal->ref, strlen(removal->ref), found->place, NULL);
	return fail;
}

static bool removal_try(struct maildir *maildir, void *item, enum chance chance, void *context,
			const struct fail **fail)
{
	struct removal *removal = item;
	struct found found;
	struct box *box;

	(void)context;
	*fail = box_use(maildir, removal->folder->path, &box);
	if (!*fail)
		*fail = locate(maildir, box, removal->ref, &removal->hint, chance, &found);
	if (*fail)
		return true;
	if (!found.there)
		return locate_missed(&found, chance, fail);
	*fail = removal_found(maildir, removal, box, &found);
	if (fail_is(*fail, FAIL_MISSING))
		return locate_vanished(chance, fail);
	return true;
}

const struct fail *maildir_remove(struct store *store, struct removal *removals, size_t count,
				  struct arena *arena)
{
	struct items items = { removals, count, sizeof *removals,
			       offsetof(struct removal, fail), NULL };

	(void)arena;
	maildir_call((struct maildir *)store);
	items_begin(&items);
	return items_each((struct maildir *)store, &items, removal_try, NULL);
}
