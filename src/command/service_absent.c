/* Service: one that turns out not to be there.  A server that is known by its name alone is asked for
 * calendars and contacts; many have none, and that is no error.  So that not every run pays for looking, the
 * answer is believed for a while: until the mtime of a file in .koc, which costs no worker and no state. */
#include "command/service.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool service_optional(const struct service_type *type, const struct account *account)
{
	return type->absent && !type->named(account);
}

/* Until when it is believed not to be there; 0: it is not. */
static int64_t absent_until(const struct service_type *type, const struct account *account)
{
	size_t room = strlen(account->store) + sizeof "/" SERVICE_INNER "/" + strlen(type->absent);
	char *path = memory_alloc(room);
	struct stat status;
	int64_t until = 0;

	snprintf(path, room, "%s/" SERVICE_INNER "/%s", account->store, type->absent);
	if (lstat(path, &status) == 0)
		until = status.st_mtim.tv_sec;
	free(path);
	return until;
}

bool service_absent(const struct service_type *type, const struct account *account, int64_t now)
{
	int64_t until = service_optional(type, account) ? absent_until(type, account) : 0;

	return until > now && until - now <= ABSENT_MOST; /* else the clock was wrong */
}

bool service_known(const struct service *service)
{
	return !service_optional(service->type, service->account) ||
	       (service->state && !absent_until(service->type, service->account));
}

const struct fail *service_never_there(const struct service *service, bool *never)
{
	struct state_folder *folders = NULL;
	size_t count = 0;
	const struct fail *f = NULL;

	*never = false;
	if (!service_optional(service->type, service->account))
		return NULL;
	f = state_folders(service->state, service->arena, &folders, &count);
	*never = !f && count == 0;
	return f;
}

const struct fail *service_note_absent(const struct service *service, int64_t until)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, { .tv_sec = until } };
	int fd = openat(service->inner, service->type->absent, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			FILE_MODE);
	const struct fail *f = NULL;

	if (fd < 0 || futimens(fd, times) < 0)
		f = fail_errno(FAIL_ACCOUNT, errno, SERVICE_INNER "/%s", service->type->absent);
	if (fd >= 0)
		close(fd);
	return f;
}

void service_note_there(const struct service *service)
{
	if (service->type->absent)
		(void)unlinkat(service->inner, service->type->absent, 0); /* most often it is not there */
}
