/* Conflict: where the local version goes that lost against the server's, and its record. */
#include "base/clock.h"
#include "engine/run.h"

#include <stdio.h>
#include <string.h>

/* The flags part of a Maildir name: Conflicts/mail is a Maildir too. */
static const char *mail_info(struct arena *arena, struct flags flags)
{
	static const struct {
		uint32_t bit;
		char letter;
	} letters[] = { { FLAG_DRAFT, 'D' },    { FLAG_FLAGGED, 'F' }, { FLAG_FORWARDED, 'P' },
			{ FLAG_ANSWERED, 'R' }, { FLAG_SEEN, 'S' },    { FLAG_DELETED, 'T' } };
	char info[sizeof letters / sizeof *letters + 1] = "";
	size_t used = 0;

	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		if (flags.bits & letters[i].bit)
			info[used++] = letters[i].letter;
	return arena_printf(arena, ":2,%s", info);
}

/* Is it the name of a loser: one that lies there, or one that this run has only recorded yet? */
static const struct fail *is_taken(struct run *run, const char *base, const char *tail, bool *taken)
{
	struct places *places = run->engine->places;
	const char *path = arena_printf(run->round, "%s%s", base, tail);

	*taken = places->find(places, path, run->round) != NULL;
	return *taken ? NULL
		      : state_conflict_at(run->engine->state, *tail == ':' ? base : path, run->round, taken);
}

/* Conflicts/mail/cur/NAME:2,S or Conflicts/calendars/Home/NAME.ics; a number is added where it is taken. */
static const struct fail *free_path(struct run *run, const struct folder *folder, const char *name,
				    struct flags flags, const char **path)
{
	struct places *places = run->engine->places;
	bool mail = folder->saved.kind == KIND_MAIL, taken = true;
	const char *directory = mail ? "Conflicts/mail/cur"
				     : arena_printf(run->round, "Conflicts/%s", folder->path);
	const char *dot = mail ? NULL : strrchr(name, '.');
	int stem = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
	const char *tail = mail ? mail_info(run->round, flags) : name + stem;
	const char *base = arena_printf(run->round, "%s/%.*s", directory, stem, name);
	const char *numbered = base;
	const struct fail *f = places->prepare(places, directory);

	if (!f && mail)
		f = places->prepare(places, "Conflicts/mail/new");
	if (!f && mail)
		f = places->prepare(places, "Conflicts/mail/tmp");
	if (!f)
		f = is_taken(run, base, tail, &taken);
	for (unsigned n = 2; !f && taken; n++) {
		numbered = arena_printf(run->round, "%s.%u", base, n);
		f = is_taken(run, numbered, tail, &taken);
	}
	*path = arena_printf(run->round, "%s%s", numbered, tail);
	return f;
}

/* The record of this very loser: of a run that was cut short, or of one whose loser still lies there. */
static const struct fail *find_record(struct run *run, const struct folder *folder,
				      const struct version *loser, const char *name, struct conflict **found)
{
	struct conflict *all = NULL;
	size_t count = 0;
	const struct fail *f =
		state_conflicts_named(run->engine->state, folder->path, name, run->round, &all, &count);

	*found = NULL;
	for (size_t i = 0; !f && i < count; i++)
		if (loser ? all[i].path && digest_equal(&all[i].digest, &loser->digest) : !all[i].path)
			*found = &all[i];
	return f;
}

/* What both sides had: the row is about to forget it. */
static const struct fail *keep_base(struct run *run, const struct row *row, const struct conflict *record)
{
	const char *data = NULL;
	size_t size = 0;
	const struct fail *f = NULL;

	if (!row || !row->id)
		return NULL;
	f = state_base_get(run->engine->state, row->id, run->round, &data, &size);
	if (!f && data)
		f = state_conflict_base_put(run->engine->state, record->id, data, size);
	return f;
}

static void record_make(const struct run *run, const struct op *op, const char *name,
			struct conflict *record)
{
	const struct match *match = op->match;
	const char *key = match->key ? match->key : name;

	*record = (struct conflict){ .run = run->id, .when = run->engine->now };
	record->key = match->key;
	record->name = name;
	record->kind = run->folders[match->folder].saved.kind;
	record->folder = run->folders[match->folder].path;
	record->item = match->row && match->row->subject ? match->row->subject : key;
	if (match->now[LOCAL])
		record->digest = match->now[LOCAL]->digest;
}

const struct fail *conflict_take(struct run *run, const struct op *op, const char **path)
{
	const struct folder *folder = &run->folders[op->match->folder];
	const struct version *loser = op->match->now[LOCAL];
	const char *name = loser ? loser->ref : match_name(op->match);
	struct conflict *record = NULL, made;
	struct places *places = run->engine->places;
	const struct fail *f = find_record(run, folder, loser, name, &record);

	*path = NULL;
	if (f)
		return f;
	if (!record) {
		record_make(run, op, name, &made);
		record = &made;
	}
	record->why = op->why;
	for (int s = 0; s < SIDES; s++)
		record->revision[s] = op->match->now[s] ? op->match->now[s]->revision : NULL;
	if (loser && !record->path)
		f = free_path(run, folder, name, loser->flags, &record->path);
	if (f)
		return fail_in(f, "Conflicts");
	/* The same bytes lie there already: once is enough. */
	if (loser && (record == &made || !places->find(places, record->path, run->round)))
		*path = record->path;
	f = state_conflict_put(run->engine->state, record);
	return f ? f : keep_base(run, op->match->row, record);
}

const struct fail *conflicts_follow(struct run *run, const char *from, const char *to)
{
	struct conflict *all = NULL;
	size_t count = 0;
	const struct fail *f = state_conflicts(run->engine->state, run->arena, &all, &count);

	for (size_t i = 0; !f && i < count; i++) {
		if (strcmp(all[i].folder, from) != 0)
			continue;
		all[i].folder = to;
		f = state_conflict_put(run->engine->state, &all[i]);
	}
	return f;
}
