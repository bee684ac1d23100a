/* Store: calls the driver.  Nothing is added here, so that a driver (or a wrapper around one) sees
 * exactly what the engine asked for. */
#include "store/store.h"

#include "base/arena.h"

void listing_free(struct listing *listing)
{
	/* The listing itself may lie in its arena. */
	if (listing)
		arena_free(listing->arena);
}

const struct fail *store_folders(struct store *store, const struct store_known *known, size_t count,
				 struct arena *arena, struct folder_list *list)
{
	return store->driver->folders(store, known, count, arena, list);
}

const struct fail *store_make(struct store *store, const char *path, uint32_t roles,
			      struct arena *arena, struct store_folder *made)
{
	return store->driver->make(store, path, roles, arena, made);
}

const struct fail *store_rename(struct store *store, const struct store_folder *folder,
				const char *path, struct arena *arena,
				struct store_folder *renamed)
{
	return store->driver->rename(store, folder, path, arena, renamed);
}

const struct fail *store_drop(struct store *store, const struct store_folder *folder)
{
	return store->driver->drop(store, folder);
}

const struct fail *store_label(struct store *store, const struct store_folder *folder, const char *title,
			       const char *color)
{
	if (!store->driver->label)
		return NULL;
	return store->driver->label(store, folder, title, color);
}

const struct fail *store_list(struct store *store, struct look *looks, size_t count)
{
	return store->driver->list(store, looks, count);
}

const struct fail *store_read(struct store *store, struct read *reads, size_t count, read_done *done,
			      void *context, struct arena *arena)
{
	return store->driver->read(store, reads, count, done, context, arena);
}

const struct fail *store_write(struct store *store, struct write *writes, size_t count,
			       struct arena *arena)
{
	return store->driver->write(store, writes, count, arena);
}

const struct fail *store_flag(struct store *store, struct flag_change *changes, size_t count,
			      struct arena *arena)
{
	return store->driver->flag(store, changes, count, arena);
}

const struct fail *store_transfer(struct store *store, struct transfer *transfers, size_t count,
				  struct arena *arena)
{
	return store->driver->transfer(store, transfers, count, arena);
}

const struct fail *store_remove(struct store *store, struct removal *removals, size_t count,
				struct arena *arena)
{
	return store->driver->remove(store, removals, count, arena);
}

const struct fail *store_exists(struct store *store, const struct store_folder *folder,
				const char *ref, bool *there)
{
	return store->driver->exists(store, folder, ref, there);
}

const struct fail *store_find(struct store *store, struct find *finds, size_t count,
			      struct arena *arena)
{
	return store->driver->find(store, finds, count, arena);
}

const struct fail *store_sync(struct store *store)
{
	return store->driver->sync(store);
}

void store_close(struct store *store)
{
	if (store)
		store->driver->close(store);
}
