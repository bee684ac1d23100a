/* Replace: a message gets other bytes under its name (store/swap.h says how). */
#include "store/maildir/parcel.h"

#include "base/arena.h"
#include "store/below.h"
#include "store/copy.h"
#include "store/swap.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where the file lies now; "mail/F/cur". */
static const struct fail *mark_place(struct maildir *maildir, const struct box *box,
				     enum place place, struct arena *arena)
{
	return swap_mark_add(&maildir->mark, arena_printf(arena, "%s/%s", box->path,
							  place == IN_NEW ? "new" : "cur"));
}

static const struct fail *swap_prepare(struct maildir *maildir, struct swap *swap,
				       struct parcel *parcel, struct write *write, struct box *box,
				       struct found *old, struct arena *arena)
{
	const struct fail *fail;

	if (write->if_revision && !revision_is(write->if_revision, &old->status))
		return &item_stale;
	fail = below_into(maildir->root, write->into, &swap->into_at, &swap->into);
	if (!fail)
		fail = parcel_at(maildir, parcel, write, box, &swap->from_at);
	if (!fail && !write->date)
		fail = copy_date(swap->from_at, parcel->name, old->status.st_mtim.tv_sec);
	if (!fail)
		fail = swap_mark_into(&maildir->mark, write->into);
	if (!fail)
		fail = mark_place(maildir, box, old->place, arena);
	swap->from = parcel->name;
	swap->at = box->in[old->place];
	swap->name = old->text;
	swap->expected = &old->status;
	swap->no_exchange = maildir->no_exchange;
	return fail;
}

static const struct fail *swap_tell(struct maildir *maildir, const struct swap *swap,
				    struct write *write, const struct box *box,
				    struct arena *arena)
{
	char revision[REVISION_TEXT];
	const struct fail *fail;
	struct name name;

	name_parse(&name, swap->name);
	revision_text(revision, &swap->now);
	write->now = (struct version){
		.ref = arena_str(arena, write->replaces),
		.revision = arena_str(arena, revision),
		.digest = write->body->digest,
		.flags = box_flags(box, &name, arena),
	};
	fail = barrier_add(&maildir->barrier, swap->at);
	if (!fail)
		fail = barrier_add(&maildir->barrier, swap->into_at);
	if (fail || !swap->surprise || !write->if_revision)
		return fail;
	/* The user saved it in the last moment. */
	write->came_out = true;
	return &item_stale;
}

bool replace_try(struct maildir *maildir, struct write *write, struct parcel *parcel,
		 enum chance chance, struct arena *arena, const struct fail **fail)
{
	struct swap swap = { .into_at = -1 };
	struct found old;
	struct box *box;

	*fail = box_use(maildir, write->folder->path, &box);
	if (!*fail)
		*fail = locate(maildir, box, write->replaces, &write->flags, chance, &old);
	if (*fail)
		return true;
	if (!old.there)
		return locate_missed(&old, chance, fail);
	*fail = swap_prepare(maildir, &swap, parcel, write, box, &old, arena);
	if (!*fail) {
		*fail = swap_run(&swap);
		maildir->no_exchange = swap.no_exchange;
		if (fail_is(*fail, FAIL_MISSING)) {
			close(swap.into_at);
			return locate_vanished(chance, fail);
		}
		if (!*fail) {
			parcel_delivered(parcel, write);
			*fail = swap_tell(maildir, &swap, write, box, arena);
		}
	}
	if (swap.into_at >= 0)
		close(swap.into_at);
	return true;
}
