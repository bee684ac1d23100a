/* Trace: writes down every call to a store (see trace.h). */
#include "store/trace.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/vec.h"
#include "core/flags.h"

#include <stdlib.h>

#define LINE_MOST 4096

/* A request whose outcome is known only after sync(). */
struct open_request {
	const struct fail *const *fail;
	const struct store_folder *folder;
	const struct version *now; /* NULL: it has none */
};

struct trace {
	struct store store;
	struct store *inner;
	const char *label;
	struct buf *out;
	struct buf line;
	struct arena *scratch;
	struct { VEC(struct open_request) } open;
	read_done *done; /* of the read under way */
	void *done_context;
};

/* ---- lines -------------------------------------------------------------------------------- */

static struct buf *line_begin(struct trace *trace, const char *what)
{
	buf_clear(&trace->line);
	arena_reset(trace->scratch);
	buf_addf(&trace->line, "%s %s", trace->label, what);
	return &trace->line;
}

static void line_end(struct trace *trace)
{
	if (trace->out) {
		buf_add(trace->out, trace->line.data, trace->line.size);
		buf_addc(trace->out, '\n');
	} else {
		log_line(LOG_WIRE, "%s", trace->line.data);
	}
}

/* A word and a value, if there is one. */
static void add_word(struct buf *line, const char *word, const char *value)
{
	if (value)
		buf_addf(line, " %s %s", word, *value ? value : "\"\"");
}

static void add_flags(struct trace *trace, const char *before, struct flags flags)
{
	const char *text = flags_text(trace->scratch, flags);

	if (*text)
		buf_addf(&trace->line, "%s%s", before, text);
}

static void add_fail(struct buf *line, const struct fail *fail)
{
	buf_addf(line, " %s: %s", fail_word(fail->code), fail->text);
}

/* "= stale: …" or "= PATH REF revision R \Seen". */
static void outcome(struct trace *trace, const struct fail *fail, const struct store_folder *folder,
		    const struct version *now)
{
	struct buf *line = line_begin(trace, "=");

	buf_addf(line, " %s", folder->path);
	if (now && now->ref)
		buf_addf(line, " %s", now->ref);
	if (now && now->revision && *now->revision)
		add_word(line, "revision", now->revision);
	if (now)
		add_flags(trace, " ", now->flags);
	if (fail)
		add_fail(line, fail);
	else if (!now || !now->ref)
		buf_adds(line, " done");
	line_end(trace);
}

/* The call's own result, if it is not success. */
static const struct fail *result(struct trace *trace, const struct fail *fail)
{
	if (fail) {
		add_fail(line_begin(trace, "="), fail);
		line_end(trace);
	}
	/* These become known while the inner store works. */
	trace->store.traits = trace->inner->traits;
	trace->store.memo = trace->inner->memo;
	return fail;
}

static struct trace *begin(struct store *store)
{
	struct trace *trace = (struct trace *)store;

	trace->inner->spool = store->spool;
	return trace;
}

/* ---- folders ------------------------------------------------------------------------------ */

static void folder_line(struct trace *trace, const struct store_folder *folder)
{
	struct buf *line = line_begin(trace, "=");

	buf_addf(line, " %s", folder->path);
	add_word(line, "name", folder->name);
	buf_adds(line, folder->news == NEWS_SOME ? " news" : " no news");
	add_word(line, "next", folder->next);
	add_word(line, "identity", folder->identity);
	if (folder->lasting)
		add_word(line, "lasting", folder->lasting);
	if (folder->count != UINT64_MAX)
		buf_addf(line, " count %llu", (unsigned long long)folder->count);
	if (folder->roles)
		buf_addf(line, " roles 0x%x", folder->roles);
	if (folder->unsupported)
		add_word(line, "unsupported", folder->why);
	line_end(trace);
}

static const struct fail *trace_folders(struct store *store, const struct store_known *known,
					size_t count, struct arena *arena, struct folder_list *list)
{
	struct trace *trace = begin(store);
	const struct fail *f;

	line_begin(trace, "folders");
	line_end(trace);
	for (size_t i = 0; i < count; i++) {
		buf_addf(line_begin(trace, "  known"), " %s", known[i].path);
		add_word(&trace->line, "cursor", known[i].cursor);
		line_end(trace);
	}
	f = result(trace, store_folders(trace->inner, known, count, arena, list));
	for (size_t i = 0; !f && i < list->count; i++)
		folder_line(trace, &list->items[i]);
	return f;
}

static const struct fail *trace_make(struct store *store, const char *path, uint32_t roles,
				     struct arena *arena, struct store_folder *made)
{
	struct trace *trace = begin(store);
	const struct fail *f;

	buf_addf(line_begin(trace, "make"), " %s", path);
	line_end(trace);
	f = result(trace, store_make(trace->inner, path, roles, arena, made));
	if (!f)
		folder_line(trace, made);
	return f;
}

