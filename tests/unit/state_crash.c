/* The state in SQLite when the program is killed, the log is torn, the disk is full: it opens
 * without repair, what was committed is there, what was not is not. */
#include "unit/state_room.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define TRANSACTIONS 12
#define ROWS         3 /* that each inserts */

/* ---- a history ---- */

/* Transaction number n inserts ROWS rows and sets the memo "n", which is told to `told` after
 * it. */
static const struct fail *transaction(struct state *state, int64_t folder, int n, int told)
{
	char ref[32], number[16];
	const struct fail *f = state_begin(state);
	char told_byte = (char)n;

	for (int i = 0; !f && i < ROWS; i++) {
		struct row row = row_make(folder, ref, NULL);

		snprintf(ref, sizeof ref, "%06d", n * ROWS + i);
		row.subject = "a subject that takes some room in the log, as subjects do";
		f = state_row_put(state, &row);
	}
	snprintf(number, sizeof number, "%d", n);
	if (!f)
		f = state_memo_put(state, "n", number);
	if (!f)
		f = state_commit(state);
	else
		state_rollback(state);
	if (!f && told >= 0 && write(told, &told_byte, 1) != 1)
		_exit(99);
	return f;
}

static const struct fail *history(int directory, int told, struct state **state)
{
	struct state_folder folder = { .path = "mail/A" };
	const struct fail *f = state_open(directory, "mail.db", state);

	if (!f)
		f = state_folder_put(*state, &folder);
	for (int n = 1; !f && n <= TRANSACTIONS; n++)
		f = transaction(*state, folder.id, n, told);
	return f;
}

/* Opens the state and returns how many transactions are in it; fails the test when one is there in
 * part. */
static int transactions_in(struct room *room, const char *name)
{
	struct state_folder *folders;
	const struct row *row;
	const char *memo;
	int rows = 0, n;
	size_t count;

	ok(state_open(room->directory, name, &room->state));
	ok(state_folders(room->state, room->arena, &folders, &count));
	ok(state_memo_get(room->state, "n", room->arena, &memo));
	n = memo ? atoi(memo) : 0;
	if (count) {
		ok(state_walk(room->state, folders[0].id, SERVER, NULL, NULL));
		for (;;) {
			ok(state_walk_next(room->state, &row));
			if (!row)
				break;
			rows++;
		}
		state_walk_end(room->state);
	}
	assert_int_equal(rows, n * ROWS);
	if (!count) { /* it works on */
		struct state_folder folder = { .path = "mail/A" };

		ok(state_folder_put(room->state, &folder));
	}
	state_close(room->state);
	room->state = NULL;
	return n;
}

/* ---- killed at every step ---- */

static const struct fail *kill_at(void *context, const char *what)
{
	int *left = context;

	(void)what;
	if (--*left == 0)
		raise(SIGKILL);
	return NULL;
}

/* The history in a process of its own, killed at step `at`; true if it was.  *told is the number of
 * the last transaction whose commit returned. */
static bool history_killed(struct room *room, int at, int *told)
{
	struct state *state;
	int ends[2], status;
	char byte;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		step_set_hook(kill_at, &at);
		_exit(history(room->directory, ends[1], &state) ? 1 : 0);
	}
	close(ends[1]);
	for (*told = 0; read(ends[0], &byte, 1) == 1;)
		*told = byte;
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void killed_at_every_step(void **context)
{
	struct room *room = room_of(context);
	int at = 1, told = 0;

	while (history_killed(room, at, &told)) {
		assert_int_equal(transactions_in(room, "mail.db"), told);
		room_clear(room);
		at++;
	}
	/* The last one was not killed, but ended without closing. */
	assert_int_equal(told, TRANSACTIONS);
	assert_int_equal(transactions_in(room, "mail.db"), TRANSACTIONS);
	assert_true(at - 1 == TRANSACTIONS + 3); /* create, schema, folder */
}

/* ---- the log torn or damaged at any place ---- */

