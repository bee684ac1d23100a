/* Directions: what a folder's direction let lie is taken up when the direction is another.  The cursors have
 * moved past it, so the folder is listed in full once. */
#include "base/buf.h"
#include "base/str.h"
#include "engine/run.h"

#include <string.h>

#define MEMO "directions"          /* a line for each folder that has not both: "push calendars/Home" */
#define MEMO_MOST ((size_t)4 << 20)

static const char *const words[] = {
	[DIRECTION_BOTH] = "both", [DIRECTION_PULL] = "pull", [DIRECTION_PUSH] = "push"
};

/* The folder's direction in the memo. */
static enum direction remembered(const char *memo, const char *path)
{
	size_t size = strlen(path);

	for (const char *line = memo, *end; (end = strchr(line, '\n')); line = end + 1) {
		const char *name = strchr(line, ' ');

		if (!name || (size_t)(end - name) != size + 1 || memcmp(name + 1, path, size) != 0)
			continue;
		return str_starts(line, words[DIRECTION_PUSH]) ? DIRECTION_PUSH : DIRECTION_PULL;
	}
	return DIRECTION_BOTH;
}

/* Open work on nothing: it is done when the folder was listed in full.  What was set aside is due: perhaps
 * because of the direction. */
static const struct fail *look_in_full(struct run *run, const struct folder *folder)
{
	struct state *state = run->engine->state;
	struct pending look = { .folder = folder->saved.id,
				.side = SERVER,
				.ref = "",
				.why = PENDING_DIRECTION,
				.text = "the direction was changed" };
	struct pending *open = NULL;
	size_t count = 0;
	const struct fail *f = state_pending(state, folder->saved.id, run->round, &open, &count);

	for (size_t i = 0; !f && i < count; i++) {
		open[i].next = 0;
		if (open[i].why == PENDING_SET_ASIDE)
			f = state_pending_put(state, &open[i]);
	}
	return f ? f : state_pending_put(state, &look);
}

/* In a folder that is not this run's to carry out it stays as it was. */
static enum direction direction_of(const struct folder *folder, enum direction was)
{
	bool carried_out = folder->policy.in_scope && folder->policy.mode != MODE_OFF && !folder->fail;

	return carried_out && folder->saved.id ? folder->policy.direction : was;
}

const struct fail *directions_take_up(struct run *run)
{
	const char *memo = NULL;
	struct buf text;
	const struct fail *f = state_memo_get(run->engine->state, MEMO, run->round, &memo);

	buf_init(&text, MEMO_MOST);
	memo = memo ? memo : "";
	for (size_t i = 0; !f && i < run->folder_count; i++) {
		const struct folder *folder = &run->folders[i];
		enum direction now = direction_of(folder, remembered(memo, folder->path));

		if (now != DIRECTION_BOTH)
			buf_addf(&text, "%s %s\n", words[now], folder->path);
	}
	if (f || text.over || strcmp(text.data, memo) == 0)
		goto out;
	f = tx_begin(run);
	for (size_t i = 0; !f && i < run->folder_count; i++) {
		enum direction was = remembered(memo, run->folders[i].path);

		if (was != DIRECTION_BOTH && direction_of(&run->folders[i], was) != was)
			f = look_in_full(run, &run->folders[i]);
	}
	if (!f)
		f = state_memo_put(run->engine->state, MEMO, *text.data ? text.data : NULL);
	f = tx_end(run, f);
out:
	buf_free(&text);
	return f;
}
