/* Label: title and color of a collection. */
#include "store/vdir/label.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"
#include "store/items.h"
#include "store/vdir/driver.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Bytes in such a file; more of a title would be cut by whoever shows it. */
#define LABEL_MOST ((size_t)1000)

/* What people put around a word in a file. */
#define SPACE " \t\r\n\v\f"

bool label_is_one(const char *name)
{
	return strcmp(name, LABEL_TITLE) == 0 || strcmp(name, LABEL_COLOR) == 0;
}

static bool is_color(const char *text)
{
	return strlen(text) == 7 && *text == '#' &&
	       strspn(text + 1, "0123456789abcdefABCDEF") == 6;
}

/* Cuts at the first line's end and takes off what stands around it. */
static char *line_of(char *text)
{
	size_t size;

	text += strspn(text, SPACE);
	text[strcspn(text, "\r\n")] = '\0';
	for (size = strlen(text); size && strchr(SPACE, text[size - 1]); size--)
		;
	text[size] = '\0';
	return text;
}

static bool is_label(const char *name, const char *text)
{
	if (strcmp(name, LABEL_COLOR) == 0)
		return is_color(text);
	return *text && str_utf8(text, strlen(text));
}

const char *label_read(int at, const char *name, struct arena *arena)
{
	const char *label = NULL;
	const struct fail *fail;
	struct buf buf;

	buf_init(&buf, LABEL_MOST);
	fail = file_read_all(at, name, &buf, LABEL_MOST);
	/* A file that cannot be read says nothing. */
	if (!fail && is_label(name, line_of(buf.data)))
		label = arena_str(arena, line_of(buf.data));
	buf_free(&buf);
	return label;
}

/* One line of it, short enough to be read again. */
static const char *line_made(const char *text, struct arena *arena)
{
	char *line = arena_str(arena, text);
	size_t size;

	for (char *c = line; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	size = strlen(line);
	if (size > LABEL_MOST - 1) {
		size = LABEL_MOST - 1;
		while (size && ((unsigned char)line[size] & 0xc0) == 0x80)
			size--;
		line[size] = '\0';
	}
	return line_of(line);
}

bool label_says(int at, const char *name, const char *text, struct arena *arena)
{
	const char *line = line_made(text, arena), *now = label_read(at, name, arena);

	if (!*line)
		return true;
	return now && (strcmp(name, LABEL_COLOR) == 0 ? str_casecmp(now, line) : strcmp(now, line)) == 0;
}

const struct fail *label_write(int at, const char *name, const char *text, struct arena *arena)
{
	const char *line = line_made(text, arena);
	struct stat status;

	if (!is_label(name, line))
		return fail_make(FAIL_DATA, FAIL_ITEM, "%s: cannot be \"%s\"", name, line);
	if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode))
		return fail_make(FAIL_DENIED, FAIL_ITEM, "%s: is no regular file", name);
	return file_replace(at, name, line, strlen(line));
}

static const struct fail *label_put(struct collection *collection, const char *name, const char *text,
				    struct arena *arena)
{
	const struct fail *fail;

	if (!text || label_says(collection->fd, name, text, arena))
		return NULL;
	fail = collection_sweep(collection);
	return fail ? fail : label_write(collection->fd, name, text, arena);
}

const struct fail *vdir_label(struct store *store, const struct store_folder *folder, const char *title,
			      const char *color)
{
	struct vdir *vdir = (struct vdir *)store;
	const struct fail *fail, *other = NULL;
	struct collection *collection;
	struct arena *arena = NULL;

	vdir_call(vdir);
	fail = collection_use(vdir, folder->path, &collection);
	if (fail)
		return fail;
	arena = arena_new();
	fail = label_put(collection, LABEL_TITLE, title, arena);
	/* What is wrong with one says nothing of the other. */
	if (!fail_ends(fail))
		other = label_put(collection, LABEL_COLOR, color, arena);
	arena_free(arena);
	return fail_in(fail_at_least(fail ? fail : other, FAIL_FOLDER), "%s", folder->path);
}
