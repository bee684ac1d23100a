/* Fault: makes the n-th call or request to a store fail (see fault.h). */
#include "store/fault.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The calls that take an array of requests. */
enum call { CALL_LIST, CALL_READ, CALL_WRITE, CALL_FLAG, CALL_TRANSFER, CALL_REMOVE, CALL_FIND };

static const char *const call_names[] = {
	[CALL_LIST] = "list", [CALL_READ] = "read",         [CALL_WRITE] = "write",
	[CALL_FLAG] = "flag", [CALL_TRANSFER] = "transfer", [CALL_REMOVE] = "remove",
	[CALL_FIND] = "find",
};

/* The arguments of such a call; the member of `of` is the call's. */
struct batch {
	enum call call;
	union {
		void *any;
		struct look *looks;
		struct read *reads;
		struct write *writes;
		struct flag_change *changes;
		struct transfer *transfers;
		struct removal *removals;
		struct find *finds;
	} of;
	size_t count;
	read_done *done;
	void *context;
	struct arena *arena;
};

struct faulty {
	struct store store;
	struct store *inner;
	struct fault *fault;
	const struct fail *broken; /* why every call fails now */
	struct batch lost;         /* the request whose outcome is lost, until sync() filled it in */
	const struct fail *lost_fail;
};

/* ---- counting ----------------------------------------------------------------------------- */

/* Now it fails. */
static const struct fail *hit(struct faulty *faulty)
{
	const struct fault *fault = faulty->fault;
	const struct fail *f = fail_make(fault->code, fault->scope, "made to fail");

	faulty->fault->hit = true;
	if (fault->broken)
		faulty->broken = f;
	return f;
}

/* Counts a call: the fail, if it is the one that fails. */
static const struct fail *count_call(struct faulty *faulty, const char *name)
{
	struct fault *fault = faulty->fault;

	if (fault->request || (fault->only && strcmp(fault->only, name) != 0) ||
	    ++fault->seen != fault->at)
		return NULL;
	return hit(faulty);
}

/* Counts the requests of a call: the index of the one that fails, or their number. */
static size_t count_requests(struct faulty *faulty, const struct batch *batch)
{
	struct fault *fault = faulty->fault;
	uint64_t before = fault->seen;

	if (!fault->request || (fault->only && strcmp(fault->only, call_names[batch->call]) != 0))
		return batch->count;
	fault->seen += batch->count;
	if (fault->at <= before || fault->at > fault->seen)
		return batch->count;
	return (size_t)(fault->at - before - 1);
}

/* ---- calls with requests ------------------------------------------------------------------ */

/* The requests [first, first + count) of a batch as a batch. */
static struct batch batch_part(const struct batch *batch, size_t first, size_t count)
{
	struct batch part = *batch;

	part.count = count;
	switch (batch->call) {
	case CALL_LIST:
		part.of.looks += first;
		break;
	case CALL_READ:
		part.of.reads += first;
		break;
	case CALL_WRITE:
		part.of.writes += first;
		break;
	case CALL_FLAG:
		part.of.changes += first;
		break;
	case CALL_TRANSFER:
		part.of.transfers += first;
		break;
	case CALL_REMOVE:
		part.of.removals += first;
		break;
	case CALL_FIND:
		part.of.finds += first;
		break;
	}
	return part;
}

/* Passes a batch on. */
static const struct fail *batch_pass(struct faulty *faulty, struct batch batch)
{
	struct store *inner = faulty->inner;

	if (!batch.count)
		return NULL;
	switch (batch.call) {
	case CALL_LIST:
		return store_list(inner, batch.of.looks, batch.count);
	case CALL_READ:
		return store_read(inner, batch.of.reads, batch.count, batch.done, batch.context,
				  batch.arena);
	case CALL_WRITE:
		return store_write(inner, batch.of.writes, batch.count, batch.arena);
	case CALL_FLAG:
		return store_flag(inner, batch.of.changes, batch.count, batch.arena);
	case CALL_TRANSFER:
		return store_transfer(inner, batch.of.transfers, batch.count, batch.arena);
	case CALL_REMOVE:
		return store_remove(inner, batch.of.removals, batch.count, batch.arena);
	case CALL_FIND:
		return store_find(inner, batch.of.finds, batch.count, batch.arena);
	}
	return NULL;
}

