/* What the tests of the state share: a directory of their own, an empty state in it, a few
 * helpers. */
#ifndef KOC_TESTS_STATE_ROOM_H
#define KOC_TESTS_STATE_ROOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/step.h"
#include "state/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct room {
	struct state *state;
	struct arena *arena;
	char path[64]; /* of the directory */
	int directory;
};

/* The call must succeed. */
#define ok(call) room_ok((call), __FILE__, __LINE__)

static inline void room_ok(const struct fail *f, const char *file, int line)
{
	if (f)
		print_error("%s:%d: %s: %s\n", file, line, fail_word(f->code), f->text);
	_assert_true(!f, "no fail", file, line);
}

/* The call must fail with this code. */
#define fails(call, want) room_fails((call), (want), __FILE__, __LINE__)

static inline const struct fail *room_fails(const struct fail *f, enum fail_code want,
					    const char *file, int line)
{
	if (f && f->code != want)
		print_error("%s:%d: %s: %s\n", file, line, fail_word(f->code), f->text);
	_assert_true(f && f->code == want, fail_word(want), file, line);
	return f;
}

static inline struct room *room_of(void **context)
{
	return *context;
}

static inline int room_setup(void **context)
{
	struct room *room = calloc(1, sizeof *room);

	snprintf(room->path, sizeof room->path, "/tmp/koc-state-XXXXXX");
	if (!mkdtemp(room->path))
		return -1;
	room->directory = open(room->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	room->arena = arena_new();
	*context = room;
	return room->directory < 0 ? -1 : 0;
}

static inline int room_setup_memory(void **context)
{
	if (room_setup(context))
		return -1;
	room_of(context)->state = state_memory();
	return 0;
}

static inline int room_setup_sqlite(void **context)
{
	struct room *room;
	const struct fail *f;

	if (room_setup(context))
		return -1;
	room = room_of(context);
	f = state_open(room->directory, "mail.db", &room->state);
	if (f)
		print_error("%s\n", f->text);
	return f ? -1 : 0;
}

/* Removes the files of the directory. */
static inline void room_clear(struct room *room)
{
	DIR *list = opendir(room->path);
	struct dirent *entry;

	while (list && (entry = readdir(list)))
		if (entry->d_name[0] != '.')
			unlinkat(room->directory, entry->d_name,
				 entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
	if (list)
		closedir(list);
}

static inline int room_teardown(void **context)
{
	struct room *room = room_of(context);

	step_set_hook(NULL, NULL);
	state_close(room->state);
	arena_free(room->arena);
	room_clear(room);
	close(room->directory);
	rmdir(room->path);
	free(room);
	return 0;
}

static inline int64_t folder_new(struct room *room, const char *path)
{
	struct state_folder folder = { .path = path };

	ok(state_folder_put(room->state, &folder));
	assert_true(folder.id > 0);
	return folder.id;
}

/* A row with these refs; NULL none. */
static inline struct row row_make(int64_t folder, const char *server, const char *local)
{
	struct row row = { .folder = folder };

	row.side[SERVER].ref = server;
	row.side[LOCAL].ref = local;
	return row;
}

static inline int64_t row_new(struct room *room, int64_t folder, const char *server,
			      const char *local)
{
	struct row row = row_make(folder, server, local);

	ok(state_row_put(room->state, &row));
	assert_true(row.id > 0);
	return row.id;
}

/* Adds to `text`, which has room for `room` bytes. */
static inline void text_add(char *text, size_t room, const char *more)
{
	size_t size = strlen(text);

	assert_true(size + strlen(more) < room);
	memcpy(text + size, more, strlen(more) + 1);
}

/* The refs of a walk, each with a space behind it. */
static inline const char *walk_text(struct room *room, int64_t folder, enum side side,
				    const char *first, const char *last)
{
	static char text[65536];
	const struct row *row;

	text[0] = '\0';
	ok(state_walk(room->state, folder, side, first, last));
	for (;;) {
		ok(state_walk_next(room->state, &row));
		if (!row)
			break;
		text_add(text, sizeof text, row->side[side].ref);
		text_add(text, sizeof text, " ");
	}
	state_walk_end(room->state);
	return text;
}

/* A whole file. */
struct bytes {
	char *data; /* of the arena */
	size_t size;
};

static inline struct bytes bytes_read(struct room *room, const char *name)
{
	struct bytes bytes = { 0 };
	int fd = openat(room->directory, name, O_RDONLY);

	assert_true(fd >= 0);
	bytes.size = (size_t)lseek(fd, 0, SEEK_END);
	bytes.data = arena_alloc(room->arena, bytes.size + 1);
	assert_int_equal(pread(fd, bytes.data, bytes.size, 0), (ssize_t)bytes.size);
	close(fd);
	return bytes;
}

static inline void bytes_write(struct room *room, const char *name, struct bytes bytes)
{
	int fd = openat(room->directory, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.data, bytes.size), (ssize_t)bytes.size);
	close(fd);
}

/* The check on both implementations. */
#define BOTH(check)                                                                            \
	{ "memory: " #check, check, room_setup_memory, room_teardown, NULL },                  \
	{                                                                                      \
		"sqlite: " #check, check, room_setup_sqlite, room_teardown, NULL               \
	}

/* The check with an empty directory. */
#define ALONE(check) cmocka_unit_test_setup_teardown(check, room_setup, room_teardown)

#endif
