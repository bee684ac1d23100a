/* What the tests of local drivers share: a fresh store, files in it, and the driver opened on it.
 * maildir_room.h and vdir_room.h say which driver (ROOM_OPEN) and what its items are (ROOM_FORM). */
#ifndef KOC_TESTS_LOCAL_ROOM_H
#define KOC_TESTS_LOCAL_ROOM_H

#include "base/arena.h"
#include "base/step.h"
#include "store/store.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ASSERT_OK(call)                                                                            \
	do {                                                                                       \
		const struct fail *fail_ = (call);                                                 \
		if (fail_)                                                                         \
			fail_msg("%s: %s", #call, fail_->text);                                    \
	} while (0)

struct room {
	char path[64];
	int root;
	struct store *store;
	struct arena *arena;
	struct spool spool;
};

static inline int room_remove_one(const char *path, const struct stat *status, int type,
				  struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int room_open_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)ftw;
	return type == FTW_D || type == FTW_DNR ? chmod(path, status->st_mode | 0700) : 0;
}

/* Removes all, directories that were made read-only too. */
static inline void room_remove(const char *path)
{
	nftw(path, room_open_one, 16, FTW_PHYS);
	nftw(path, room_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A child that does not outlive the test, however that ends. */
static inline pid_t room_fork(void)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

/* A store with a spool directory and a vault, like an account's. */
static inline void room_begin(struct room *room)
{
	const char *tmp = getenv("TMPDIR");

	*room = (struct room){ .root = -1 };
	snprintf(room->path, sizeof room->path, "%s/koc-local-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(room->path));
	room->root = open(room->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(room->root >= 0);
	assert_int_equal(mkdirat(room->root, ".koc", 0700), 0);
	assert_int_equal(mkdirat(room->root, ".koc/spool", 0700), 0);
	assert_int_equal(mkdirat(room->root, ".koc/vault", 0700), 0);
	room->spool.directory = openat(room->root, ".koc/spool", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(room->spool.prefix, sizeof room->spool.prefix, "s%ld-", (long)getpid());
	room->arena = arena_new();
	ASSERT_OK(ROOM_OPEN(room->root, &room->store));
	room->store->spool = &room->spool;
}

static inline void room_end(struct room *room)
{
	store_close(room->store);
	arena_free(room->arena);
	close(room->spool.directory);
	close(room->root);
	room_remove(room->path);
}

/* As if the program were started again: what lies in the spool goes. */
static inline void room_again(struct room *room)
{
	char path[96];

	store_close(room->store);
	snprintf(path, sizeof path, "%s/.koc/spool", room->path);
	nftw(path, room_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	close(room->spool.directory);
	assert_int_equal(mkdirat(room->root, ".koc/spool", 0700), 0);
	room->spool.directory = openat(room->root, ".koc/spool", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_OK(ROOM_OPEN(room->root, &room->store));
	room->store->spool = &room->spool;
}

static inline void room_directory(const struct room *room, const char *path)
{
	assert_int_equal(mkdirat(room->root, path, 0700), 0);
}

static inline void room_put(const struct room *room, const char *path, const char *text)
{
	int fd = openat(room->root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static inline bool room_has(const struct room *room, const char *path)
{
	struct stat status;

	return fstatat(room->root, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The content of a small file; "" if it is not there.  Static. */
static inline const char *room_text(const struct room *room, const char *path)
{
	static char text[8192];
	int fd = openat(room->root, path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

	text[got > 0 ? got : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static inline void room_rename(const struct room *room, const char *from, const char *to)
{
	assert_int_equal(renameat(room->root, from, room->root, to), 0);
}

/* Waits until the file system's clock has ticked. */
static inline void room_tick(const struct room *room)
{
	struct stat first, now;

	room_put(room, "tick", "");
	assert_int_equal(fstatat(room->root, "tick", &first, 0), 0);
	do {
		assert_int_equal(utimensat(room->root, "tick", NULL, 0), 0);
		assert_int_equal(fstatat(room->root, "tick", &now, 0), 0);
	} while (now.st_mtim.tv_sec == first.st_mtim.tv_sec &&
		 now.st_mtim.tv_nsec == first.st_mtim.tv_nsec);
	assert_int_equal(unlinkat(room->root, "tick", 0), 0);
}

/* A folder as the engine would name it. */
static inline struct store_folder room_named(const char *path)
{
	return (struct store_folder){ .path = path, .name = path };
}

/* The listing of a folder; listing_free it. */
static inline struct listing *room_list(const struct room *room, const char *path)
{
	struct store_folder folder = room_named(path);
	struct look look = { .folder = &folder, .cursor = "" };

	ASSERT_OK(store_list(room->store, &look, 1));
	ASSERT_OK(look.fail);
	assert_true(look.listing->complete);
	return look.listing;
}

static inline const struct entry *room_entry(const struct listing *listing, const char *ref)
{
	for (size_t i = 0; i < listing->count; i++)
		if (strcmp(listing->entries[i].ref, ref) == 0)
			return &listing->entries[i];
	return NULL;
}

static inline bool room_exists(const struct room *room, const char *path, const char *ref)
{
	struct store_folder folder = room_named(path);
	bool there;

	ASSERT_OK(store_exists(room->store, &folder, ref, &there));
	return there;
}

/* Does the folder have news since the cursor? */
static inline enum news room_news(const struct room *room, const char *path, const char *cursor)
{
	struct store_known known = { .path = path, .name = path, .cursor = cursor };
	struct folder_list list;

	ASSERT_OK(store_folders(room->store, &known, 1, room->arena, &list));
	for (size_t i = 0; i < list.count; i++)
		if (strcmp(list.items[i].path, path) == 0)
			return list.items[i].news;
	fail_msg("%s is not there", path);
	return NEWS_SOME;
}

/* A body in the spool, or in memory. */
static inline struct body *room_body(struct room *room, const char *text, bool spooled)
{
	struct body *body;

	if (!spooled) {
		ASSERT_OK(body_of_memory(text, strlen(text), ROOM_FORM, &body));
		return body;
	}
	ASSERT_OK(body_begin(&room->spool, ROOM_FORM, &body));
	ASSERT_OK(body_add(body, text, strlen(text)));
	ASSERT_OK(body_end(body));
	return body;
}

/* Writes a message of one folder and makes it durable; its ref (in the room's arena). */
static inline const char *room_write(struct room *room, const char *path, const char *text,
				     const char *name, struct flags flags)
{
	struct store_folder folder = room_named(path);
	struct write write = {
		.folder = &folder,
		.body = room_body(room, text, true),
		.flags = flags,
		.date = 1000000000,
		.name = name,
	};

	ASSERT_OK(store_write(room->store, &write, 1, room->arena));
	ASSERT_OK(write.fail);
	ASSERT_OK(store_sync(room->store));
	body_free(write.body);
	assert_non_null(write.now.ref);
	return write.now.ref;
}

static size_t room_counted;

static inline int room_count_one(const char *path, const struct stat *status, int type,
				 struct FTW *ftw)
{
	(void)path;
	(void)type;
	(void)ftw;
	room_counted += S_ISREG(status->st_mode);
	return 0;
}

/* How many files there are in a directory and below. */
static inline size_t room_count(const struct room *room, const char *path)
{
	char whole[256];

	room_counted = 0;
	snprintf(whole, sizeof whole, "%s/%s", room->path, path);
	nftw(whole, room_count_one, 16, FTW_PHYS);
	return room_counted;
}

#endif