/* Gives every request of the batch this fail and no other outcome. */
static void batch_fail(struct batch batch, const struct fail *fail)
{
	for (size_t i = 0; i < batch.count; i++) {
		switch (batch.call) {
		case CALL_LIST:
			batch.of.looks[i].fail = fail;
			batch.of.looks[i].listing = NULL;
			break;
		case CALL_READ:
			batch.of.reads[i].fail = fail;
			batch.of.reads[i].body = NULL;
			break;
		case CALL_WRITE:
			batch.of.writes[i].fail = fail;
			batch.of.writes[i].now = (struct version){ 0 };
			batch.of.writes[i].came_out = false;
			break;
		case CALL_FLAG:
			batch.of.changes[i].fail = fail;
			batch.of.changes[i].now = (struct flags){ 0 };
			break;
		case CALL_TRANSFER:
			batch.of.transfers[i].fail = fail;
			batch.of.transfers[i].now = (struct version){ 0 };
			break;
		case CALL_REMOVE:
			batch.of.removals[i].fail = fail;
			break;
		case CALL_FIND:
			batch.of.finds[i].fail = fail;
			batch.of.finds[i].count = 0;
			break;
		}
	}
}

/* Does the call change anything?  To look and tell nothing is the same as not to look. */
static bool call_changes(enum call call)
{
	return call == CALL_WRITE || call == CALL_FLAG || call == CALL_TRANSFER ||
	       call == CALL_REMOVE;
}

/* The whole call fails: the first `done` requests are done; from `first` on none has an outcome. */
static const struct fail *batch_breaks(struct faulty *faulty, const struct batch *batch, size_t done,
				       size_t first, const struct fail *fail)
{
	const struct fail *f = batch_pass(faulty, batch_part(batch, 0, done));

	if (!f && done && call_changes(batch->call))
		f = store_sync(faulty->inner);
	if (f)
		fail = f;
	batch_fail(batch_part(batch, first, batch->count - first), fail);
	return fail;
}

/* Request `i` fails, all others are done. */
static const struct fail *request_fails(struct faulty *faulty, const struct batch *batch, size_t i,
					bool late, const struct fail *fail)
{
	struct batch one = batch_part(batch, i, 1);
	const struct fail *f;

	if (late) {
		f = batch_pass(faulty, *batch);
		batch_fail(one, fail);
		faulty->lost = one;
		faulty->lost_fail = fail;
		return f;
	}
	f = batch_pass(faulty, batch_part(batch, 0, i));
	batch_fail(one, fail);
	if (!f && batch->call == CALL_READ && batch->done)
		f = batch->done(batch->context, one.of.reads);
	one = batch_part(batch, i + 1, batch->count - i - 1);
	if (f)
		batch_fail(one, f);
	return f ? f : batch_pass(faulty, one);
}

static const struct fail *batch_do(struct store *store, struct batch batch)
{
	struct faulty *faulty = (struct faulty *)store;
	bool late = faulty->fault->late && call_changes(batch.call);
	const struct fail *f;
	size_t i;

	faulty->inner->spool = store->spool;
	if (faulty->broken)
		return batch_breaks(faulty, &batch, 0, 0, faulty->broken);
	if ((f = count_call(faulty, call_names[batch.call])))
		return batch_breaks(faulty, &batch, late ? batch.count : 0, 0, f);
	i = count_requests(faulty, &batch);
	if (i == batch.count)
		return batch_pass(faulty, batch);
	f = hit(faulty);
	if (faulty->broken)
		return batch_breaks(faulty, &batch, late ? i + 1 : i, i, f);
	return request_fails(faulty, &batch, i, late, f);
}

static const struct fail *fault_list(struct store *store, struct look *looks, size_t count)
{
	return batch_do(store, (struct batch){ CALL_LIST, { .looks = looks }, count, NULL, NULL, NULL });
}

static const struct fail *fault_read(struct store *store, struct read *reads, size_t count,
				     read_done *done, void *context, struct arena *arena)
{
	return batch_do(store, (struct batch){ CALL_READ, { .reads = reads }, count, done, context,
					       arena });
}

static const struct fail *fault_write(struct store *store, struct write *writes, size_t count,
				      struct arena *arena)
{
	return batch_do(store, (struct batch){ CALL_WRITE, { .writes = writes }, count, NULL, NULL,
					       arena });
}

static const struct fail *fault_flag(struct store *store, struct flag_change *changes, size_t count,
				     struct arena *arena)
{
	return batch_do(store, (struct batch){ CALL_FLAG, { .changes = changes }, count, NULL, NULL,
					       arena });
}

static const struct fail *fault_transfer(struct store *store, struct transfer *transfers,
					 size_t count, struct arena *arena)
{
	return batch_do(store, (struct batch){ CALL_TRANSFER, { .transfers = transfers }, count, NULL,
					       NULL, arena });
}