static const struct fail *trace_rename(struct store *store, const struct store_folder *folder,
				       const char *path, struct arena *arena,
				       struct store_folder *renamed)
{
	struct trace *trace = begin(store);
	const struct fail *f;

	buf_addf(line_begin(trace, "rename"), " %s to %s", folder->path, path);
	line_end(trace);
	f = result(trace, store_rename(trace->inner, folder, path, arena, renamed));
	if (!f)
		folder_line(trace, renamed);
	return f;
}

static const struct fail *trace_drop(struct store *store, const struct store_folder *folder)
{
	struct trace *trace = begin(store);

	buf_addf(line_begin(trace, "drop"), " %s", folder->path);
	line_end(trace);
	return result(trace, store_drop(trace->inner, folder));
}

static const struct fail *trace_label(struct store *store, const struct store_folder *folder,
				      const char *title, const char *color)
{
	struct trace *trace = begin(store);

	buf_addf(line_begin(trace, "label"), " %s title %s color %s", folder->path, title ? title : "-",
		 color ? color : "-");
	line_end(trace);
	return result(trace, store_label(trace->inner, folder, title, color));
}

/* ---- listings and reads ------------------------------------------------------------------- */

static void look_line(struct trace *trace, const struct look *look)
{
	const struct listing *listing = look->listing;
	struct buf *line = line_begin(trace, "=");

	buf_addf(line, " %s", look->folder->path);
	if (look->fail)
		add_fail(line, look->fail);
	if (listing) {
		buf_addf(line, " %s, %zu entries, %zu gone", listing->complete ? "complete" : "delta",
			 listing->count, listing->gone_count);
		if (listing->renumbered)
			buf_adds(line, ", renumbered");
		if (listing->read_only)
			buf_adds(line, ", read-only");
		if (listing->unstable)
			buf_adds(line, ", unstable");
		buf_addf(line, ", cursor %s", listing->cursor);
	}
	line_end(trace);
}

static const struct fail *trace_list(struct store *store, struct look *looks, size_t count)
{
	struct trace *trace = begin(store);
	const struct fail *f;

	for (size_t i = 0; i < count; i++) {
		buf_addf(line_begin(trace, "list"), " %s", looks[i].folder->path);
		add_word(&trace->line, "cursor", looks[i].cursor);
		if (looks[i].full)
			buf_adds(&trace->line, " full");
		line_end(trace);
	}
	f = result(trace, store_list(trace->inner, looks, count));
	for (size_t i = 0; i < count; i++)
		look_line(trace, &looks[i]);
	return f;
}

static const struct fail *read_line(void *context, struct read *read)
{
	struct trace *trace = context;
	struct buf *line = line_begin(trace, "=");

	buf_addf(line, " %s %s", read->folder->path, read->ref);
	if (read->fail)
		add_fail(line, read->fail);
	else if (read->body)
		buf_addf(line, " %llu bytes", (unsigned long long)read->body->size);
	if (read->has_flags)
		add_flags(trace, " ", read->now.flags);
	line_end(trace);
	return trace->done ? trace->done(trace->done_context, read) : NULL;
}

static const char *const part_words[] = {
	[PART_WHOLE] = " whole",
	[PART_PRINT] = " print",
	[PART_TEXT] = " text",
	[PART_SECTION] = " section",
};

static const struct fail *trace_read(struct store *store, struct read *reads, size_t count,
				     read_done *done, void *context, struct arena *arena)
{
	struct trace *trace = begin(store);

	for (size_t i = 0; i < count; i++) {
		buf_addf(line_begin(trace, "read"), " %s %s", reads[i].folder->path, reads[i].ref);
		buf_adds(&trace->line, part_words[reads[i].part]);
		line_end(trace);
	}
	trace->done = done;
	trace->done_context = context;
	return result(trace, store_read(trace->inner, reads, count, read_line, trace, arena));
}

static const struct fail *trace_exists(struct store *store, const struct store_folder *folder,
				       const char *ref, bool *there)
{
	struct trace *trace = begin(store);
	const struct fail *f = result(trace, store_exists(trace->inner, folder, ref, there));

	buf_addf(line_begin(trace, "exists"), " %s %s: %s", folder->path, ref,
		 f ? "?" : *there ? "yes" : "no");
	line_end(trace);
	return f;
}

static const struct fail *trace_find(struct store *store, struct find *finds, size_t count,
				     struct arena *arena)
{
	struct trace *trace = begin(store);
	const struct fail *f = result(trace, store_find(trace->inner, finds, count, arena));

	for (size_t i = 0; i < count; i++) {
		buf_addf(line_begin(trace, "find"), " %s", finds[i].folder->path);
		add_word(&trace->line, "next", finds[i].next);
		add_word(&trace->line, "message-id", finds[i].message_id);
		if (finds[i].fail)
			add_fail(&trace->line, finds[i].fail);
		for (size_t k = 0; k < finds[i].count; k++)
			add_word(&trace->line, "=", finds[i].refs[k]);
		line_end(trace);
	}
	return f;
}

/* ---- changes ------------------------------------------------------------------------------ */

