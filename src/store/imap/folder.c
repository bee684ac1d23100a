/* Folder: making, renaming and dropping a mailbox. */
#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "store/imap/alter.h"
#include "store/imap/box.h"
#include "store/imap/name.h"

#include <inttypes.h>
#include <string.h>

/* The delimiter of the personal namespace, where new mailboxes go. */
static char delimiter_here(const struct imap *imap)
{
	const struct memo *memo = &imap->session.memo;

	for (size_t i = 0; i < memo->namespace_count; i++)
		if (memo->namespaces[i].personal && memo->namespaces[i].delimiter)
			return memo->namespaces[i].delimiter;
	for (size_t i = 0; i < imap->order.count; i++)
		if (imap->order.items[i]->delimiter)
			return imap->order.items[i]->delimiter;
	return '\0';
}

/* The box for a path that has none yet. */
static const struct fail *box_new(struct imap *imap, const char *path, struct box **box)
{
	char delimiter = delimiter_here(imap);
	const char *name = name_of_path(imap->arena, &imap->session.memo, path, delimiter);

	if (!name)
		return fail_make(FAIL_REFUSED, FAIL_FOLDER,
				 "the server can have no mailbox of this name");
	*box = box_get(imap, name);
	if ((*box)->listed && !((*box)->roles & ROLE_NOSELECT))
		return fail_make(FAIL_EXISTS, FAIL_FOLDER, "there is such a mailbox already");
	if (!(*box)->quoted)
		return fail_make(FAIL_REFUSED, FAIL_FOLDER, "the name cannot be sent");
	(*box)->path = arena_str(imap->arena, path);
	(*box)->delimiter = delimiter;
	return NULL;
}

static void folder_fill(struct imap *imap, struct box *box, uint32_t roles, struct arena *arena,
			struct store_folder *folder)
{
	if (!box->listed)
		*vec_push(&imap->order) = box;
	box->listed = true;
	box->roles = roles;
	memset(folder, 0, sizeof *folder);
	folder->path = arena_str(arena, box->path);
	folder->name = arena_str(arena, box->name);
	folder->kind = KIND_MAIL;
	folder->roles = roles;
	folder->news = NEWS_SOME;
	folder->next = folder->identity = "";
	folder->count = UINT64_MAX;
	if (box->counted) {
		folder->next = uid_ref(arena, box->now.next);
		folder->identity = arena_printf(arena, "%" PRIu32, box->now.validity);
		folder->lasting = arena_str(arena, box->lasting);
		folder->count = box->now.messages;
	}
}

/* Whose STATUS is asked for. */
struct asked {
	struct imap *imap;
	struct box *box;
};

static const struct fail *status_take(void *context, const struct answer *answer)
{
	const struct asked *asked = context;
	struct box *box = asked->box;
	const struct counted *counted = &answer->counted;

	if (answer->kind != ANSWER_STATUS || !counted->has_messages)
		return NULL;
	box->now.messages = counted->messages;
	if (!counted->has_validity || !counted->has_next || counted->validity == 0 ||
	    counted->validity > UINT32_MAX || counted->next == 0)
		return NULL;
	box->counted = true;
	box->now.validity = box->validity = (uint32_t)counted->validity;
	box->now.next = box->next = counted->next;
	box->now.modseq = 0;
	box_lasts(asked->imap, box, counted->lasting);
	return NULL;
}

static const char *use_of(uint32_t roles)
{
	static const struct {
		uint32_t role;
		const char *use;
	} uses[] = {
		{ ROLE_TRASH, "\\Trash" },     { ROLE_JUNK, "\\Junk" },
		{ ROLE_DRAFTS, "\\Drafts" },   { ROLE_SENT, "\\Sent" },
		{ ROLE_ARCHIVE, "\\Archive" }, { ROLE_ALL, "\\All" },
		{ ROLE_FLAGGED, "\\Flagged" },
	};

	for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
		if (roles & uses[i].role)
			return uses[i].use;
	return NULL;
}

const struct fail *imap_make(struct store *store, const char *path, uint32_t roles,
			     struct arena *arena, struct store_folder *made)
{
	struct imap *imap = imap_of(store);
	struct session *session = &imap->session;
	struct asked asked = { .imap = imap };
	struct command *create;
	struct flight flight;
	struct box *box = NULL;
	const char *use;
	const struct fail *f = queue_run(imap);

	if (!f)
		f = session_need(session);
	if (!f)
		f = box_new(imap, path, &box);
	if (f)
		return f;
	use = session_can(session, CAP_CREATE_SPECIAL_USE) ? use_of(roles) : NULL;
	flight_begin(&flight, arena);
	create = flight_add(&flight, NULL, NULL, "CREATE %s%s%s%s", box->quoted,
			    use ? " (USE (" : "", use ? use : "", use ? "))" : "");
	create->step = "create";
	flight_add(&flight, NULL, NULL, "SUBSCRIBE %s", box->quoted);
	asked.box = box;
	flight_add(&flight, status_take, &asked, "STATUS %s %s", box->quoted, status_items(session));
	f = flight_run(&flight, session);
	flight_end(&flight);
	if (!f)
		f = command_fail(create, FAIL_FOLDER, "create");
	if (!f)
		folder_fill(imap, box, use ? roles : 0, arena, made);
	return f;
}

