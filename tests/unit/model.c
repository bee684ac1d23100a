/* The model test: random histories of two users, one at the server, one here, with koc in between, which
 * is stopped at random steps; and every step of a sync in turn; or the users go on while koc runs.  Worlds and state are in memory, so that
 * 100,000 histories take seconds.  A failure prints its seed and step: `model SEED STEP` replays it alone, and with `-v`
 * tells the story.
 *
 * What must hold, whatever happened (SPEC 7):
 *   nothing lost    what was anywhere before a run is somewhere (either side, vault, Conflicts) at each of
 *                   its steps and after it, but for what a user removed for good or wrote over;
 *   conflicts       every file in Conflicts has one record and every record its file, none is there twice,
 *                   whatever users do about them (keep, both, drop, mv, and stopped in between);
 *   settled         two undisturbed runs after the last stop both sides are equal, with flags;
 *   no duplicate    no content is there more often than users put it there;
 *   removed         what one user removed and the other did not touch is gone from its folder;
 *   flags           a flag that one user changed is as that user wanted;
 *   silent          the run after that writes nothing;
 *   whole           the server never has a text form; in a folder of mode full there is none here;
 *   no stale row    the rows are exactly the items. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/step.h"
#include "core/flags.h"
#include "engine/fetch.h"
#include "engine/resolve.h"
#include "format/item.h"
#include "state/state.h"
#include "store/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONTENTS 64
#define FOLDERS 4
#define WORDS 2

static bool verbose;
static uint64_t merged;    /* edits of both sides, by this process */
static uint64_t decisions; /* of users about conflicts */

/* ---- random numbers -------------------------------------------------------------------------- */

struct dice {
	uint64_t state;
};

static uint32_t roll(struct dice *dice, uint32_t sides)
{
	dice->state += 0x9e3779b97f4a7c15u; /* splitmix64 */
	uint64_t z = dice->state;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % sides);
}

/* ---- one history ----------------------------------------------------------------------------- */

/* What the test remembers of one content. */
struct content {
	const struct memory_body *body[SIDES];
	int put;             /* times that a user put it somewhere */
	bool discarded;      /* a user removed it for good: it may be gone */
	bool trashed;        /* a user once moved it to the Trash */
	int touched[SIDES];  /* changes by that side's user since the last finished sync */
	int removed;         /* by one user: side + 1; 0 not */
	size_t from;         /* the folder it was removed from */
	uint32_t changed[SIDES], wanted[SIDES]; /* flag bits changed since then, and to what */
};

struct story {
	uint64_t seed;
	struct dice dice;
	bool dav;
	bool text;          /* folders have modes, which change, and the state may be lost */
	bool merge;         /* merge = yes: items are events, and an edit leaves what others wrote in them */
	bool lost;          /* the state was */
	bool clash;         /* the users often change one item at a time */
	bool stops;         /* the last run will be stopped */
	struct dice form;   /* for all that only such a story has */
	struct dice fate;   /* for what is done about conflicts */
	enum mode modes[FOLDERS];
	int expire[FOLDERS];
	struct memory_world *world[SIDES];
	struct memory_options options[SIDES];
	struct state *state;
	struct places places;
	struct content contents[CONTENTS];
	size_t content_count;
	enum delete_policy remove;
	size_t round_most;
	/* The stop: */
	long stop_at, steps;
	bool stopped;
	uint64_t transferred;
	int64_t now;
	bool ever_stopped;
	bool stopped_early; /* in a turn before the last: what changed then may have no base */
	bool busy;          /* the users go on while koc runs */
	bool once;          /* what fails is one transaction, not all from then on */
	bool running;
	const struct content *doubled; /* becomes an item with another UID */
	const bool *held;   /* what was somewhere before this run: it must be at each of its steps */
	const struct store_driver *inner; /* of both sides */
	char problem[300];
};

static const char *const mail_paths[FOLDERS] = { "mail/INBOX", "mail/Archive", "mail/Work/A", "mail/Trash" };
static const char *const dav_paths[FOLDERS] = { "calendars/Home", "calendars/Work", "calendars/C",
						"calendars/D" };

static const char *path_of(const struct story *h, size_t folder)
{
	return h->dav ? dav_paths[folder] : mail_paths[folder];
}

