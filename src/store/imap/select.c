/* Select: making a mailbox the current one. */
#include "store/imap/select.h"

#include "base/arena.h"
#include "core/flags.h"

#include <inttypes.h>

static struct flags flags_keep(struct arena *arena, struct flags flags)
{
	flags.keywords = arena_str(arena, flags.keywords);
	return flags;
}

static void code_take(struct selection *selection, const struct code *code)
{
	struct arena *arena = selection->imap->arena;

	switch (code->kind) {
	case CODE_UIDVALIDITY:
		selection->validity = code->number;
		break;
	case CODE_UIDNEXT:
		selection->next = code->number;
		break;
	case CODE_HIGHESTMODSEQ:
		selection->modseq = code->number;
		break;
	case CODE_NOMODSEQ:
		selection->modseq = 0;
		break;
	case CODE_READ_ONLY:
		selection->read_only = true;
		break;
	case CODE_PERMANENTFLAGS:
		selection->has_permanent = true;
		selection->permanent = flags_keep(arena, code->flags);
		selection->any_keyword = code->any_keyword;
		break;
	case CODE_CLOSED:
		/* All before it was about the mailbox selected before (RFC 7162 3.2.11). */
		selection->has_exists = selection->has_permanent = selection->any_keyword = false;
		selection->exists = selection->validity = selection->next = selection->modseq = 0;
		if (selection->closed)
			selection->closed(selection->context);
		break;
	case CODE_NONE:
	case CODE_OTHER:
	case CODE_ALREADYEXISTS:
	case CODE_APPENDUID:
	case CODE_AUTHENTICATIONFAILED:
	case CODE_CAPABILITY:
	case CODE_COPYUID:
	case CODE_LIMIT:
	case CODE_NONEXISTENT:
	case CODE_NOPERM:
	case CODE_OVERQUOTA:
	case CODE_READ_WRITE:
	case CODE_TRYCREATE:
	case CODE_UNAVAILABLE:
	case CODE_TOOBIG:
		break;
	}
}

/* The mailbox is selected: what was told of it becomes known of the box. */
static void selected(struct selection *selection)
{
	struct box *box = selection->box;

	selection->imap->session.selected = box->name;
	if (!box->validity && selection->validity <= UINT32_MAX)
		box->validity = (uint32_t)selection->validity;
	if (selection->next)
		box->next = selection->next;
	box->known = true;
	box->other = selection->validity != box->validity;
	box->read_only = selection->read_only;
	box->admits = selection->permanent;
	box->any_keyword = selection->any_keyword;
	/* Without PERMANENTFLAGS all can be changed (RFC 3501 7.1). */
	if (!selection->has_permanent) {
		box->admits = selection->flags;
		box->admits.bits = FLAG_ALL;
		box->any_keyword = true;
	}
	if (box->any_keyword) /* which $Forwarded is */
		box->admits.bits |= FLAG_FORWARDED;
	if (box->read_only) {
		box->admits = (struct flags){ 0 };
		box->any_keyword = false;
	}
}

static const struct fail *select_take(void *context, const struct answer *answer)
{
	struct selection *selection = context;
	const struct fail *f;

	if (answer->kind == ANSWER_EXISTS) {
		selection->has_exists = true;
		selection->exists = answer->number;
	} else if (answer->kind == ANSWER_FLAGS) {
		selection->flags = flags_keep(selection->imap->arena, answer->flags);
	} else if (answer->kind == ANSWER_STATE || answer->kind == ANSWER_DONE) {
		code_take(selection, &answer->code);
	}
	if (answer->kind == ANSWER_DONE) {
		if (answer->verdict == VERDICT_OK)
			selected(selection);
		else
			selection->imap->session.selected = NULL;
	}
	f = imap_room(selection->imap);
	if (!f && selection->take && answer->kind != ANSWER_DONE)
		f = selection->take(selection->context, answer);
	return f;
}

void select_add(struct imap *imap, struct flight *flight, struct selection *selection,
		struct box *box, const char *parameters)
{
	selection->imap = imap;
	selection->box = box;
	selection->command =
		flight_add(flight, select_take, selection, "SELECT %s%s", box->quoted, parameters);
	/* As it will be when what is added next is carried out. */
	imap->session.selected = box->name;
}

void select_need(struct imap *imap, struct flight *flight, struct selection *selection,
		 struct box *box)
{
	selection->imap = imap;
	selection->box = box;
	selection->command = NULL;
	if (imap->session.selected != box->name || !box->known)
		select_add(imap, flight, selection, box, "");
}

const struct fail *select_fail(const struct selection *selection)
{
	const struct box *box = selection->box;
	const struct fail *f = NULL;

	if (selection->command) {
		f = command_fail(selection->command, FAIL_FOLDER, "SELECT");
		if (!f && selection->validity == 0)
			f = fail_make(FAIL_PROTOCOL, FAIL_FOLDER,
				      "the server tells no UIDVALIDITY");
	}
	if (!f && box->other)
		f = fail_make(FAIL_STALE, FAIL_FOLDER,
			      "UIDVALIDITY is not %" PRIu32 " any more, as earlier in this run",
			      box->validity);
	return f;
}
