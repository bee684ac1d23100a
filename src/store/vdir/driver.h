/* Driver: the functions of the driver table (store.h says what they do), by the file they are in. */
#ifndef KOC_STORE_VDIR_DRIVER_H
#define KOC_STORE_VDIR_DRIVER_H

#include "store/store.h"
#include "store/vdir/collection.h"

/* folders.c */
const struct fail *vdir_folders(struct store *store, const struct store_known *known, size_t count,
				struct arena *arena, struct folder_list *list) MUST_CHECK;
const struct fail *vdir_make(struct store *store, const char *path, uint32_t roles, struct arena *arena,
			     struct store_folder *made) MUST_CHECK;
const struct fail *vdir_rename(struct store *store, const struct store_folder *folder, const char *path,
			       struct arena *arena, struct store_folder *renamed) MUST_CHECK;
/* drop.c */
const struct fail *vdir_drop(struct store *store, const struct store_folder *folder) MUST_CHECK;

/* label.c */
const struct fail *vdir_label(struct store *store, const struct store_folder *folder, const char *title,
			      const char *color) MUST_CHECK;
/* list.c */
const struct fail *vdir_list(struct store *store, struct look *looks, size_t count) MUST_CHECK;

/* read.c */
const struct fail *vdir_read(struct store *store, struct read *reads, size_t count, read_done *done,
			     void *context, struct arena *arena) MUST_CHECK;
const struct fail *vdir_exists(struct store *store, const struct store_folder *folder, const char *ref,
			       bool *there) MUST_CHECK;
/* write.c */
const struct fail *vdir_write(struct store *store, struct write *writes, size_t count,
			      struct arena *arena) MUST_CHECK;
/* move.c */
const struct fail *vdir_transfer(struct store *store, struct transfer *transfers, size_t count,
				 struct arena *arena) MUST_CHECK;
const struct fail *vdir_remove(struct store *store, struct removal *removals, size_t count,
			       struct arena *arena) MUST_CHECK;

#endif