__attribute__((format(printf, 2, 3))) static void wrong(struct story *h, const char *format, ...)
{
	va_list args;

	if (h->problem[0])
		return;
	va_start(args, format);
	vsnprintf(h->problem, sizeof h->problem, format, args);
	va_end(args);
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;

	if (!verbose)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* ---- places over the local world -------------------------------------------------------------- */

static struct story *of_places(struct places *places)
{
	return (struct story *)((char *)places - offsetof(struct story, places));
}

static const struct fail *world_prepare(struct places *places, const char *directory)
{
	(void)places;
	(void)directory;
	return NULL;
}

static struct memory_kept *kept_at(struct story *h, const char *path)
{
	struct memory_world *world = h->world[LOCAL];

	for (size_t i = 0; i < world->kept.count; i++)
		if (strcmp(world->kept.items[i].path, path) == 0)
			return &world->kept.items[i];
	return NULL;
}

static const struct fail *world_move_kept(struct places *places, const char *from, const char *to)
{
	struct story *h = of_places(places);
	struct memory_kept *kept = kept_at(h, from);
	const struct fail *f = NULL;

	if (!kept)
		return fail_make(FAIL_MISSING, FAIL_ITEM, "%s", from);
	if (kept_at(h, to))
		return fail_make(FAIL_EXISTS, FAIL_ITEM, "%s", to);
	f = step("move kept");
	if (!f)
		kept->path = world_string(h->world[LOCAL], to);
	return f;
}

static void kept_remove(struct story *h, struct memory_kept *kept)
{
	struct memory_world *world = h->world[LOCAL];

	*kept = world->kept.items[--world->kept.count];
}

static bool is_loser(const struct memory_kept *kept)
{
	return strncmp(kept->path, "Conflicts/", strlen("Conflicts/")) == 0;
}

/* The vault keeps all. */
static const struct fail *world_remove_kept(struct places *places, const char *path)
{
	struct memory_kept *kept = kept_at(of_places(places), path);
	const struct fail *f = kept && is_loser(kept) ? step("remove kept") : NULL;

	if (!f && kept && is_loser(kept))
		kept_remove(of_places(places), kept);
	return f;
}

static const struct fail *world_open_kept(struct places *places, const char *path, int *fd, struct stat *status)
{
	const struct memory_kept *kept = kept_at(of_places(places), path);

	if (!kept)
		return fail_make(FAIL_MISSING, FAIL_ITEM, "%s", path);
	*fd = memfd_create("kept", MFD_CLOEXEC);
	if (*fd < 0 || write(*fd, kept->body->data, kept->body->size) != (ssize_t)kept->body->size ||
	    fstat(*fd, status) != 0)
		return fail_make(FAIL_SYSTEM, FAIL_ITEM, "memfd");
	return NULL;
}

static bool world_there(struct places *places, const char *path)
{
	return world_kept(of_places(places)->world[LOCAL], path) != NULL;
}

static const char *world_find_kept(struct places *places, const char *path, struct arena *arena)
{
	return world_there(places, path) ? arena_str(arena, path) : NULL;
}

/* ---- what koc is given ------------------------------------------------------------------------ */

static void settings(void *context, const char *path, enum kind kind, uint32_t roles,
		     struct folder_settings *out)
{
	const struct story *h = context;

	(void)kind;
	(void)roles;
	*out = (struct folder_settings){ .mode = MODE_FULL, .remove = h->remove, .merge = h->merge };
	for (size_t i = 0; i < FOLDERS; i++)
		if (strcmp(path, path_of(h, i)) == 0) {
			out->mode = h->modes[i];
			out->expire_days = h->modes[i] == MODE_TEXT ? h->expire[i] : 0;
		}
}

static void note_places(struct story *h, bool there[CONTENTS]);
static void check_nothing_lost(struct story *h, const bool before[CONTENTS]);

static const struct fail *stop(void *context, const char *what)
{
	struct story *h = context;

	h->steps++;
	if (h->held)
		check_nothing_lost(h, h->held);
	if (h->once) {
		if (h->stop_at && h->steps >= h->stop_at && !h->stopped && strcmp(what, "commit") == 0) {
			h->stopped = true;
			say("  step %ld (%s) fails", h->steps, what);
			return fail_make(FAIL_STATE, FAIL_ACCOUNT, "made to fail");
		}
		return NULL;
	}
	if (h->stopped || (h->stop_at && h->steps == h->stop_at)) {
		if (!h->stopped)
			say("  stop at step %ld (%s)", h->steps, what);
		h->stopped = true;
		return fail_make(FAIL_STOPPED, FAIL_ALL, "stopped at %s", what);
	}
	return NULL;
}

static void told(void *context, const char *line)
{
	(void)context;
	say("    koc: %s", line);
}

/* ---- contents ----------------------------------------------------------------------------------- */

/* A server that rewrites what it is given: it signs each item, which means nothing. */
#define SIGNATURE "PRODID:server\n"
#define EVENT_MOST 2000

static const struct memory_body *signed_by_server(struct memory_world *world, const struct memory_body *body)
{
	char text[EVENT_MOST] = "";
	const char *rest = strchr(body->data, '\n');

	if (!rest || strstr(body->data, "PRODID:server"))
		return body;
	snprintf(text, sizeof text, "%.*s%s%s", (int)(rest + 1 - body->data), body->data, SIGNATURE, rest + 1);
	return world_text(world, text);
}

static struct digest without_signature(const struct memory_body *body)
{
	const char *at = strstr(body->data, SIGNATURE);
	char text[240] = "";

	if (!at)
		return digest_of(body->data, body->size);
	snprintf(text, sizeof text, "%.*s%s", (int)(at - body->data), body->data, at + strlen(SIGNATURE));
	return digest_of(text, strlen(text));
}

static struct digest event_normal(const struct memory_body *body)
{
	struct item_facts facts;
	struct digest normal;

	item_read(body->data, body->size, false, &facts);
	normal = facts.normal;
	item_facts_free(&facts);
	return normal;
}

/* ---- events that merge ---------------------------------------------------------------------------- */

/* Such an event says several contents: one SUMMARY, which an edit may replace, and any number of COMMENTs, which
 * edits add. */

/* Does it say the content in this property (NULL: in any)? */
static bool event_says(const struct memory_body *body, size_t index, const char *property)
{
	static const char *const properties[] = { "COMMENT", "SUMMARY" };

	for (size_t i = 0; i < 2; i++) {
		char line[40] = "";
		const char *at = NULL;

		if (property && strcmp(property, properties[i]) != 0)
			continue;
		snprintf(line, sizeof line, "\n%s:%zu", properties[i], index);
		at = strstr(body->data, line);
		if (at && strchr("\r\n", at[strlen(line)]))
			return true;
	}
	return false;
}

static void event_new(char text[EVENT_MOST], size_t index)
{
	snprintf(text, EVENT_MOST,
		 "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u%zu\nSUMMARY:%zu\nEND:VEVENT\nEND:VCALENDAR\n", index,
		 index);
}

/* Another SUMMARY, or a COMMENT more. */
static void event_edit(char text[EVENT_MOST], const char *old, size_t index, bool summary)
{
	const char *at = strstr(old, summary ? "\nSUMMARY:" : "\nEND:VEVENT") + 1;
	const char *rest = summary ? strchr(at, '\n') + 1 : at;

	snprintf(text, EVENT_MOST, "%.*s%s:%zu\n%s", (int)(at - old), old, summary ? "SUMMARY" : "COMMENT",
		 index, rest);
}

/* The two forms of a content: as users make it here, and as the server has it. */
static void content_write(struct story *h, struct content *content, const char *text)
{
	for (int s = 0; s < SIDES; s++)
		content->body[s] = world_text(h->world[s], text);
	if (h->options[SERVER].rewrite)
		content->body[SERVER] = signed_by_server(h->world[SERVER], content->body[SERVER]);
}

static bool is_form(const struct memory_body *body)
{
	return strstr(body->data, "X-Koc-Part:") != NULL;
}

/* Is it these very bytes?  Of an event that merges: does it say that? */
static bool is_content(const struct story *h, const struct content *content, const struct memory_body *body)
{
	if (h->merge)
		return event_says(body, (size_t)(content - h->contents), NULL);
	return content->body[SERVER]->plain == body->plain || content->body[LOCAL]->plain == body->plain;
}

/* Whose text form is it?  An edited one is a content of its own. */
static struct content *form_of(struct story *h, const struct memory_body *body)
{
	const char *edit = strstr(body->data, "\nedit "), *id = strstr(body->data, "Message-ID: <");
	size_t index = edit ? strtoul(edit + 6, NULL, 10) : id ? strtoul(id + 13, NULL, 10) : CONTENTS;

	return is_form(body) && index < h->content_count ? &h->contents[index] : NULL;
}

/* Is it the content, or its text form? */
static bool stands_for(struct story *h, const struct content *content, const struct memory_body *body)
{
	return is_content(h, content, body) || (h->text && form_of(h, body) == content);
}

static size_t content_find(const struct story *h, enum side side, const struct content *content,
			   const struct memory_item **first)
{
	const struct memory_item *other = NULL;
	size_t count = 0;

	for (size_t i = 0; h->merge && i < h->world[side]->items.count; i++)
		if (is_content(h, content, h->world[side]->items.items[i].body) && !count++)
			*first = &h->world[side]->items.items[i];
	if (h->merge)
		return count;
	count = world_find(h->world[side], content->body[SERVER], first);
	if (content->body[LOCAL]->plain == content->body[SERVER]->plain)
		return count;
	return count + world_find(h->world[side], content->body[LOCAL], count ? &other : first);
}

static size_t content_new(struct story *h)
{
	struct content *content = &h->contents[h->content_count];
	char text[EVENT_MOST] = "";

	if (h->merge)
		event_new(text, h->content_count);
	else if (h->dav)
		snprintf(text, sizeof text, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u%zu\nX:%zu\nEND:VEVENT\nEND:VCALENDAR\n",
			 h->content_count, h->content_count);
	else if (h->text && roll(&h->form, 4))
		snprintf(text, sizeof text,
			 "Message-ID: <%zu@x>\nContent-Type: multipart/mixed; boundary=part\n\n--part\n\nbody %zu\n"
			 "--part\nContent-Type: application/octet-stream\n\ndata %zu\n--part--\n",
			 h->content_count, h->content_count, h->content_count);
	else
		snprintf(text, sizeof text, "Message-ID: <%zu@x>\nSubject: s%zu\n\nbody %zu\n", h->content_count,
			 h->content_count, h->content_count);
	content_write(h, content, text);
	return h->content_count++;
}

static struct content *content_of(struct story *h, const struct memory_body *body)
{
	for (size_t i = h->content_count; i-- > 0;) /* the last that it says */
		if (is_content(h, &h->contents[i], body))
			return &h->contents[i];
	return h->text ? form_of(h, body) : NULL;
}

static void choose_options(struct story *h)
{
	struct dice *d = &h->dice;
	struct memory_options *server = &h->options[SERVER], *local = &h->options[LOCAL];

	server->lists = (enum memory_lists)roll(d, 3);
	server->identity = roll(d, 4) ? MEMORY_IDENTITY_OWN : MEMORY_IDENTITY_SAME;
	server->always_news = roll(d, 6) == 0;
	server->vague_gone = roll(d, 2);
	server->reverse_reads = roll(d, 2);
	server->queues = roll(d, 2);
	server->lists_keys = local->lists_keys = true;
	server->silent_writes = !h->dav && roll(d, 3) == 0;
	server->silent_transfers = server->silent_writes;
	server->slow_moves = roll(d, 3) == 0;
	server->shared_expunge = !h->dav && roll(d, 5) == 0;
	server->flaky = h->dav && roll(d, 5) == 0;
	local->exchanges = roll(d, 2);
	h->round_most = roll(d, 4) ? 0 : 2;
	h->remove = roll(d, 4) ? DELETE_TRASH : DELETE_EXPUNGE;
	server->names_lasting = !h->dav && h->seed % 2;
	if (h->dav) {
		server->lists_keys = roll(d, 2);
		local->lists_keys = roll(d, 2);
		server->no_transfers = roll(d, 2);
		server->blind_moves = roll(d, 2);
		server->normal = local->normal = h->merge ? event_normal : without_signature;
		if (roll(d, 2))
			server->rewrite = signed_by_server;
	}
}

static struct memory_item *any_item(struct story *h, enum side side, size_t *folder)
{
	size_t first = roll(&h->dice, FOLDERS);

	for (size_t i = 0; i < FOLDERS; i++) {
		size_t count = 0;
		struct memory_item *items = world_items(h->world[side], path_of(h, (first + i) % FOLDERS), &count);

		if (count) {
			*folder = (first + i) % FOLDERS;
			return &items[roll(&h->dice, (uint32_t)count)];
		}
	}
	return NULL;
}

static size_t count_in(struct story *h, enum side side, size_t folder, const struct content *content,
		       struct flags *flags)
{
	size_t count = 0, found = 0;
	struct memory_item *items = world_items(h->world[side], path_of(h, folder), &count);

	for (size_t i = 0; i < count; i++)
		if (stands_for(h, content, items[i].body)) {
			if (!found++)
				*flags = items[i].flags;
		}
	return found;
}

/* ---- the users ------------------------------------------------------------------------------------ */

static void user_add(struct story *h, enum side side)
{
	size_t folder = roll(&h->dice, FOLDERS - 1), index = 0;
	struct content *content = NULL;
	struct memory_item item = { 0 };
	char key[24] = "";

	if (h->content_count >= CONTENTS)
		return;
	index = content_new(h);
	content = &h->contents[index];
	snprintf(key, sizeof key, "u%zu", index);
	item.key = h->dav ? key : NULL;
	/* Now and then the same arrives on both sides, as after a restored backup.  An event that koc has just brought
	 * here would be here twice under one UID, and set aside. */
	for (int s = 0; s < SIDES; s++)
		if (s == (int)side || (roll(&h->dice, 8) == 0 && !(h->dav && h->running))) {
			item.body = content->body[s];
			item.date = h->text ? 1 : 0;
			item.flags.bits = h->dav ? 0 : (roll(&h->dice, 2) ? FLAG_SEEN : 0);
			world_add(h->world[s], path_of(h, folder), &item);
			content->put++;
			content->touched[s]++;
			content->changed[s] |= FLAG_SEEN;
			content->wanted[s] = item.flags.bits;
			say("  %s adds c%zu to %s", s == SERVER ? "server" : "local", index, path_of(h, folder));
		}
}

static bool is_final(const struct story *h, size_t folder)
{
	return h->remove == DELETE_EXPUNGE || h->dav || folder == FOLDERS - 1;
}

static void remove_item(struct story *h, enum side side, size_t folder, const struct memory_item *item)
{
	struct flags flags = { 0 };
	struct content *content = content_of(h, item->body);
	const struct memory_item *first = NULL;

	if (!content)
		return;
	say("  %s removes c%zu from %s", side == SERVER ? "server" : "local", (size_t)(content - h->contents),
	    path_of(h, folder));
	/* Gone for good, too, when koc knows it only as a message in the Trash. */
	if (side == SERVER || is_final(h, folder) || content->trashed ||
	    count_in(h, SERVER, FOLDERS - 1, content, &flags))
		content->discarded = true;
	/* What koc never saw nobody can bring back; nor what looks edited, when its name was given to another. */
	if (h->busy && (side == LOCAL ||
			!content_find(h, LOCAL, content, &first)))
		content->discarded = true;
	for (size_t i = 0; h->merge && i < h->content_count; i++) /* all that it says */
		h->contents[i].discarded |= event_says(item->body, i, NULL);
	content->touched[side]++;
	content->removed = (int)side + 1;
	content->from = folder;
	world_remove(h->world[side], path_of(h, folder), item->ref);
}

static void user_remove(struct story *h, enum side side)
{
	size_t folder = 0;
	const struct memory_item *item = any_item(h, side, &folder);

	if (item)
		remove_item(h, side, folder, item);
}

/* Does the folder hold an item of this UID, on either side? */
static bool key_in(struct story *h, size_t folder, const char *key)
{
	for (int s = 0; s < SIDES; s++) {
		size_t count = 0;
		struct memory_item *items = world_items(h->world[s], path_of(h, folder), &count);

		for (size_t i = 0; i < count; i++)
			if (items[i].key && key && strcmp(items[i].key, key) == 0)
				return true;
	}
	return false;
}

/* A program gives a copy a name of its own; who copies files by hand does not. */
static void copy_item(struct story *h, enum side side, size_t folder, const struct memory_item *item, size_t to)
{
	const char *ref = world_copy_item(h->world[side], path_of(h, folder), item->ref, path_of(h, to));
	char name[32] = "";

	snprintf(name, sizeof name, "copied%u", roll(&h->fate, 1000000));
	if (side == LOCAL && ref)
		world_rename_ref(h->world[LOCAL], path_of(h, to), ref, name);
}

static void move_item(struct story *h, enum side side, size_t folder, const struct memory_item *item, bool copy)
{
	size_t to = roll(&h->dice, FOLDERS);
	struct content *content = content_of(h, item->body);

	/* An edited text form that was moved is known as such by its row, which a run that is stopped may lose. */
	if (h->ever_stopped && strstr(item->body->data, "\nedit "))
		return;
	/* Of two events with one UID a calendar takes only one: those stay where they are. */
	if (!content || to == folder || (h->dav && (copy || content->put > 1 || key_in(h, to, item->key))))
		return;
	say("  %s %s c%zu from %s to %s", side == SERVER ? "server" : "local", copy ? "copies" : "moves",
	    (size_t)(content - h->contents), path_of(h, folder), path_of(h, to));
	content->touched[side] += 2;
	content->trashed |= to == FOLDERS - 1;
	/* After a stop a message may be here without koc knowing: if it then moves, it is new in two places. */
	/* While koc runs it may see the message in both folders, and believe in a copy. */
	content->put += copy || h->stopped || h->running;
	if (copy)
		copy_item(h, side, folder, item, to);
	else
		world_move(h->world[side], path_of(h, folder), item->ref, path_of(h, to));
}

static void user_move(struct story *h, enum side side, bool copy)
{
	size_t folder = 0;
	const struct memory_item *item = any_item(h, side, &folder);

	if (item)
		move_item(h, side, folder, item, copy);
}

static void user_flag(struct story *h, enum side side)
{
	static const char *const words[WORDS] = { "$Junk", "work" };
	size_t folder = 0;
	struct memory_item *item = any_item(h, side, &folder);
	struct content *content = item ? content_of(h, item->body) : NULL;
	uint32_t bit = roll(&h->dice, 2) ? FLAG_SEEN : FLAG_FLAGGED;
	struct flags flags = { bit, roll(&h->dice, 3) ? NULL : words[roll(&h->dice, WORDS)] };
	bool set = item && !(item->flags.bits & bit);

	if (!content || h->dav)
		return;
	say("  %s %s flag %u of c%zu in %s", side == SERVER ? "server" : "local", set ? "sets" : "clears", bit,
	    (size_t)(content - h->contents), path_of(h, folder));
	content->touched[side]++;
	content->changed[side] |= bit;
	content->wanted[side] = (content->wanted[side] & ~bit) | (set ? bit : 0);
	world_flag(h->world[side], path_of(h, folder), item->ref, set ? flags : (struct flags){ 0 },
		   set ? (struct flags){ 0 } : flags);
}

/* The new content is the text form with a line more in its text: what it was made of stays the server's. */
static void form_edit(struct story *h, const struct memory_body *form, size_t index)
{
	const char *part = strstr(form->data, "\n\n--part\n\n");
	char text[1000] = "";

	if (!part || strstr(form->data, "\nedit "))
		return;
	part += strlen("\n\n--part\n\n");
	snprintf(text, sizeof text, "%.*sedit %zu\n%s", (int)(part - form->data), form->data, index, part);
	content_write(h, &h->contents[index], text);
}

/* A program that moves or marks a message writes its header anew. */
static void form_rewrite(struct story *h, const char *path, const struct memory_item *item)
{
	char text[1000] = "";

	snprintf(text, sizeof text, "X-Seen: %u\n%s", roll(&h->form, 1000), item->body->data);
	if (strlen(text) < 900)
		world_edit(h->world[LOCAL], path, item->ref, world_text(h->world[LOCAL], text));
}

/* Content `index` is an edit of this event. */
static void event_touch(struct story *h, enum side side, const struct memory_body *old, size_t index)
{
	bool summary = roll(&h->form, 3) == 0;
	char text[EVENT_MOST] = "";

	for (size_t i = 0; i < index; i++) {
		struct content *said = &h->contents[i];

		if (!event_says(old, i, NULL))
			continue;
		said->touched[side] += 2;
		said->put++; /* a moved and edited one may stand beside its old place */
		said->discarded |= summary && event_says(old, i, "SUMMARY");
	}
	event_edit(text, old->data, index, summary);
	content_write(h, &h->contents[index], text);
}

static void edit_item(struct story *h, enum side side, size_t folder, struct memory_item *item)
{
	struct content *old = content_of(h, item->body);
	const struct memory_body *body = NULL;
	char text[200] = "";
	size_t index = 0;

	if (!old || h->content_count >= CONTENTS || (!h->dav && side == SERVER))
		return;
	index = content_new(h);
	/* Of one that no row knows nobody can tell that it was edited; a run that is stopped may lose rows. */
	if (h->text && is_form(item->body) && roll(&h->form, 2) && !h->ever_stopped && !h->stops && !h->lost &&
	    !h->busy)
		form_edit(h, item->body, index);
	if (h->merge) {
		event_touch(h, side, item->body, index);
	} else if (h->dav) { /* the same UID with another body */
		snprintf(text, sizeof text,
			 "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:%s\nX:%zu\nEND:VEVENT\nEND:VCALENDAR\n", item->key, index);
		content_write(h, &h->contents[index], text);
	}
	body = h->contents[index].body[side];
	say("  %s edits c%zu in %s: now c%zu", side == SERVER ? "server" : "local", (size_t)(old - h->contents),
	    path_of(h, folder), index);
	h->contents[index].put = 2; /* a moved and edited one may stand beside its old place */
	h->contents[index].touched[side] = 2;
	old->touched[side] += 2;
	old->discarded |= !h->merge;
	world_edit(h->world[side], path_of(h, folder), item->ref, body);
}

static void user_edit(struct story *h, enum side side)
{
	size_t folder = 0;
	struct memory_item *item = any_item(h, side, &folder);

	if (item)
		edit_item(h, side, folder, item);
}

static void user_other(struct story *h, enum side side)
{
	size_t folder = 0;
	struct memory_item *item = any_item(h, side, &folder);
	char name[32] = "";

	if (!item)
		return;
	if (side == LOCAL) {
		struct content *content = content_of(h, item->body);

		snprintf(name, sizeof name, "renamed%u", roll(&h->dice, 100000));
		if (h->text && is_form(item->body) && roll(&h->form, 2))
			form_rewrite(h, path_of(h, folder), item);
		say("  local renames c%zu in %s", (size_t)(content - h->contents), path_of(h, folder));
		world_rename_ref(h->world[LOCAL], path_of(h, folder), item->ref, name);
	} else if (!h->dav && roll(&h->dice, 3) == 0) {
		if (h->running) /* no mailbox is renumbered while it is selected */
			return;
		say("  server renumbers %s", path_of(h, folder));
		world_renumber(h->world[SERVER], path_of(h, folder));
		/* What moves at the same time cannot be known again: it is new on its side (SPEC 3). */
		for (size_t i = 0; i < h->content_count; i++) {
			h->contents[i].touched[SERVER] += 2;
			h->contents[i].put++;
		}
	} else if (h->dav) {
		world_touch(h->world[SERVER], path_of(h, folder), item->ref);
	}
}

/* The same item on the server; NULL: it is not there. */
static struct memory_item *counterpart(struct story *h, const struct memory_item *item, size_t *folder)
{
	const struct content *content = content_of(h, item->body);

	for (*folder = 0; *folder < FOLDERS; (*folder)++) {
		size_t count = 0;
		struct memory_item *items = world_items(h->world[SERVER], path_of(h, *folder), &count);

		for (size_t i = 0; i < count; i++)
			if (h->dav ? items[i].key && item->key && strcmp(items[i].key, item->key) == 0
				   : content && is_content(h, content, items[i].body))
				return &items[i];
	}
	return NULL;
}

/* Something happens to one item on a side, and then perhaps something else. */
static void user_touches(struct story *h, enum side side, size_t folder, const char *ref)
{
	unsigned what = roll(&h->dice, 5);
	struct memory_item *item = world_item(h->world[side], path_of(h, folder), ref);

	if (what < 3)
		edit_item(h, side, folder, item);
	item = world_item(h->world[side], path_of(h, folder), ref);
	if (what == 2 || what == 3)
		move_item(h, side, folder, item, false);
	if (what == 4)
		remove_item(h, side, folder, item);
}

/* Both users change the same item. */
static void user_clash(struct story *h)
{
	size_t here = 0, there = 0;
	const struct memory_item *item = any_item(h, LOCAL, &here);
	const struct memory_item *other = item ? counterpart(h, item, &there) : NULL;
	const char *ref = other ? other->ref : NULL;

	if (!other)
		return;
	user_touches(h, LOCAL, here, item->ref);
	user_touches(h, SERVER, there, ref);
}

/* ---- what users do about conflicts ---- */

static const struct memory_item *unknown_item(struct story *h);

/* What got another UID is a new content, in the place of the old one. */
static void learn_double(struct story *h)
{
	const struct memory_item *item = unknown_item(h);
	struct content *content = &h->contents[h->content_count];

	if (!item || h->content_count >= CONTENTS)
		return;
	content_write(h, content, item->body->data);
	content->put = 1;
	content->touched[LOCAL] = 2;
	say("    it is c%zu now", h->content_count++);
	if (h->doubled)
		h->contents[h->doubled - h->contents].discarded = true;
}

/* After it nobody can tell from what was done who is to have his way. */
static void forget_intentions(struct story *h)
{
	for (size_t i = 0; i < h->content_count; i++) {
		h->contents[i].touched[SERVER] += 2;
		h->contents[i].touched[LOCAL] += 2;
		h->contents[i].changed[SERVER] = h->contents[i].changed[LOCAL] = FLAG_ALL;
	}
}

/* `koc conflicts`, stopped at a step; false: it was. */
static bool resolve(struct story *h, const struct conflict *conflict, enum resolve_how how, long stop_at,
		    const struct content *loser)
{
	struct engine engine = { .service = "mail", .account = MEMORY_ACCOUNT, .state = h->state,
				 .places = &h->places, .settings = settings, .settings_context = h,
				 .now = h->now };
	struct arena *arena = arena_new();
	bool there[CONTENTS] = { false };
	const char *path = NULL;
	const struct fail *f = NULL;

	note_places(h, there);
	h->doubled = how == RESOLVE_BOTH && h->dav ? loser : NULL;
	h->stop_at = stop_at;
	h->steps = 0;
	h->stopped = false;
	engine.side[LOCAL] = memory_open(h->world[LOCAL], &h->options[LOCAL]);
	h->held = there;
	step_set_hook(stop, h);
	f = conflict_resolve(&engine, conflict, how, arena, &path);
	step_set_hook(NULL, NULL);
	h->held = NULL;
	store_close(engine.side[LOCAL]);
	state_rollback(h->state);
	if (f && !h->stopped && !fail_is(f, FAIL_MISSING) && !fail_is(f, FAIL_DATA))
		wrong(h, "a conflict cannot be resolved: %s", f->text);
	learn_double(h);
	check_nothing_lost(h, there);
	h->doubled = NULL;
	arena_free(arena);
	return !h->stopped;
}

/* Where the item of a conflict is here: its folder and ref; NULL: it is gone. */
static struct memory_item *original(struct story *h, const struct conflict *conflict, size_t *folder)
{
	struct memory_item *found = NULL;

	for (size_t f = 0; f < FOLDERS; f++) {
		size_t count = 0;
		struct memory_item *items = world_items(h->world[LOCAL], path_of(h, f), &count);
		bool own = strcmp(path_of(h, f), conflict->folder) == 0;

		for (size_t i = 0; i < count; i++)
			if (h->dav ? (own || !found) && items[i].key && conflict->key &&
					     strcmp(items[i].key, conflict->key) == 0
				   : own && strcmp(items[i].ref, conflict->name) == 0) {
				found = &items[i];
				*folder = f;
			}
	}
	return found;
}

/* `mv` of the loser over the original, or to where it was. */
static void move_back(struct story *h, const struct conflict *conflict)
{
	struct memory_kept *kept = kept_at(h, conflict->path);
	size_t folder = 0;
	struct memory_item *item = original(h, conflict, &folder), like = { 0 };
	struct content *content = content_of(h, kept->body), *old = item ? content_of(h, item->body) : NULL;

	while (!item && strcmp(path_of(h, folder), conflict->folder) != 0)
		folder++;
	if (old && old != content)
		old->discarded = true; /* it is the user who writes over it */
	if (content)
		content->put++;
	if (item) {
		world_edit(h->world[LOCAL], path_of(h, folder), item->ref, kept->body);
	} else {
		like = (struct memory_item){ .key = conflict->key, .body = kept->body, .flags = kept->flags };
		world_add(h->world[LOCAL], path_of(h, folder), &like);
	}
	kept_remove(h, kept);
}

static void user_resolves(struct story *h)
{
	static const char *const words[] = { "keep", "both", "drop", "mv" };
	struct arena *arena = arena_new();
	struct conflict *all = NULL, *conflict = NULL;
	size_t count = 0;
	unsigned how = roll(&h->fate, 4);
	const struct fail *f = state_conflicts(h->state, arena, &all, &count);
	struct content *content = NULL;

	if (!f && count)
		conflict = &all[roll(&h->fate, (uint32_t)count)];
	if (!conflict || (conflict->path && !kept_at(h, conflict->path)) || (how == 3 && !conflict->path))
		goto out;
	content = conflict->path ? content_of(h, kept_at(h, conflict->path)->body) : NULL;
	say("  local: %s of %s %s (c%zd)", words[how], conflict->folder, conflict->name,
	    content ? content - h->contents : -1);
	decisions++;
	forget_intentions(h);
	if (how == 3) {
		move_back(h, conflict);
	} else if (!h->running) {
		bool stops = roll(&h->fate, 3) == 0;

		if (content)
			content->put++;
		if (!resolve(h, conflict, (enum resolve_how)how, stops ? 1 + (long)roll(&h->fate, 5) : 0,
			     content) &&
		    roll(&h->fate, 4))
			resolve(h, conflict, (enum resolve_how)how, 0, content);
	}
out:
	arena_free(arena);
}

/* The user gives folders other modes, and may lose the state. */
static void user_modes(struct story *h)
{
	for (size_t i = 0; h->text && i < FOLDERS; i++) {
		if (roll(&h->form, 3))
			continue;
		h->modes[i] = roll(&h->form, 3) ? MODE_TEXT : MODE_FULL;
		h->expire[i] = roll(&h->form, 4) ? 0 : 1;
		say("  %s: mode %s%s", path_of(h, i), h->modes[i] == MODE_TEXT ? "text" : "full",
		    h->expire[i] ? ", attachments expire" : "");
	}
	if (!h->text || roll(&h->form, 10))
		return;
	say("  the state is lost");
	h->lost = true;
	state_close(h->state);
	h->state = state_memory();
	for (size_t i = 0; i < h->content_count; i++) { /* nothing is known of what was moved or removed */
		h->contents[i].put += 2;
		h->contents[i].touched[SERVER] += 2;
		h->contents[i].touched[LOCAL] += 2;
		h->contents[i].changed[SERVER] = h->contents[i].changed[LOCAL] = FLAG_ALL;
	}
}

static void user_acts(struct story *h)
{
	enum side side = roll(&h->dice, 2) ? LOCAL : SERVER;

	if (h->merge && roll(&h->form, 2)) {
		user_edit(h, side);
		return;
	}
	switch (roll(&h->dice, 12)) {
	case 0:
	case 1:
	case 2:
		user_add(h, side);
		break;
	case 3:
	case 4:
		user_remove(h, side);
		break;
	case 5:
	case 6:
		user_move(h, side, false);
		break;
	case 7:
		user_move(h, side, true);
		break;
	case 8:
	case 9:
		user_flag(h, side);
		break;
	case 10:
		user_edit(h, side);
		break;
	default:
		user_other(h, side);
	}
}

/* ---- users who go on while koc runs ------------------------------------------------------------------- */

/* Drivers have no context of their own; a worker plays one story at a time. */
static struct story *busy_story;

/* Before every call to a store, and before every folder that is listed, a user may do something. */
static const struct store_driver *meanwhile(void)
{
	struct story *h = busy_story;

	if (h->running && roll(&h->dice, 6) == 0)
		user_acts(h);
	return h->inner;
}

static const struct fail *busy_folders(struct store *store, const struct store_known *known, size_t count,
				       struct arena *arena, struct folder_list *list)
{
	return meanwhile()->folders(store, known, count, arena, list);
}

static const struct fail *busy_list(struct store *store, struct look *looks, size_t count)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < count; i++)
		f = meanwhile()->list(store, &looks[i], 1);
	return f;
}

