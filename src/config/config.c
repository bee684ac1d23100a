/* Configuration: from the file to struct config.
 *
 *     bytes → outline (mistakes of form, lines) → libconfuse (values) → keys (each value) → checks
 */
#include "config/config.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"
#include "base/str.h"
#include "config/checks.h"
#include "config/home.h"
#include "config/mistakes.h"
#include "config/outline.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One file being read. */
struct reading {
	struct config *config;
	struct mistakes *mistakes;
	struct arena *arena;
	struct outline outline;
	struct stat status;
	bool modes; /* it is the .modes file */
};

/* ---- the file -------------------------------------------------------------------------------- */

char *config_default_path(void)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = home_directory();
	struct buf path;
	char *result;

	buf_init(&path, 1 << 16);
	if (base && base[0] == '/') /* a relative one is to be ignored (XDG) */
		buf_addf(&path, "%s/koc/config", base);
	else
		buf_addf(&path, "%s/.config/koc/config", home ? home : "");
	result = memory_str(path.data);
	buf_free(&path);
	return result;
}

/* Reads the whole file through one descriptor, so that the status told is that of the bytes read.
 * False after adding a mistake. */
static bool file_text(struct reading *r, int fd, struct buf *text)
{
	char *bytes = NULL;
	size_t size = 0;
	ssize_t got;
	bool good = false;

	if (fstat(fd, &r->status) < 0) {
		mistake_add(r->mistakes, 0, "%s", strerror(errno));
		return false;
	}
	if (!S_ISREG(r->status.st_mode)) {
		mistake_add(r->mistakes, 0, "this is not a file");
		return false;
	}
	bytes = memory_alloc(CONFIG_LONGEST + 1);
	do {
		got = read(fd, bytes + size, CONFIG_LONGEST + 1 - size);
		if (got > 0)
			size += (size_t)got;
	} while ((got > 0 && size <= CONFIG_LONGEST) || (got < 0 && errno == EINTR));
	if (got < 0)
		mistake_add(r->mistakes, 0, "%s", strerror(errno));
	else if (size > CONFIG_LONGEST)
		mistake_add(r->mistakes, 0, "the file is larger than %d bytes", CONFIG_LONGEST);
	else
		good = true;
	if (good)
		buf_add(text, bytes, size);
	explicit_bzero(bytes, size);
	free(bytes);
	return good;
}

/* ---- libconfuse ------------------------------------------------------------------------------ */

static struct mistakes *told; /* where on_error puts them: libconfuse gives no context */

static void on_error(cfg_t *cfg, const char *format, va_list list) __attribute__((format(printf, 2, 0)));
static void on_error(cfg_t *cfg, const char *format, va_list list)
{
	char text[256];

	vsnprintf(text, sizeof text, format, list);
	mistake_add(told, cfg->line, "%s", text);
}

/* Fills the options of one kind of section from the table of keys. */
static size_t options(enum section in, cfg_opt_t *options)
{
	size_t count = 0;

	for (size_t i = 0; i < config_key_count; i++) {
		if (config_keys[i].in != in)
			continue;
		if (config_keys[i].list)
			options[count++] = (cfg_opt_t)CFG_STR_LIST(config_keys[i].name, NULL,
								   CFGF_NODEFAULT);
		else
			options[count++] = (cfg_opt_t)CFG_STR(config_keys[i].name, NULL,
							      CFGF_NODEFAULT);
	}
	options[count] = (cfg_opt_t)CFG_END();
	return count;
}

