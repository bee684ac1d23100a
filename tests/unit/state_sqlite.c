/* The state in SQLite: its file, what else may lie in its place, other programs that read it. */
#include "unit/state_room.h"
#include "unit/state_shell.h"

#include <sys/stat.h>
#include <sys/wait.h>

/* ---- helpers ---- */

static void other_do(struct room *room, const char *name, const char *sql)
{
	sqlite3 *db = other_open(room, name);

	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void bytes_are(struct room *room, const char *name, struct bytes want)
{
	struct bytes got = bytes_read(room, name);

	assert_int_equal(got.size, want.size);
	assert_memory_equal(got.data, want.data, want.size);
}

static unsigned mode_of(struct room *room, const char *name)
{
	struct stat status;

	assert_int_equal(fstatat(room->directory, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	return status.st_mode & 07777;
}

static int files_in(struct room *room)
{
	DIR *list = opendir(room->path);
	struct dirent *entry;
	int count = 0;

	while ((entry = readdir(list)))
		count += entry->d_name[0] != '.';
	closedir(list);
	return count;
}

/* ---- the file ---- */

static void file_is_private(void **context)
{
	struct room *room = room_of(context);
	mode_t mask = umask(0);

	ok(state_open(room->directory, "mail.db", &room->state));
	folder_new(room, "mail/A");
	umask(mask);
	assert_int_equal(mode_of(room, "mail.db"), 0600);
	assert_int_equal(mode_of(room, "mail.db-wal"), 0600);
	assert_int_equal(mode_of(room, "mail.db-shm"), 0600);
	state_close(room->state);
	assert_int_equal(files_in(room), 1); /* nothing is left beside it */
	/* As a backup may have brought it back. */
	assert_int_equal(fchmodat(room->directory, "mail.db", 0664, 0), 0);
	ok(state_open(room->directory, "mail.db", &room->state));
	assert_int_equal(mode_of(room, "mail.db"), 0600);
}

static void reopening_changes_nothing(void **context)
{
	struct room *room = room_of(context);
	struct state_folder *folders;
	struct bytes before;
	size_t count;

	ok(state_open(room->directory, "mail.db", &room->state));
	row_new(room, folder_new(room, "mail/A"), "1", "a");
	state_close(room->state);
	before = bytes_read(room, "mail.db");
	assert_int_equal(before.data[18], 2); /* WAL */
	assert_int_equal(before.data[19], 2);
	for (int i = 0; i < 3; i++) {
		ok(state_open(room->directory, "mail.db", &room->state));
		ok(state_folders(room->state, room->arena, &folders, &count));
		assert_int_equal(count, 1);
		assert_string_equal(walk_text(room, folders[0].id, LOCAL, NULL, NULL), "a ");
		state_close(room->state);
		bytes_are(room, "mail.db", before);
	}
	room->state = NULL;
}

static void empty_file_is_a_new_state(void **context)
{
	struct room *room = room_of(context);
	struct bytes log = { 0 };

	bytes_write(room, "mail.db", log);
	ok(state_open(room->directory, "mail.db", &room->state));
	row_new(room, folder_new(room, "mail/A"), "1", "a");
	log = bytes_read(room, "mail.db-wal");
	state_close(room->state);
	/* A database moved away after a crash, its log forgotten: the log means nothing. */
	room_clear(room);
	bytes_write(room, "mail.db-wal", log);
	ok(state_open(room->directory, "mail.db", &room->state));
	assert_string_equal(walk_text(room, 1, SERVER, NULL, NULL), "");
	row_new(room, folder_new(room, "mail/A"), "2", "b");
}

/* In a child that starts when the pipe is closed: opens the state that others open too. */
static int open_at_once(struct room *room, int start)
{
	struct state *state;
	const struct fail *f;
	char byte;

	if (read(start, &byte, 1) != 0)
		return 1;
	f = state_open(room->directory, "mail.db", &state);
	if (f)
		print_error("%s\n", f->text);
	if (!f)
		f = state_memo_put(state, "m", "v");
	state_close(state);
	return f ? 2 : 0;
}

static void made_by_several_at_once(void **context)
{
	struct room *room = room_of(context);
	const char *memo;
	int opened = 0;

	for (int round = 0; round < 20; round++) {
		pid_t children[4];
		int ends[2], status;

		assert_int_equal(pipe(ends), 0);
		for (int i = 0; i < 4; i++) {
			children[i] = fork();
			assert_true(children[i] >= 0);
			if (children[i] == 0) {
				close(ends[1]);
				_exit(open_at_once(room, ends[0]));
			}
		}
		close(ends[1]);
		close(ends[0]);
		for (int i = 0; i < 4; i++) {
			assert_int_equal(waitpid(children[i], &status, 0), children[i]);
			assert_int_equal(status, 0);
			opened++;
		}
		ok(state_open(room->directory, "mail.db", &room->state));
		ok(state_memo_get(room->state, "m", room->arena, &memo));
		assert_string_equal(memo, "v");
		state_close(room->state);
		room->state = NULL;
		assert_int_equal(bytes_read(room, "mail.db").data[18], 2); /* WAL */
		room_clear(room);
	}
	assert_int_equal(opened, 80);
}

/* ---- what cannot be used ---- */

/* Cannot be opened, says what to do, and is left as it is. */
static void refused(struct room *room, const char *words)
{
	struct bytes before = bytes_read(room, "mail.db");
	const struct fail *f;

	f = fails(state_open(room->directory, "mail.db", &room->state), FAIL_STATE);
	assert_null(room->state);
	assert_int_equal(f->scope, FAIL_ACCOUNT);
	assert_non_null(strstr(f->text, words));
	assert_non_null(strstr(f->text, "move it"));
	assert_non_null(strstr(f->text, "nothing is lost"));
	assert_non_null(strstr(f->text, path_in(room, "mail.db")));
	bytes_are(room, "mail.db", before);
	assert_int_equal(files_in(room), 1);
}

static void unusable_is_left_alone(void **context)
{
	struct room *room = room_of(context);
	static char junk[20000];
	struct bytes good;

	memset(junk, 'x', sizeof junk);
	bytes_write(room, "mail.db", (struct bytes){ junk, sizeof junk });
	refused(room, "damaged");
	bytes_write(room, "mail.db", (struct bytes){ junk, 10 });
	refused(room, "damaged");
	room_clear(room);
	ok(state_open(room->directory, "mail.db", &room->state));
	state_close(room->state);
	room->state = NULL;
	good = bytes_read(room, "mail.db");
	memset(good.data, 0, 100);
	bytes_write(room, "mail.db", good);
	refused(room, "damaged");

	room_clear(room);
	other_do(room, "mail.db", "CREATE TABLE folder (id)");
	refused(room, "another program's");
	other_do(room, "mail.db", "PRAGMA user_version = 1");
	refused(room, "another program's");
	room_clear(room);
	ok(state_open(room->directory, "mail.db", &room->state));
	state_close(room->state);
	room->state = NULL;
	other_do(room, "mail.db", "PRAGMA user_version = 7");
	refused(room, "newer koc");
	other_do(room, "mail.db", "PRAGMA user_version = 6");
	ok(state_open(room->directory, "mail.db", &room->state));
}

static void not_a_file_is_refused(void **context)
{
	struct room *room = room_of(context);
	static const char *const names[] = { "directory", "symlink", "fifo" };
	int refusals = 0;

	ok(state_open(room->directory, "real.db", &room->state));
	state_close(room->state);
	room->state = NULL;
	assert_int_equal(mkdirat(room->directory, "directory", 0700), 0);
	assert_int_equal(symlinkat("real.db", room->directory, "symlink"), 0);
	assert_int_equal(mkfifoat(room->directory, "fifo", 0600), 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct fail *f;

		f = fails(state_open(room->directory, names[i], &room->state), FAIL_STATE);
		assert_int_equal(f->scope, FAIL_ACCOUNT);
		assert_non_null(strstr(f->text, "not a regular file"));
		refusals++;
	}
	assert_int_equal(refusals, 3);
	assert_int_equal(files_in(room), 4);
}

/* In a child, as a user who is not root: 0 when all is refused as it should be. */
static int unreadable_try(struct room *room)
{
	const struct fail *f;
	struct state *state;

	if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
		return 1;
	f = state_open(room->directory, "mail.db", &state);
	if (!f || f->code != FAIL_STATE || f->scope != FAIL_ACCOUNT ||
	    !strstr(f->text, "Permission denied"))
		return 2;
	f = state_open(room->directory, "new.db", &state);
	if (!f || f->code != FAIL_DENIED || f->scope != FAIL_ACCOUNT)
		return 3;
	return 0;
}

static void unreadable_is_refused(void **context)
{
	struct room *room = room_of(context);
	pid_t child;
	int status;

	ok(state_open(room->directory, "mail.db", &room->state));
	state_close(room->state);
	room->state = NULL;
	if (geteuid() != 0)
		assert_int_equal(fchmodat(room->directory, "mail.db", 0, 0), 0);
	assert_int_equal(fchmod(room->directory, 0555), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(unreadable_try(room));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(fchmod(room->directory, 0700), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Asks everything; NULL or the first fail. */
static const struct fail *read_all(struct room *room, struct state *state)
{
	struct state_folder *folders;
	struct pending *pending;
	struct history *lines;
	const struct row *row;
	struct row *rows;
	const char *memo;
	size_t count, n;
	const struct fail *f = state_folders(state, room->arena, &folders, &count);

	for (size_t i = 0; !f && i < count; i++) {
		f = state_walk(state, folders[i].id, LOCAL, NULL, NULL);
		do {
			row = NULL;
			if (!f)
				f = state_walk_next(state, &row);
		} while (row);
		state_walk_end(state);
	}
	if (!f)
		f = state_rows_by_key(state, "key", room->arena, &rows, &n);
	if (!f)
		f = state_pending(state, 0, room->arena, &pending, &n);
	if (!f)
		f = state_history(state, "x", 9, room->arena, &lines, &n);
	if (!f)
		f = state_memo_get(state, "x", room->arena, &memo);
	return f;
}

/* 1 if the state cannot be opened or read, and says so as it should; 0 if it can. */
static int damage_noticed(struct room *room)
{
	struct state *state;
	const struct fail *f = state_open(room->directory, "mail.db", &state);

	if (!f)
		f = read_all(room, state);
	state_close(state);
	if (!f)
		return 0;
	assert_int_equal(f->code, FAIL_STATE);
	assert_int_equal(f->scope, FAIL_ACCOUNT);
	return 1;
}

static void damage_is_noticed(void **context)
{
	struct room *room = room_of(context);
	int64_t folder, run;
	int noticed = 0, tries = 0;
	struct bytes good, bad;

	ok(state_open(room->directory, "mail.db", &room->state));
	ok(state_begin(room->state));
	folder = folder_new(room, "mail/A");
	ok(state_run_begin(room->state, 1, &run));
	for (int i = 0; i < 300; i++) {
		char ref[16];
		struct row row = row_make(folder, ref, ref);
		struct pending pending = { .folder = folder, .ref = ref };

		snprintf(ref, sizeof ref, "%06d", i);
		row.key = "key";
		row.side[LOCAL].digest = digest_of(ref, 6);
		ok(state_row_put(room->state, &row));
		ok(state_pending_put(room->state, &pending));
		ok(state_history_add(room->state, run, "f", "i", "t"));
	}
	ok(state_commit(room->state));
	state_close(room->state);
	room->state = NULL;
	good = bytes_read(room, "mail.db");
	assert_true(good.size > 50 * 1024);
	for (size_t at = 0; at + 64 < good.size; at += 449, tries++) {
		bad.data = arena_alloc(room->arena, good.size);
		bad.size = tries % 10 ? good.size : at; /* each tenth is cut off there */
		memcpy(bad.data, good.data, good.size);
		for (size_t i = 0; i < 24; i++)
			bad.data[at + i] ^= (char)(0x5a + i * 7);
		bytes_write(room, "mail.db", bad);
		noticed += damage_noticed(room);
		if (bad.size)
			bytes_are(room, "mail.db", bad); /* for whoever wants to save something */
	}
	assert_true(tries > 100);
	assert_true(noticed > 10);
}

/* ---- other programs ---- */

static void others_may_read(void **context)
{
	struct room *room = room_of(context);
	int64_t folder;
	sqlite3 *db;

	ok(state_open(room->directory, "mail.db", &room->state));
	folder = folder_new(room, "mail/A");
	row_new(room, folder, "1", "a");
	db = other_open(room, "mail.db");
	assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT * FROM row", NULL, NULL, NULL), SQLITE_OK);
	row_new(room, folder, "2", "b"); /* not in its way */
	assert_string_equal(other_ask(db, "SELECT count(*) FROM row"), "1\n");
	assert_int_equal(sqlite3_exec(db, "COMMIT; BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(fails(state_begin(room->state), FAIL_LOCKED)->scope, FAIL_ACCOUNT);
	assert_string_equal(walk_text(room, folder, SERVER, NULL, NULL), "1 2 ");
	sqlite3_close(db);
	row_new(room, folder, "3", "c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALONE(file_is_private),
		ALONE(reopening_changes_nothing),
		ALONE(empty_file_is_a_new_state),
		ALONE(made_by_several_at_once),
		ALONE(unusable_is_left_alone),
		ALONE(not_a_file_is_refused),
		ALONE(unreadable_is_refused),
		ALONE(damage_is_noticed),
		ALONE(others_may_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
