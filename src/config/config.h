/* Configuration: $XDG_CONFIG_HOME/koc/config (SPEC 6), read with libconfuse into plain structs.
 * Every mistake is found before anything runs, all of them are reported with file and line, and the
 * nearest known key is named for an unknown one. */
#ifndef KOC_CONFIG_CONFIG_H
#define KOC_CONFIG_CONFIG_H

#include "base/fail.h"
#include "core/item.h"

enum tristate { UNSET = -1, NO = 0, YES = 1 };

struct folder_rule {           /* folder "PATTERN" { … } */
	char *pattern;
	int line;
	bool from_modes;       /* from the .modes file: `pattern` is a path, or "PATH/" and "*": all below */
	bool has_mode, has_direction, has_delete, has_removals, has_merge, has_expire;
	enum mode mode;
	enum direction direction;
	enum delete_policy remove;
	bool keep_removed;     /* removals = keep */
	bool merge;
	int expire_days;       /* expire-attachments; 0 never */
};

enum notice { NOTICE_INBOX, NOTICE_CONFLICTS, NOTICE_NONE };
enum notes { NOTES_VJOURNAL, NOTES_MARKDOWN };

struct endpoint {              /* imap://, imaps://, smtp://, smtps:// URL, taken apart */
	char *host;            /* without brackets for IPv6 */
	char *port;            /* decimal; the scheme's default if not given */
	bool implicit_tls;     /* imaps, smtps; else STARTTLS is required (unless tls = "none") */
};

struct account {
	char *name;
	int line;
	char *server, *user, *password, *password_command, *oauth2_command;
	char *store;           /* absolute path, ~ expanded */
	bool has_imap, has_smtp;
	struct endpoint imap, smtp;
	char **dav;            /* URLs */
	size_t dav_count;
	char *tls_ca_file;     /* NULL: the system's */
	char *tls_fingerprint; /* 64 hex digits (SHA-256 of the SPKI), NULL none */
	bool tls_none;         /* tls = "none": loopback only (checked where the address is known) */
	int connections;       /* most at a time, with one server; 0: not given */
	int timeout;           /* seconds without progress, 60 */
	enum notice notice;
	enum notes notes;
	char *after_sync;
	int vault_days;        /* 30 */
	struct folder_rule *rules;
	size_t rule_count;
};

struct config {
	char *path;
	struct account *accounts;
	size_t account_count;
};

/* The default path: $XDG_CONFIG_HOME/koc/config or ~/.config/koc/config; malloc'ed, never NULL. */
char *config_default_path(void);

/* Reads the file.  On mistakes returns FAIL_CONFIG (ALL scope) whose text is the first one, and every
 * mistake, the first included, was given to `report` as one line "FILE:LINE: what is wrong".
 * Checks: unknown keys (nearest known one named), wrong values (allowed ones named), keys, accounts and
 * folders given twice, folder patterns that can match nothing, missing store or user, none or more than
 * one of password/password-command/oauth2-command, neither server nor imap nor dav, malformed URLs,
 * http:// for other than loopback, a file with a password that group or others can read, a file that
 * others can write to or own, two accounts with one store.  After it PATH.modes is read if it is there.
 * The caller frees *config with config_free. */
const struct fail *config_read(const char *path, void (*report)(void *context, const char *line),
			       void *context, struct config **config) MUST_CHECK;
/* The same with this text in place of PATH.modes, to see what it would do; NULL: the file. */
const struct fail *config_read_with(const char *path, const char *modes,
				    void (*report)(void *context, const char *line), void *context,
				    struct config **config) MUST_CHECK;
#define MODES_SUFFIX ".modes"
#define CONFIG_LONGEST (1 << 20) /* bytes in a file */
void config_free(struct config *config); /* NULL allowed; wipes passwords */

/* The rule values that apply to a folder path, each from the best matching rule that sets it (most
 * literal characters wins, an exact name before all; of equals the later, so that the .modes file wins over
 * the configuration), else the built-in default.  `roles` (enum folder_role) for the defaults. */
struct folder_settings {
	enum mode mode;
	int mode_line;         /* where the mode comes from; 0 a default */
	bool mode_from_modes;  /* mode_line is a line of the .modes file */
	bool mode_kept;        /* text was asked for, but removals = keep in mode_line makes it full */
	const char *mode_default; /* of a default: what it is for ("INBOX", "other mail"); NULL: it is none */
	enum direction direction;
	enum delete_policy remove;
	bool keep_removed;
	bool merge;
	int expire_days;       /* expire-attachments; 0 never, and always 0 where the mode is not text */
};
void config_folder(const struct account *account, const char *path, enum kind kind, uint32_t roles,
		   struct folder_settings *settings);

/* The account's secret: the password, or the first line that password-command prints (run with
 * /bin/sh -c, as the user wrote it; FAIL_LOGIN with its exit status when it fails, its standard error passes
 * through).  malloc'ed; the caller wipes it with config_wipe and frees it. */
const struct fail *config_secret(const struct account *account, char **secret) MUST_CHECK;
void config_wipe(char *secret);

#endif