static void log_torn(void **context)
{
	struct room *room = room_of(context);
	int told, before = 0, seen = 0;
	bool was[TRANSACTIONS + 1] = { false };
	struct bytes base, log;

	assert_false(history_killed(room, 1000, &told));
	base = bytes_read(room, "mail.db");
	log = bytes_read(room, "mail.db-wal");
	assert_true(log.size > 100000);
	for (size_t size = 0; size < log.size + 4099; size += 4099) {
		struct bytes part = { log.data, size < log.size ? size : log.size };
		int n;

		room_clear(room);
		bytes_write(room, "mail.db", base);
		bytes_write(room, "mail.db-wal", part);
		n = transactions_in(room, "mail.db");
		assert_true(n >= before && n <= TRANSACTIONS);
		before = n;
		was[n] = true;
	}
	assert_int_equal(before, TRANSACTIONS);
	for (int n = 0; n <= TRANSACTIONS; n++)
		seen += was[n];
	assert_true(seen > 10);

	/* One byte of the log wrong: what comes before it is there. */
	seen = 0;
	for (size_t at = 16; at < log.size; at += log.size / 40) {
		room_clear(room);
		log.data[at] ^= 0x55;
		bytes_write(room, "mail.db", base);
		bytes_write(room, "mail.db-wal", log);
		log.data[at] ^= 0x55;
		assert_in_range(transactions_in(room, "mail.db"), 0, TRANSACTIONS);
		seen++;
	}
	assert_true(seen >= 40);
}

/* ---- no more room on the disk ---- */

static void size_limit(rlim_t size)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* In a child: the history with files of at most `size` bytes.  0: it ran through; 1: it failed as
 * it should; else it did not. */
static int history_limited(struct room *room, rlim_t size)
{
	struct state *state = NULL;
	const struct fail *f;

	signal(SIGXFSZ, SIG_IGN);
	size_limit(size);
	f = history(room->directory, -1, &state);
	state_close(state);
	if (!f)
		return 0;
	return f->code == FAIL_DISK && f->scope == FAIL_ACCOUNT ? 1 : 2;
}

static int in_child(struct room *room, int (*act)(struct room *, rlim_t), rlim_t size)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(act(room, size));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void disk_full(void **context)
{
	struct room *room = room_of(context);
	int failed = 0, result, n = 0;

	for (rlim_t size = 0;; size += 10007) {
		result = in_child(room, history_limited, size);
		assert_in_range(result, 0, 1);
		n = transactions_in(room, "mail.db");
		room_clear(room);
		if (result == 0)
			break;
		failed++;
	}
	assert_true(failed > 10);
	assert_int_equal(n, TRANSACTIONS);
}

/* One transaction that is larger than the page cache, so that the disk is full before the
 * commit. */
static int transaction_limited(struct room *room, rlim_t size)
{
	static char subject[4000];
	struct state_folder folder = { .path = "mail/A" };
	struct state *state = NULL;
	const struct fail *f = NULL;
	char ref[32];
	struct row row = { 0 };
	int i;

	signal(SIGXFSZ, SIG_IGN);
	memset(subject, 'x', sizeof subject - 1);
	if (state_open(room->directory, "mail.db", &state) || state_folder_put(state, &folder))
		return 2;
	size_limit(size);
	if (state_begin(state))
		return 3;
	for (i = 0; !f && i < 5000; i++) {
		snprintf(ref, sizeof ref, "%06d", i);
		row = row_make(folder.id, ref, NULL);
		row.subject = subject;
		f = state_row_put(state, &row);
	}
	if (!f || f->code != FAIL_DISK || f->scope != FAIL_ACCOUNT)
		return 4;
	/* Somebody who goes on all the same gets nowhere, also when there is room again. */
	size_limit(RLIM_INFINITY);
	row = row_make(folder.id, "other", NULL);
	if (!state_row_put(state, &row) || !state_memo_put(state, "n", "1"))
		return 5;
	if (!state_commit(state))
		return 6;
	f = transaction(state, folder.id, 1, -1);
	state_close(state);
	return f ? 7 : 0;
}

static void disk_full_within_a_transaction(void **context)
{
	struct room *room = room_of(context);

	assert_int_equal(in_child(room, transaction_limited, 3000000), 0);
	assert_int_equal(transactions_in(room, "mail.db"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALONE(killed_at_every_step),
		ALONE(log_torn),
		ALONE(disk_full),
		ALONE(disk_full_within_a_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
