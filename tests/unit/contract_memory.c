/* The store contract on the memory store, in every way that it can behave. */
#include "contract/contract.h"

#include "base/fail.h"
#include "store/memory.h"

#include <stdio.h>
#include <stdlib.h>

/* A medium: a world, and how stores behave on it. */
struct medium {
	uint32_t form;
	struct memory_options options;
	struct memory_world *world;
};

static struct memory_world *world_of(const struct bench *bench)
{
	return ((struct medium *)bench->medium)->world;
}

static void fresh(struct bench *bench)
{
	struct medium *medium = bench->medium;

	world_free(medium->world);
	medium->world = world_new(medium->form, NULL);
	world_folder_make(medium->world, bench->kind,
			  bench->kind == KIND_MAIL ? "mail/INBOX" : "calendars/Default",
			  bench->kind == KIND_MAIL ? ROLE_INBOX : 0);
}

static struct store *open_store(struct bench *bench)
{
	struct medium *medium = bench->medium;

	return memory_open(medium->world, &medium->options);
}

static void finish(struct bench *bench)
{
	struct medium *medium = bench->medium;

	world_free(medium->world);
	medium->world = NULL;
}

/* The body in the form that the world has. */
static const struct memory_body *bytes_of(struct bench *bench, struct body *body)
{
	struct memory_world *world = world_of(bench);
	char *data = malloc((size_t)(2 * body->size + 2));
	const struct memory_body *bytes = NULL;
	uint64_t offset = 0;
	size_t size = 0, got = 1;
	const struct fail *f = NULL;

	while (!f && got) {
		size_t room = (size_t)(2 * body->size + 2) - size;

		if (world->form & WORLD_WIRE)
			f = body_read_wire(body, &offset, data + size, room, &got);
		else
			f = body_read(body, size, data + size, room, &got);
		size += got;
	}
	if (!f)
		bytes = world_bytes(world, data, size);
	free(data);
	return bytes;
}

static bool add_folder(struct bench *bench, const char *path)
{
	return world_folder_make(world_of(bench), bench->kind, path, 0) != NULL;
}

static bool remove_folder(struct bench *bench, const char *path)
{
	return world_folder_remove(world_of(bench), path);
}

static bool rename_folder(struct bench *bench, const char *path, const char *to)
{
	return world_folder_rename(world_of(bench), path, to);
}

static bool add(struct bench *bench, const char *path, const char *key, struct body *body,
		struct flags flags)
{
	struct memory_item item = { .key = key, .body = bytes_of(bench, body), .flags = flags };

	return world_add(world_of(bench), path, &item) != NULL;
}

static bool edit(struct bench *bench, const char *path, const char *ref, struct body *body)
{
	return world_edit(world_of(bench), path, ref, bytes_of(bench, body));
}

static bool remove_item(struct bench *bench, const char *path, const char *ref)
{
	return world_remove(world_of(bench), path, ref);
}

static bool move(struct bench *bench, const char *path, const char *ref, const char *to)
{
	return world_move(world_of(bench), path, ref, to) != NULL;
}

static bool flag(struct bench *bench, const char *path, const char *ref, struct flags add_these,
		 struct flags remove_these)
{
	return world_flag(world_of(bench), path, ref, add_these, remove_these);
}

static bool renumber(struct bench *bench, const char *path)
{
	return world_renumber(world_of(bench), path);
}

static bool make_read_only(struct bench *bench, const char *path)
{
	world_folder(world_of(bench), path)->read_only = true;
	return true;
}

static bool kept(struct bench *bench, const char *into, struct buf *bytes)
{
	const struct memory_kept *found = world_kept(world_of(bench), into);

	if (found)
		buf_add(bytes, found->body->data, found->body->size);
	return found != NULL;
}

/* A server that puts a line of its own into every item. */
static const struct memory_body *rewrite(struct memory_world *world, const struct memory_body *body)
{
	const char *end = strstr(body->data, "\r\nEND:V");
	const struct memory_body *rewritten;
	struct buf buf;

	if (!end || strstr(body->data, "X-SERVER:1"))
		return body;
	buf_init(&buf, 2 * body->size + 64);
	buf_add(&buf, body->data, (size_t)(end - body->data));
	buf_adds(&buf, "\r\nX-SERVER:1");
	buf_adds(&buf, end);
	rewritten = world_bytes(world, buf.data, buf.size);
	buf_free(&buf);
	return rewritten;
}

#define MAIL_CAN                                                                                   \
	(CAN_TELL_NEWS | CAN_ADD_KEYWORDS | CAN_HOLD_ALL_KEYWORDS | CAN_HOLD_BARE | CAN_HOLD_NUL | \
	 CAN_HOLD_EMPTY | CAN_FIND | CAN_REMOVE_ALONE | CAN_TELL_REVISIONS | CAN_KEEP_BYTES |      \
	 CAN_RENAME | CAN_HOLD_ALL_NAMES)
