/* Body: of a file that other programs may be writing to. */
#include "store/body.h"

#include "base/file.h"
#include "store/stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

const struct fail *body_of_named(int at, const char *name, enum body_form form, bool wire,
				 struct body **body, struct stat *status)
{
	char before[REVISION_TEXT], after[REVISION_TEXT];
	const struct fail *fail;
	int fd = -1, again = -1;

	*body = NULL;
	fail = file_open_read(at, name, &fd, status);
	if (fail)
		return fail;
	revision_text(before, status);
	again = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (again < 0) {
		fail = fail_errno(FAIL_ITEM, errno, "%s", name);
		close(fd);
		return fail;
	}
	fail = body_of_file(fd, (uint64_t)status->st_size, form, wire, body);
	if (!fail && fstat(again, status) != 0)
		fail = fail_errno(FAIL_ITEM, errno, "%s", name);
	revision_text(after, status);
	if (strcmp(before, after) != 0)
		fail = fail_make(FAIL_STALE, FAIL_ITEM, "%s: changed while it was read", name);
	if (fail) {
		body_free(*body);
		*body = NULL;
	}
	close(again);
	return fail;
}