/* Parses the text that the outline left.  NULL after adding a mistake. */
static cfg_t *parse(struct reading *r, struct buf *text)
{
	const cfg_flag_t section = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;
	cfg_opt_t folder[KEYS_MOST + 1], account[KEYS_MOST + 2], file[2];
	size_t count;
	cfg_t *cfg;
	FILE *stream;
	bool good;

	options(IN_FOLDER, folder);
	count = options(IN_ACCOUNT, account);
	account[count++] = (cfg_opt_t)CFG_SEC("folder", folder, section);
	account[count] = (cfg_opt_t)CFG_END();
	file[0] = (cfg_opt_t)CFG_SEC("account", account, section);
	file[1] = (cfg_opt_t)CFG_END();

	buf_addc(text, '\n'); /* fmemopen(3) does not take nothing */
	stream = fmemopen(text->data, text->size, "r");
	cfg = stream ? cfg_init(file, CFGF_NONE) : NULL;
	if (!cfg) {
		mistake_add(r->mistakes, 0, "%s", strerror(errno));
		if (stream)
			fclose(stream);
		return NULL;
	}
	told = r->mistakes;
	cfg_set_error_function(cfg, on_error);
	good = cfg_parse_fp(cfg, stream) == CFG_SUCCESS;
	told = NULL;
	fclose(stream);
	if (!good && r->mistakes->count == 0)
		mistake_add(r->mistakes, 0, "libconfuse cannot read this");
	if (!good) {
		cfg_free(cfg);
		return NULL;
	}
	return cfg;
}

/* ---- sections to structs --------------------------------------------------------------------- */

/* Hands every value of the section to its key. */
static void settings(struct reading *r, cfg_t *section, const struct place *place,
		     struct account *account, struct folder_rule *rule)
{
	for (size_t i = 0; i < config_key_count; i++) {
		struct setting setting = {
			.key = &config_keys[i], .line = place->key_line[i],
			.mistakes = r->mistakes, .account = account, .rule = rule,
		};
		cfg_opt_t *option;

		if (place->key_line[i] <= 0)
			continue;
		option = cfg_getopt(section, config_keys[i].name);
		if (cfg_opt_size(option) == 0)
			mistake_add(r->mistakes, setting.line, "%s: the list is empty",
				    config_keys[i].name);
		for (unsigned int j = 0; j < cfg_opt_size(option); j++) {
			char *value = cfg_opt_getnstr(option, j);

			setting.value = value;
			config_keys[i].set(&setting);
			explicit_bzero(value, strlen(value)); /* it may be the password */
		}
	}
}

static void rule_add(struct reading *r, cfg_t *section, const struct place *place,
		     struct account *account)
{
	struct folder_rule *rule;

	account->rules = memory_resize(account->rules, account->rule_count + 1,
				       sizeof *account->rules);
	rule = &account->rules[account->rule_count++];
	*rule = (struct folder_rule){
		.pattern = memory_str(cfg_title(section)), .line = place->line,
		.from_modes = r->modes,
	};
	check_rule(rule, place, r->mistakes);
	settings(r, section, place, account, rule);
	check_expiry(rule, place, r->mistakes);
}

static struct account *account_add(struct reading *r, cfg_t *section, const struct place *place)
{
	struct config *config = r->config;
	struct account *account;

	config->accounts = memory_resize(config->accounts, config->account_count + 1,
					 sizeof *config->accounts);
	account = &config->accounts[config->account_count++];
	*account = (struct account){
		.name = memory_str(cfg_title(section)), .line = place->line,
		.timeout = 60, .vault_days = 30,
	};
	settings(r, section, place, account, NULL);
	return account;
}

/* The account of the configuration that a section of .modes is about; NULL if it is not there any
 * more. */
static struct account *account_find(struct config *config, const char *name)
{
	for (size_t i = 0; i < config->account_count; i++)
		if (strcmp(config->accounts[i].name, name) == 0)
			return &config->accounts[i];
	return NULL;
}

/* The outline and libconfuse's tree have the same sections in the same order. */
static void sections(struct reading *r, cfg_t *cfg)
{
	const struct place *place = r->outline.items, *end;

	if (r->outline.count == 0)
		return;
	end = place + r->outline.count;
	for (unsigned int i = 0; i < cfg_size(cfg, "account") && place < end; i++) {
		cfg_t *section = cfg_getnsec(cfg, "account", i);
		const struct place *first = place;
		struct account *account;

		account = r->modes ? account_find(r->config, cfg_title(section))
				   : account_add(r, section, place);
		place++;
		for (unsigned int j = 0; j < cfg_size(section, "folder") && place < end; j++) {
			if (account)
				rule_add(r, cfg_getnsec(section, "folder", j), place, account);
			place++;
		}
		if (!r->modes)
			check_account(account, first, r->mistakes);
		else
			check_modes(first, place, r->mistakes);
	}
}

