/* Folders: LIST, STATUS, special use; what is new. */
#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "store/imap/box.h"
#include "store/imap/name.h"
#include "store/path.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BOXES_MOST 30000
#define NAME_MOST  2048

/* One look at all folders. */
struct survey {
	struct imap *imap;
	const struct store_known *known;
	size_t known_count;
	struct command *list, *lsub, *space;
	bool extended;        /* LIST with RETURN */
	bool with_status;     /* and with STATUS */
	bool with_subscribed; /* subscriptions are told */
};

/* ---- answers ------------------------------------------------------------------------------- */

static void listed_take(struct survey *survey, const struct listed *listed)
{
	struct imap *imap = survey->imap;
	const char *name = name_is_inbox(listed->name) ? "INBOX" : listed->name;
	struct box *box;

	if (strlen(name) > NAME_MOST)
		return; /* nothing that a person made */
	box = box_get(imap, name);
	if (listed->lsub) {
		box->roles |= ROLE_SUBSCRIBED;
		return;
	}
	if (!box->listed) {
		box->listed = true;
		box->roles &= ROLE_SUBSCRIBED;
		*vec_push(&imap->order) = box;
	}
	box->roles |= listed->roles;
	box->delimiter = listed->delimiter;
}

void box_lasts(struct imap *imap, struct box *box, const char *lasting)
{
	if (!lasting || !box->lasting || strcmp(lasting, box->lasting) != 0)
		box->lasting = arena_str(imap->arena, lasting);
}

static void counted_take(struct imap *imap, const struct counted *counted)
{
	const char *name = name_is_inbox(counted->name) ? "INBOX" : counted->name;
	struct box *box = map_get(imap->boxes, name);

	if (!box || !counted->has_validity || !counted->has_next || !counted->has_messages ||
	    counted->validity == 0 || counted->validity > UINT32_MAX || counted->next == 0 ||
	    counted->next > (uint64_t)UINT32_MAX + 1)
		return;
	box->counted = true;
	box->now.validity = (uint32_t)counted->validity;
	box->now.next = box->next = counted->next;
	box->now.messages = counted->messages;
	box->now.modseq = counted->has_modseq ? counted->modseq : 0;
	box_lasts(imap, box, counted->lasting);
	/* Another one of that name has come: what is selected is the old one. */
	if (box->validity != box->now.validity && imap->session.selected == box->name)
		imap->session.selected = NULL;
	box->validity = box->now.validity;
}

static void namespaces_take(struct imap *imap, const struct answer *answer)
{
	struct memo *memo = &imap->session.memo;
	struct memo_namespace *spaces =
		arena_alloc(imap->arena, (answer->namespace_count + 1) * sizeof *spaces);

	memo->namespaces = spaces;
	memo->namespace_count = 0;
	memo->has_namespaces = true;
	for (size_t i = 0; i < answer->namespace_count; i++) {
		const struct namespace_item *item = &answer->namespaces[i];

		if (strpbrk(item->prefix, "\r\n"))
			continue;
		spaces[memo->namespace_count].prefix = arena_str(imap->arena, item->prefix);
		spaces[memo->namespace_count].delimiter = item->delimiter;
		spaces[memo->namespace_count++].personal = item->personal;
	}
}

static const struct fail *survey_take(void *context, const struct answer *answer)
{
	struct survey *survey = context;

	if (answer->kind == ANSWER_LIST)
		listed_take(survey, &answer->listed);
	else if (answer->kind == ANSWER_STATUS)
		counted_take(survey->imap, &answer->counted);
	else if (answer->kind == ANSWER_NAMESPACE)
		namespaces_take(survey->imap, answer);
	if (map_count(survey->imap->boxes) > BOXES_MOST)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
				 "the server lists more than %d mailboxes", BOXES_MOST);
	return imap_room(survey->imap);
}

/* ---- questions ----------------------------------------------------------------------------- */

const char *status_items(const struct session *session)
{
	static const char *const items[2][2] = {
		{ "(MESSAGES UIDNEXT UIDVALIDITY)", "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)" },
		{ "(MESSAGES UIDNEXT UIDVALIDITY MAILBOXID)",
		  "(MESSAGES UIDNEXT UIDVALIDITY MAILBOXID HIGHESTMODSEQ)" },
	};

	return items[session_can(session, CAP_OBJECTID)][session_can(session, CAP_CONDSTORE)];
}

static bool has_foreign(const struct memo *memo)
{
	for (size_t i = 0; i < memo->namespace_count; i++)
		if (!memo->namespaces[i].personal)
			return true;
	return false;
}

static void status_add(struct survey *survey, struct flight *flight, struct box *box)
{
	if (box->quoted)
		flight_add(flight, survey_take, survey, "STATUS %s %s", box->quoted,
			   status_items(&survey->imap->session));
}

