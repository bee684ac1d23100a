/* Sent: what is on its way to the server is noted before it goes.  A run that is cut short between an upload
 * and the commit of its row leaves a version on the server that no row knows; edited here once more, it would
 * seem to be in conflict.  If the server has what was noted, the same lay here then, and what lies here now
 * was made of it. */
#include "base/buf.h"
#include "base/memory.h"
#include "base/str.h"
#include "engine/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MEMO       "sent"
#define NOTED_MOST 1000 /* whose outcome was not learnt; the oldest go */
#define LINE_WORDS 3    /* folder, normal, before; then the key */

struct noted {
	int64_t folder;
	struct digest normal; /* of what was sent */
	struct digest before; /* of the server's revision in the row then: with another one this is over */
	const char *key;
};

struct sent {
	struct {
		VEC(struct noted)
	} kept, going; /* not learnt what became of them; of this chunk */
	bool there;    /* a memo is in the state */
};

static struct digest revision_digest(const struct row *row)
{
	const char *revision = row && row->side[SERVER].ref ? row->side[SERVER].revision : NULL;

	return digest_of(revision ? revision : "", revision ? strlen(revision) : 0);
}

/* ---- the memo ---------------------------------------------------------------------------------- */

static void noted_text(struct buf *out, const struct noted *noted)
{
	char normal[2 * DIGEST_SIZE + 1], before[2 * DIGEST_SIZE + 1];

	str_hex(normal, noted->normal.bytes, DIGEST_SIZE);
	str_hex(before, noted->before.bytes, DIGEST_SIZE);
	buf_addf(out, "%" PRId64 " %s %s %s\n", noted->folder, normal, before, noted->key);
}

/* Cuts the line up. */
static bool noted_read(char *line, struct noted *noted)
{
	char *words[LINE_WORDS];
	uint64_t folder = 0;

	for (size_t i = 0; i < LINE_WORDS; i++) {
		words[i] = line;
		line = strchr(line, ' ');
		if (!line)
			return false;
		*line++ = '\0';
	}
	noted->key = line;
	if (!str_u64(words[0], &folder) || folder > INT64_MAX)
		return false;
	noted->folder = (int64_t)folder;
	return str_unhex(noted->normal.bytes, words[1], DIGEST_SIZE) &&
	       str_unhex(noted->before.bytes, words[2], DIGEST_SIZE);
}

/* Is the row still as it was? */
static const struct fail *noted_holds(struct run *run, const struct noted *noted, bool *holds)
{
	const struct row *row = NULL;
	struct row *rows = NULL;
	struct digest now;
	size_t count = 0;
	const struct fail *f = state_rows_by_key(run->engine->state, noted->key, run->round, &rows, &count);

	for (size_t i = 0; i < count; i++)
		if (rows[i].folder == noted->folder)
			row = &rows[i];
	now = revision_digest(row);
	*holds = !f && digest_equal(&now, &noted->before);
	return f;
}

static const struct fail *sent_load(struct run *run)
{
	const char *memo = NULL;
	char *line, *end;
	const struct fail *f = NULL;

	if (run->sent)
		return NULL;
	f = state_memo_get(run->engine->state, MEMO, run->round, &memo);
	if (f)
		return f;
	run->sent = memory_alloc(sizeof *run->sent);
	run->sent->there = memo != NULL;
	line = arena_str(run->arena, memo ? memo : "");
	for (; !f && (end = strchr(line, '\n')); line = end + 1) {
		struct noted noted;
		bool holds = false;

		*end = '\0';
		if (!noted_read(line, &noted))
			continue;
		f = noted_holds(run, &noted, &holds);
		if (!f && holds)
			*vec_push(&run->sent->kept) = noted;
	}
	return f;
}

const struct fail *sent_save(struct run *run)
{
	struct sent *sent = run->sent;
	size_t most = sent->kept.count < NOTED_MOST ? sent->kept.count : NOTED_MOST;
	const struct fail *f = NULL;
	struct buf text;

	if (!sent->there && !sent->kept.count && !sent->going.count)
		return NULL;
	buf_init(&text, SIZE_MAX);
	for (size_t i = sent->kept.count - most; i < sent->kept.count; i++)
		noted_text(&text, &sent->kept.items[i]);
	for (size_t i = 0; i < sent->going.count; i++)
		noted_text(&text, &sent->going.items[i]);
	f = state_memo_put(run->engine->state, MEMO, text.size ? text.data : NULL);
	if (!f)
		sent->there = text.size > 0;
	buf_free(&text);
	return f;
}

void sent_free(struct run *run)
{
	if (!run->sent)
		return;
	vec_free(&run->sent->kept);
	vec_free(&run->sent->going);
	free(run->sent);
}

/* ---- sending ----------------------------------------------------------------------------------- */

const struct fail *sent_begin(struct run *run)
{
	const struct fail *f = sent_load(run);

	if (!f)
		run->sent->going.count = 0;
	return f;
}

static struct noted noted_make(const struct run *run, const struct match *match, const struct row *item)
{
	return (struct noted){ .folder = run->folders[match->folder].saved.id,
			       .normal = item->normal,
			       .before = revision_digest(match->row),
			       .key = arena_str(run->arena, item->key) };
}

void sent_add(struct run *run, const struct match *match, const struct row *item)
{
	*vec_push(&run->sent->going) = noted_make(run, match, item);
}

void sent_keep(struct run *run, const struct match *match, const struct row *item)
{
	*vec_push(&run->sent->kept) = noted_make(run, match, item);
}

/* ---- found on the server ----------------------------------------------------------------------- */

static bool was_sent(const struct run *run, const struct match *match)
{
	const struct sent *sent = run->sent;
	int64_t folder = run->folders[match->folder].saved.id;
	struct digest before = revision_digest(match->row);

	for (size_t i = 0; i < sent->kept.count; i++) {
		const struct noted *noted = &sent->kept.items[i];

		if (noted->folder == folder && digest_equal(&noted->normal, &match->normal[SERVER]) &&
		    digest_equal(&noted->before, &before) && strcmp(noted->key, match->key) == 0)
			return true;
	}
	return false;
}

const struct fail *sent_settle(struct run *run, struct match *match)
{
	const struct folder *folder = &run->folders[match->folder];
	struct row *base;
	const struct fail *f = NULL;

	if (!match->key || !match->now[SERVER] || !digest_known(&match->normal[SERVER]) ||
	    !(match->now[LOCAL] || match->row))
		return NULL;
	f = sent_load(run);
	if (f || !was_sent(run, match))
		return f;
	base = row_for(run->round, match, folder);
	base->side[SERVER] = *match->now[SERVER];
	if (!base->side[LOCAL].ref)
		base->side[LOCAL] = *match->now[LOCAL];
	/* Which bytes were sent is not known, only what they mean. */
	base->side[LOCAL].revision = "";
	base->side[LOCAL].digest = (struct digest){ 0 };
	base->normal = match->normal[SERVER];
	match->row = base;
	return NULL;
}
