/* Adopt: folders of both sides that the state knows nothing of (it is lost, or another program made the
 * store) and that are one although they have different paths. */
#ifndef KOC_ENGINE_ADOPT_H
#define KOC_ENGINE_ADOPT_H

#include "state/state.h"
#include "store/store.h"

/* Puts into `pairs`, which has room for every local folder, what the server's driver is to be told as known
 * so that its folders get the paths that they have here; returns how many.  A folder here is the server's
 * if it alone, on both sides, is of this kind and title, or, having no title, is named as the server's
 * name ends.  The strings are those of the lists. */
size_t adopt_pairs(const struct state_folder *known, size_t known_count, const struct folder_list list[SIDES],
		   struct store_known *pairs);

#endif
