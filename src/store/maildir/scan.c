/* Scan: reading a folder's directories while others rename in them. */
#include "store/maildir/scan.h"

#include "base/arena.h"
#include "store/maildir/box.h"
#include "store/maildir/name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One pass's names, so that two passes can be compared: a sum does not depend on the order. */
struct pass {
	struct stamps before, after;
	uint64_t sum;
	bool moved;
};

static uint64_t name_hash(const char *text, enum place place)
{
	uint64_t hash = 14695981039346656037u + (uint64_t)place; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 1099511628211u;
	return hash ^ hash >> 29;
}

/* Can the entry be a message?  Those of unknown type are looked at later, by whoever opens them. */
static bool may_be_message(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN);
}

static const struct fail *directory_read(int directory, enum place place, struct arena *text,
					 struct scan *scan, uint64_t *sum)
{
	const struct fail *fail = NULL;
	struct dirent *entry;
	DIR *stream;
	int fd;

	/* A description of its own, which starts at the beginning. */
	fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		fail = fail_errno(FAIL_FOLDER, errno, "cannot read a directory");
		if (fd >= 0)
			close(fd);
		return fail;
	}
	while ((errno = 0, entry = readdir(stream))) {
		struct scan_name *name;

		if (!may_be_message(entry))
			continue;
		if (scan->count == SCAN_MOST) {
			fail = fail_make(FAIL_DATA, FAIL_FOLDER, "more than %zu messages",
					 SCAN_MOST);
			break;
		}
		name = vec_push(scan);
		name->text = arena_str(text, entry->d_name);
		name->base_size = (uint8_t)name_base(entry->d_name);
		name->place = (uint8_t)place;
		*sum += name_hash(entry->d_name, place);
	}
	if (!fail && errno)
		fail = fail_errno(FAIL_FOLDER, errno, "cannot read a directory");
	closedir(stream);
	return fail;
}

static const struct fail *places_stamp(const struct box *box, struct stamps *stamps)
{
	const struct fail *fail = stamp_read(box->in[IN_CUR], ".", &stamps->cur);

	stamps->new = (struct stamp){ 0 };
	if (!fail && box->in[IN_NEW] >= 0)
		fail = stamp_read(box->in[IN_NEW], ".", &stamps->new);
	return fail;
}

static bool places_same(const struct stamps *a, const struct stamps *b)
{
	return stamp_equal(&a->cur, &b->cur) && stamp_equal(&a->new, &b->new);
}

static const struct fail *pass_run(const struct box *box, struct arena *text,
				   struct scan *scan, struct pass *pass)
{
	const struct fail *fail = places_stamp(box, &pass->before);

	pass->sum = 0;
	scan->count = 0;
	arena_reset(text);
	for (enum place place = IN_NEW; place < PLACES && !fail; place++)
		if (box->in[place] >= 0)
			fail = directory_read(box->in[place], place, text, scan, &pass->sum);
	if (!fail)
		fail = places_stamp(box, &pass->after);
	if (!fail)
		pass->moved = !places_same(&pass->before, &pass->after);
	return fail;
}

/* Did nothing change while the pass ran? */
static bool pass_counts(const struct pass *pass, const struct pass *last, struct timespec touched)
{
	if (pass->moved)
		return false;
	if (stamp_trusted(&pass->before.cur, touched) && stamp_trusted(&pass->before.new, touched))
		return true;
	return last && !last->moved && places_same(&last->after, &pass->before) &&
	       last->sum == pass->sum;
}

/* As strcmp orders the bases. */
static int base_order(const struct scan_name *name, const char *base, size_t size)
{
	int order = memcmp(name->text, base, name->base_size < size ? name->base_size : size);

	return order ? order : (name->base_size > size) - (name->base_size < size);
}

static int name_order(const void *a, const void *b)
{
	const struct scan_name *left = a, *right = b;
	int order = base_order(left, right->text, right->base_size);

	if (!order)
		order = (left->place < right->place) - (left->place > right->place);
	return order ? order : strcmp(left->text, right->text);
}

const struct fail *scan_folder(struct maildir *maildir, const struct box *box,
			       struct arena *text, struct scan *scan)
{
	const struct fail *fail = NULL;
	struct pass passes[2];
	const struct pass *last = NULL;

	*scan = (struct scan){ 0 };
	for (size_t i = 0; i < SCAN_PASSES && !scan->stable && !fail; i++) {
		struct pass *pass = &passes[i % 2];

		scan->touched = touch_now(&maildir->touch, box->directory);
		fail = pass_run(box, text, scan, pass);
		if (fail)
			break;
		scan->stamps = pass->before;
		scan->stable = pass_counts(pass, last, scan->touched);
		last = pass;
	}
	if (!fail && scan->count)
		qsort(scan->items, scan->count, sizeof *scan->items, name_order);
	return fail;
}

void scan_free(struct scan *scan)
{
	vec_free(scan);
}

bool scan_same(const struct scan_name *a, const struct scan_name *b)
{
	return base_order(a, b->text, b->base_size) == 0;
}

const struct scan_name *scan_find(const struct scan *scan, const char *base, size_t size)
{
	size_t low = 0, high = scan->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (base_order(&scan->items[middle], base, size) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == scan->count || base_order(&scan->items[low], base, size) != 0)
		return NULL;
	return &scan->items[low];
}
