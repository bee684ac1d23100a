/* Maildir: opening and closing the local mail store, and the driver's table. */
#include "store/maildir/maildir.h"

#include "base/file.h"
#include "base/memory.h"
#include "store/items.h"
#include "store/maildir/box.h"
#include "store/maildir/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Where swaps are under way, for the next run if this one dies. */
#define MARK ".koc/mail.swap"

static const struct fail *maildir_sync(struct store *store)
{
	struct maildir *maildir = (struct maildir *)store;
	const struct fail *fail = barrier_sync(&maildir->barrier);

	return fail ? fail : swap_mark_clear(&maildir->mark);
}

static void maildir_close(struct store *store)
{
	struct maildir *maildir = (struct maildir *)store;

	boxes_close(maildir);
	barrier_close(&maildir->barrier);
	touch_close(&maildir->touch);
	swap_mark_free(&maildir->mark);
	if (maildir->root >= 0)
		close(maildir->root);
	free(maildir);
}

static const struct store_driver driver = {
	.name = "maildir",
	.folders = maildir_folders,
	.make = maildir_make,
	.rename = maildir_rename,
	.drop = maildir_drop,
	.list = maildir_list,
	.read = maildir_read,
	.write = maildir_write,
	.flag = maildir_flag,
	.transfer = maildir_transfer,
	.remove = maildir_remove,
	.exists = maildir_exists,
	.find = maildir_find,
	.sync = maildir_sync,
	.close = maildir_close,
};

/* The object, with nothing done on disk. */
static const struct fail *maildir_new(int root, struct maildir **result)
{
	struct maildir *maildir = memory_alloc(sizeof *maildir);

	maildir->store.driver = &driver;
	maildir->store.traits = STORE_REFS_KEPT | STORE_TRANSFERS;
	maildir->touch.fd = -1;
	maildir->root = fcntl(root, F_DUPFD_CLOEXEC, 0);
	swap_mark_init(&maildir->mark, maildir->root, MARK);
	*result = maildir;
	return maildir->root >= 0 ? NULL
				  : fail_errno(FAIL_ACCOUNT, errno, "cannot keep the store open");
}

/* Gives the object away, or ends it. */
static const struct fail *maildir_give(struct maildir *maildir, const struct fail *fail,
				       struct store **store)
{
	*store = fail ? NULL : &maildir->store;
	if (fail)
		maildir_close(&maildir->store);
	return fail_at_least(fail, FAIL_ACCOUNT);
}

const struct fail *maildir_open(int root, struct store **store)
{
	struct maildir *maildir = NULL;
	const struct fail *fail = maildir_new(root, &maildir);
	int mail = -1;

	if (!fail)
		fail = file_open_directory(maildir->root, "mail", true, &mail);
	if (mail >= 0)
		close(mail);
	if (!fail)
		fail = swap_settle(&maildir->mark);
	return maildir_give(maildir, fail, store);
}

const struct fail *maildir_look(int root, struct store **store)
{
	struct maildir *maildir = NULL;
	const struct fail *fail = maildir_new(root, &maildir);

	maildir->only_looks = true;
	maildir->touch.off = true; /* so no stamp is trusted */
	return maildir_give(maildir, fail, store);
}
