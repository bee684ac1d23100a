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

/* Conflicts/mail/cur/NAME:2,S or Conflicts/calendars/Home/NAME.ics; a number is added where it is taken. */
static const char *free_path(struct run *run, const struct folder *folder, const char *name,
			     struct flags flags, const struct fail **f)
{
	struct places *places = run->engine->places;
	bool mail = folder->saved.kind == KIND_MAIL;
	const char *directory = mail ? "Conflicts/mail/cur"
				     : arena_printf(run->round, "Conflicts/%s", folder->path);
	const char *dot = mail ? NULL : strrchr(name, '.');
	int stem = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
	const char *tail = mail ? mail_info(run->round, flags) : name + stem;
	const char *path = arena_printf(run->round, "%s/%.*s%s", directory, stem, name, tail);

	*f = places->prepare(places, directory);
	if (!*f && mail)
		*f = places->prepare(places, "Conflicts/mail/new");
	if (!*f && mail)
		*f = places->prepare(places, "Conflicts/mail/tmp");
	for (unsigned n = 2; !*f && places->find(places, path, run->round); n++)
		path = arena_printf(run->round, "%s/%.*s.%u%s", directory, stem, name, n, tail);
	return path;
}

/* A record of the same loser, from a run that was cut short. */
static const struct fail *find_record(struct run *run, const struct folder *folder, const struct op *op,
				      const char *name, struct conflict **found)
{
	struct conflict *all = NULL;
	size_t count = 0;
	const struct fail *f = state_conflicts(run->engine->state, run->round, &all, &count);

	*found = NULL;
	for (size_t i = 0; !f && i < count; i++) {
		bool same = strcmp(all[i].folder, folder->path) == 0 &&
			    strcmp(all[i].name ? all[i].name : "", name) == 0 &&
			    strcmp(all[i].why ? all[i].why : "", op->why ? op->why : "") == 0;

		if (same && op->match->now[LOCAL] &&
		    !digest_equal(&all[i].digest, &op->match->now[LOCAL]->digest))
			same = false;
		if (same)
			*found = &all[i];
	}
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

const struct fail *conflict_take(struct run *run, const struct op *op, const char **path)
{
	const struct folder *folder = &run->folders[op->match->folder];
	const struct version *loser = op->match->now[LOCAL];
	const char *name = loser ? loser->ref : match_name(op->match);
	struct conflict *record = NULL, made = { 0 };
	struct places *places = run->engine->places;
	const struct fail *f = find_record(run, folder, op, name, &record);

	*path = NULL;
	if (f)
		return f;
	if (record && record->path && places->find(places, record->path, run->round))
		record = NULL; /* that one has its file already */
	if (!record) {
		record = &made;
		made.run = run->id;
		made.when = run->engine->now;
		made.kind = folder->saved.kind;
		made.folder = folder->path;
		made.key = op->match->key;
		made.name = name;
		made.why = op->why;
		made.item = op->match->row && op->match->row->subject ? op->match->row->subject
			    : op->match->key				      ? op->match->key
									      : name;
		for (int s = 0; s < SIDES; s++)
			made.revision[s] = op->match->now[s] ? op->match->now[s]->revision : NULL;
		if (loser)
			made.digest = loser->digest;
	}
	if (loser && !record->path)
		record->path = free_path(run, folder, name, loser->flags, &f);
	if (f)
		return fail_in(f, "Conflicts");
	*path = record->path;
	f = state_conflict_put(run->engine->state, record);
	return f ? f : keep_base(run, op->match->row, record);
}
