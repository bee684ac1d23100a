/* IMAP: opening and closing, the driver's table, boxes. */
#include "store/imap/imap.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"
#include "store/imap/alter.h"
#include "store/imap/box.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MOST ((size_t)16 << 20)

static void imap_close(struct store *store)
{
	struct imap *imap = imap_of(store);
	char *secret = (char *)(uintptr_t)imap->options.secret;

	session_close(&imap->session);
	queue_free(imap->queue);
	map_free(imap->boxes);
	vec_free(&imap->order);
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
	arena_free(imap->arena);
	free(imap);
}

static const struct store_driver driver = {
	.name = "imap",
	.folders = imap_folders,
	.make = imap_make,
	.rename = imap_rename,
	.drop = imap_drop,
	.list = imap_list,
	.read = imap_read,
	.write = imap_write,
	.flag = imap_flag,
	.transfer = imap_transfer,
	.remove = imap_remove,
	.exists = imap_exists,
	.find = imap_find,
	.sync = imap_sync,
	.close = imap_close,
};

struct store *imap_open(const struct imap_options *options)
{
	struct imap *imap = memory_alloc(sizeof *imap);
	struct arena *arena = arena_new();

	imap->store.driver = &driver;
	imap->store.traits = STORE_TRANSFERS;
	imap->arena = arena;
	imap->options = *options;
	imap->options.host = arena_str(arena, options->host);
	imap->options.port = arena_str(arena, options->port);
	imap->options.user = arena_str(arena, options->user);
	imap->options.secret = memory_str(options->secret);
	imap->options.ca_file = arena_str(arena, options->ca_file);
	imap->options.fingerprint = arena_str(arena, options->fingerprint);
	imap->options.memo = arena_str(arena, options->memo);
	imap->options.account = arena_str(arena, options->account);
	imap->boxes = map_new();
	imap->queue = queue_new();
	session_init(&imap->session, &imap->options, arena);
	imap_memo(imap);
	return &imap->store;
}

struct connect_counts imap_counts(const struct store *store)
{
	const struct session *session = &((const struct imap *)store)->session;
	struct connect_counts counts = session->before, now = { 0 };

	if (session->connection)
		now = connect_counts(session->connection);
	counts.in += now.in;
	counts.out += now.out;
	counts.turns += now.turns;
	return counts;
}

void imap_memo(struct imap *imap)
{
	struct memo *memo = &imap->session.memo;

	if (memo->after)
		imap->store.memo = memo_text(imap->arena, memo);
	if (session_can(&imap->session, CAP_UIDPLUS))
		imap->store.traits |= STORE_REFS_KEPT;
	else
		imap->store.traits &= ~(uint32_t)STORE_REFS_KEPT;
}

const struct fail *imap_room(const struct imap *imap)
{
	if (arena_size(imap->arena) > ROOM_MOST)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "the server says too much");
	return NULL;
}

struct box *box_get(struct imap *imap, const char *name)
{
	struct box *box = map_get(imap->boxes, name);
	struct buf quoted;

	if (box)
		return box;
	box = arena_alloc(imap->arena, sizeof *box);
	box->name = map_set(imap->boxes, name, box);
	buf_init(&quoted, 2 * strlen(name) + 8);
	if (quoted_add(&quoted, name))
		box->quoted = arena_str(imap->arena, quoted.data);
	buf_free(&quoted);
	return box;
}

struct box *box_of(struct imap *imap, const struct store_folder *folder)
{
	struct box *box = map_get(imap->boxes, folder->name);

	return box && box->quoted && box->path && !(box->roles & ROLE_NOSELECT) ? box : NULL;
}
