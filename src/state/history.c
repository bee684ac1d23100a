/* What has been: the vault, conflicts, runs and their history. */
#include "base/arena.h"
#include "base/str.h"
#include "state/records.h"
#include "state/state.h"

#include <string.h>

/* A limit as SQLite takes it. */
static int64_t most_of(size_t most)
{
	return most > INT64_MAX ? INT64_MAX : (int64_t)most;
}

/* ---- the vault ---- */

static bool vaulted_before(const struct query *query, const void *record,
			   const struct value *values)
{
	const struct vaulted *vaulted = record;

	(void)query;
	return vaulted->when < values[0].number;
}

static const struct query vaulted_older = {
	.table = TABLE_VAULT,
	.values = 1,
	.where = "at < ?1",
	.holds = vaulted_before,
};

const struct fail *state_vault_put(struct state *state, struct vaulted *vaulted)
{
	return records_put(state, TABLE_VAULT, vaulted);
}

const struct fail *state_vault_remove(struct state *state, int64_t id)
{
	return records_remove(state, &records_by_id[TABLE_VAULT], VALUES(value_number(id)));
}

const struct fail *state_vault(struct state *state, int64_t before, struct arena *arena,
			       struct vaulted **vaulted, size_t *count)
{
	return records_list(state, &vaulted_older, VALUES(value_number(before)), arena, vaulted,
			    count);
}

/* ---- conflicts ---- */

static const struct query conflicts_all = { .table = TABLE_CONFLICT };

const struct fail *state_conflict_put(struct state *state, struct conflict *conflict)
{
	return records_put(state, TABLE_CONFLICT, conflict);
}

const struct fail *state_conflict_remove(struct state *state, int64_t id)
{
	return records_remove(state, &records_by_id[TABLE_CONFLICT], VALUES(value_number(id)));
}

const struct fail *state_conflicts(struct state *state, struct arena *arena,
				   struct conflict **conflicts, size_t *count)
{
	return records_list(state, &conflicts_all, NULL, arena, conflicts, count);
}

const struct fail *state_conflict_get(struct state *state, int64_t id, struct arena *arena,
				      struct conflict **conflict)
{
	return records_first(state, &records_by_id[TABLE_CONFLICT], VALUES(value_number(id)), arena,
			     conflict);
}

static bool conflict_named(const struct query *query, const void *record, const struct value *values)
{
	const struct conflict *conflict = record;

	(void)query;
	return conflict->name && strcmp(conflict->folder, values[0].text) == 0 &&
	       strcmp(conflict->name, values[1].text) == 0;
}

static const struct query conflicts_named = {
	.table = TABLE_CONFLICT,
	.values = 2,
	.where = "folder = ?1 AND name = ?2",
	.holds = conflict_named,
};

const struct fail *state_conflicts_named(struct state *state, const char *folder, const char *name,
					 struct arena *arena, struct conflict **conflicts, size_t *count)
{
	return records_list(state, &conflicts_named, VALUES(value_text(folder), value_text(name)), arena,
			    conflicts, count);
}

static bool conflict_at(const struct query *query, const void *record, const struct value *values)
{
	const struct conflict *conflict = record;

	(void)query;
	return conflict->path && (strcmp(conflict->path, values[0].text) == 0 ||
				  (strcmp(conflict->path, values[1].text) >= 0 &&
				   strcmp(conflict->path, values[2].text) < 0));
}

static const struct query conflicts_at = {
	.table = TABLE_CONFLICT,
	.values = 3,
	.where = "path = ?1 OR (path >= ?2 AND path < ?3)",
	.holds = conflict_at,
};

const struct fail *state_conflict_at(struct state *state, const char *path, struct arena *arena, bool *there)
{
	const char *flagged = arena_printf(arena, "%s:2,", path), *past = arena_printf(arena, "%s:2-", path);
	struct conflict *found = NULL;
	const struct fail *f = records_first(
		state, &conflicts_at, VALUES(value_text(path), value_text(flagged), value_text(past)),
		arena, &found);

	*there = found;
	return f;
}

static bool base_of_conflict(const struct query *query, const void *record, const struct value *values)
{
	const struct conflict_base_record *base = record;

	(void)query;
	return base->conflict == values[0].number;
}

static const struct query base_by_conflict = {
	.table = TABLE_CONFLICT_BASE,
	.values = 1,
	.where = "conflict = ?1",
	.holds = base_of_conflict,
};

