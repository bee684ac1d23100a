/* Service: opened to be looked at; and what that shares with a run. */
#include "command/service.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct service *service_new(const struct service_type *type, const struct account *account)
{
	struct service *service = memory_alloc(sizeof *service);

	service->type = type;
	service->account = account;
	service->arena = arena_new();
	service->root = service->inner = service->lock = -1;
	service->spool.directory = -1;
	return service;
}

void service_close(struct service *service)
{
	if (!service)
		return;
	for (int s = 0; s < SIDES; s++)
		store_close(service->side[s]);
	free(service->places);
	state_close(service->state);
	if (service->spool.directory >= 0)
		close(service->spool.directory);
	if (service->lock >= 0)
		close(service->lock);
	if (service->inner >= 0)
		close(service->inner);
	if (service->fresh) /* goes only if it is still empty */
		unlinkat(service->root, service->type->makes, AT_REMOVEDIR);
	if (service->scratch) {
		rmdir(service->scratch);
		free(service->scratch);
	}
	if (service->root >= 0)
		close(service->root);
	arena_free(service->arena);
	free(service);
}

const struct fail *service_root_open(struct service *service)
{
	const char *path = service->account->store;

	service->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return service->root >= 0 ? NULL : fail_errno(FAIL_ACCOUNT, errno, "%s", path);
}

const struct fail *service_inner_open(struct service *service, bool make)
{
	return fail_scoped(file_open_directory(service->root, SERVICE_INNER, make, &service->inner),
			   FAIL_ACCOUNT);
}

bool service_state_there(const struct service *service, const struct service_type *type)
{
	return service->inner >= 0 &&
	       faccessat(service->inner, type->state, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

const struct fail *service_look(const struct service_type *type, const struct account *account,
				struct service **result)
{
	struct service *service = service_new(type, account);
	const struct fail *f = service_root_open(service);

	if (!f)
		f = service_inner_open(service, false);
	if (fail_is(f, FAIL_MISSING))
		f = NULL;
	if (!f && service_state_there(service, type))
		f = state_open(service->inner, type->state, &service->state);
	if (f) {
		service_close(service);
		service = NULL;
	}
	*result = service;
	return f;
}

/* The lock's mtime tells: it is there anyway, and lost with nothing lost. */
void service_note(const struct service *service, int64_t when)
{
	const struct timespec times[2] = { { .tv_sec = when }, { .tv_sec = when } };

	if (service->lock >= 0)
		(void)futimens(service->lock, times);
}

int64_t service_noted(const struct service *service)
{
	struct stat status;

	if (service->inner < 0 ||
	    fstatat(service->inner, service->type->lock, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return status.st_mtim.tv_sec;
}
