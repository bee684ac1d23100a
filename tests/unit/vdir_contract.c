/* The store contract on the vdir driver, in a directory of its own: calendars and address books. */
#include "contract/contract.h"

#include "vdir_room.h"

#include <errno.h>

static struct room *room_of(const struct bench *bench)
{
	return bench->medium;
}

static void fresh(struct bench *bench)
{
	struct room *room = room_of(bench);

	if (room->root >= 0)
		room_end(room);
	room_begin(room);
	store_close(room->store);
	room->store = NULL;
	bench->spool = room->spool.directory;
}

static struct store *open_store(struct bench *bench)
{
	struct store *store;

	ASSERT_OK(vdir_open(room_of(bench)->root, &store));
	return store;
}

static struct store *open_without_exchange(struct bench *bench)
{
	struct store *store = open_store(bench);

	((struct vdir *)store)->no_exchange = true;
	return store;
}

static void finish(struct bench *bench)
{
	room_end(room_of(bench));
	room_of(bench)->root = -1;
}

/* ---- another program ---------------------------------------------------------------------- */

static bool add_folder(struct bench *bench, const char *path)
{
	room_collection(room_of(bench), path);
	return true;
}

static bool remove_folder(struct bench *bench, const char *path)
{
	char whole[512];

	snprintf(whole, sizeof whole, "%s/%s", room_of(bench)->path, path);
	return nftw(whole, room_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

static bool rename_folder(struct bench *bench, const char *path, const char *to)
{
	return renameat(room_of(bench)->root, path, room_of(bench)->root, to) == 0;
}

static bool put_body(const struct room *room, const char *path, struct body *body)
{
	int fd = openat(room->root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uint64_t offset = 0;
	char chunk[4096];
	size_t got = 1;
	bool ok = fd >= 0;

	while (ok && got) {
		ok = !body_read(body, offset, chunk, sizeof chunk, &got) &&
		     write(fd, chunk, got) == (ssize_t)got;
		offset += got;
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Until the clock has ticked the revision of what another program wrote is in doubt: no two listings tell
 * the same one (vdir_list.c tries that). */
static bool settled(const struct room *room)
{
	room_tick(room);
	return true;
}

static bool add(struct bench *bench, const char *path, const char *key, struct body *body,
		struct flags flags)
{
	static unsigned count;
	char whole[512];

	(void)key;
	(void)flags;
	snprintf(whole, sizeof whole, "%s/other-%u.%s", path, ++count,
		 bench->kind == KIND_CONTACTS ? "vcf" : "ics");
	return put_body(room_of(bench), whole, body) && settled(room_of(bench));
}

/* As khal does: another file under the name. */
static bool edit(struct bench *bench, const char *path, const char *ref, struct body *body)
{
	char file[512], temporary[512];

	snprintf(file, sizeof file, "%s/%s", path, ref);
	snprintf(temporary, sizeof temporary, "%s/tmpa1b2c3", path);
	if (!room_has(room_of(bench), file) || !put_body(room_of(bench), temporary, body))
		return false;
	room_rename(room_of(bench), temporary, file);
	return settled(room_of(bench));
}

static bool remove_item(struct bench *bench, const char *path, const char *ref)
{
	char file[512];

	snprintf(file, sizeof file, "%s/%s", path, ref);
	return unlinkat(room_of(bench)->root, file, 0) == 0;
}

static bool move(struct bench *bench, const char *path, const char *ref, const char *to)
{
	char file[512], target[512];

	snprintf(file, sizeof file, "%s/%s", path, ref);
	snprintf(target, sizeof target, "%s/%s", to, ref);
	room_rename(room_of(bench), file, target);
	return true;
}

static bool make_read_only(struct bench *bench, const char *path)
{
	return fchmodat(room_of(bench)->root, path, 0500, 0) == 0;
}

static bool kept(struct bench *bench, const char *into, struct buf *bytes)
{
	const char *text = room_text(room_of(bench), into);

	buf_adds(bytes, text);
	return room_has(room_of(bench), into);
}

int main(void)
{
	static const struct {
		const char *name;
		enum kind kind;
		struct store *(*open)(struct bench *bench);
	} benches[] = {
		{ "vdir: calendars", KIND_EVENTS, open_store },
		{ "vdir: calendars, without exchange", KIND_EVENTS, open_without_exchange },
		{ "vdir: tasks", KIND_TASKS, open_store },
		{ "vdir: notes", KIND_NOTES, open_store },
		{ "vdir: contacts", KIND_CONTACTS, open_store },
	};
	struct room room = { .root = -1 };
	int failed = 0;

	for (size_t i = 0; i < COUNT(benches); i++) {
		struct bench bench = {
			.name = benches[i].name,
			.kind = benches[i].kind,
			.can = CAN_EDIT | CAN_KEEP | CAN_TELL_NEWS | CAN_HOLD_BARE | CAN_HOLD_NUL |
			       CAN_HOLD_EMPTY | CAN_REMOVE_ALONE | CAN_TELL_REVISIONS | CAN_KEEP_BYTES |
			       CAN_RENAME | CAN_HOLD_ALL_NAMES | CAN_GUARD_MOVES,
			.least = 50,
			.medium = &room,
			.fresh = fresh,
			.open = benches[i].open,
			.finish = finish,
			.add_folder = add_folder,
			.remove_folder = remove_folder,
			.rename_folder = rename_folder,
			.add = add,
			.edit = edit,
			.remove = remove_item,
			.move = move,
			/* Root writes where nobody may. */
			.make_read_only = getuid() ? make_read_only : NULL,
			.kept = kept,
		};

		failed += contract_run(&bench);
	}
	return failed != 0;
}
