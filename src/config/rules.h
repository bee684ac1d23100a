/* Rules: what the name of a folder section can match.  (config_folder, which applies the rules, is in
 * config.h.) */
#ifndef KOC_CONFIG_RULES_H
#define KOC_CONFIG_RULES_H

#include "config/config.h"

/* Is there a folder path of one of these kinds (NULL: of any) that the pattern can match? */
bool pattern_reaches(const char *pattern, const bool kinds[KINDS]);

/* Why no folder can ever match the pattern, to follow its name in a message; NULL: one can. */
const char *pattern_wrong(const char *pattern);

/* A name in the .modes file is a folder's, whatever is in it, or "FOLDER/" and "*": all folders below that
 * one.  modes_below: is it such a one?  *size: of "FOLDER/" then, else of the name.  modes_wrong: as
 * pattern_wrong. */
bool modes_below(const char *name, size_t *size);
const char *modes_wrong(const char *name);

#endif
