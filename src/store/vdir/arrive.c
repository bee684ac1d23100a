/* Arrive: a new item gets a name in its collection.  Nothing is ever overwritten: what has the name already
 * is looked at, and by what it is the new item is the same one, is refused, or gets another name. */
#include "store/vdir/parcel.h"

#include "base/file.h"
#include "store/items.h"

#include <string.h>
#include <unistd.h>

/* "X.ics" to "X-9.ics"; more items of one key get some digits of their bytes' digest. */
#define NUMBERS 9

/* How often a name is tried in all: it may be given up and taken again while we look. */
#define TRIES 50

/* Names being tried. */
struct search {
	char stem[FILENAME_ROOM];
	unsigned number;
	bool other; /* the stem tells the key's digest */
	bool many;  /* … the bytes' */
};

/* The file that has the name. */
struct taken {
	bool there;
	struct stat status;
	struct timespec touched;
	bool known; /* to the engine */
	bool same;  /* the same bytes */
	bool alike; /* the same key */
};

static const struct fail *taken_look(struct vdir *vdir, const struct write *write,
				     const struct collection *collection, const char *name,
				     struct taken *taken)
{
	struct body *body = NULL;
	const struct fail *fail;

	*taken = (struct taken){ .there = true, .touched = collection_touch(vdir, collection) };
	fail = body_of_named(collection->fd, name, body_form_of(collection->kind), false, &body,
			     &taken->status);
	if (fail_is(fail, FAIL_MISSING)) {
		taken->there = false;
		return NULL;
	}
	/* A directory, a symlink, what is too large or not ours to read: anything but this item. */
	if (fail_is(fail, FAIL_DATA) || fail_is(fail, FAIL_DENIED))
		return NULL;
	if (fail)
		return fail;
	taken->known = collection_known(vdir, collection, &taken->status);
	taken->same = digest_equal(&body->digest, &write->body->digest);
	taken->alike = write->key && body->facts.uid && strcmp(write->key, body->facts.uid) == 0;
	body_free(body);
	return NULL;
}

/* The name is the parcel's now. */
static const struct fail *parcel_arrived(struct vdir *vdir, struct write *write,
					 const struct collection *collection, struct parcel *parcel,
					 const char *name, struct arena *arena)
{
	parcel->name[0] = '\0';
	collection_gained(vdir, &parcel->status);
	write->now = parcel_version(write, name, &parcel->status, parcel->touched, arena);
	return barrier_add(&vdir->barrier, collection->fd);
}

/* The file that is there is the item. */
static const struct fail *taken_adopt(struct vdir *vdir, struct write *write,
				      const struct collection *collection, const char *name,
				      const struct taken *taken, struct arena *arena)
{
	const struct fail *fail;
	struct stat status;
	int fd;

	fail = file_open_read(collection->fd, name, &fd, &status);
	if (fail)
		return fail;
	fail = file_sync(fd);
	close(fd);
	if (fail)
		return fail;
	collection_gained(vdir, &taken->status);
	write->now = parcel_version(write, name, &taken->status, taken->touched, arena);
	return barrier_add(&vdir->barrier, collection->fd);
}

/* ---- a name of our choice ----------------------------------------------------------------- */

/* Goes on to the next name; false where there is none. */
static bool search_next(struct search *search, const struct write *write, const struct taken *taken)
{
	if (search->many)
		return false;
	if (!taken->alike && !search->other && search->number == 1) {
		search->other = true;
		filename_of_other(search->stem, search->stem, write->key);
	} else if (search->number < NUMBERS) {
		search->number++;
	} else {
		search->many = true;
		search->number = 1;
		filename_of_many(search->stem, search->stem, &write->body->digest);
	}
	return true;
}

static const struct fail *arrive_searched(struct vdir *vdir, struct write *write,
					  const struct collection *collection, struct parcel *parcel,
					  struct arena *arena)
{
	struct search search = { .number = 1 };
	char name[FILENAME_ROOM], shorter[FILENAME_ROOM];
	const struct fail *fail;
	struct taken taken;

	filename_of_key(search.stem, write->key, &write->body->digest);
	filename_of_digest(shorter, write->key, &write->body->digest);
	for (int i = 0; i < TRIES; i++) {
		filename_build(name, collection->kind, search.stem, search.number);
		fail = file_rename_new(collection->fd, parcel->name, collection->fd, name);
		if (!fail)
			return parcel_arrived(vdir, write, collection, parcel, name, arena);
		/* Some file systems have room for less in a name than others. */
		if (i == 0 && fail_is(fail, FAIL_SYSTEM) && strlen(search.stem) > strlen(shorter)) {
			memcpy(search.stem, shorter, sizeof shorter);
			continue;
		}
		if (!fail_is(fail, FAIL_EXISTS))
			return fail;
		fail = taken_look(vdir, write, collection, name, &taken);
		if (fail)
			return fail;
		if (!taken.there)
			continue;
		if (!taken.known && taken.same)
			return taken_adopt(vdir, write, collection, name, &taken, arena);
		if (!taken.known && taken.alike)
			return fail_make(FAIL_STALE, FAIL_ITEM, "%s: was made here just now", name);
		if (!search_next(&search, write, &taken))
			break;
	}
	return fail_make(FAIL_EXISTS, FAIL_ITEM, "%s: is there already, as are others of its UID", name);
}

/* ---- a name that is wished ---------------------------------------------------------------- */

static const struct fail *arrive_wished(struct vdir *vdir, struct write *write,
					const struct collection *collection, struct parcel *parcel,
					const char *stem, struct arena *arena)
{
	char name[FILENAME_ROOM];
	const struct fail *exists, *fail;
	struct taken taken;

	filename_build(name, collection->kind, stem, 1);
	exists = file_rename_new(collection->fd, parcel->name, collection->fd, name);
	if (!exists)
		return parcel_arrived(vdir, write, collection, parcel, name, arena);
	if (!fail_is(exists, FAIL_EXISTS))
		return exists;
	fail = taken_look(vdir, write, collection, name, &taken);
	if (fail)
		return fail;
	return taken.same ? taken_adopt(vdir, write, collection, name, &taken, arena) : exists;
}

const struct fail *arrive(struct vdir *vdir, struct write *write, struct collection *collection,
			  struct parcel *parcel, struct arena *arena)
{
	char stem[FILENAME_ROOM];

	if (write->name && filename_of_wish(stem, collection->kind, write->name))
		return arrive_wished(vdir, write, collection, parcel, stem, arena);
	return arrive_searched(vdir, write, collection, parcel, arena);
}