#define DAV_CAN                                                                                    \
	(CAN_EDIT | CAN_TELL_NEWS | CAN_REMOVE_ALONE | CAN_TELL_REVISIONS | CAN_KEEP_BYTES |       \
	 CAN_RENAME | CAN_HOLD_ALL_NAMES | CAN_GUARD_MOVES)

static const struct behaviour {
	const char *name;
	enum kind kind;
	uint32_t form;
	uint32_t can, cannot; /* beyond, and less than, MAIL_CAN or DAV_CAN */
	struct memory_options options;
} behaviours[] = {
	{ .name = "mail server" },
	{ .name = "mail server, delta", .options.lists = MEMORY_DELTA },
	{ .name = "mail server, delta, vague", .options = { .lists = MEMORY_DELTA, .vague_gone = true } },
	{ .name = "mail server, condstore", .options.lists = MEMORY_CONDSTORE },
	{ .name = "mail server, queued", .options = { .queues = true, .lists = MEMORY_DELTA } },
	{ .name = "mail server without extensions",
	  .cannot = CAN_TELL_NEWS | CAN_REMOVE_ALONE,
	  .options = { .always_news = true, .silent_writes = true, .silent_transfers = true,
		       .slow_moves = true, .shared_expunge = true, .queues = true,
		       .identity = MEMORY_IDENTITY_SAME } },
	{ .name = "mail server without transfers", .options.no_transfers = true },
	{ .name = "mail server, out of order", .options.reverse_reads = true },
	{ .name = "mail server, fixed keywords",
	  .cannot = CAN_ADD_KEYWORDS | CAN_HOLD_ALL_KEYWORDS,
	  .options = { .no_new_keywords = true, .keywords = "$Junk todo" } },
	{ .name = "mail server, volatile", .options.volatile_acts = true },
	{ .name = "mail here", .form = WORLD_MAIL_LOCAL, .can = CAN_EDIT | CAN_KEEP },
	{ .name = "mail here, few keywords", .form = WORLD_MAIL_LOCAL | WORLD_TABLE,
	  .can = CAN_EDIT | CAN_KEEP, .cannot = CAN_HOLD_ALL_KEYWORDS, .options.keyword_most = 26 },
	{ .name = "mail here, all keywords in the table", .form = WORLD_MAIL_LOCAL | WORLD_TABLE,
	  .can = CAN_EDIT | CAN_KEEP },
	{ .name = "mail here, exchanging", .form = WORLD_MAIL_LOCAL, .can = CAN_EDIT | CAN_KEEP,
	  .options.exchanges = true },
	{ .name = "mail here, queued", .form = WORLD_MAIL_LOCAL, .can = CAN_EDIT | CAN_KEEP,
	  .options = { .queues = true, .volatile_acts = true } },
	{ .name = "calendar server", .kind = KIND_EVENTS, .form = WORLD_DAV_SERVER },
	{ .name = "calendar server, delta", .kind = KIND_EVENTS, .form = WORLD_DAV_SERVER,
	  .options = { .lists = MEMORY_DELTA, .lists_keys = true } },
	{ .name = "calendar server, rewriting", .kind = KIND_EVENTS, .form = WORLD_DAV_SERVER,
	  .cannot = CAN_TELL_REVISIONS | CAN_KEEP_BYTES,
	  .options = { .rewrite = rewrite, .silent_revisions = true, .queues = true } },
	{ .name = "calendar here", .kind = KIND_EVENTS, .form = WORLD_DAV_LOCAL, .can = CAN_KEEP },
};

static int run(const struct behaviour *behaviour)
{
	struct medium medium = {
		.form = behaviour->form ? behaviour->form : WORLD_MAIL_SERVER,
		.options = behaviour->options,
	};
	bool mail = behaviour->kind == KIND_MAIL;
	struct bench bench = {
		.name = behaviour->name,
		.kind = behaviour->kind,
		.can = ((mail ? MAIL_CAN : DAV_CAN) | behaviour->can) & ~behaviour->cannot,
		.spool = -1,
		.least = mail ? 65 : 50,
		.medium = &medium,
		.fresh = fresh,
		.open = open_store,
		.finish = finish,
		.add_folder = add_folder,
		.remove_folder = remove_folder,
		.rename_folder = rename_folder,
		.add = add,
		.edit = medium.form & WORLD_EDITABLE ? edit : NULL,
		.remove = remove_item,
		.move = move,
		.flag = flag,
		.renumber = medium.form & WORLD_NAMED ? NULL : renumber,
		.make_read_only = make_read_only,
		.kept = kept,
	};

	return contract_run(&bench);
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < COUNT(behaviours); i++)
		failed += run(&behaviours[i]);
	return failed != 0;
}
