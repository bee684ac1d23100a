/* Rules: which folder section applies to a folder, and what applies where none does (SPEC 2). */
#include "config/rules.h"

#include "base/str.h"

#include <string.h>

/* What holds with nothing configured; the first line that fits decides. */
struct mode_default {
	enum kind kind;
	uint32_t roles;   /* one of these; 0: whatever it is for */
	bool label;       /* and a label (Gmail) */
	const char *path; /* this folder; NULL: any */
	enum mode mode;
	const char *name; /* what people are told that it is for */
};

static const struct mode_default defaults[] = {
	{ KIND_MAIL, ROLE_INBOX, false, NULL, MODE_FULL, "INBOX" },
	{ KIND_MAIL, ROLE_DRAFTS, false, NULL, MODE_FULL, "Drafts" },
	/* Their messages lie in the folders of other labels too. */
	{ KIND_MAIL, ROLE_ALL, true, NULL, MODE_OFF, "all of Gmail" },
	{ KIND_MAIL, ROLE_IMPORTANT | ROLE_FLAGGED, true, NULL, MODE_OFF, "Gmail's views" },
	{ KIND_MAIL, 0, false, "mail/INBOX", MODE_FULL, "INBOX" },
	{ KIND_MAIL, 0, false, "mail/Notes", MODE_FULL, "Notes" },
	{ KIND_MAIL, 0, false, "mail/INBOX/Notes", MODE_FULL, "Notes" }, /* where all lies below INBOX */
	{ KIND_MAIL, 0, false, NULL, MODE_TEXT, "other mail" },
	{ KIND_EVENTS, 0, false, NULL, MODE_FULL, "calendars" },
	{ KIND_TASKS, 0, false, NULL, MODE_FULL, "tasks" },
	{ KIND_CONTACTS, 0, false, NULL, MODE_FULL, "contacts" },
	{ KIND_NOTES, 0, false, NULL, MODE_FULL, "notes" },
};

static const struct mode_default *default_of(const char *path, enum kind kind, uint32_t roles)
{
	const struct mode_default *d = defaults;

	/* The last lines fit every folder of their kind. */
	while (d->kind != kind || (d->roles != 0 && !(d->roles & roles)) ||
	       (d->label && !(roles & ROLE_LABEL)) || (d->path && strcmp(d->path, path) != 0))
		d++;
	return d;
}

bool modes_below(const char *name, size_t *size)
{
	*size = strlen(name);
	if (*size < 2 || strcmp(name + *size - 2, "/*") != 0)
		return false;
	*size -= 1;
	return true;
}

static bool rule_fits(const struct folder_rule *rule, const char *path)
{
	size_t size;

	if (!rule->from_modes)
		return str_match(rule->pattern, path);
	return modes_below(rule->pattern, &size) && strncmp(rule->pattern, path, size) == 0;
}

/* How closely the rule names the folder: 0 not at all; else more is closer. */
static size_t rule_rank(const struct folder_rule *rule, const char *path)
{
	size_t literal = 0, size = strlen(rule->pattern);

	if (strcmp(rule->pattern, path) == 0)
		return SIZE_MAX;
	if (!rule_fits(rule, path))
		return 0;
	if (rule->from_modes) /* all but the last character stands for itself */
		size--;
	for (size_t i = 0; i < size; i++) { /* characters, not bytes of UTF-8 */
		char c = rule->pattern[i];

		literal += (rule->from_modes || (c != '*' && c != '%')) && (c & 0xc0) != 0x80;
	}
	return literal + 1;
}

/* What the mode is in the end, and whose doing that is. */
static void settle_mode(struct folder_settings *settings, int removals_line)
{
	if (settings->mode == MODE_TEXT && settings->keep_removed) {
		settings->mode = MODE_FULL;
		settings->mode_line = removals_line;
		settings->mode_from_modes = false;
		settings->mode_default = NULL;
		settings->mode_kept = true;
	}
	if (settings->mode != MODE_TEXT)
		settings->expire_days = 0;
}