static const struct fail *fault_remove(struct store *store, struct removal *removals, size_t count,
				       struct arena *arena)
{
	return batch_do(store, (struct batch){ CALL_REMOVE, { .removals = removals }, count, NULL,
					       NULL, arena });
}

static const struct fail *fault_find(struct store *store, struct find *finds, size_t count,
				     struct arena *arena)
{
	return batch_do(store, (struct batch){ CALL_FIND, { .finds = finds }, count, NULL, NULL,
					       arena });
}

/* ---- calls without ------------------------------------------------------------------------ */

/* Before such a call: the fail if it is not to be done.  *late: it is to be done first. */
static const struct fail *begin(struct store *store, const char *name, bool *late)
{
	struct faulty *faulty = (struct faulty *)store;
	const struct fail *f;

	*late = false;
	faulty->inner->spool = store->spool;
	if (faulty->broken)
		return faulty->broken;
	f = count_call(faulty, name);
	*late = f && faulty->fault->late;
	return f;
}

/* After it: what the inner store knows now. */
static const struct fail *end(struct store *store, const struct fail *fault, const struct fail *fail)
{
	struct faulty *faulty = (struct faulty *)store;

	store->traits = faulty->inner->traits;
	store->memo = faulty->inner->memo;
	return fail ? fail : fault;
}

static struct store *inner_of(struct store *store)
{
	return ((struct faulty *)store)->inner;
}

static const struct fail *fault_folders(struct store *store, const struct store_known *known,
					size_t count, struct arena *arena, struct folder_list *list)
{
	bool late;
	const struct fail *f = begin(store, "folders", &late);

	return f ? f : end(store, f, store_folders(inner_of(store), known, count, arena, list));
}

static const struct fail *fault_make(struct store *store, const char *path, uint32_t roles,
				     struct arena *arena, struct store_folder *made)
{
	bool late;
	const struct fail *f = begin(store, "make", &late);

	if (f && !late)
		return f;
	return end(store, f, store_make(inner_of(store), path, roles, arena, made));
}

static const struct fail *fault_rename(struct store *store, const struct store_folder *folder,
				       const char *path, struct arena *arena,
				       struct store_folder *renamed)
{
	bool late;
	const struct fail *f = begin(store, "rename", &late);

	if (f && !late)
		return f;
	return end(store, f, store_rename(inner_of(store), folder, path, arena, renamed));
}

static const struct fail *fault_drop(struct store *store, const struct store_folder *folder)
{
	bool late;
	const struct fail *f = begin(store, "drop", &late);

	if (f && !late)
		return f;
	return end(store, f, store_drop(inner_of(store), folder));
}

static const struct fail *fault_label(struct store *store, const struct store_folder *folder,
				      const char *title, const char *color)
{
	bool late;
	const struct fail *f = begin(store, "label", &late);

	if (f && !late)
		return f;
	return end(store, f, store_label(inner_of(store), folder, title, color));
}

static const struct fail *fault_exists(struct store *store, const struct store_folder *folder,
				       const char *ref, bool *there)
{
	bool late;
	const struct fail *f = begin(store, "exists", &late);

	return f ? f : store_exists(inner_of(store), folder, ref, there);
}

static const struct fail *fault_sync(struct store *store)
{
	struct faulty *faulty = (struct faulty *)store;
	bool late;
	const struct fail *f = begin(store, "sync", &late);

	if (f && !late)
		return f;
	f = end(store, f, store_sync(faulty->inner));
	batch_fail(faulty->lost, faulty->lost_fail);
	faulty->lost.count = 0;
	return f;
}

static void fault_close(struct store *store)
{
	store_close(inner_of(store));
	free(store);
}

static const struct store_driver fault_driver = {
	.name = "fault",
	.folders = fault_folders,
	.make = fault_make,
	.rename = fault_rename,
	.drop = fault_drop,
	.label = fault_label,
	.list = fault_list,
	.read = fault_read,
	.write = fault_write,
	.flag = fault_flag,
	.transfer = fault_transfer,
	.remove = fault_remove,
	.exists = fault_exists,
	.find = fault_find,
	.sync = fault_sync,
	.close = fault_close,
};

struct store *fault_open(struct store *inner, struct fault *fault)
{
	struct faulty *faulty = memory_alloc(sizeof *faulty);

	faulty->store.driver = &fault_driver;
	faulty->inner = inner;
	faulty->fault = fault;
	end(&faulty->store, NULL, NULL);
	return &faulty->store;
}
