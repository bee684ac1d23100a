/* List: the messages of a folder as the engine wants them. */
#include "store/maildir/driver.h"

#include "base/arena.h"
#include "base/map.h"
#include "core/flags.h"
#include "store/maildir/box.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* How often a folder is read anew because files were renamed between reading and stat. */
#define LIST_ROUNDS 5

/* One listing being made. */
struct draft {
	struct box *box;
	struct scan scan;
	struct arena *arena;
	struct entry *entries;
	size_t count;
	bool vanished;        /* a file was not there any more */
	struct map *keywords; /* set of letters → keywords: most messages share a few */
};

static const char *keywords_of(struct draft *draft, uint32_t letters)
{
	const char *keywords;

	if (!letters)
		return NULL;
	keywords = map_getn(draft->keywords, &letters, sizeof letters);
	if (!keywords) {
		keywords = letters_keywords(&draft->box->letters, draft->arena, letters);
		/* A set that means nothing is remembered as the empty string. */
		if (!keywords)
			keywords = "";
		map_setn(draft->keywords, &letters, sizeof letters, (void *)(uintptr_t)keywords);
	}
	return *keywords ? keywords : NULL;
}

static void entry_fill(struct draft *draft, struct entry *entry, const struct scan_name *item,
		       const struct stat *status)
{
	char revision[REVISION_TEXT];
	struct name name;

	name_parse(&name, item->text);
	revision_text(revision, status);
	*entry = (struct entry){
		.ref = item->text,
		.revision = arena_str(draft->arena, revision),
		.flags.bits = name.bits,
		.flags.keywords = keywords_of(draft, name.letters),
		.says = SAYS_SIZE,
		.size = (uint64_t)status->st_size,
		.date = status->st_mtim.tv_sec,
	};
	if (name.letters & draft->box->letters.forwarded)
		entry->flags.bits |= FLAG_FORWARDED;
	if (name.has_info || item->place == IN_NEW)
		entry->says |= SAYS_BITS;
	if (name.has_info)
		entry->says |= SAYS_KEYWORDS;
	/* The name is cut last: it becomes the ref. */
	item->text[item->base_size] = '\0';
}

/* Makes an entry of the first of several names with one base that leads to a file.  Returns the
 * number of names with that base. */
static const struct fail *group_list(struct draft *draft, size_t at, size_t *size)
{
	const struct scan *scan = &draft->scan;
	const struct scan_name *first = &scan->items[at];
	bool filled = false;

	*size = 1;
	while (at + *size < scan->count && scan_same(first, first + *size))
		(*size)++;
	for (size_t i = 0; i < *size && !filled; i++) {
		const struct scan_name *name = first + i;
		struct stat status;

		if (fstatat(draft->box->in[name->place], name->text, &status,
			    AT_SYMLINK_NOFOLLOW) == 0) {
			if (!S_ISREG(status.st_mode))
				continue;
			entry_fill(draft, &draft->entries[draft->count++], name, &status);
			filled = true;
		} else if (errno == ENOENT) {
			draft->vanished = true;
		} else {
			return fail_errno(FAIL_FOLDER, errno, "%s", name->text);
		}
	}
	return NULL;
}

static const struct fail *entries_list(struct draft *draft)
{
	const struct fail *fail = NULL;
	size_t size;

	draft->entries = arena_alloc(draft->arena,
				     (draft->scan.count + 1) * sizeof *draft->entries);
	draft->count = 0;
	draft->vanished = false;
	for (size_t i = 0; i < draft->scan.count && !fail; i += size)
		fail = group_list(draft, i, &size);
	return fail;
}

static struct listing *draft_finish(struct draft *draft, bool stable)
{
	struct listing *listing = arena_alloc(draft->arena, sizeof *listing);
	const struct letters *letters = &draft->box->letters;
	struct stamps stamps = draft->scan.stamps;
	struct timespec nothing = { 0 };
	char cursor[STAMPS_TEXT];

	stamps.table = letters->stamp;
	stamps_text(cursor, &stamps, stable ? draft->scan.touched : nothing);
	*listing = (struct listing){
		.arena = draft->arena,
		.complete = true,
		.entries = draft->entries,
		.count = draft->count,
		.cursor = arena_str(draft->arena, cursor),
		.next = "",
		.speaks = letters_all(letters, draft->arena),
		.read_only = faccessat(draft->box->in[IN_CUR], ".", W_OK, 0) != 0,
		.admits.bits = FLAG_ALL,
		.unstable = !stable,
	};
	listing->admits.keywords = listing->speaks;
	listing->admits_keywords = !letters->broken;
	return listing;
}

static const struct fail *folder_list(struct maildir *maildir, struct look *look)
{
	struct draft draft = { 0 };
	const struct fail *fail;
	bool stable = false;

	fail = box_use(maildir, look->folder->path, &draft.box);
	if (fail)
		return fail;
	draft.arena = arena_new();
	for (int i = 0; i < LIST_ROUNDS && !stable && !fail; i++) {
		map_free(draft.keywords);
		draft.keywords = map_new();
		scan_free(&draft.scan);
		fail = scan_folder(maildir, draft.box, draft.arena, &draft.scan);
		if (!fail)
			fail = entries_list(&draft);
		stable = draft.scan.stable && !draft.vanished;
		/* Where even several passes did not hold still, another round will not help. */
		if (!draft.scan.stable)
			break;
	}
	if (!fail)
		look->listing = draft_finish(&draft, stable);
	else
		arena_free(draft.arena);
	scan_free(&draft.scan);
	map_free(draft.keywords);
	return fail_in(fail, "%s", look->folder->path);
}

const struct fail *maildir_list(struct store *store, struct look *looks, size_t count)
{
	struct maildir *maildir = (struct maildir *)store;
	const struct fail *end = NULL;

	maildir_call(maildir);
	for (size_t i = 0; i < count; i++) {
		looks[i].listing = NULL;
		looks[i].fail = end;
		if (end)
			continue;
		looks[i].fail = folder_list(maildir, &looks[i]);
		if (looks[i].fail && looks[i].fail->scope > FAIL_FOLDER)
			end = looks[i].fail;
	}
	return end;
}
