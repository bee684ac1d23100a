/* Service: opened for a run. */
#include "command/service.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/step.h"
#include "store/trace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

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
static const struct fail *root_make(struct service *service)
{
	const struct fail *f = service_root_open(service);
	char *path = NULL, *above = NULL;

	if (!fail_is(f, FAIL_MISSING))
		return f;
	f = NULL;
	path = memory_str(service->account->store);
	above = memory_str(service->account->store);
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
	return f ? f : service_root_open(service);
}

/* A store that is not there, for a dry run: an empty directory that goes away again. */
static const struct fail *root_scratch(struct service *service)
{
	const char *directory = getenv("TMPDIR");
	char path[4096];

	snprintf(path, sizeof path, "%s/koc-XXXXXX",
		 directory && directory[0] == '/' ? directory : "/tmp");
	if (!mkdtemp(path))
		return fail_errno(FAIL_ACCOUNT, errno, "%s", path);
	service->scratch = memory_str(path);
	service->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return service->root >= 0 ? NULL : fail_errno(FAIL_ACCOUNT, errno, "%s", path);
}

/* ---- the lock -------------------------------------------------------------------------------- */

#define LOCK_WAIT 1000 /* milliseconds */

/* Who holds the lock?  0: nobody, or nobody who can be named. */
static pid_t lock_holder(const struct service *service)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(service->lock, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || lock.l_pid < 0)
		return 0;
	return lock.l_pid;
}

/* When a run is killed, its worker ends a moment later: gives the holder of the lock that moment. */
static void lock_wait(const struct service *service)
{
	pid_t holder = lock_holder(service);
	struct pollfd poll_end = { .fd = holder > 0 ? pidfd_open(holder, 0) : -1, .events = POLLIN };

	if (poll_end.fd < 0)
		return;
	poll(&poll_end, 1, LOCK_WAIT);
	close(poll_end.fd);
}

/* A record lock: the kernel drops it with the process, however that ends.  The file stays. */
static const struct fail *lock_take(struct service *service)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const char *store = service->account->store, *name = service->type->lock;
	pid_t holder;

	service->lock = openat(service->inner, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (service->lock < 0)
		return fail_errno(FAIL_ACCOUNT, errno, "%s/" SERVICE_INNER "/%s", store, name);
	if (fcntl(service->lock, F_SETLK, &lock) == 0)
		return NULL;
	lock_wait(service);
	if (fcntl(service->lock, F_SETLK, &lock) == 0)
		return NULL;
	if (errno != EAGAIN && errno != EACCES)
		return fail_errno(FAIL_ACCOUNT, errno, "%s/" SERVICE_INNER "/%s", store, name);
	holder = lock_holder(service);
	if (holder > 0)
		return fail_make(FAIL_LOCKED, FAIL_ACCOUNT,
				 "another run is at work in this store (process %ld)", (long)holder);
	return fail_make(FAIL_LOCKED, FAIL_ACCOUNT, "another run is at work in this store");
}

/* ---- the spool ------------------------------------------------------------------------------- */

/* What a run that was ended left in the spool is on the server still. */
static const struct fail *spool_empty(struct service *service)
{
	const struct fail *f = NULL;
	int fd = openat(service->spool.directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
		    unlinkat(service->spool.directory, entry->d_name, 0) < 0 && errno != ENOENT)
			f = fail_errno(FAIL_ACCOUNT, errno, "the spool: %s", entry->d_name);
	closedir(directory);
	return f;
}

static const struct fail *spool_open(struct service *service)
{
	const struct fail *f = file_open_directory(service->inner, service->type->spool, true,
						   &service->spool.directory);

	snprintf(service->spool.prefix, sizeof service->spool.prefix, "%ld.", (long)getpid());
	return f ? fail_scoped(f, FAIL_ACCOUNT) : spool_empty(service);
}

/* ---- stores ----------------------------------------------------------------------------------- */

/* Only the local one; an empty directory that it makes goes again. */
static const struct fail *local_open(struct service *service)
{
	const struct service_type *type = service->type;

	service->fresh = type->makes &&
			 faccessat(service->root, type->makes, F_OK, AT_SYMLINK_NOFOLLOW) < 0;
	return fail_scoped(type->open_local(service->root, &service->side[LOCAL]), FAIL_ACCOUNT);
}

static const struct fail *stores_open(struct service *service, const char *secret)
{
	const struct service_type *type = service->type;
	const char *memo = NULL;
	const struct fail *f;

	f = local_open(service);
	if (!f)
		f = state_memo_get(service->state, "server", service->arena, &memo);
	if (f)
		return fail_scoped(f, FAIL_ACCOUNT);
	service->side[SERVER] = type->open_server(service->account, secret, memo);
	for (int s = 0; s < SIDES; s++) {
		if (log_level() >= LOG_WIRE)
			service->side[s] = trace_open(service->side[s],
						      s == SERVER ? "server" : "local", NULL);
		service->side[s]->spool = &service->spool;
	}
	service->places = places_open(service->root);
	return NULL;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* A dry run takes what is there and makes nothing. */
static const struct fail *open_dry(struct service *service)
{
	const struct fail *f = service_root_open(service);

	if (fail_is(f, FAIL_MISSING))
		f = root_scratch(service);
	if (!f)
		f = service_inner_open(service, false);
	if (fail_is(f, FAIL_MISSING)) {
		f = NULL;
	} else if (!f) {
		f = lock_take(service);
	}
	if (!f && service_state_there(service, service->type))
		f = state_open(service->inner, service->type->state, &service->state);
	if (!f && !service->state)
		service->state = state_memory();
	return f;
}

static const struct fail *open_wet(struct service *service)
{
	const struct fail *f = root_make(service);

	if (!f)
		f = service_inner_open(service, true);
	if (!f)
		f = lock_take(service);
	if (!f)
		f = spool_open(service);
	if (!f)
		f = state_open(service->inner, service->type->state, &service->state);
	return f;
}

const struct fail *service_run(const struct service_type *type, const struct account *account,
			       const char *secret, bool dry, struct service **result)
{
	struct service *service = service_new(type, account);
	const struct fail *f = dry ? open_dry(service) : open_wet(service);

	if (!f)
		f = service_own_check(service);
	if (!f)
		f = stores_open(service, secret);
	if (f) {
		service_close(service);
		service = NULL;
	}
	*result = service;
	return f;
}

const struct fail *service_hold(const struct service_type *type, const struct account *account,
				struct service **result)
{
	struct service *service = service_new(type, account);
	const struct fail *f = service_root_open(service);

	if (!f)
		f = service_inner_open(service, false);
	if (!f)
		f = lock_take(service);
	if (!f && !service_state_there(service, type))
		f = fail_make(FAIL_MISSING, FAIL_ACCOUNT, "it was not synchronised yet");
	if (!f)
		f = state_open(service->inner, type->state, &service->state);
	if (!f)
		f = local_open(service);
	if (!f)
		service->places = places_open(service->root);
	if (f) {
		service_close(service);
		service = NULL;
	}
	*result = service;
	return f;
}
