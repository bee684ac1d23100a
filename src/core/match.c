/* Match: how each side differs from the base. */
#include "core/match.h"

#include <string.h>

static bool same_meaning(const struct match *match, enum side side)
{
	/* Two messages may say the same in their texts. */
	if (side == LOCAL && match->stub && !digest_equal(&match->stub->head, &match->row->print.head))
		return false;
	return digest_known(&match->normal[side]) &&
	       digest_equal(&match->normal[side], &match->row->normal);
}

bool match_is_text(const struct match *match)
{
	if (match->looked[LOCAL])
		return match->stub != NULL;
	return match->row && match->row->marks & ROW_TEXT;
}

enum compared match_compare(const struct match *match)
{
	if (match->damaged)
		return DIFFERENT;
	if (match->compared != NOT_COMPARED || !digest_known(&match->normal[SERVER]) ||
	    !digest_known(&match->normal[LOCAL]))
		return match->compared;
	return digest_equal(&match->normal[SERVER], &match->normal[LOCAL]) ? EQUAL : DIFFERENT;
}

enum change match_change(const struct match *match, enum side side)
{
	const struct version *base = match->row ? &match->row->side[side] : NULL;
	const struct version *now = match->now[side];

	if (!base || !base->ref)
		return now ? CHANGE_NEW : CHANGE_ABSENT;
	if (!now)
		return CHANGE_GONE;
	if (strcmp(base->revision ? base->revision : "", now->revision ? now->revision : "") == 0)
		return CHANGE_SAME;
	if (digest_known(&now->digest)) {
		/* A new revision over equal bytes is no change (an ETag that flaps, a restored file), nor
		 * is one over bytes that mean the same (a server that rewrites what it is given). */
		if (digest_equal(&now->digest, &base->digest) || same_meaning(match, side))
			return CHANGE_SAME;
		return CHANGE_EDITED;
	}
	return match->looked[side] ? CHANGE_EDITED : CHANGE_UNSURE;
}

bool match_base_flags(const struct match *match, struct flags base[SIDES])
{
	if (!match->row)
		return false;
	base[SERVER] = match->row->side[SERVER].flags;
	base[LOCAL] = match->row->side[LOCAL].flags;
	return true;
}

static bool differs(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") != 0;
}

bool match_moved_on(const struct match *match, enum side side)
{
	const struct version *base = match->row ? &match->row->side[side] : NULL;
	const struct version *now = match->now[side];

	if (!base || !base->ref || !now)
		return false;
	return differs(base->ref, now->ref) || differs(base->revision, now->revision);
}

const char *match_name(const struct match *match)
{
	for (int s = 0; s < SIDES; s++)
		if (match->now[s])
			return match->now[s]->ref;
	for (int s = 0; s < SIDES; s++)
		if (match->row && match->row->side[s].ref)
			return match->row->side[s].ref;
	return "?";
}
