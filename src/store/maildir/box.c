/* Box: open folders. */
#include "store/maildir/box.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/str.h"
#include "store/maildir/locate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What temporary files' names begin with. */
#define TMP_PREFIX "koc-new."

static const char *const place_names[PLACES] = { [IN_NEW] = "new", [IN_CUR] = "cur" };

void maildir_call(struct maildir *maildir)
{
	maildir->call++;
	maildir->round++;
}

static void box_close(struct box *box)
{
	int fds[] = { box->directory, box->in[IN_NEW], box->in[IN_CUR], box->tmp };

	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	index_free(box);
	letters_free(&box->letters);
	free(box->path);
	free(box);
}

/* Does the name in this directory lead to what fd has open? */
static bool leads_to(int at, const char *name, int fd)
{
	struct stat named, open;

	if (fstatat(at, name, &named, AT_SYMLINK_NOFOLLOW) != 0)
		return fd < 0 && errno == ENOENT;
	return fd >= 0 && fstat(fd, &open) == 0 && named.st_dev == open.st_dev &&
	       named.st_ino == open.st_ino;
}

static bool box_current(const struct maildir *maildir, const struct box *box)
{
	int directory = -1;
	bool current;

	if (file_open_directory(maildir->root, box->path, false, &directory))
		return false;
	current = leads_to(directory, ".", box->directory) &&
		  leads_to(directory, "cur", box->in[IN_CUR]) &&
		  leads_to(directory, "new", box->in[IN_NEW]) &&
		  (box->tmp < 0 || leads_to(directory, "tmp", box->tmp));
	close(directory);
	return current;
}

static const struct fail *box_open(const struct maildir *maildir, const char *path,
				      struct box **opened)
{
	struct box *box = memory_alloc(sizeof *box);
	const struct fail *fail;

	*box = (struct box){ .directory = -1, .in = { -1, -1 }, .tmp = -1 };
	box->path = memory_str(path);
	fail = file_open_directory(maildir->root, path, false, &box->directory);
	if (!fail)
		fail = file_open_directory(box->directory, "cur", false, &box->in[IN_CUR]);
	if (!fail) {
		fail = file_open_directory(box->directory, "new", false, &box->in[IN_NEW]);
		if (fail_is(fail, FAIL_MISSING))
			fail = NULL;
	}
	if (fail) {
		box_close(box);
		box = NULL;
	}
	*opened = box;
	return fail;
}

/* The slot that holds the path, else a free one, else the one used longest ago. */
static struct box **slot_find(struct maildir *maildir, const char *path)
{
	struct box **best = NULL;

	for (size_t i = 0; i < BOXES_OPEN; i++) {
		struct box **slot = &maildir->boxes[i];

		if (*slot && strcmp((*slot)->path, path) == 0)
			return slot;
		if (!best || (*best && (!*slot || (*slot)->used < (*best)->used)))
			best = slot;
	}
	return best;
}

static void slot_close(struct box **slot)
{
	if (*slot)
		box_close(*slot);
	*slot = NULL;
}

const struct fail *box_use(struct maildir *maildir, const char *path, struct box **used)
{
	struct box **slot = slot_find(maildir, path);
	struct box *box = *slot;
	const struct fail *fail = NULL;

	*used = NULL;
	if (box && (strcmp(box->path, path) != 0 ||
		       (box->call != maildir->call && !box_current(maildir, box)))) {
		slot_close(slot);
		box = NULL;
	}
	if (!box) {
		fail = box_open(maildir, path, &box);
		*slot = box;
	}
	if (!fail && box->call != maildir->call)
		fail = letters_load(&box->letters, box->directory);
	if (fail)
		return fail_in(fail, "%s", path);
	box->call = maildir->call;
	box->used = ++maildir->uses;
	*used = box;
	return NULL;
}

void box_forget(struct maildir *maildir, const char *path)
{
	size_t size = strlen(path);

	for (size_t i = 0; i < BOXES_OPEN; i++) {
		struct box **slot = &maildir->boxes[i];

		if (*slot && strncmp((*slot)->path, path, size) == 0 &&
		    ((*slot)->path[size] == '/' || !(*slot)->path[size]))
			slot_close(slot);
	}
}

void boxes_close(struct maildir *maildir)
{
	for (size_t i = 0; i < BOXES_OPEN; i++)
		slot_close(&maildir->boxes[i]);
}

/* ---- what may have to be made ------------------------------------------------------------- */