/* Tells the outcomes of all requests since the last sync(). */
static void outcomes(struct trace *trace)
{
	for (size_t i = 0; i < trace->open.count; i++) {
		const struct open_request *open = &trace->open.items[i];
		outcome(trace, *open->fail, open->folder, open->now);
	}
	trace->open.count = 0;
}

static void open_add(struct trace *trace, const struct fail *const *fail,
		     const struct store_folder *folder, const struct version *now)
{
	*vec_push(&trace->open) = (struct open_request){ fail, folder, now };
	line_end(trace);
}

/* After a call that queues; when it failed, the requests may not live on until sync(). */
static const struct fail *queued(struct trace *trace, const struct fail *fail)
{
	if (result(trace, fail))
		outcomes(trace);
	return fail;
}

static const struct fail *trace_write(struct store *store, struct write *writes, size_t count,
				      struct arena *arena)
{
	struct trace *trace = begin(store);

	for (size_t i = 0; i < count; i++) {
		struct buf *line = line_begin(trace, "write");

		buf_addf(line, " %s %llu bytes", writes[i].folder->path,
			 (unsigned long long)writes[i].body->size);
		add_word(line, "key", writes[i].key);
		add_word(line, "name", writes[i].name);
		add_word(line, "replaces", writes[i].replaces);
		add_word(line, "if", writes[i].if_revision);
		add_word(line, "into", writes[i].into);
		add_flags(trace, " ", writes[i].flags);
		open_add(trace, &writes[i].fail, writes[i].folder, &writes[i].now);
	}
	return queued(trace, store_write(trace->inner, writes, count, arena));
}

static const struct fail *trace_flag(struct store *store, struct flag_change *changes, size_t count,
				     struct arena *arena)
{
	struct trace *trace = begin(store);

	for (size_t i = 0; i < count; i++) {
		buf_addf(line_begin(trace, "flag"), " %s %s", changes[i].folder->path,
			 changes[i].ref);
		add_flags(trace, " add ", changes[i].add);
		add_flags(trace, " remove ", changes[i].remove);
		open_add(trace, &changes[i].fail, changes[i].folder, NULL);
	}
	return queued(trace, store_flag(trace->inner, changes, count, arena));
}

static const struct fail *trace_transfer(struct store *store, struct transfer *transfers,
					 size_t count, struct arena *arena)
{
	struct trace *trace = begin(store);

	for (size_t i = 0; i < count; i++) {
		const struct transfer *transfer = &transfers[i];

		buf_addf(line_begin(trace, transfer->copy ? "copy" : "move"), " %s %s to %s",
			 transfer->folder->path, transfer->ref, transfer->to->path);
		add_word(&trace->line, "name", transfer->name);
		open_add(trace, &transfer->fail, transfer->to, &transfer->now);
	}
	return queued(trace, store_transfer(trace->inner, transfers, count, arena));
}

static const struct fail *trace_remove(struct store *store, struct removal *removals, size_t count,
				       struct arena *arena)
{
	struct trace *trace = begin(store);

	for (size_t i = 0; i < count; i++) {
		buf_addf(line_begin(trace, "remove"), " %s %s", removals[i].folder->path,
			 removals[i].ref);
		add_word(&trace->line, "if", removals[i].if_revision);
		add_word(&trace->line, "into", removals[i].into);
		open_add(trace, &removals[i].fail, removals[i].folder, NULL);
	}
	return queued(trace, store_remove(trace->inner, removals, count, arena));
}

static const struct fail *trace_sync(struct store *store)
{
	struct trace *trace = begin(store);
	const struct fail *f;

	line_begin(trace, "sync");
	line_end(trace);
	f = store_sync(trace->inner);
	outcomes(trace);
	return result(trace, f);
}

/* ---- the store ---------------------------------------------------------------------------- */

static void trace_close(struct store *store)
{
	struct trace *trace = begin(store);

	line_begin(trace, "close");
	line_end(trace);
	store_close(trace->inner);
	vec_free(&trace->open);
	arena_free(trace->scratch);
	buf_free(&trace->line);
	free(trace);
}

static const struct store_driver trace_driver = {
	.name = "trace",
	.folders = trace_folders,
	.make = trace_make,
	.rename = trace_rename,
	.drop = trace_drop,
	.label = trace_label,
	.list = trace_list,
	.read = trace_read,
	.write = trace_write,
	.flag = trace_flag,
	.transfer = trace_transfer,
	.remove = trace_remove,
	.exists = trace_exists,
	.find = trace_find,
	.sync = trace_sync,
	.close = trace_close,
};

struct store *trace_open(struct store *inner, const char *label, struct buf *out)
{
	struct trace *trace = memory_alloc(sizeof *trace);

	trace->store.driver = &trace_driver;
	trace->inner = inner;
	trace->label = label;
	trace->out = out;
	trace->scratch = arena_new();
	buf_init(&trace->line, LINE_MOST);
	result(trace, NULL);
	return &trace->store;
}