/* What is done with a body may be a write; nobody acts within the read. */
static const struct fail *busy_read(struct store *store, struct read *reads, size_t count, read_done *done,
				    void *context, struct arena *arena)
{
	const struct store_driver *inner = meanwhile();
	bool running = busy_story->running;
	const struct fail *f = NULL;

	busy_story->running = false;
	f = inner->read(store, reads, count, done, context, arena);
	busy_story->running = running;
	return f;
}

static const struct fail *busy_write(struct store *store, struct write *writes, size_t count,
				     struct arena *arena)
{
	return meanwhile()->write(store, writes, count, arena);
}

static const struct fail *busy_flag(struct store *store, struct flag_change *changes, size_t count,
				    struct arena *arena)
{
	return meanwhile()->flag(store, changes, count, arena);
}

static const struct fail *busy_transfer(struct store *store, struct transfer *transfers, size_t count,
					struct arena *arena)
{
	return meanwhile()->transfer(store, transfers, count, arena);
}

static const struct fail *busy_remove(struct store *store, struct removal *removals, size_t count,
				      struct arena *arena)
{
	return meanwhile()->remove(store, removals, count, arena);
}

static const struct fail *busy_find(struct store *store, struct find *finds, size_t count, struct arena *arena)
{
	return meanwhile()->find(store, finds, count, arena);
}

