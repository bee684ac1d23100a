/* Fuzz target: reading a configuration.  The first pass (outline.h) and libconfuse must understand the
 * text alike: what the first lets through, libconfuse never stumbles over, and no mistake it tells is
 * of its own making but for two titles that differ only in their quoting. */
#include "fuzz/expect.h"

#include "base/memory.h"
#include "config/config.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* libconfuse's own words (src/confuse.c, src/lexer.l). */
static const char *const foreign[] = {
	"no such option", "unexpected token", "missing equal sign", "premature end of file",
	"unexpected closing brace", "missing opening brace", "missing title", "attempt to append",
	"bad escape sequence", "invalid octal number", "unterminated string", "missing parenthesis",
	"no sub-section", "libconfuse cannot read this",
};

static void told(void *context, const char *line)
{
	bool *any = context;
	const char *text = strstr(line, ": ");

	*any = true;
	EXPECT(!strpbrk(line, "\n\x1b"));
	if (strncmp(line, "and ", 4) == 0) /* "… more mistakes" */
		return;
	EXPECT(text != NULL);
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
		EXPECT(strncmp(text + 2, foreign[i], strlen(foreign[i])) != 0);
}

/* What a good configuration holds is what it must hold. */
static void expect_account(const struct account *account)
{
	EXPECT(account->name[0] && account->user && account->store && account->store[0] == '/');
	EXPECT(account->server || account->has_imap || account->dav_count > 0);
	EXPECT((account->password != NULL) + (account->password_command != NULL) +
		       (account->oauth2_command != NULL) == 1);
	EXPECT(!account->has_imap || (account->imap.host[0] && account->imap.port[0]));
	for (size_t i = 0; i < account->rule_count; i++)
		EXPECT(account->rules[i].pattern[0] && account->rules[i].line > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	struct config *config = NULL;
	const struct fail *fail;
	bool any = false;
	char path[64];

	EXPECT(fd >= 0 && fchmod(fd, 0600) == 0);
	EXPECT(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	setenv("HOME", "/home/jane", 1);
	fail = config_read(path, told, &any, &config);
	EXPECT((fail != NULL) == any && (config == NULL) == any);
	for (size_t i = 0; config && i < config->account_count; i++) {
		struct folder_settings settings;

		expect_account(&config->accounts[i]);
		config_folder(&config->accounts[i], "mail/a/b", KIND_MAIL, 0, &settings);
		config_folder(&config->accounts[i], "tasks/x", KIND_TASKS, 0, &settings);
		EXPECT(settings.mode != MODE_TEXT);
	}
	config_free(config);
	close(fd);
	return 0;
}
