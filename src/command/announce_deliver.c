/* Announce: a delivery to a Maildir, as any program does it: written in tmp, named in new. */
#include "command/announce_deliver.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Names are "SECONDS.koc_WORD_WORD.localhost", and ":2,…" when they were read. */
#define MARK      ".koc_"
#define HOST      ".localhost"
#define NAME_ROOM 256

static const char inbox_path[] = "mail/INBOX", own_path[] = "Conflicts/mail";

static bool has_word(const char *name, const char *word)
{
	size_t size = strlen(word);
	const char *at = strstr(name, MARK);

	for (at = at ? at + sizeof MARK - 2 : NULL; at; at = strchr(at, '_')) {
		at++;
		if (strncmp(at, word, size) == 0 && (at[size] == '_' || at[size] == '.'))
			return true;
	}
	return false;
}

static const struct fail *directory_find(int root, const char *path, const char *word, bool *there)
{
	const struct dirent *entry;
	DIR *stream = NULL;
	int fd = -1;
	const struct fail *f = file_open_directory(root, path, false, &fd);

	if (fail_is(f, FAIL_MISSING))
		return NULL;
	if (!f)
		stream = fdopendir(fd);
	if (!f && !stream)
		f = fail_errno(FAIL_ACCOUNT, errno, "%s", path);
	while (stream && !*there && (entry = readdir(stream)))
		*there = has_word(entry->d_name, word);
	if (stream)
		closedir(stream);
	else if (fd >= 0)
		close(fd);
	return f;
}

const struct fail *deliver_find(int root, const char *word, bool *there)
{
	static const char *const places[] = { "mail/INBOX/new", "mail/INBOX/cur", "Conflicts/mail/new",
					      "Conflicts/mail/cur" };
	const struct fail *f = NULL;

	*there = false;
	for (size_t i = 0; !f && !*there && i < sizeof places / sizeof *places; i++)
		f = directory_find(root, places[i], word, there);
	return f;
}

/* ---- delivery ---------------------------------------------------------------------------------- */

static bool is_maildir(int root, const char *path)
{
	char cur[64];
	int fd = -1;
	const struct fail *f;

	snprintf(cur, sizeof cur, "%s/cur", path);
	f = file_open_directory(root, cur, false, &fd);
	if (fd >= 0)
		close(fd);
	return !f;
}

static const struct fail *part_open(int root, const char *path, const char *part, int *fd)
{
	char whole[64];

	snprintf(whole, sizeof whole, "%s/%s", path, part);
	return file_open_directory(root, whole, true, fd);
}

static const struct fail *message_write(int at, const char *name, const struct buf *message)
{
	const struct fail *f;
	int fd = -1;

	(void)unlinkat(at, name, 0); /* of a run that was cut short */
	f = file_create(at, name, &fd);
	if (!f)
		f = file_write(fd, message->data, message->size);
	if (!f)
		f = file_sync(fd);
	if (fd >= 0)
		close(fd);
	if (f)
		(void)unlinkat(at, name, 0);
	return f;
}

const struct fail *deliver(int root, bool inbox, const char *words, const struct buf *message)
{
	const char *path = inbox && is_maildir(root, inbox_path) ? inbox_path : own_path;
	char name[NAME_ROOM], temporary[NAME_ROOM];
	int tmp = -1, new = -1, cur = -1;
	const struct fail *f = part_open(root, path, "tmp", &tmp);

	snprintf(name, sizeof name, "%" PRId64 MARK "%s" HOST, clock_now(), words);
	/* The same the next time, whatever else is told then, and not that of a run of the other service. */
	snprintf(temporary, sizeof temporary, "koc-notice.%c", words[0]);
	if (!f)
		f = part_open(root, path, "cur", &cur);
	if (!f)
		f = part_open(root, path, "new", &new);
	if (!f)
		f = message_write(tmp, temporary, message);
	if (!f)
		f = file_rename_new(tmp, temporary, new, name);
	if (!f)
		f = file_sync(new);
	if (tmp >= 0)
		close(tmp);
	if (cur >= 0)
		close(cur);
	if (new >= 0)
		close(new);
	return fail_scoped(f, FAIL_ACCOUNT);
}