static const struct fail *busy_sync(struct store *store)
{
	return meanwhile()->sync(store);
}

/* Puts the users before a store's driver. */
static void busy_put(struct story *h, struct store *store)
{
	static struct store_driver driver;

	h->inner = store->driver;
	busy_story = h;
	driver = *store->driver;
	driver.folders = busy_folders;
	driver.list = busy_list;
	driver.read = busy_read;
	driver.write = busy_write;
	driver.flag = busy_flag;
	driver.transfer = busy_transfer;
	driver.remove = busy_remove;
	driver.find = busy_find;
	driver.sync = busy_sync;
	store->driver = &driver;
}

/* ---- checks ----------------------------------------------------------------------------------------- */

static bool somewhere(struct story *h, const struct content *content)
{
	const struct memory_item *first = NULL;

	for (int s = 0; s < SIDES; s++)
		if (content_find(h, (enum side)s, content, &first))
			return true;
	for (size_t i = 0; i < h->world[LOCAL]->kept.count; i++)
		if (is_content(h, content, h->world[LOCAL]->kept.items[i].body))
			return true;
	return false;
}

static void note_places(struct story *h, bool there[CONTENTS])
{
	for (size_t i = 0; i < h->content_count; i++)
		there[i] = somewhere(h, &h->contents[i]);
}