/* ---- all together ---------------------------------------------------------------------------- */

/* `status`: of the file that the text is from; NULL: it is from none. */
static void read_text(struct reading *r, struct buf *text, const struct stat *status)
{
	cfg_t *cfg;

	outline_scan(&r->outline, text, r->arena, r->mistakes);
	if (status)
		check_file(&r->outline, status, r->mistakes);
	cfg = parse(r, text);
	if (cfg) {
		sections(r, cfg);
		cfg_free(cfg);
	}
	vec_free(&r->outline);
}

/* Reads one file into r->config.  There need not be a .modes file. */
static void read_file(struct reading *r, const char *path)
{
	struct buf text;
	int fd;

	mistakes_file(r->mistakes, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		if (errno != ENOENT)
			mistake_add(r->mistakes, 0, "%s", strerror(errno));
		else if (!r->modes)
			mistake_add(r->mistakes, 0, "%s (koc.conf(5) tells how to write it)",
				    strerror(errno));
		return;
	}
	buf_init(&text, CONFIG_LONGEST + 64);
	if (file_text(r, fd, &text))
		read_text(r, &text, &r->status);
	explicit_bzero(text.data, text.size);
	buf_free(&text);
	close(fd);
}

/* The .modes file, or `modes` in its place. */
static void read_modes(struct reading *r, const char *path, const char *modes)
{
	struct buf text;

	r->modes = true;
	if (!modes) {
		read_file(r, path);
		return;
	}
	mistakes_file(r->mistakes, path);
	buf_init(&text, CONFIG_LONGEST + 64);
	buf_adds(&text, modes);
	if (text.size > CONFIG_LONGEST || text.over)
		mistake_add(r->mistakes, 0, "the file is larger than %d bytes", CONFIG_LONGEST);
	else
		read_text(r, &text, NULL);
	buf_free(&text);
}

const struct fail *config_read_with(const char *path, const char *modes,
				    void (*report)(void *context, const char *line), void *context,
				    struct config **config)
{
	const struct fail *fail = NULL;
	struct mistakes mistakes;
	struct reading reading;
	const char *first;

	*config = memory_alloc(sizeof **config);
	(*config)->path = memory_str(path);
	mistakes_init(&mistakes);
	reading = (struct reading){
		.config = *config, .mistakes = &mistakes, .arena = mistakes.arena,
	};

	read_file(&reading, path);
	check_accounts(*config, &mistakes);
	read_modes(&reading, arena_printf(mistakes.arena, "%s" MODES_SUFFIX, path), modes);

	first = mistakes_tell(&mistakes, report, context);
	if (first) {
		fail = fail_make(FAIL_CONFIG, FAIL_ALL, "%s", first);
		config_free(*config);
		*config = NULL;
	}
	mistakes_free(&mistakes);
	return fail;
}

const struct fail *config_read(const char *path, void (*report)(void *context, const char *line),
			       void *context, struct config **config)
{
	return config_read_with(path, NULL, report, context, config);
}

void config_wipe(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
}

static void account_free(struct account *account)
{
	config_wipe(account->password);
	free(account->name);
	free(account->server);
	free(account->user);
	free(account->password);
	free(account->password_command);
	free(account->oauth2_command);
	free(account->store);
	free(account->imap.host);
	free(account->imap.port);
	free(account->smtp.host);
	free(account->smtp.port);
	for (size_t i = 0; i < account->dav_count; i++)
		free(account->dav[i]);
	free(account->dav);
	free(account->tls_ca_file);
	free(account->tls_fingerprint);
	free(account->after_sync);
	for (size_t i = 0; i < account->rule_count; i++)
		free(account->rules[i].pattern);
	free(account->rules);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->account_count; i++)
		account_free(&config->accounts[i]);
	free(config->accounts);
	free(config->path);
	free(config);
}
