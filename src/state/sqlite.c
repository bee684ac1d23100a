/* State in SQLite: opening, transactions, and what its errors mean. */
#include "state/sqlite.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Other programs of the user may read; none has a reason to keep a lock for long. */
#define BUSY_MILLISECONDS 1000

/* ---- failures ---- */

/* What to do with a database that cannot be used.  The files are the user's to move: the database
 * itself, and what SQLite keeps beside it. */
#define ADVICE                                                                                 \
	"move it, its -wal and its -shm file away; the next run then takes up anew what is "   \
	"on both sides, and nothing is lost: "

const struct fail *sqlite_unusable(const struct sqlite *sqlite, const char *what)
{
	return fail_make(FAIL_STATE, FAIL_ACCOUNT, "the state %s " ADVICE "%s", what,
			 sqlite->path);
}

const struct fail *sqlite_damaged(struct sqlite *sqlite, const char *what)
{
	char text[256];

	snprintf(text, sizeof text, "is damaged (%s):", what);
	return sqlite_unusable(sqlite, text);
}

/* The failure of the system call below the last error, or what SQLite says of it. */
static const char *reason(const struct sqlite *sqlite)
{
	int error = sqlite3_system_errno(sqlite->db);

	return error ? strerrordesc_np(error) : sqlite3_errmsg(sqlite->db);
}

const struct fail *sqlite_fail(struct sqlite *sqlite, int code)
{
	const char *text = sqlite->db ? sqlite3_errmsg(sqlite->db) : sqlite3_errstr(code);

	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return sqlite_damaged(sqlite, text);
	case SQLITE_FULL:
		return fail_make(FAIL_DISK, FAIL_ACCOUNT, "%s: no space left", sqlite->path);
	case SQLITE_IOERR:
		return fail_make(FAIL_DISK, FAIL_ACCOUNT, "%s: %s", sqlite->path, reason(sqlite));
	case SQLITE_READONLY:
		return fail_make(FAIL_DISK, FAIL_ACCOUNT, "%s: cannot be written to",
				 sqlite->path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fail_make(FAIL_LOCKED, FAIL_ACCOUNT, "%s: in use by another program",
				 sqlite->path);
	case SQLITE_CONSTRAINT:
		return fail_make(FAIL_STATE, FAIL_ITEM, "%s", text);
	case SQLITE_CANTOPEN:
		return fail_make(FAIL_STATE, FAIL_ACCOUNT, "%s: cannot be opened: %s", sqlite->path,
				 sqlite->db ? reason(sqlite) : text);
	default:
		return fail_make(FAIL_STATE, FAIL_ACCOUNT, "%s: %s", sqlite->path, text);
	}
}

/* ---- transactions ---- */

const struct fail *sqlite_execute(struct sqlite *sqlite, const char *sql)
{
	int code = sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? NULL : sqlite_fail(sqlite, code);
}

static const struct fail *sqlite_begin(struct state *state)
{
	return sqlite_execute(sqlite_of(state), "BEGIN IMMEDIATE");
}

static const struct fail *sqlite_commit(struct state *state)
{
	return sqlite_execute(sqlite_of(state), "COMMIT");
}

static void sqlite_rollback(struct state *state)
{
	struct sqlite *sqlite = sqlite_of(state);

	/* Some errors have rolled back already. */
	if (!sqlite3_get_autocommit(sqlite->db))
		sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
}

static void sqlite_close(struct state *state)
{
	struct sqlite *sqlite = sqlite_of(state);

	for (size_t i = 0; i < sqlite->cache.count; i++)
		sqlite3_finalize(sqlite->cache.items[i].statement);
	vec_free(&sqlite->cache);
	sqlite3_close(sqlite->db);
	free(sqlite->path);
	free(sqlite);
}

static const struct driver sqlite_driver = {
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.close = sqlite_close,
	.put = sqlite_put,
	.remove = sqlite_remove,
	.clear = sqlite_clear,
	.count = sqlite_count,
	.sum = sqlite_sum,
	.ask = sqlite_ask,
	.next = sqlite_next,
	.end = sqlite_end,
};

/* ---- opening ---- */

/* Makes sure that `name` is a regular file that only the user can read; makes an empty one, which
 * to SQLite is an empty database, if there is none.  SQLite gives what it keeps beside it the same
 * mode. */
static const struct fail *file_ready(int directory, const char *name)
{
	struct stat status;
	const struct fail *f;
	int fd = -1;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISREG(status.st_mode))
			return fail_make(FAIL_STATE, FAIL_ACCOUNT,
					 "%s: not a regular file; move it away", name);
		if ((status.st_mode & 077) && fchmodat(directory, name, FILE_MODE, 0) != 0)
			return fail_errno(FAIL_ACCOUNT, errno, "%s: cannot make it private", name);
		return NULL;
	}
	if (errno != ENOENT)
		return fail_errno(FAIL_ACCOUNT, errno, "%s", name);
	f = step("create");
	if (!f)
		f = file_create(directory, name, &fd);
	if (fail_is(f, FAIL_EXISTS)) /* made by another process just now */
		return NULL;
	if (!f) {
		close(fd);
		f = file_sync(directory);
	}
	return fail_scoped(f, FAIL_ACCOUNT);
}

/* SQLite takes no descriptor of a directory: the path of the one we have, as the kernel knows it,
 * and so without symlinks.  malloc'ed; NULL with errno set on failure. */
static char *path_of(int directory, const char *name)
{
	char link[64], path[4096];
	size_t size;
	char *whole;
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
	length = readlink(link, path, sizeof path);
	if (length < 0)
		return NULL;
	if ((size_t)length == sizeof path) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	size = (size_t)length + strlen(name) + 2;
	whole = memory_alloc(size);
	snprintf(whole, size, "%.*s/%s", (int)length, path, name);
	return whole;
}

static const struct fail *database_open(struct sqlite *sqlite)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
		    SQLITE_OPEN_EXRESCODE;
	int code = sqlite3_open_v2(sqlite->path, &sqlite->db, flags, NULL);
	const struct fail *f;

	if (code != SQLITE_OK)
		return sqlite_fail(sqlite, code);
	if (sqlite3_db_readonly(sqlite->db, "main"))
		return sqlite_fail(sqlite, SQLITE_READONLY);
	sqlite3_busy_timeout(sqlite->db, BUSY_MILLISECONDS);
	sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	f = sqlite_schema(sqlite);
	if (!f)
		f = sqlite_execute(sqlite, "PRAGMA synchronous = FULL;"
				    "PRAGMA cache_size = -1024;"
				    "PRAGMA mmap_size = 0;"
				    "PRAGMA temp_store = MEMORY;");
	if (f)
		return f;
	f = sqlite_execute(sqlite, "PRAGMA journal_mode = WAL");
	/* Set for good by the first process that is alone in it; until then a rollback journal is
	 * as durable. */
	return fail_is(f, FAIL_LOCKED) ? NULL : f;
}

const struct fail *state_open(int directory, const char *name, struct state **state)
{
	struct sqlite *sqlite;
	const struct fail *f;

	*state = NULL;
	f = file_ready(directory, name);
	if (f)
		return f;
	sqlite = memory_alloc(sizeof *sqlite);
	sqlite->state.driver = &sqlite_driver;
	sqlite->path = path_of(directory, name);
	if (sqlite->path)
		f = database_open(sqlite);
	else
		f = fail_errno(FAIL_ACCOUNT, errno, "%s: cannot tell where it lies", name);
	if (f)
		sqlite_close(&sqlite->state);
	else
		*state = &sqlite->state;
	return f;
}