/* An item here whose content the test did not make; NULL: there is none. */
static const struct memory_item *unknown_item(struct story *h)
{
	for (size_t f = 0; f < FOLDERS; f++) {
		size_t count = 0;
		const struct memory_item *items = world_items(h->world[LOCAL], path_of(h, f), &count);

		for (size_t i = 0; i < count; i++)
			if (!content_of(h, items[i].body))
				return &items[i];
	}
	return NULL;
}

static void check_nothing_lost(struct story *h, const bool before[CONTENTS])
{
	for (size_t i = 0; i < h->content_count; i++)
		if (before[i] && !h->contents[i].discarded && !somewhere(h, &h->contents[i]) &&
		    !(h->doubled == &h->contents[i] && unknown_item(h)))
			wrong(h, "c%zu is lost", i);
}

/* Of two events under one UID in a folder one is set aside. */
static bool set_aside(struct story *h, size_t folder)
{
	struct arena *arena = arena_new();
	struct state_folder *folders = NULL;
	struct pending *pending = NULL;
	size_t count = 0, open = 0;
	bool found = false;

	if (!state_folders(h->state, arena, &folders, &count))
		for (size_t i = 0; i < count; i++)
			if (strcmp(folders[i].path, path_of(h, folder)) == 0 &&
			    !state_pending(h->state, folders[i].id, arena, &pending, &open))
				for (size_t k = 0; k < open; k++)
					found |= pending[k].why == PENDING_SET_ASIDE;
	arena_free(arena);
	return found;
}

