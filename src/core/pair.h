/* Pair: finding the same content under two names, one to one.  Pure. */
#ifndef KOC_CORE_PAIR_H
#define KOC_CORE_PAIR_H

#include "core/match.h"

struct arena;

/* One side of a possible pair. */
struct candidate {
	const void *key;      /* bytes that are equal exactly when the content is */
	size_t key_size;
	size_t folder;
	int64_t date;         /* of equal ones, those with equal dates go together first */
	const char *name;     /* settles the order among equals */
	const struct digest *content; /* of its body, which the key may not tell; NULL unknown */
	const char *lasting;  /* what the server calls it; NULL unknown */
	struct match *match;
	bool taken;
};

typedef void pair_found(void *context, struct candidate *a, struct candidate *b);

/* Pairs candidates of equal key, each at most once; with `same_folder` only within a folder.  Both are
 * sorted in place; candidates already taken are left out.  Where those of `a` that have one key are known to
 * differ in content, they are paired by what the server calls them, or by a date that tells them apart,
 * or not at all. */
void pair_up(struct candidate *a, size_t a_count, struct candidate *b, size_t b_count, bool same_folder,
	     pair_found *found, void *context);

/* The key by which an item that moved on `side` is known again, set in *candidate.  For mail the SHA-256 of
 * the local file, or on the server the print; for keyed kinds the UID.  `base` asks for the key of what the
 * row remembers, else of what is there now.  False: it is not known. */
bool pair_key(const struct match *match, enum side side, bool keyed, bool base, struct candidate *candidate);

/* Within each folder, before anything is planned:
 *   a row that lost its number on the server (renumbered), or whose number was never learnt, gets that of the
 *   new item there with the same print;
 *   a new name for an item whose old name is gone is that item (the match takes the new ref, `mended`);
 *   an item that is new on both sides with equal content is one item (`compared` EQUAL for mail; for keyed
 *   kinds still to be compared);
 *   a text form that no row knows and a new message on the server with the header that it names are one.
 * What was merged into another match is `absorbed`. */
void pair_in_folders(struct match **matches, size_t count, const bool *keyed_by_folder);

/* Items of keyed kinds that are new on both sides of one folder, while a row of another folder with the
 * same UID lost its local item: they were moved (by a run that was cut short, or by the user and somebody
 * else), so what is there now descends from that row's base.  The match gets the row, with its new refs,
 * if the old place has nothing left; else a copy of it without a number. */
void pair_moved_together(struct arena *arena, struct match **matches, size_t count,
			 const bool *keyed_by_folder);

#endif
