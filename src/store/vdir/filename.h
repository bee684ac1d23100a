/* Filename: which files of a collection are items, and what a new item's file is called.  Pure.
 *
 * A UID is anything that a server or another program likes.  What other programs that keep such
 * directories find harmless becomes the file's name as it is; all else is known by its digest. */
#ifndef KOC_STORE_VDIR_FILENAME_H
#define KOC_STORE_VDIR_FILENAME_H

#include "base/digest.h"
#include "core/item.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define FILENAME_ROOM ((size_t)NAME_MAX + 1)

/* The path ROOT/NAME of a collection of a keyed kind, with a name that a folder can have (path.h)? */
bool filename_is_collection(const char *path, enum kind *kind);

/* Is it an item's, as far as the name tells?  Not one with a dot in front: those are other programs'
 * temporary files, and ours. */
bool filename_is_item(enum kind kind, const char *name);

/* Is it that of a temporary file of this driver, or of base/file.h? */
bool filename_is_temporary(const char *name);

/* The stem ("" without the suffix) for an item of this key.  NULL: it has none and is known by its
 * bytes alone. */
void filename_of_key(char out[FILENAME_ROOM], const char *key, const struct digest *bytes);

/* The short one, of digits alone: for a file system on which the key is too long. */
void filename_of_digest(char out[FILENAME_ROOM], const char *key, const struct digest *bytes);

/* The stem with some digits of the key's digest behind it, for one whose name is taken by an item of
 * another key, or (many) of the bytes', where there are many items of one key. */
void filename_of_other(char out[FILENAME_ROOM], const char *stem, const char *key);
void filename_of_many(char out[FILENAME_ROOM], const char *stem, const struct digest *bytes);

/* The stem of an item's name. */
void filename_of_item(char out[FILENAME_ROOM], enum kind kind, const char *name);

/* The stem of a name that somebody wishes, with or without the suffix.  False where it may not be used. */
bool filename_of_wish(char out[FILENAME_ROOM], enum kind kind, const char *wish);

/* "STEM.ics", "STEM-2.ics", …: the n-th, from 1 on.  A stem that is too long for that is cut. */
void filename_build(char out[FILENAME_ROOM], enum kind kind, const char *stem, unsigned n);

#endif
