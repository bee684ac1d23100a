/* Checks: what only more than one key, a whole section or the whole file shows to be wrong. */
#ifndef KOC_CONFIG_CHECKS_H
#define KOC_CONFIG_CHECKS_H

#include "config/config.h"
#include "config/outline.h"

#include <sys/stat.h>

struct mistakes;

/* The owner and the permissions. */
void check_file(const struct outline *outline, const struct stat *status, struct mistakes *mistakes);

/* One folder section: its name, and that its keys mean something for it. */
void check_rule(const struct folder_rule *rule, const struct place *place,
		struct mistakes *mistakes);

/* The same section, its values read: keys that contradict each other. */
void check_expiry(const struct folder_rule *rule, const struct place *place, struct mistakes *mistakes);

/* One account: what is missing, what excludes what. */
void check_account(const struct account *account, const struct place *place,
		   struct mistakes *mistakes);

/* The sections of one account in the .modes file, from its own to before `end`. */
void check_modes(const struct place *account, const struct place *end, struct mistakes *mistakes);

/* All accounts together. */
void check_accounts(const struct config *config, struct mistakes *mistakes);

#endif