/* Of a text form whose message is gone nothing can be made: it is set aside. */
static bool left_alone(struct story *h, size_t folder, const struct content *content)
{
	size_t count = 0;
	struct memory_item *items = world_items(h->world[LOCAL], path_of(h, folder), &count);

	for (size_t i = 0; i < count; i++)
		if (is_form(items[i].body) && form_of(h, items[i].body) == content)
			return set_aside(h, folder);
	return false;
}

/* The server never gets a text form; where all is to be whole, all is. */
static void check_forms(struct story *h)
{
	for (size_t f = 0; h->text && f < FOLDERS; f++)
		for (int s = 0; s < SIDES; s++) {
			size_t count = 0;
			struct memory_item *items = world_items(h->world[s], path_of(h, f), &count);

			for (size_t i = 0; i < count; i++)
				if (is_form(items[i].body) &&
				    (s == SERVER || (h->modes[f] == MODE_FULL && !set_aside(h, f))))
					wrong(h, "%s: a text form %s", path_of(h, f),
					      s == SERVER ? "on the server" : "in a folder of mode full");
		}
}

static void check_settled(struct story *h)
{
	for (size_t f = 0; f < FOLDERS; f++) {
		size_t server = 0, local = 0;

		if (h->busy && h->dav && set_aside(h, f))
			continue;
		world_items(h->world[SERVER], path_of(h, f), &server);
		world_items(h->world[LOCAL], path_of(h, f), &local);
		if (server != local && !(h->text && local > server && set_aside(h, f)))
			wrong(h, "%s: %zu on the server, %zu here", path_of(h, f), server, local);
		for (size_t i = 0; i < h->content_count; i++) {
			struct flags flags[SIDES] = { { 0 }, { 0 } };
			size_t there = count_in(h, SERVER, f, &h->contents[i], &flags[SERVER]);
			size_t here = count_in(h, LOCAL, f, &h->contents[i], &flags[LOCAL]);

			if (here > there && h->text && left_alone(h, f, &h->contents[i]))
				continue;
			if (there != here)
				wrong(h, "%s: c%zu %zu times on the server, %zu here", path_of(h, f), i, there,
				      here);
			else if (there == 1 && !flags_equal(flags[SERVER], flags[LOCAL]))
				wrong(h, "%s: c%zu has flags %u [%s] on the server, %u [%s] here", path_of(h, f), i,
				      flags[SERVER].bits, flags[SERVER].keywords ? flags[SERVER].keywords : "",
				      flags[LOCAL].bits, flags[LOCAL].keywords ? flags[LOCAL].keywords : "");
		}
	}
}

static void check_no_duplicate(struct story *h)
{
	for (size_t i = 0; i < h->content_count; i++) {
		const struct memory_item *first = NULL;
		size_t count = content_find(h, SERVER, &h->contents[i], &first);

		if (count > (size_t)h->contents[i].put)
			wrong(h, "c%zu is there %zu times, was put there %d times", i, count, h->contents[i].put);
	}
}

/* What one user removed, and nobody else touched since the last sync, is gone from its folder. */
static void check_removed(struct story *h)
{
	for (size_t i = 0; i < h->content_count; i++) {
		const struct content *content = &h->contents[i];
		struct flags flags = { 0 };

		if (!content->removed || content->put != 1 || content->touched[content->removed - 1] != 1 ||
		    content->touched[side_other((enum side)(content->removed - 1))])
			continue;
		if (count_in(h, SERVER, content->from, content, &flags) ||
		    count_in(h, LOCAL, content->from, content, &flags))
			wrong(h, "c%zu was removed from %s and came back", i, path_of(h, content->from));
	}
}

static void check_flags(struct story *h)
{
	for (size_t i = 0; i < h->content_count; i++) {
		const struct content *content = &h->contents[i];
		const struct memory_item *item = NULL;

		if (content->discarded || content->removed || content->put != 1 ||
		    content_find(h, SERVER, content, &item) != 1)
			continue;
		for (int s = 0; s < SIDES; s++) {
			uint32_t alone = content->changed[s] & ~content->changed[side_other((enum side)s)];

			if ((item->flags.bits & alone) != (content->wanted[s] & alone))
				wrong(h, "c%zu has flags %u, but %s wanted %u of %u", i, item->flags.bits,
				      s == SERVER ? "the server's user" : "the user here", content->wanted[s],
				      alone);
		}
	}
}

static void check_rows(struct story *h)
{
	struct arena *arena = arena_new();
	struct state_folder *folders = NULL;
	size_t count = 0;
	const struct fail *f = state_folders(h->state, arena, &folders, &count);

	for (size_t i = 0; !f && i < count; i++) {
		const struct row *row = NULL;
		size_t rows = 0, items = 0;

		world_items(h->world[SERVER], folders[i].path, &items);
		f = state_walk(h->state, folders[i].id, SERVER, NULL, NULL);
		if (!f)
			f = state_walk_next(h->state, &row);
		while (!f && row) {
			rows++;
			if (!world_item(h->world[SERVER], folders[i].path, row->side[SERVER].ref) ||
			    !row->side[LOCAL].ref ||
			    !world_item(h->world[LOCAL], folders[i].path, row->side[LOCAL].ref))
				wrong(h, "%s: stale row %s", folders[i].path, row->side[SERVER].ref);
			f = state_walk_next(h->state, &row);
		}
		state_walk_end(h->state);
		if (!f && rows != items)
			wrong(h, "%s: %zu rows for %zu items", folders[i].path, rows, items);
	}
	if (f)
		wrong(h, "state: %s", f->text);
	arena_free(arena);
}

static uint64_t world_changes(const struct memory_world *world)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < world->folders.count; i++)
		sum += world->folders.items[i].changes;
	return sum;
}

/* ---- runs --------------------------------------------------------------------------------------------- */

static void forget_changes(struct story *h)
{
	for (size_t i = 0; i < h->content_count; i++) {
		struct content *content = &h->contents[i];

		content->touched[SERVER] = content->touched[LOCAL] = 0;
		content->changed[SERVER] = content->changed[LOCAL] = 0;
		content->removed = 0;
	}
}

/* For a replay: what the next run is going to do. */
static void show_plan(struct story *h)
{
	struct sync_request request = { .dry_run = true };
	struct buf plan;
	struct sync_outcome outcome = { .plan = &plan };
	struct engine engine = { .service = "mail", .account = MEMORY_ACCOUNT, .state = h->state, .places = &h->places,
				 .settings = settings, .settings_context = h, .now = 1000 };
	struct spool spool = { .directory = -1 };
	const struct fail *f = NULL;

	buf_init(&plan, 1 << 16);
	for (int s = 0; s < SIDES; s++) {
		engine.side[s] = memory_open(h->world[s], &h->options[s]);
		engine.side[s]->spool = &spool;
	}
	f = account_sync(&engine, &request, &outcome);
	say("%s%s", plan.data, f ? f->text : "");
	for (int s = 0; s < SIDES; s++)
		store_close(engine.side[s]);
	buf_free(&plan);
}

