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
};

static const struct mode_default defaults[] = {
	{ KIND_MAIL, ROLE_INBOX | ROLE_DRAFTS, false, NULL, MODE_FULL },
	/* Their messages lie in the folders of other labels too. */
	{ KIND_MAIL, ROLE_ALL | ROLE_IMPORTANT | ROLE_FLAGGED, true, NULL, MODE_OFF },
	{ KIND_MAIL, 0, false, "mail/Notes", MODE_FULL },
	{ KIND_MAIL, 0, false, NULL, MODE_FULL }, /* MODE_TEXT once text_built says so */
	{ KIND_EVENTS, 0, false, NULL, MODE_FULL },
	{ KIND_TASKS, 0, false, NULL, MODE_FULL },
	{ KIND_CONTACTS, 0, false, NULL, MODE_FULL },
	{ KIND_NOTES, 0, false, NULL, MODE_FULL },
};

/* Until text mode exists such folders are kept whole, which loses nothing. */
static const bool text_built = false;

static enum mode mode_default(const char *path, enum kind kind, uint32_t roles)
{
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
		const struct mode_default *d = &defaults[i];

		if (d->kind == kind && (d->roles == 0 || (d->roles & roles)) &&
		    (!d->label || (roles & ROLE_LABEL)) &&
		    (!d->path || strcmp(d->path, path) == 0))
			return d->mode;
	}
	return MODE_FULL;
}

/* How closely the rule names the folder: 0 not at all; else more is closer. */
static size_t rule_rank(const struct folder_rule *rule, const char *path)
{
	size_t literal = 0;

	if (strcmp(rule->pattern, path) == 0)
		return SIZE_MAX;
	if (rule->from_modes || !str_match(rule->pattern, path))
		return 0;
	for (const char *c = rule->pattern; *c; c++) /* characters, not bytes of UTF-8 */
		literal += *c != '*' && *c != '%' && (*c & 0xc0) != 0x80;
	return literal + 1;
}

void config_folder(const struct account *account, const char *path, enum kind kind, uint32_t roles,
		   struct folder_settings *settings)
{
	size_t mode = 0, direction = 0, delete = 0, removals = 0, merge = 0, expire = 0;

	*settings = (struct folder_settings){
		.asked = mode_default(path, kind, roles),
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
			settings->asked = rule->mode;
			settings->mode_line = rule->line;
			settings->mode_from_modes = rule->from_modes;
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
	settings->mode = settings->asked;
	if (settings->mode == MODE_TEXT && (settings->keep_removed || !text_built))
		settings->mode = MODE_FULL;
	if (settings->keep_removed)
		settings->asked = settings->mode;
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
