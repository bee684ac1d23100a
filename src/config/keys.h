/* Keys: every key of a configuration, where it belongs, and how its value is checked and stored. */
#ifndef KOC_CONFIG_KEYS_H
#define KOC_CONFIG_KEYS_H

#include "config/config.h"

struct mistakes;

enum section { IN_FILE, IN_ACCOUNT, IN_FOLDER };

/* One value on its way from the file into the account or the rule. */
struct setting {
	const struct key *key;
	const char *value;
	int line;
	struct mistakes *mistakes;
	struct account *account;
	struct folder_rule *rule; /* keys of a folder section only */
};

struct key {
	const char *name;
	enum section in;
	bool list;
	bool for_kind[KINDS]; /* folder keys: the kinds it has a meaning for */
	void (*set)(const struct setting *setting);
};

#define KEYS_MOST 32
extern const struct key config_keys[];
extern const size_t config_key_count;

/* The index of the key of this name in this kind of section, or -1. */
int key_find(enum section in, const char *name);

/* "account" or "folder"; IN_FILE has none. */
const char *section_word(enum section section);

#endif