const struct fail *state_conflict_base_put(struct state *state, int64_t conflict, const void *data,
					   size_t size)
{
	struct conflict_base_record base = { conflict, { data, size } };

	return records_put(state, TABLE_CONFLICT_BASE, &base);
}

const struct fail *state_conflict_base_get(struct state *state, int64_t conflict, struct arena *arena,
					   const char **data, size_t *size)
{
	struct conflict_base_record *base;
	const struct fail *f =
		records_first(state, &base_by_conflict, VALUES(value_number(conflict)), arena, &base);

	*data = base ? base->bytes.data : NULL;
	*size = base ? base->bytes.size : 0;
	return f;
}

/* ---- runs ---- */

static bool run_before(const struct query *query, const void *record, const struct value *values)
{
	const struct state_run *run = record;

	(void)query;
	return run->began < values[0].number;
}

static const struct query runs_older = {
	.table = TABLE_RUN,
	.values = 1,
	.where = "began < ?1",
	.holds = run_before,
};
static const struct query runs_newest = {
	.table = TABLE_RUN,
	.values = 1,
	.by = "id DESC",
	.order = record_newest,
	.limited = true,
};

const struct fail *state_run_begin(struct state *state, int64_t now, int64_t *id)
{
	struct state_run run = { .began = now };
	const struct fail *f = records_put(state, TABLE_RUN, &run);

	*id = run.id;
	return f;
}

const struct fail *state_run_end(struct state *state, int64_t id, int64_t now, int status,
				 const char *summary)
{
	struct arena *arena = arena_new();
	struct state_run *run;
	const struct fail *f;

	f = records_first(state, &records_by_id[TABLE_RUN], VALUES(value_number(id)), arena, &run);
	if (!f && !run)
		f = fail_make(FAIL_STATE, FAIL_ACCOUNT, "no run %lld", (long long)id);
	if (!f) {
		run->ended = now;
		run->status = status;
		run->summary = summary;
		f = records_put(state, TABLE_RUN, run);
	}
	arena_free(arena);
	return f;
}

const struct fail *state_runs(struct state *state, size_t most, struct arena *arena,
			      struct state_run **runs, size_t *count)
{
	return records_list(state, &runs_newest, VALUES(value_number(most_of(most))), arena, runs,
			    count);
}

/* ---- history ---- */

static bool has_words(const char *text, const char *words)
{
	size_t size = strlen(words);

	do {
		if (str_ncasecmp(text, words, size) == 0)
			return true;
	} while (*text++);
	return false;
}

static bool history_like(const struct query *query, const void *record, const struct value *values)
{
	const struct history_record *line = record;

	(void)query;
	return has_words(line->history.folder, values[0].text) ||
	       has_words(line->history.item, values[0].text) ||
	       has_words(line->history.text, values[0].text);
}

/* instr and not LIKE: nothing in the words is special, and there is no limit on their length. */
static const struct query history_newest = {
	.table = TABLE_HISTORY,
	.values = 2,
	.where = "instr(lower(folder), lower(?1)) OR instr(lower(item), lower(?1))"
		 " OR instr(lower(text), lower(?1))",
	.holds = history_like,
	.by = "id DESC",
	.order = record_newest,
	.limited = true,
};

const struct fail *state_history_add(struct state *state, int64_t run, const char *folder,
				     const char *item, const char *text)
{
	struct history_record line = {
		.history = { .run = run, .folder = folder, .item = item, .text = text }
	};

	return records_put(state, TABLE_HISTORY, &line);
}

const struct fail *state_history(struct state *state, const char *like, size_t most,
				 struct arena *arena, struct history **history, size_t *count)
{
	struct history_record *lines;
	struct state_run *run = NULL;
	const struct fail *f;

	*history = NULL;
	f = records_list(state, &history_newest,
			 VALUES(value_text(like ? like : ""), value_number(most_of(most))), arena,
			 &lines, count);
	if (f || !*count)
		return f;
	*history = arena_alloc(arena, *count * sizeof **history);
	for (size_t i = 0; i < *count; i++) {
		(*history)[i] = lines[i].history;
		if (!run || run->id != lines[i].history.run)
			f = records_first(state, &records_by_id[TABLE_RUN],
					  VALUES(value_number(lines[i].history.run)), arena, &run);
		if (f)
			break;
		(*history)[i].when = run ? run->began : 0;
	}
	if (f) {
		*history = NULL;
		*count = 0;
	}
	return f;
}

const struct fail *state_prune(struct state *state, int64_t before)
{
	return records_remove(state, &runs_older, VALUES(value_number(before)));
}