/* LIST as the server's capabilities allow; subscriptions matter in foreign namespaces alone. */
static void list_add(struct survey *survey, struct flight *flight, bool plain)
{
	struct session *session = &survey->imap->session;
	bool special = session_can(session, CAP_SPECIAL_USE);
	bool subscribed = has_foreign(&session->memo);

	survey->extended = !plain && session_can(session, CAP_LIST_EXTENDED);
	survey->with_status = survey->extended && session_can(session, CAP_LIST_STATUS);
	survey->with_subscribed = subscribed;
	survey->lsub = NULL;
	if (survey->with_status)
		survey->list = flight_add(flight, survey_take, survey,
					  "LIST \"\" \"*\" RETURN (%s%sSTATUS %s)",
					  subscribed ? "SUBSCRIBED " : "",
					  special ? "SPECIAL-USE " : "", status_items(session));
	else if (survey->extended && (special || subscribed))
		survey->list =
			flight_add(flight, survey_take, survey, "LIST \"\" \"*\" RETURN (%s%s%s)",
				   subscribed ? "SUBSCRIBED" : "", special && subscribed ? " " : "",
				   special ? "SPECIAL-USE" : "");
	else
		survey->list = flight_add(flight, survey_take, survey, "LIST \"\" \"*\"");
	if (subscribed && !survey->extended)
		survey->lsub = flight_add(flight, survey_take, survey, "LSUB \"\" \"*\"");
}

/* What goes out right behind the login. */
static void survey_add(struct session *session, struct flight *flight, void *context)
{
	struct survey *survey = context;

	survey->space = NULL;
	if (!session->memo.has_namespaces && session_can(session, CAP_NAMESPACE))
		survey->space = flight_add(flight, survey_take, survey, "NAMESPACE");
	list_add(survey, flight, false);
	if (survey->with_status)
		return;
	/* The mailboxes that the engine remembers are most likely all there are. */
	for (size_t i = 0; i < survey->known_count; i++)
		status_add(survey, flight, box_get(survey->imap, survey->known[i].name));
}

/* Asks again for what the first flight left open. */
static const struct fail *survey_rest(struct survey *survey, struct arena *arena)
{
	struct imap *imap = survey->imap;
	struct session *session = &imap->session;
	const struct fail *f = NULL;
	struct flight flight;

	flight_begin(&flight, arena);
	/* QUIRK(several): what was advertised (now, or when the memo was written) may be refused.
	 */
	if (survey->list->verdict != VERDICT_OK && survey->extended) {
		imap->order.count = 0;
		session->capabilities &= ~(uint32_t)CAP_OBJECTID;
		list_add(survey, &flight, true);
	} else if (!survey->with_subscribed && has_foreign(&session->memo)) {
		flight_add(&flight, survey_take, survey, "LSUB \"\" \"*\"");
		survey->with_subscribed = true;
	}
	if (flight.commands.count)
		f = flight_run(&flight, session);
	flight_end(&flight);
	if (!f)
		f = command_fail(survey->list, FAIL_ACCOUNT, "LIST");
	if (f || survey->with_status)
		return f;
	flight_begin(&flight, arena);
	for (size_t i = 0; i < imap->order.count; i++) {
		struct box *box = imap->order.items[i];

		if (!box->counted && !(box->roles & ROLE_NOSELECT))
			status_add(survey, &flight, box);
	}
	if (flight.commands.count)
		f = flight_run(&flight, session);
	flight_end(&flight);
	return f;
}

/* ---- what came of it ----------------------------------------------------------------------- */

/* Without special use (RFC 6154): what mailboxes are commonly called.  Only for the roles that
 * change what koc does, only in the first level, only one for each. */
static void roles_guess(struct imap *imap)
{
	static const struct {
		const char *path;
		uint32_t role;
	} usual[] = {
		{ "mail/Trash", ROLE_TRASH },
		{ "mail/Deleted Items", ROLE_TRASH },
		{ "mail/Deleted Messages", ROLE_TRASH },
		{ "mail/Junk", ROLE_JUNK },
		{ "mail/Spam", ROLE_JUNK },
		{ "mail/Junk E-mail", ROLE_JUNK },
		{ "mail/Drafts", ROLE_DRAFTS },
	};
	const uint32_t special = ROLE_TRASH | ROLE_JUNK | ROLE_DRAFTS | ROLE_SENT | ROLE_ARCHIVE |
				 ROLE_ALL | ROLE_FLAGGED | ROLE_IMPORTANT;
	uint32_t have = 0;

	for (size_t i = 0; i < imap->order.count; i++)
		have |= imap->order.items[i]->roles;
	if (have & special)
		return;
	for (size_t u = 0; u < sizeof usual / sizeof *usual; u++) {
		for (size_t i = 0; i < imap->order.count && !(have & usual[u].role); i++) {
			struct box *box = imap->order.items[i];

			if (box->path && !(box->roles & ROLE_NOSELECT) &&
			    str_casecmp(box->path, usual[u].path) == 0) {
				box->roles |= usual[u].role;
				have |= usual[u].role;
			}
		}
	}
}