static const struct fail *directory_need(struct maildir *maildir, struct box *box,
					 const char *name, int *fd)
{
	const struct fail *fail;

	if (*fd >= 0)
		return NULL;
	fail = file_open_directory(box->directory, name, true, fd);
	if (!fail)
		fail = barrier_add(&maildir->barrier, box->directory);
	return fail_in(fail, "%s", box->path);
}

const struct fail *box_place(struct maildir *maildir, struct box *box, enum place place)
{
	return directory_need(maildir, box, place_names[place], &box->in[place]);
}

void box_tmp_name(struct maildir *maildir, char out[NAME_ROOM])
{
	char name[NAME_ROOM];

	unique_name(&maildir->unique, name);
	snprintf(out, NAME_ROOM, TMP_PREFIX "%.*s", NAME_ROOM - (int)sizeof TMP_PREFIX, name);
}

/* Removes temporary files of runs that died.  There is one run at a time (the store's lock). */
static const struct fail *tmp_sweep(const struct maildir *maildir, const struct box *box)
{
	int fd = openat(box->tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct fail *fail = NULL;
	struct dirent *entry;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	while (!fail && (entry = readdir(stream))) {
		if (!str_starts(entry->d_name, TMP_PREFIX) ||
		    unique_mine(&maildir->unique, entry->d_name))
			continue;
		fail = step("sweep");
		if (!fail)
			unlinkat(box->tmp, entry->d_name, 0);
	}
	closedir(stream);
	return fail;
}

const struct fail *box_tmp(struct maildir *maildir, struct box *box)
{
	const struct fail *fail = directory_need(maildir, box, "tmp", &box->tmp);

	if (fail || box->swept)
		return fail;
	box->swept = true;
	return tmp_sweep(maildir, box);
}

/* ---- keywords ----------------------------------------------------------------------------- */

/* The letters that files in the folder bear: one without an entry must not get a meaning by being
 * given to a keyword, since those files would say something then that nobody said. */
static const struct fail *letters_used(struct maildir *maildir, struct box *box,
				       uint32_t *used)
{
	const struct fail *fail = index_fresh(maildir, box);

	*used = 0;
	if (fail)
		return fail;
	for (size_t i = 0; i < box->index.scan.count; i++) {
		struct name name;

		name_parse(&name, box->index.scan.items[i].text);
		*used |= name.letters;
	}
	return NULL;
}

static const struct fail *letter_make(struct maildir *maildir, struct box *box,
				      const char *keyword)
{
	char name[NAME_ROOM];
	const struct fail *fail;
	uint32_t used;

	if (letters_full(&box->letters))
		return NULL;
	fail = letters_used(maildir, box, &used);
	/* Another program may have written to the table. */
	if (!fail)
		fail = letters_load(&box->letters, box->directory);
	if (fail || letters_of(&box->letters, keyword))
		return fail;
	if (!letters_assign(&box->letters, keyword, used))
		return NULL;
	box_tmp_name(maildir, name);
	fail = box_tmp(maildir, box);
	if (!fail)
		fail = letters_save(&box->letters, box->directory, box->tmp, name);
	/* What is not on disk must not be used: forget it. */
	if (fail)
		letters_free(&box->letters);
	return fail_in(fail, "%s", box->path);
}

const struct fail *box_letters(struct maildir *maildir, struct box *box,
				  const char *keywords, uint32_t *letters)
{
	const struct fail *fail = NULL;

	*letters = 0;
	for (const char *at = keywords ? keywords : ""; *at && !fail;) {
		size_t size = strcspn(at, " ");
		char keyword[NAME_ROOM];
		uint32_t meaning;

		if (size && size < sizeof keyword) {
			memcpy(keyword, at, size);
			keyword[size] = '\0';
			meaning = letters_of(&box->letters, keyword);
			if (!meaning) {
				fail = letter_make(maildir, box, keyword);
				meaning = letters_of(&box->letters, keyword);
			}
			/* Of several letters for one keyword the lowest is enough. */
			*letters |= meaning & (~meaning + 1);
		}
		at += size + (at[size] == ' ');
	}
	return fail;
}

struct flags box_flags(const struct box *box, const struct name *name, struct arena *arena)
{
	struct flags flags = { .bits = name->bits };

	flags.keywords = letters_keywords(&box->letters, arena, name->letters);
	if (name->letters & box->letters.forwarded)
		flags.bits |= FLAG_FORWARDED;
	return flags;
}
