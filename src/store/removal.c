/* Removal: moving a file out of its folder. */
#include "store/removal.h"

#include "base/file.h"
#include "store/barrier.h"
#include "store/below.h"
#include "store/items.h"
#include "store/stamp.h"

#include <fcntl.h>
#include <unistd.h>

/* Is what lies there now another version than the one that was to go there?  Then it goes back. */
static const struct fail *removal_check(const struct removal *removal, int at, const char *name,
					const struct stat *status, int into_at, const char *into)
{
	const struct fail *fail;
	struct stat out;

	if (!removal->if_revision ||
	    fstatat(into_at, into, &out, AT_SYMLINK_NOFOLLOW) != 0 ||
	    out.st_dev != status->st_dev || revision_is(removal->if_revision, &out))
		return NULL;
	fail = file_rename_new(into_at, into, at, name);
	/* If the name was taken again meanwhile, that is the version that counts. */
	return fail && !fail_is(fail, FAIL_EXISTS) ? fail : &item_stale;
}

const struct fail *removal_run(int root, struct barrier *barrier, const struct removal *removal, int at,
			       const char *name, const struct stat *status)
{
	const struct fail *fail;
	const char *into;
	int into_at = -1;

	if (removal->if_revision && !revision_is(removal->if_revision, status))
		return &item_stale;
	fail = below_into(root, removal->into, &into_at, &into);
	if (fail)
		return fail;
	fail = file_rename_new(at, name, into_at, into);
	if (!fail)
		fail = removal_check(removal, at, name, status, into_at, into);
	if (!fail)
		fail = barrier_add(barrier, into_at);
	if (!fail)
		fail = barrier_add(barrier, at);
	close(into_at);
	return fail;
}
