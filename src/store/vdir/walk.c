/* Walk: reading a collection while others rename in it. */
#include "store/vdir/walk.h"

#include "base/arena.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first word of every cursor: a later koc that means something else by it changes the number. */
#define CURSOR_TAG "vdir2"

/* One pass, so that two can be compared: a sum of all names does not depend on their order. */
struct pass {
	struct stamp before, after;
	uint64_t sum;
	bool moved;
};

static uint64_t name_hash(const char *name)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 1099511628211u;
	return hash ^ hash >> 29;
}

static void odd_add(struct walk *walk, struct arena *arena, const char *name)
{
	if (!walk->odd_count++)
		walk->odd = arena_str(arena, name);
}

static const struct fail *item_add(struct walk *walk, struct arena *arena, const char *name,
				   const struct stat *status)
{
	char revision[REVISION_TEXT];

	if (walk->count == WALK_MOST)
		return fail_make(FAIL_DATA, FAIL_FOLDER, "more than %zu items", WALK_MOST);
	revision_doubt(revision, status, walk->touched);
	walk->doubted |= revision_doubted(revision);
	walk->moments += (name_hash(name) | 1) *
			 ((uint64_t)status->st_ctim.tv_sec * 1000000000u + (uint64_t)status->st_ctim.tv_nsec);
	*vec_push(walk) = (struct entry){
		.ref = arena_str(arena, name),
		.revision = arena_str(arena, revision),
		.says = SAYS_SIZE,
		.size = (uint64_t)status->st_size,
	};
	return NULL;
}

static const struct fail *names_read(DIR *stream, const struct collection *collection, struct arena *arena,
				     struct walk *walk, struct pass *pass)
{
	const struct fail *fail = NULL;
	struct dirent *entry;
	struct stat status;

	while (!fail && (errno = 0, entry = readdir(stream))) {
		if (!filename_is_item(collection->kind, entry->d_name))
			continue;
		pass->sum += name_hash(entry->d_name);
		if (fstatat(collection->fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
			if (errno != ENOENT)
				fail = fail_errno(FAIL_FOLDER, errno, "%s", entry->d_name);
			pass->moved = true; /* taken away, or renamed: then its new name may be missed */
		} else if (!S_ISREG(status.st_mode)) {
			odd_add(walk, arena, entry->d_name);
		} else {
			fail = item_add(walk, arena, entry->d_name, &status);
		}
	}
	if (!fail && errno)
		fail = fail_errno(FAIL_FOLDER, errno, "cannot read the directory");
	return fail;
}

static const struct fail *pass_run(const struct collection *collection, struct arena *arena,
				   struct walk *walk, struct pass *pass)
{
	const struct fail *fail = stamp_read(collection->fd, ".", &pass->before);
	DIR *stream = NULL;
	int fd = -1;

	pass->sum = 0;
	pass->moved = false;
	walk->count = walk->odd_count = 0;
	walk->odd = NULL;
	walk->doubted = false;
	walk->moments = 0;
	arena_reset(arena);
	if (fail)
		return fail;
	/* A description of its own, which starts at the beginning. */
	fd = openat(collection->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		fail = fail_errno(FAIL_FOLDER, errno, "cannot read the directory");
		if (fd >= 0)
			close(fd);
		return fail;
	}
	fail = names_read(stream, collection, arena, walk, pass);
	if (!fail)
		fail = stamp_read(collection->fd, ".", &pass->after);
	closedir(stream);
	pass->moved |= !stamp_equal(&pass->before, &pass->after);
	return fail;
}

/* Did nothing change while the pass ran? */
static bool pass_counts(const struct pass *pass, const struct pass *last, struct timespec touched)
{
	if (pass->moved)
		return false;
	if (stamp_trusted(&pass->before, touched))
		return true;
	return last && !last->moved && stamp_equal(&last->after, &pass->before) &&
	       last->sum == pass->sum;
}

static int entry_order(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	return strcmp(left->ref, right->ref);
}

const struct fail *walk_run(struct vdir *vdir, const struct collection *collection, unsigned passes,
				   struct arena *arena, struct walk *walk)
{
	const struct pass *last = NULL;
	const struct fail *fail = NULL;
	struct pass each[2];

	*walk = (struct walk){ 0 };
	for (unsigned i = 0; i < passes && !walk->stable && !fail; i++) {
		struct pass *pass = &each[i % 2];

		walk->touched = collection_touch(vdir, collection);
		fail = pass_run(collection, arena, walk, pass);
		if (fail)
			break;
		walk->stable = pass_counts(pass, last, walk->touched);
		walk->dated = stamp_trusted(&pass->before, walk->touched);
		walk->stamp = pass->before;
		last = pass;
	}
	if (!fail && walk->count)
		qsort(walk->items, walk->count, sizeof *walk->items, entry_order);
	return fail;
}

void walk_free(struct walk *walk)
{
	vec_free(walk);
}

/* ---- cursors ------------------------------------------------------------------------------ */

static void digest_text(char out[WALK_CURSOR], const struct walk *walk)
{
	struct digest_run *run = digest_begin();
	char hex[2 * DIGEST_SIZE + 1];
	struct digest digest;

	for (size_t i = 0; i < walk->count; i++) {
		const struct entry *entry = &walk->items[i];

		digest_add(run, entry->ref, strlen(entry->ref) + 1);
		digest_add(run, entry->revision, strlen(entry->revision) + 1);
	}
	digest_add(run, &walk->moments, sizeof walk->moments);
	digest_add(run, &walk->stamp.changed.tv_sec, sizeof walk->stamp.changed.tv_sec);
	digest_add(run, &walk->stamp.changed.tv_nsec, sizeof walk->stamp.changed.tv_nsec);
	digest = digest_end(run);
	str_hex(hex, digest.bytes, DIGEST_SIZE);
	snprintf(out, WALK_CURSOR, CURSOR_TAG " %s", hex);
}

static bool cursor_good(const struct walk *walk)
{
	return walk->stable && walk->dated && !walk->doubted;
}

void walk_cursor(char out[WALK_CURSOR], const struct walk *walk)
{
	if (cursor_good(walk))
		digest_text(out, walk);
	else
		snprintf(out, WALK_CURSOR, CURSOR_TAG " in doubt");
}

bool walk_matches(const struct walk *walk, const char *cursor)
{
	char now[WALK_CURSOR];

	if (!cursor_good(walk))
		return false;
	digest_text(now, walk);
	return strcmp(cursor, now) == 0;
}