void config_folder(const struct account *account, const char *path, enum kind kind, uint32_t roles,
		   struct folder_settings *settings)
{
	size_t mode = 0, direction = 0, delete = 0, removals = 0, merge = 0, expire = 0;
	const struct mode_default *standard = default_of(path, kind, roles);
	int removals_line = 0;

	*settings = (struct folder_settings){
		.mode = standard->mode,
		.mode_default = standard->name,
		/* Into the trash means: away from all labels.  What leaves one folder keeps its others. */
		.remove = roles & ROLE_LABEL ? DELETE_EXPUNGE : DELETE_TRASH,
	};
	for (size_t i = 0; i < account->rule_count; i++) {
		const struct folder_rule *rule = &account->rules[i];
		size_t rank = rule_rank(rule, path);

		if (rank == 0)
			continue;
		if (rule->has_mode && rank >= mode &&
		    (rule->mode != MODE_TEXT || kind == KIND_MAIL)) {
			mode = rank;
			settings->mode = rule->mode;
			settings->mode_line = rule->line;
			settings->mode_from_modes = rule->from_modes;
			settings->mode_default = NULL;
		}
		if (rule->has_direction && rank >= direction) {
			direction = rank;
			settings->direction = rule->direction;
		}
		if (rule->has_delete && rank >= delete) {
			delete = rank;
			settings->remove = rule->remove;
		}
		if (rule->has_removals && rank >= removals) {
			removals = rank;
			settings->keep_removed = rule->keep_removed;
			removals_line = rule->line;
		}
		if (rule->has_merge && rank >= merge && kind != KIND_MAIL) {
			merge = rank;
			settings->merge = rule->merge;
		}
		if (rule->has_expire && rank >= expire && kind == KIND_MAIL) {
			expire = rank;
			settings->expire_days = rule->expire_days;
		}
	}
	settle_mode(settings, removals_line);
}

/* Can the pattern match "ROOT/" and something behind it?  Bit i of `at`: the pattern so far can match
 * the first i characters of that. */
static bool reaches_kind(const char *pattern, enum kind kind)
{
	const char *root = kind_traits(kind)->root;
	size_t size = strlen(root) + 1;
	uint32_t at = 1;

	for (const char *c = pattern; *c; c++) {
		uint32_t next = *c == '*' || *c == '%' ? at : 0;

		for (size_t i = 0; i < size; i++) {
			char want = i < size - 1 ? root[i] : '/';
			uint32_t from = *c == '*' || *c == '%' ? next : at;

			if ((from >> i & 1) && (*c == '*' || *c == want ||
						(*c == '%' && want != '/')))
				next |= UINT32_C(2) << i;
		}
		at = next;
		if ((at >> size & 1) && (*c == '*' || c[1] != '\0'))
			return true;
	}
	return false;
}

bool pattern_reaches(const char *pattern, const bool kinds[KINDS])
{
	for (int kind = 0; kind < KINDS; kind++)
		if ((!kinds || kinds[kind]) && reaches_kind(pattern, (enum kind)kind))
			return true;
	return false;
}

const char *pattern_wrong(const char *pattern)
{
	size_t size = strlen(pattern);

	if (size == 0)
		return "the name is empty";
	if (!pattern_reaches(pattern, NULL))
		return "no folder can have this name: names begin with mail/, calendars/, "
		       "tasks/, contacts/ or notes/";
	if (strstr(pattern, "//") || pattern[size - 1] == '/')
		return "no folder can have this name: between and behind \"/\" there is a name";
	if (str_casecmp(pattern, "mail/inbox") == 0 && strcmp(pattern, "mail/INBOX") != 0)
		return "the inbox is called \"mail/INBOX\"";
	return NULL;
}

const char *modes_wrong(const char *name)
{
	for (int kind = 0; kind < KINDS; kind++) {
		const char *root = kind_traits((enum kind)kind)->root;
		size_t size = strlen(root);

		if (strncmp(name, root, size) == 0 && name[size] == '/')
			return pattern_wrong(name);
	}
	return "no folder can have this name: names begin with mail/, calendars/, tasks/, contacts/ or "
	       "notes/, and only a \"/*\" at the end stands for others";
}
