/* Session: one account opened for a command that only looks, and what both kinds share. */
#include "command/session.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct session *session_new(const struct account *account)
{
	struct session *session = memory_alloc(sizeof *session);

	session->account = account;
	session->arena = arena_new();
	session->root = session->inner = session->lock = -1;
	session->spool.directory = -1;
	return session;
}

void session_close(struct session *session)
{
	if (!session)
		return;
	for (int s = 0; s < SIDES; s++)
		store_close(session->side[s]);
	free(session->places);
	state_close(session->state);
	if (session->spool.directory >= 0)
		close(session->spool.directory);
	if (session->lock >= 0)
		close(session->lock);
	if (session->inner >= 0)
		close(session->inner);
	if (session->scratch) {
		unlinkat(session->root, "mail", AT_REMOVEDIR);
		rmdir(session->scratch);
		free(session->scratch);
	}
	if (session->root >= 0)
		close(session->root);
	arena_free(session->arena);
	free(session);
}

const struct fail *session_root_open(struct session *session)
{
	const char *path = session->account->store;

	session->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return session->root >= 0 ? NULL : fail_errno(FAIL_ACCOUNT, errno, "%s", path);
}

const struct fail *session_inner_open(struct session *session, bool make)
{
	return fail_scoped(file_open_directory(session->root, SESSION_INNER, make, &session->inner),
			   FAIL_ACCOUNT);
}

bool session_state_there(const struct session *session)
{
	return session->inner >= 0 &&
	       faccessat(session->inner, SESSION_STATE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

const struct fail *session_look(const struct account *account, struct session **result)
{
	struct session *session = session_new(account);
	const struct fail *f = session_root_open(session);

	if (!f)
		f = session_inner_open(session, false);
	if (fail_is(f, FAIL_MISSING))
		f = NULL;
	if (!f && session_state_there(session))
		f = state_open(session->inner, SESSION_STATE, &session->state);
	if (f) {
		session_close(session);
		session = NULL;
	}
	*result = session;
	return f;
}
