/* The store contract on the Maildir driver, in a directory of its own. */
#include "contract/contract.h"

#include "maildir_room.h"

#include <dirent.h>
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

	ASSERT_OK(maildir_open(room_of(bench)->root, &store));
	return store;
}

static struct store *open_without_exchange(struct bench *bench)
{
	struct store *store = open_store(bench);

	((struct maildir *)store)->no_exchange = true;
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
	room_folder(room_of(bench), path);
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

/* Appends a keyword to the folder's table; its letter. */
static char letter_of(const struct room *room, const char *path, const char *keyword)
{
	char table[128], temporary[128], line[64];
	struct letters letters = { 0 };
	char letter = '\0';

	snprintf(table, sizeof table, "%s/dovecot-keywords", path);
	snprintf(temporary, sizeof temporary, "%s/.dovecot-keywords.tmp", path);
	for (int again = 0; again < 2 && !letter; again++) {
		const char *text = room_text(room, table);

		letters_parse(&letters, text, strlen(text));
		for (int i = 0; i < LETTERS; i++)
			if (letters_of(&letters, keyword) & 1u << i)
				letter = (char)('a' + i);
		if (letter)
			break;
		snprintf(line, sizeof line, "%d %s\n", __builtin_popcount(letters.taken), keyword);
		room_put(room, temporary, text);
		{
			int fd = openat(room->root, temporary, O_WRONLY | O_APPEND | O_CLOEXEC);

			assert_int_equal(write(fd, line, strlen(line)), strlen(line));
			close(fd);
		}
		room_rename(room, temporary, table);
	}
	letters_free(&letters);
	return letter;
}

static bool add(struct bench *bench, const char *path, const char *key, struct body *body,
		struct flags flags)
{
	static unsigned count;
	char base[64], text[NAME_ROOM], whole[512];
	struct name name = { .base = base, .bits = flags.bits, .rest = "" };

	(void)key;
	if (flags.keywords)
		name.letters = 1u << (letter_of(room_of(bench), path, flags.keywords) - 'a');
	snprintf(base, sizeof base, "1700000000.%u_1.other", ++count);
	name.base_size = strlen(base);
	name.has_info = name.bits || name.letters;
	if (!name_build(text, &name))
		return false;
	snprintf(whole, sizeof whole, "%s/%s/%s", path, name.has_info ? "cur" : "new", text);
	return put_body(room_of(bench), whole, body);
}

/* The path of the file with this base name; empty if there is none. */
static void find_file(const struct room *room, const char *folder, const char *ref, char out[512])
{
	static const char *const parts[] = { "new", "cur" };

	out[0] = '\0';
	for (size_t i = 0; i < 2; i++) {
		char path[256];
		struct dirent *entry;
		DIR *stream;
		int fd;

		snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
		fd = openat(room->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		stream = fdopendir(fd);
		assert_non_null(stream);
		while ((entry = readdir(stream)))
			if (name_base(entry->d_name) == strlen(ref) &&
			    strncmp(entry->d_name, ref, strlen(ref)) == 0)
				snprintf(out, 512, "%s/%s", path, entry->d_name);
		closedir(stream);
	}
}

/* As an editor does: another file under the name. */
static bool edit(struct bench *bench, const char *path, const char *ref, struct body *body)
{
	char file[512], temporary[256];

	find_file(room_of(bench), path, ref, file);
	snprintf(temporary, sizeof temporary, "%s/tmp/edited", path);
	if (!*file || !put_body(room_of(bench), temporary, body))
		return false;
	room_rename(room_of(bench), temporary, file);
	return true;
}

static bool remove_item(struct bench *bench, const char *path, const char *ref)
{
	char file[512];

	find_file(room_of(bench), path, ref, file);
	return *file && unlinkat(room_of(bench)->root, file, 0) == 0;
}

static bool move(struct bench *bench, const char *path, const char *ref, const char *to)
{
	char file[512], target[512];

	find_file(room_of(bench), path, ref, file);
	snprintf(target, sizeof target, "%s/cur/%s", to, strrchr(file, '/') + 1);
	room_rename(room_of(bench), file, target);
	return true;
}

static bool flag(struct bench *bench, const char *path, const char *ref, struct flags add_these,
		 struct flags remove_these)
{
	char file[512], text[NAME_ROOM], target[512];
	struct name name;

	find_file(room_of(bench), path, ref, file);
	if (!*file)
		return false;
	name_parse(&name, strrchr(file, '/') + 1);
	name.has_info = true;
	name.bits = (name.bits & ~remove_these.bits) | add_these.bits;
	if (add_these.keywords)
		name.letters |= 1u << (letter_of(room_of(bench), path, add_these.keywords) - 'a');
	if (remove_these.keywords)
		name.letters &=
			~(1u << (letter_of(room_of(bench), path, remove_these.keywords) - 'a'));
	assert_true(name_build(text, &name));
	snprintf(target, sizeof target, "%s/cur/%s", path, text);
	room_rename(room_of(bench), file, target);
	return true;
}

static bool make_read_only(struct bench *bench, const char *path)
{
	static const char *const parts[] = { "new", "cur", "tmp" };

	for (size_t i = 0; i < 3; i++) {
		char whole[256];

		snprintf(whole, sizeof whole, "%s/%s", path, parts[i]);
		if (fchmodat(room_of(bench)->root, whole, 0500, 0) != 0)
			return false;
	}
	return true;
}

static bool kept(struct bench *bench, const char *into, struct buf *bytes)
{
	const char *text = room_text(room_of(bench), into);

	buf_adds(bytes, text);
	return room_has(room_of(bench), into);
}

int main(void)
{
	struct room room = { .root = -1 };
	struct bench bench = {
		.name = "maildir",
		.kind = KIND_MAIL,
		.can = CAN_EDIT | CAN_KEEP | CAN_TELL_NEWS | CAN_ADD_KEYWORDS | CAN_HOLD_BARE |
		       CAN_HOLD_NUL | CAN_HOLD_EMPTY | CAN_FIND | CAN_REMOVE_ALONE |
		       CAN_TELL_REVISIONS | CAN_KEEP_BYTES | CAN_RENAME | CAN_HOLD_ALL_NAMES,
		.least = 65,
		.medium = &room,
		.fresh = fresh,
		.open = open_store,
		.finish = finish,
		.add_folder = add_folder,
		.remove_folder = remove_folder,
		.rename_folder = rename_folder,
		.add = add,
		.edit = edit,
		.remove = remove_item,
		.move = move,
		.flag = flag,
		/* Root writes where nobody may. */
		.make_read_only = getuid() ? make_read_only : NULL,
		.kept = kept,
	};
	int failed = contract_run(&bench);

	bench.name = "maildir without exchange";
	bench.open = open_without_exchange;
	return failed + contract_run(&bench) != 0;
}