/* The mailboxes below one: their names begin with its name and the delimiter. */
static bool is_below(const struct box *box, const struct box *top)
{
	size_t size = strlen(top->name);

	return top->delimiter && str_starts(box->name, top->name) &&
	       box->name[size] == top->delimiter;
}

/* Subscriptions do not follow a RENAME. */
static void subscription_move(struct imap *imap, struct flight *flight, struct box *from,
			      const char *to_name)
{
	struct box *to = box_get(imap, to_name);

	if (!to->quoted)
		return;
	flight_add(flight, NULL, NULL, "SUBSCRIBE %s", to->quoted);
	flight_add(flight, NULL, NULL, "UNSUBSCRIBE %s", from->quoted);
}

const struct fail *imap_rename(struct store *store, const struct store_folder *folder,
			       const char *path, struct arena *arena, struct store_folder *renamed)
{
	struct imap *imap = imap_of(store);
	struct box *box = map_get(imap->boxes, folder->name), *target = NULL;
	struct asked asked = { .imap = imap };
	struct command *rename;
	struct flight flight;
	const struct fail *f = queue_run(imap);

	if (!f)
		f = session_need(&imap->session);
	if (!f && (!box || !box->quoted))
		f = fail_make(FAIL_MISSING, FAIL_FOLDER, "no such mailbox");
	if (!f)
		f = box_new(imap, path, &target);
	if (f)
		return f;
	flight_begin(&flight, arena);
	rename = flight_add(&flight, NULL, NULL, "RENAME %s %s", box->quoted, target->quoted);
	rename->step = "rename";
	f = flight_run(&flight, &imap->session);
	if (!f)
		f = command_fail(rename, FAIL_FOLDER, "rename");
	if (f)
		goto out;
	imap->session.selected = NULL;
	flight.commands.count = 0;
	subscription_move(imap, &flight, box, target->name);
	for (size_t i = 0; i < imap->order.count; i++) {
		struct box *below = imap->order.items[i];

		if (is_below(below, box))
			subscription_move(imap, &flight, below,
					  arena_printf(arena, "%s%s", target->name,
						       below->name + strlen(box->name)));
	}
	asked.box = target;
	flight_add(&flight, status_take, &asked, "STATUS %s %s", target->quoted,
		   status_items(&imap->session));
	f = flight_run(&flight, &imap->session);
	if (!f) {
		box->listed = false;
		folder_fill(imap, target, box->roles, arena, renamed);
	}
out:
	flight_end(&flight);
	return f;
}

/* Leaves the mailbox without expunging it, so that it can be counted and deleted. */
static void unselect_add(struct imap *imap, struct flight *flight)
{
	if (session_can(&imap->session, CAP_UNSELECT))
		flight_add(flight, NULL, NULL, "UNSELECT");
	else
		flight_add(flight, NULL, NULL, "EXAMINE INBOX");
	imap->session.selected = NULL;
}

const struct fail *imap_drop(struct store *store, const struct store_folder *folder)
{
	struct imap *imap = imap_of(store);
	struct box *box = map_get(imap->boxes, folder->name);
	struct asked asked = { .imap = imap };
	struct arena *arena = arena_new();
	struct command *command;
	struct flight flight;
	const struct fail *f = queue_run(imap);

	flight_begin(&flight, arena);
	if (!f)
		f = session_need(&imap->session);
	if (!f && (!box || !box->quoted))
		f = fail_make(FAIL_MISSING, FAIL_FOLDER, "no such mailbox");
	if (f)
		goto out;
	if (imap->session.selected == box->name)
		unselect_add(imap, &flight);
	box->now.messages = UINT64_MAX;
	asked.box = box;
	command = flight_add(&flight, status_take, &asked, "STATUS %s (MESSAGES)", box->quoted);
	f = flight_run(&flight, &imap->session);
	if (!f && !(box->roles & ROLE_NOSELECT))
		f = command_fail(command, FAIL_FOLDER, "status");
	if (!f && !(box->roles & ROLE_NOSELECT) && box->now.messages != 0)
		f = fail_make(FAIL_REFUSED, FAIL_FOLDER, "the mailbox is not empty");
	if (f)
		goto out;
	flight.commands.count = 0;
	command = flight_add(&flight, NULL, NULL, "DELETE %s", box->quoted);
	command->step = "delete";
	flight_add(&flight, NULL, NULL, "UNSUBSCRIBE %s", box->quoted);
	f = flight_run(&flight, &imap->session);
	if (!f)
		f = command_fail(command, FAIL_FOLDER, "delete");
	if (!f)
		box->listed = false;
out:
	flight_end(&flight);
	arena_free(arena);
	return f;
}