static void box_place(struct imap *imap, struct box *box, struct map *paths)
{
	struct box *other;

	if (name_is_inbox(box->name))
		box->roles |= ROLE_INBOX;
	/* QUIRK(gmail): a mailbox shows the messages with its label; these two hold messages of
	 * their own. */
	if (session_can(&imap->session, CAP_GMAIL) && !(box->roles & (ROLE_TRASH | ROLE_JUNK)))
		box->roles |= ROLE_LABEL;
	if (name_is_foreign(&imap->session.memo, box->name))
		box->roles |= ROLE_FOREIGN;
	box->path = name_to_path(imap->arena, &imap->session.memo, box->name, box->delimiter,
				 &box->why);
	if (box->path && !box->quoted) {
		box->path = NULL;
		box->why = "its name cannot be sent";
	}
	other = box->path ? map_get(paths, box->path) : NULL;
	if (other) {
		box->why =
			arena_printf(imap->arena, "it has the same place as \"%s\"", other->name);
		box->path = NULL;
	}
	if (box->path)
		map_set(paths, box->path, box);
}

/* Whoever comes first gets the path, so the order must not be the server's. */
static int box_compare(const void *a, const void *b)
{
	return strcmp((*(struct box *const *)a)->name, (*(struct box *const *)b)->name);
}

static enum news box_news(const struct box *box, const char *saved)
{
	struct cursor then;

	if (box->roles & ROLE_NOSELECT)
		return NEWS_NONE;
	if (box->counted && cursor_parse(saved, &then) && cursor_same(&then, &box->now))
		return NEWS_NONE;
	return NEWS_SOME;
}

static void folder_fill(const struct box *box, const char *saved, struct arena *arena,
			struct store_folder *folder)
{
	folder->name = arena_str(arena, box->name);
	folder->kind = KIND_MAIL;
	folder->roles = box->roles;
	folder->news = box_news(box, saved);
	folder->next = folder->identity = "";
	folder->count = box->roles & ROLE_NOSELECT ? 0 : UINT64_MAX;
	if (box->counted) {
		folder->next = uid_ref(arena, box->now.next);
		folder->identity = arena_printf(arena, "%" PRIu32, box->now.validity);
		folder->lasting = arena_str(arena, box->lasting);
		folder->count = box->now.messages;
	}
	folder->path = arena_str(arena, box->path);
	if (!box->path) {
		struct buf escaped;

		/* A path that no mailbox gets: "%!" is how none begins unless it is called so. */
		buf_init(&escaped, 4 * strlen(box->name) + 64);
		path_component_escape(&escaped, box->name, strlen(box->name));
		folder->unsupported = true;
		folder->why = arena_str(arena, box->why);
		folder->path = arena_printf(arena, "mail/%%!%s", escaped.data);
		buf_free(&escaped);
	}
}

static int folder_compare(const void *a, const void *b)
{
	return strcmp(((const struct store_folder *)a)->path,
		      ((const struct store_folder *)b)->path);
}

static void list_fill(struct survey *survey, struct arena *arena, struct folder_list *list)
{
	struct imap *imap = survey->imap;
	struct map *cursors = map_new(), *paths = map_new();

	for (size_t i = 0; i < survey->known_count; i++)
		map_set(cursors, survey->known[i].name, (void *)(uintptr_t)survey->known[i].cursor);
	if (imap->order.count)
		qsort(imap->order.items, imap->order.count, sizeof *imap->order.items, box_compare);
	for (size_t i = 0; i < imap->order.count; i++)
		box_place(imap, imap->order.items[i], paths);
	roles_guess(imap);
	list->items = arena_alloc(arena, (imap->order.count + 1) * sizeof *list->items);
	list->count = 0;
	for (size_t i = 0; i < imap->order.count; i++) {
		const struct box *box = imap->order.items[i];

		if ((box->roles & ROLE_FOREIGN) && !(box->roles & ROLE_SUBSCRIBED))
			continue;
		folder_fill(box, map_get(cursors, box->name), arena, &list->items[list->count++]);
	}
	qsort(list->items, list->count, sizeof *list->items, folder_compare);
	list->complete = true;
	map_free(paths);
	map_free(cursors);
}

static void box_forget(void *context, const char *name, void *value)
{
	struct box *box = value;

	(void)context;
	(void)name;
	box->listed = box->counted = false;
	box->roles = 0;
}

const struct fail *imap_folders(struct store *store, const struct store_known *known, size_t count,
				struct arena *arena, struct folder_list *list)
{
	struct imap *imap = imap_of(store);
	struct survey survey = { .imap = imap, .known = known, .known_count = count };
	struct arena *work = arena_new();
	struct flight flight;
	const struct fail *f;

	memset(list, 0, sizeof *list);
	imap->order.count = 0;
	map_each(imap->boxes, box_forget, NULL);
	flight_begin(&flight, work);
	if (imap->session.open) {
		survey_add(&imap->session, &flight, &survey);
		f = flight_run(&flight, &imap->session);
	} else {
		f = session_open(&imap->session, &flight, survey_add, &survey);
	}
	flight_end(&flight);
	if (!f)
		f = survey_rest(&survey, work);
	if (!f && survey.space && survey.space->verdict != VERDICT_OK)
		imap->session.memo.has_namespaces = true; /* it has none that it would tell */
	imap_memo(imap);
	if (!f)
		list_fill(&survey, arena, list);
	arena_free(work);
	return f;
}