/* For a replay: what is where after a run, and what koc believes. */
static void show_places(struct story *h)
{
	struct arena *arena = arena_new();
	struct state_folder *folders = NULL;
	size_t count = 0;

	for (size_t i = 0; i < FOLDERS; i++)
		for (int s = 0; s < SIDES; s++) {
			size_t n = 0;
			struct memory_item *items = world_items(h->world[s], path_of(h, i), &n);

			for (size_t k = 0; k < n; k++)
				say("      %s %s %s: c%zu flags %u", s == SERVER ? "server" : "local ",
				    path_of(h, i), items[k].ref, (size_t)(content_of(h, items[k].body) - h->contents),
				    items[k].flags.bits);
		}
	if (state_folders(h->state, arena, &folders, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct row *row = NULL;
		struct row *rows = NULL;
		struct pending *pending = NULL;
		size_t n = 0;

		if (state_walk(h->state, folders[i].id, SERVER, NULL, NULL))
			continue;
		while (!state_walk_next(h->state, &row) && row)
			say("      row    %s %s = %s flags %u, %u", folders[i].path, row->side[SERVER].ref,
			    row->side[LOCAL].ref ? row->side[LOCAL].ref : "-", row->side[SERVER].flags.bits,
			    row->side[LOCAL].flags.bits);
		state_walk_end(h->state);
		if (!state_rows_without(h->state, folders[i].id, SERVER, arena, &rows, &n))
			for (size_t k = 0; k < n; k++)
				say("      row    %s - = %s", folders[i].path, rows[k].side[LOCAL].ref);
		if (!state_pending(h->state, folders[i].id, arena, &pending, &n))
			for (size_t k = 0; k < n; k++)
				say("      open   %s %s %s %s", folders[i].path,
				    pending[k].side == SERVER ? "server" : "local", pending[k].ref, pending[k].text);
	}
	arena_free(arena);
}

/* A sync, stopped at a step if stop_at is set; `running`: while the users go on.  Returns whether it came to its end. */
static struct engine engine_of(struct story *h)
{
	return (struct engine){ .service = "mail",
				.account = MEMORY_ACCOUNT,
				.state = h->state,
				.places = &h->places,
				.settings = settings,
				.settings_context = h,
				.tell = told,
				.now = h->now += 100000,
				.round_most = h->round_most };
}

static bool sync_run(struct story *h, long stop_at, bool running)
{
	struct sync_request request = { 0 };
	struct sync_outcome outcome = { 0 };
	struct engine engine = engine_of(h);
	struct spool spool = { .directory = -1 };
	bool there[CONTENTS] = { false };
	const struct fail *f = NULL;

	say("  sync");
	note_places(h, there);
	if (verbose)
		show_plan(h);
	h->stop_at = stop_at;
	h->steps = 0;
	h->stopped = false;
	for (int s = 0; s < SIDES; s++) {
		engine.side[s] = memory_open(h->world[s], &h->options[s]);
		engine.side[s]->spool = &spool;
		if (h->busy)
			busy_put(h, engine.side[s]);
	}
	step_set_hook(stop, h);
	h->running = running;
	h->held = there;
	f = account_sync(&engine, &request, &outcome);
	h->held = NULL;
	h->running = false;
	step_set_hook(NULL, NULL);
	for (int s = 0; s < SIDES; s++)
		store_close(engine.side[s]);
	state_rollback(h->state);
	h->transferred = outcome.pulled + outcome.pushed;
	merged += outcome.merged;
	if (f && !h->stopped)
		wrong(h, "the run failed: %s", f->text);
	h->ever_stopped |= h->stopped;
	if (!f && outcome.set_aside && !h->ever_stopped && !h->text && !h->options[SERVER].shared_expunge &&
	    !(h->busy && h->dav))
		wrong(h, "%llu items set aside", (unsigned long long)outcome.set_aside);
	if (verbose)
		show_places(h);
	check_nothing_lost(h, there);
	return !f;
}

static bool sync_once(struct story *h, long stop_at)
{
	return sync_run(h, stop_at, false);
}

/* Every file in Conflicts has one record, and the other way round; none is there twice. */
static void check_conflicts(struct story *h)
{
	const struct memory_world *world = h->world[LOCAL];
	struct arena *arena = arena_new();
	struct conflict *all = NULL;
	size_t count = 0;

	if (state_conflicts(h->state, arena, &all, &count))
		wrong(h, "no conflicts can be read");
	for (size_t i = 0; i < count; i++)
		if (all[i].path && !kept_at(h, all[i].path))
			wrong(h, "a record without its file: %s", all[i].path);
	for (size_t i = 0; i < world->kept.count; i++) {
		const struct memory_kept *kept = &world->kept.items[i];
		size_t records = 0;

		for (size_t k = 0; k < count && is_loser(kept); k++)
			records += all[k].path && strcmp(all[k].path, kept->path) == 0;
		if (is_loser(kept) && records != 1 && !h->lost)
			wrong(h, "%s: %zu records", kept->path, records);
		for (size_t k = 0; k < i && is_loser(kept) && !h->text; k++)
			if (is_loser(&world->kept.items[k]) && world->kept.items[k].body == kept->body)
				wrong(h, "%s and %s are the same", kept->path, world->kept.items[k].path);
	}
	arena_free(arena);
}

static uint64_t fetched; /* in all stories */

static void say_settled(void *context, const struct fetch_file *file)
{
	(void)context;
	say("    %s: %s", file->path, file->fail ? file->fail->text : file->end == FETCH_DONE ? "fetched" : "whole");
}

/* koc fetch, of a folder or of a message that lies anywhere, stopped at a step or not. */
static void fetch_once(struct story *h)
{
	size_t folder = roll(&h->form, FOLDERS);
	const struct memory_item *item = roll(&h->form, 2) ? any_item(h, LOCAL, &folder) : NULL;
	struct fetch_target target = { .folder = path_of(h, folder), .ref = item ? item->ref : NULL };
	struct fetch_request request = { .targets = &target, .count = 1, .settled = say_settled };
	struct fetch_outcome outcome = { 0 };
	struct engine engine = engine_of(h);
	struct spool spool = { .directory = -1 };
	bool there[CONTENTS] = { false }, sync_stopped = h->stopped;
	const struct fail *f = NULL;

	say("  fetch %s %s", target.folder, target.ref ? target.ref : "");
	note_places(h, there);
	h->stop_at = roll(&h->form, 2) ? 0 : 1 + (long)roll(&h->form, 12);
	h->steps = 0;
	h->stopped = false;
	for (int s = 0; s < SIDES; s++) {
		engine.side[s] = memory_open(h->world[s], &h->options[s]);
		engine.side[s]->spool = &spool;
	}
	step_set_hook(stop, h);
	f = account_fetch(&engine, &request, &outcome);
	step_set_hook(NULL, NULL);
	for (int s = 0; s < SIDES; s++)
		store_close(engine.side[s]);
	state_rollback(h->state);
	fetched += outcome.fetched;
	if (f && !h->stopped && !h->options[SERVER].flaky)
		wrong(h, "the fetch failed: %s", f->text);
	if (!f && item && outcome.fetched + outcome.whole + outcome.failed != 1)
		wrong(h, "of one file to be fetched %llu were settled",
		      (unsigned long long)(outcome.fetched + outcome.whole + outcome.failed));
	if (verbose)
		show_places(h);
	check_nothing_lost(h, there);
	h->stopped = sync_stopped;
}

static void check_end(struct story *h)
{
	uint64_t changes[SIDES] = { world_changes(h->world[SERVER]), world_changes(h->world[LOCAL]) };

	check_settled(h);
	check_conflicts(h);
	check_forms(h);
	check_no_duplicate(h);
	check_removed(h);
	/* Of a message that a user flags while koc removes it from there (it moved on the other side) the new flag is
	 * lost: only the vault has it. */
	if (!h->stopped_early && !h->busy)
		check_flags(h);
	check_rows(h);
	if (h->problem[0] || h->options[SERVER].flaky)
		return;
	/* A text form that was set aside may be known again by what that very run brought. */
	for (size_t f = 0; f < FOLDERS; f++)
		if (h->text && set_aside(h, f))
			return;
	sync_once(h, 0);
	for (int s = 0; s < SIDES; s++)
		if (world_changes(h->world[s]) != changes[s])
			wrong(h, "the run after the last one wrote on %s", s == SERVER ? "the server" : "disk");
}

static void story_begin(struct story *h, uint64_t seed)
{
	memset(h, 0, sizeof *h);
	h->seed = seed;
	h->dice.state = seed * 2654435761u + 1;
	h->fate.state = seed * 69069u + 3;
	h->clash = roll(&h->fate, 2);
	h->dav = roll(&h->dice, 4) == 0 || (h->clash && roll(&h->fate, 2));
	h->form.state = seed * 40503u + 7;
	h->text = !h->dav && roll(&h->form, 3) == 0;
	h->merge = h->dav && roll(&h->form, 2) == 0;
	h->clash &= !h->text && !h->merge;
	h->world[SERVER] = world_new(h->dav ? WORLD_DAV_SERVER : WORLD_MAIL_SERVER, NULL);
	h->world[LOCAL] = world_new(h->dav ? WORLD_DAV_LOCAL : WORLD_MAIL_LOCAL, h->world[SERVER]);
	h->state = state_memory();
	h->places = (struct places){ .prepare = world_prepare,
				      .move = world_move_kept,
				      .remove = world_remove_kept,
				      .there = world_there,
				      .find = world_find_kept,
				      .open = world_open_kept };
	choose_options(h);
	for (size_t i = 0; i < FOLDERS; i++)
		world_folder_make(h->world[SERVER], h->dav ? KIND_EVENTS : KIND_MAIL, path_of(h, i),
				  !h->dav && i == FOLDERS - 1 ? ROLE_TRASH : i == 0 ? ROLE_INBOX : 0);
}

static void story_end(struct story *h)
{
	state_close(h->state);
	for (int s = 0; s < SIDES; s++)
		world_free(h->world[s]);
}

/* Plays a history whose last sync is stopped at `stop_at` (0: nowhere).  Returns the number of steps that
 * the last sync takes, or 0 when a check failed. */
static long play(uint64_t seed, long stop_at, bool busy, bool once, char problem[300])
{
	struct story h;
	long steps = 0;
	unsigned turns = 0;

	story_begin(&h, seed);
	h.busy = busy;
	h.once = once;
	h.stops = stop_at != 0;
	turns = 1 + roll(&h.dice, 3);
	sync_once(&h, 0);
	for (unsigned turn = 0; turn <= turns && !h.problem[0]; turn++) {
		unsigned acts = 1 + roll(&h.dice, 6);
		bool last = turn == turns;

		say("turn %u", turn);
		user_modes(&h);
		for (unsigned i = 0; i < acts; i++) {
			user_acts(&h);
			if (h.clash && roll(&h.fate, 2))
				user_clash(&h);
			if (!h.text && !h.merge && roll(&h.fate, 3) == 0)
				user_resolves(&h);
			if (h.text && roll(&h.form, 2) == 0)
				fetch_once(&h);
		}
		/* A stop somewhere in earlier turns; what the users did is then carried by the next run. */
		if (!last) {
			long at = roll(&h.dice, 3) ? 0 : 1 + (long)roll(&h.dice, 30);

			if (sync_run(&h, at, busy) && !busy)
				forget_changes(&h);
			h.stopped_early |= h.stopped;
			continue;
		}
		sync_run(&h, stop_at, busy);
		steps = h.steps;
		if (stop_at || busy) {
			sync_once(&h, 0);
			sync_once(&h, 0);
		}
		if (!h.problem[0])
			check_end(&h);
	}
	if (h.problem[0])
		snprintf(problem, 300, "%s", h.problem);
	story_end(&h);
	return h.problem[0] ? 0 : steps;
}

/* ---- the program ---------------------------------------------------------------------------------------- */

#define HISTORIES 50000 /* seeds; each is played without a stop and with one: twice as many histories */
#define EVERY 3000      /* seeds of which every step of the last sync is tried */
#define BUSY 4000       /* seeds played with users who go on while koc runs, and with one commit that fails */
#define WORKERS 2

/* Millions of small allocations: the sanitizer need not remember where each came from. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "malloc_context_size=1:quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}

struct sums {
	uint64_t played, stops, busy, merged, fetched, decisions, failures;
};

static void report(struct sums *sums, uint64_t seed, long stop_at, const char *how, const char *problem)
{
	if (sums->failures++ < 10)
		printf("seed %llu, stop %ld: %s (replay: model %llu %ld -v%s)\n", (unsigned long long)seed, stop_at,
		       problem, (unsigned long long)seed, stop_at, how);
	fflush(stdout);
}

static void play_seed(struct sums *sums, uint64_t seed)
{
	char problem[300] = "";
	long steps = play(seed, 0, false, false, problem), from = 1, to = 0, busy_at = 0;

	sums->played++;
	if (problem[0]) {
		report(sums, seed, 0, "", problem);
		return;
	}
	if (steps) {
		from = seed <= EVERY ? 1 : 1 + (long)(seed % (uint64_t)steps);
		to = seed <= EVERY ? steps : from;
	}
	if (seed <= BUSY) {
		busy_at = seed % 2 && steps ? 1 + (long)(seed % (uint64_t)steps) : 0;
		play(seed, busy_at, true, false, problem);
		sums->busy++;
		if (problem[0])
			report(sums, seed, busy_at, " -b", problem);
		problem[0] = '\0';
		busy_at = steps ? 1 + (long)(seed % (uint64_t)steps) : 0;
		play(seed, busy_at, false, true, problem);
		sums->busy++;
		if (problem[0])
			report(sums, seed, busy_at, " -o", problem);
		problem[0] = '\0';
	}
	for (long at = from; at <= to; at++) {
		problem[0] = '\0';
		play(seed, at, false, false, problem);
		sums->stops++;
		if (problem[0])
			report(sums, seed, at, "", problem);
	}
}

/* Every WORKERS-th seed in a process of its own; the sums come back in shared memory. */
static int play_all(uint64_t histories)
{
	struct sums *sums = mmap(NULL, WORKERS * sizeof *sums, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				 -1, 0);
	struct sums all = { 0 };
	pid_t workers[WORKERS];
	bool broken = sums == MAP_FAILED;

	for (int w = 0; !broken && w < WORKERS; w++) {
		workers[w] = fork();
		if (workers[w] == 0) {
			for (uint64_t seed = (uint64_t)w + 1; seed <= histories; seed += WORKERS)
				play_seed(&sums[w], seed);
			sums[w].merged = merged;
			sums[w].decisions = decisions;
			sums[w].fetched = fetched;
			exit(0);
		}
	}
	for (int w = 0; !broken && w < WORKERS; w++) {
		int status = -1;

		if (workers[w] < 0 || waitpid(workers[w], &status, 0) != workers[w] || status != 0)
			broken = true;
		all.played += sums[w].played;
		all.stops += sums[w].stops;
		all.busy += sums[w].busy;
		all.merged += sums[w].merged;
		all.decisions += sums[w].decisions;
		all.failures += sums[w].failures;
		all.fetched += sums[w].fetched;
	}
	printf("model: %llu histories, %llu of them stopped at a step of their last sync, %llu with users who go on "
	       "or a commit that fails; edits of both sides were merged %llu times, %llu conflicts decided\n",
	       (unsigned long long)(all.played + all.stops + all.busy), (unsigned long long)all.stops,
	       (unsigned long long)all.busy, (unsigned long long)all.merged, (unsigned long long)all.decisions);
	printf("model: %llu text forms were fetched by themselves\n", (unsigned long long)all.fetched);
	if (all.played != histories || all.stops < all.played || all.merged < all.played / 50 ||
	    all.fetched < all.played / 50 || all.decisions < all.played / 10) {
		puts("model: fewer than were to be played");
		broken = true;
	}
	printf("%llu passed, %llu failed\n", (unsigned long long)(all.played + all.stops + all.busy - all.failures),
	       (unsigned long long)all.failures);
	return broken || all.failures;
}

int main(int argc, char **argv)
{
	char problem[300] = "";
	bool busy = false, once = false;

	for (int i = 1; i < argc; i++) {
		verbose |= strcmp(argv[i], "-v") == 0;
		busy |= strcmp(argv[i], "-b") == 0;
		once |= strcmp(argv[i], "-o") == 0;
	}
	if (verbose)
		log_set_level(LOG_VERBOSE);
	if (argc == 3 && strcmp(argv[1], "-n") == 0)
		return play_all(strtoull(argv[2], NULL, 10));
	if (argc == 1)
		return play_all(HISTORIES);
	play(strtoull(argv[1], NULL, 10), argc > 2 && argv[2][0] != '-' ? strtol(argv[2], NULL, 10) : 0, busy,
	     once, problem);
	puts(problem[0] ? problem : "passed");
	return problem[0] != 0;
}
