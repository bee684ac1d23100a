/* Find: where is a message that was written here, or moved; and is one still there? */
#include "base/arena.h"
#include "format/mail.h"
#include "store/imap/alter.h"
#include "store/imap/box.h"
#include "store/imap/select.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct uids {
	VEC(uint32_t)
};

/* The finds in one mailbox. */
struct seeking {
	struct box *box;
	struct find *finds; /* all of the call */
	struct box **boxes; /* theirs */
	size_t count;
	uint32_t next; /* the lowest of theirs */
	struct selection selection;
	struct command *command;
	struct mail_scan *scan;
	struct uids *found; /* for each of the call's */
};

static const struct fail *header_take(void *context, const void *data, size_t size)
{
	struct seeking *seeking = context;

	if (!seeking->scan)
		seeking->scan = mail_scan_begin();
	mail_scan_add(seeking->scan, data, size);
	return NULL;
}

static bool is_it(const struct find *find, const struct print *print, const char *message_id)
{
	if (digest_equal(&find->print.head, &print->head) &&
	    (!find->print.size || !print->size || find->print.size == print->size))
		return true;
	return find->message_id && message_id && strcmp(find->message_id, message_id) == 0 &&
	       find->print.size == print->size;
}

static const struct fail *seeking_take(void *context, const struct answer *answer)
{
	struct seeking *seeking = context;
	const struct fetched *fetched = &answer->fetched;
	struct mail_fields fields = { 0 };
	struct print print = { 0 };

	if (answer->kind != ANSWER_FETCH || !fetched->has_body)
		return NULL;
	if (!seeking->scan)
		seeking->scan = mail_scan_begin();
	mail_scan_end(seeking->scan, fetched->has_size ? fetched->size : 0, &print, &fields);
	seeking->scan = NULL;
	for (size_t i = 0; i < seeking->count && fetched->uid; i++) {
		const struct find *find = &seeking->finds[i];

		if (seeking->boxes[i] == seeking->box && fetched->uid >= uid_of_ref(find->next) &&
		    is_it(find, &print, fields.message_id))
			*vec_push(&seeking->found[i]) = fetched->uid;
	}
	mail_fields_free(&fields);
	return NULL;
}

/* The mailboxes that are sought in, each once, added to the flight. */
static size_t seekings_add(struct imap *imap, struct flight *flight, struct seeking *all,
			   struct find *finds, struct box **boxes, size_t count, struct uids *found)
{
	size_t seekings = 0;

	for (size_t i = 0; i < count; i++) {
		struct seeking *seeking = NULL;
		uint32_t next = uid_of_ref(finds[i].next);

		if (!boxes[i])
			continue;
		for (size_t s = 0; s < seekings; s++)
			if (all[s].box == boxes[i])
				seeking = &all[s];
		if (!seeking) {
			seeking = &all[seekings++];
			*seeking = (struct seeking){ .box = boxes[i],
						     .finds = finds,
						     .boxes = boxes,
						     .count = count,
						     .next = UINT32_MAX,
						     .found = found };
		}
		if (next < seeking->next)
			seeking->next = next ? next : 1;
	}
	for (size_t s = 0; s < seekings; s++) {
		select_add(imap, flight, &all[s].selection, all[s].box, "");
		/* "n:*" also brings the last message where nothing is new; its UID is below then.
		 */
		all[s].command = flight_add(
			flight, seeking_take, &all[s],
			"UID FETCH %" PRIu32 ":* (UID RFC822.SIZE BODY.PEEK[HEADER])", all[s].next);
		all[s].command->section = "HEADER";
		all[s].command->body = header_take;
	}
	return seekings;
}

static void find_end(struct find *find, const struct seeking *seeking, struct uids *found,
		     struct arena *arena)
{
	find->fail = select_fail(&seeking->selection);
	if (!find->fail)
		find->fail = command_fail(seeking->command, FAIL_ITEM, "FETCH");
	find->refs = arena_alloc(arena, (found->count + 1) * sizeof(const char *));
	if (found->count)
		qsort(found->items, found->count, sizeof *found->items, uid_compare);
	for (size_t i = 0; i < found->count; i++)
		if (i == 0 || found->items[i] != found->items[i - 1])
			find->refs[find->count++] = uid_ref(arena, found->items[i]);
}

const struct fail *imap_find(struct store *store, struct find *finds, size_t count,
			     struct arena *arena)
{
	struct imap *imap = imap_of(store);
	struct arena *work = arena_new();
	struct seeking *all = arena_alloc(work, (count + 1) * sizeof *all);
	struct box **boxes = arena_alloc(work, (count + 1) * sizeof(struct box *));
	struct uids *found = arena_alloc(work, (count + 1) * sizeof *found);
	size_t seekings = 0;
	struct flight flight;
	const struct fail *f = queue_run(imap);

	flight_begin(&flight, work);
	for (size_t i = 0; i < count; i++) {
		boxes[i] = box_of(imap, finds[i].folder);
		finds[i].count = 0;
		finds[i].refs = NULL;
		finds[i].fail =
			boxes[i] ? NULL : fail_make(FAIL_MISSING, FAIL_FOLDER, "no such mailbox");
	}
	if (!f)
		f = session_need(&imap->session);
	if (!f) {
		seekings = seekings_add(imap, &flight, all, finds, boxes, count, found);
		f = flight_run(&flight, &imap->session);
	}
	for (size_t s = 0; s < seekings; s++) {
		for (size_t i = 0; i < count && !f; i++)
			if (boxes[i] == all[s].box)
				find_end(&finds[i], &all[s], &found[i], arena);
		if (all[s].scan)
			mail_scan_end(all[s].scan, 0, NULL, NULL);
	}
	for (size_t i = 0; i < count; i++) {
		if (f && !finds[i].fail)
			finds[i].fail = f;
		vec_free(&found[i]);
	}
	flight_end(&flight);
	arena_free(work);
	return f;
}

/* ---- is it there? -------------------------------------------------------------------------- */

struct presence {
	uint32_t uid;
	bool there;
};

static const struct fail *presence_take(void *context, const struct answer *answer)
{
	struct presence *presence = context;

	if (answer->kind == ANSWER_FETCH && answer->fetched.uid == presence->uid)
		presence->there = true;
	return NULL;
}

const struct fail *imap_exists(struct store *store, const struct store_folder *folder,
			       const char *ref, bool *there)
{
	struct imap *imap = imap_of(store);
	struct box *box = box_of(imap, folder);
	struct presence presence = { .uid = uid_of_ref(ref) };
	struct selection selection = { 0 };
	struct arena *arena;
	struct flight flight;
	struct command *command;
	const struct fail *f = queue_run(imap);

	*there = false;
	if (!f && !box)
		f = fail_make(FAIL_MISSING, FAIL_FOLDER, "no such mailbox");
	if (!f)
		f = session_need(&imap->session);
	if (f || !presence.uid)
		return f;
	arena = arena_new();
	flight_begin(&flight, arena);
	select_add(imap, &flight, &selection, box, "");
	command = flight_add(&flight, presence_take, &presence, "UID FETCH %" PRIu32 " (UID)",
			     presence.uid);
	f = flight_run(&flight, &imap->session);
	if (!f)
		f = select_fail(&selection);
	if (!f)
		f = command_fail(command, FAIL_ITEM, "FETCH");
	*there = !f && presence.there;
	flight_end(&flight);
	arena_free(arena);
	return f;
}
