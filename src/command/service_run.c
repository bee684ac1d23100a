/* Session: one account opened for a run: directories made, lock taken, spool emptied, stores opened. */
#include "command/session.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/step.h"
#include "store/imap/imap.h"
#include "store/maildir/maildir.h"
#include "store/trace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK  "lock"
#define SPOOL "spool"

/* ---- directories ----------------------------------------------------------------------------- */

/* Makes one directory, durable in the one above it. */
static const struct fail *directory_make(const char *path, const char *above)
{
	const struct fail *f = step("mkdir");
	int fd = -1;

	if (f)
		return f;
	if (mkdir(path, DIRECTORY_MODE) < 0 && errno != EEXIST)
		return fail_errno(FAIL_ACCOUNT, errno, "%s", path);
	fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(FAIL_ACCOUNT, errno, "%s", above);
	f = file_sync(fd);
	close(fd);
	return fail_scoped(f, FAIL_ACCOUNT);
}

/* Opens the account's store; makes it, and the directories above it, if they are missing. */
static const struct fail *root_make(struct session *session)
{
	const struct fail *f = session_root_open(session);
	char *path = NULL, *above = NULL;

	if (!fail_is(f, FAIL_MISSING))
		return f;
	f = NULL;
	path = memory_str(session->account->store);
	above = memory_str(session->account->store);
	for (size_t i = 1; !f && path[i - 1]; i++) {
		struct stat status;
		char at = path[i];
		const char *slash;

		if (at != '/' && at != '\0')
			continue;
		path[i] = '\0';
		if (stat(path, &status) < 0) {
			slash = strrchr(path, '/');
			above[slash == path ? 1 : slash - path] = '\0';
			f = directory_make(path, above);
			memcpy(above, path, i);
		}
		path[i] = at;
	}
	free(above);
	free(path);
	return f ? f : session_root_open(session);
}

/* A store that is not there, for a dry run: an empty directory that goes away again. */
static const struct fail *root_scratch(struct session *session)
{
	const char *directory = getenv("TMPDIR");
	char path[4096];

	snprintf(path, sizeof path, "%s/koc-XXXXXX",
		 directory && directory[0] == '/' ? directory : "/tmp");
	if (!mkdtemp(path))
		return fail_errno(FAIL_ACCOUNT, errno, "%s", path);
	session->scratch = memory_str(path);
	session->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return session->root >= 0 ? NULL : fail_errno(FAIL_ACCOUNT, errno, "%s", path);
}

/* ---- the lock -------------------------------------------------------------------------------- */

/* A record lock: the kernel drops it with the process, however that ends.  The file stays. */
static const struct fail *lock_take(struct session *session)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	session->lock = openat(session->inner, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			       FILE_MODE);
	if (session->lock < 0)
		return fail_errno(FAIL_ACCOUNT, errno, "%s/" SESSION_INNER "/" LOCK,
				  session->account->store);
	if (fcntl(session->lock, F_SETLK, &lock) == 0)
		return NULL;
	if (errno != EAGAIN && errno != EACCES)
		return fail_errno(FAIL_ACCOUNT, errno, "%s/" SESSION_INNER "/" LOCK,
				  session->account->store);
	if (fcntl(session->lock, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
		return fail_make(FAIL_LOCKED, FAIL_ACCOUNT,
				 "another run is at work in this store (process %ld)",
				 (long)lock.l_pid);
	return fail_make(FAIL_LOCKED, FAIL_ACCOUNT, "another run is at work in this store");
}

/* ---- the spool ------------------------------------------------------------------------------- */

/* What a run that was ended left in the spool is on the server still. */
static const struct fail *spool_empty(struct session *session)
{
	const struct fail *f = NULL;
	int fd = openat(session->spool.directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;

	if (!directory) {
		f = fail_errno(FAIL_ACCOUNT, errno, "the spool");
		if (fd >= 0)
			close(fd);
		return f;
	}
	while (!f && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' &&
		    unlinkat(session->spool.directory, entry->d_name, 0) < 0 && errno != ENOENT)
			f = fail_errno(FAIL_ACCOUNT, errno, "the spool: %s", entry->d_name);
	closedir(directory);
	return f;
}

static const struct fail *spool_open(struct session *session)
{
	const struct fail *f = file_open_directory(session->inner, SPOOL, true,
						   &session->spool.directory);

	snprintf(session->spool.prefix, sizeof session->spool.prefix, "%ld.", (long)getpid());
	return f ? fail_scoped(f, FAIL_ACCOUNT) : spool_empty(session);
}

/* ---- stores ----------------------------------------------------------------------------------- */

static const struct fail *server_open(struct session *session)
{
	const struct account *account = session->account;
	struct imap_options options = {
		.host = account->has_imap ? account->imap.host : account->server,
		.port = account->has_imap ? account->imap.port : "993",
		.implicit_tls = account->has_imap ? account->imap.implicit_tls : true,
		.plain = account->tls_none,
		.user = account->user,
		.ca_file = account->tls_ca_file,
		.fingerprint = account->tls_fingerprint,
		.timeout = account->timeout,
	};
	char *secret = NULL;
	const struct fail *f = state_memo_get(session->state, "server", session->arena, &options.memo);

	if (!f)
		f = config_secret(account, &secret);
	if (f)
		return f;
	options.secret = secret;
	session->side[SERVER] = imap_open(&options);
	config_wipe(secret);
	free(secret);
	return NULL;
}

static const struct fail *stores_open(struct session *session)
{
	const struct fail *f = maildir_open(session->root, &session->side[LOCAL]);

	if (!f)
		f = server_open(session);
	if (f)
		return fail_scoped(f, FAIL_ACCOUNT);
	for (int s = 0; s < SIDES; s++) {
		if (log_level() >= LOG_WIRE)
			session->side[s] = trace_open(session->side[s],
						      s == SERVER ? "server" : "local", NULL);
		session->side[s]->spool = &session->spool;
	}
	session->places = places_open(session->root);
	return NULL;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* A dry run takes what is there and makes nothing. */
static const struct fail *open_dry(struct session *session)
{
	const struct fail *f = session_root_open(session);

	if (fail_is(f, FAIL_MISSING))
		f = root_scratch(session);
	if (!f)
		f = session_inner_open(session, false);
	if (fail_is(f, FAIL_MISSING)) {
		f = NULL;
	} else if (!f) {
		f = lock_take(session);
	}
	if (!f && session_state_there(session))
		f = state_open(session->inner, SESSION_STATE, &session->state);
	if (!f && !session->state)
		session->state = state_memory();
	return f;
}

static const struct fail *open_wet(struct session *session)
{
	const struct fail *f = root_make(session);

	if (!f)
		f = session_inner_open(session, true);
	if (!f)
		f = lock_take(session);
	if (!f)
		f = spool_open(session);
	if (!f)
		f = state_open(session->inner, SESSION_STATE, &session->state);
	return f;
}

const struct fail *session_run(const struct account *account, bool dry, struct session **result)
{
	struct session *session = session_new(account);
	const struct fail *f = dry ? open_dry(session) : open_wet(session);

	if (!f)
		f = stores_open(session);
	if (f) {
		session_close(session);
		session = NULL;
	}
	*result = session;
	return f;
}
