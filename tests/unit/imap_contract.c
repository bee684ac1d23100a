/* The store contract on the IMAP driver and a real Dovecot, at each level of what a server can. */
#include "contract/contract.h"

#include "base/file.h"
#include "dovecot.h"
#include "net/connect.h"
#include "store/imap/imap.h"
#include "store/imap/utf7.h"
#include "store/path.h"

#include <dirent.h>
#include <fcntl.h>

static struct medium {
	struct dovecot server;
	struct other other;
	char user[32];
	unsigned users;
} medium;

/* ---- the bench ----------------------------------------------------------------------------- */

/* A check that failed leaves its bodies behind. */
static void directory_empty(int directory)
{
	DIR *all = fdopendir(dup(directory));
	struct dirent *entry;

	rewinddir(all);
	while ((entry = readdir(all)))
		unlinkat(directory, entry->d_name, 0);
	closedir(all);
}

static void fresh(struct bench *bench)
{
	directory_empty(bench->spool);
	if (medium.users++)
		other_close(&medium.other);
	snprintf(medium.user, sizeof medium.user, "user%u", medium.users);
	assert_true(other_open(&medium.other, medium.server.imap, medium.user));
}

static struct store *open_store(struct bench *bench)
{
	struct imap_options options = {
		.host = "localhost",
		.port = medium.server.imaps,
		.implicit_tls = true,
		.user = medium.user,
		.secret = "secret",
		.ca_file = medium.server.ca,
		.timeout = 20,
	};

	(void)bench;
	return imap_open(&options);
}

/* The mailbox's name as it is sent, quoted; in a static buffer. */
static const char *name_of(const char *path)
{
	static char out[2][512];
	static unsigned turn;
	struct arena *arena = arena_new();
	struct buf name;
	size_t size, at = 0;
	const char *utf8 = path_name(arena, path, '/', &size);
	char *to = out[++turn % 2];

	assert_non_null(utf8);
	buf_init(&name, 256);
	assert_true(utf7_encode(&name, utf8));
	to[at++] = '"';
	for (const char *p = name.data; *p; p++) {
		if (*p == '"' || *p == '\\')
			to[at++] = '\\';
		to[at++] = *p;
	}
	to[at++] = '"';
	to[at] = '\0';
	buf_free(&name);
	arena_free(arena);
	return to;
}

static bool ask(const char *format, ...) __attribute__((format(printf, 1, 2)));

static bool ask(const char *format, ...)
{
	char command[8192];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof command, format, args);
	va_end(args);
	return other_ask(&medium.other, command, NULL, 0);
}

static bool add_folder(struct bench *bench, const char *path)
{
	(void)bench;
	return ask("CREATE %s", name_of(path));
}

static bool remove_folder(struct bench *bench, const char *path)
{
	(void)bench;
	return ask("SELECT INBOX") && ask("DELETE %s", name_of(path));
}

static bool rename_folder(struct bench *bench, const char *path, const char *to)
{
	(void)bench;
	return ask("RENAME %s %s", name_of(path), name_of(to));
}

static bool add(struct bench *bench, const char *path, const char *key, struct body *body,
		struct flags flags)
{
	char command[1024], *data = malloc((size_t)(2 * body->size + 2));
	struct arena *arena = arena_new();
	uint64_t offset = 0;
	size_t size = 0, got = 1;
	const struct fail *f = NULL;
	bool added;

	(void)bench;
	(void)key;
	while (!f && got) {
		f = body_read_wire(body, &offset, data + size, (size_t)(2 * body->size + 2) - size, &got);
		size += got;
	}
	snprintf(command, sizeof command, "APPEND %s (%s) \"14-Nov-2023 22:13:20 +0000\"",
		 name_of(path), flags_text(arena, flags));
	added = !f && other_ask(&medium.other, command, data, size);
	free(data);
	arena_free(arena);
	return added;
}

static bool remove_item(struct bench *bench, const char *path, const char *ref)
{
	unsigned long uid = strtoul(ref, NULL, 10);

	(void)bench;
	return ask("SELECT %s", name_of(path)) && ask("UID STORE %lu +FLAGS (\\Deleted)", uid) &&
	       ask("UID EXPUNGE %lu", uid);
}

static bool move(struct bench *bench, const char *path, const char *ref, const char *to)
{
	(void)bench;
	return ask("SELECT %s", name_of(path)) &&
	       ask("UID MOVE %lu %s", strtoul(ref, NULL, 10), name_of(to));
}

static bool flag(struct bench *bench, const char *path, const char *ref, struct flags add_these,
		 struct flags remove_these)
{
	struct arena *arena = arena_new();
	unsigned long uid = strtoul(ref, NULL, 10);
	bool done = ask("SELECT %s", name_of(path));

	(void)bench;
	if (!flags_none(remove_these))
		done = done && ask("UID STORE %lu -FLAGS (%s)", uid, flags_text(arena, remove_these));
	if (!flags_none(add_these))
		done = done && ask("UID STORE %lu +FLAGS (%s)", uid, flags_text(arena, add_these));
	arena_free(arena);
	return done;
}

/* Another mailbox takes its place, with the same messages. */
static bool renumber(struct bench *bench, const char *path)
{
	(void)bench;
	return ask("RENAME %s aside", name_of(path)) && ask("CREATE %s", name_of(path)) &&
	       ask("SELECT aside") && ask("UID COPY 1:* %s", name_of(path)) && ask("SELECT INBOX") &&
	       ask("DELETE aside");
}

/* By an ACL (RFC 4314): the owner may list and read. */
static bool make_read_only(struct bench *bench, const char *path)
{
	char name[256];
	FILE *rules;

	(void)bench;
	snprintf(name, sizeof name, "%s/mail/%s/Maildir/%s/dovecot-acl", medium.server.directory,
		 medium.user, path + strlen("mail/"));
	rules = fopen(name, "w");
	if (!rules)
		return false;
	fputs("owner lr\n", rules);
	return fclose(rules) == 0;
}

/* ---- levels -------------------------------------------------------------------------------- */

static const struct level {
	const char *name;
	const char *capability; /* all that is advertised; NULL: what Dovecot can */
	uint32_t cannot;
	const char *const *unadvertised; /* must not be sent; NULL-terminated */
} levels[] = {
	{ .name = "IMAP: QRESYNC", .unadvertised = (const char *const[]){ NULL } },
	{ .name = "IMAP: CONDSTORE",
	  .capability = "IMAP4rev1 LITERAL+ CONDSTORE NAMESPACE UIDPLUS SPECIAL-USE LIST-EXTENDED "
			"LIST-STATUS",
	  .unadvertised = (const char *const[]){ "ENABLE", "QRESYNC", "UID MOVE", "COMPRESS", "UNSELECT",
						 "AUTHENTICATE", NULL } },
	{ .name = "IMAP: nothing but IMAP4rev1",
	  .capability = "IMAP4rev1",
	  .cannot = CAN_TELL_NEWS | CAN_REMOVE_ALONE,
	  .unadvertised = (const char *const[]){ "ENABLE", "QRESYNC", "UID MOVE", "COMPRESS", "UNSELECT",
						 "AUTHENTICATE", "CONDSTORE", "CHANGEDSINCE",
						 "HIGHESTMODSEQ", "NAMESPACE", "UID EXPUNGE",
						 "RETURN", "USE (", "+}", NULL } },
};

/* How often a text stands in what clients sent after login, by koc's driver alone. */
static size_t count_sent(const char *text)
{
	char path[128];
	size_t found = 0;
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof path, "%s/rawlog", medium.server.directory);
	directory = opendir(path);
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		struct buf log;

		if (!strstr(entry->d_name, ".in"))
			continue;
		buf_init(&log, (size_t)64 << 20);
		assert_null(file_read_all(dirfd(directory), entry->d_name, &log, (size_t)64 << 20));
		/* The other program's tags are all "x". */
		if (!strstr(log.data, "\nx ") && strncmp(log.data, "x ", 2) != 0 &&
		    !strstr(log.data, " x "))
			for (const char *p = log.data; (p = strstr(p, text)); p++)
				found++;
		buf_free(&log);
	}
	closedir(directory);
	return found;
}

static int run(const struct level *level)
{
	const char *arguments[10] = { "--any-user", "--rawlog", "--layout", "fs",
				      "--acl", "none=lr" }; /* only so that there are ACLs */
	char spool[] = "/tmp/koc-imap-spool-XXXXXX";
	struct bench bench = {
		.name = level->name,
		.kind = KIND_MAIL,
		.can = (CAN_TELL_NEWS | CAN_ADD_KEYWORDS | CAN_HOLD_ALL_KEYWORDS |
			CAN_FIND | CAN_REMOVE_ALONE | CAN_TELL_REVISIONS | CAN_KEEP_BYTES |
			CAN_RENAME) &
		       ~level->cannot,
		.least = 50,
		.fresh = fresh,
		.open = open_store,
		.add_folder = add_folder,
		.remove_folder = remove_folder,
		.rename_folder = rename_folder,
		.add = add,
		.remove = remove_item,
		.move = move,
		.flag = flag,
		.renumber = renumber,
		.make_read_only = make_read_only,
	};
	int failed;

	if (level->capability) {
		arguments[6] = "--capability";
		arguments[7] = level->capability;
	}
	medium = (struct medium){ 0 };
	if (!dovecot_start(&medium.server, arguments) || !mkdtemp(spool)) {
		print_error("%s: no server\n", level->name);
		return 1;
	}
	bench.spool = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	failed = contract_run(&bench);
	other_close(&medium.other);
	for (const char *const *text = level->unadvertised; *text; text++) {
		if (count_sent(*text)) {
			print_error("%s: %s was sent\n", level->name, *text);
			failed++;
		}
	}
	if (count_sent("UID FETCH") < 100) {
		print_error("%s: the raw log does not show what was sent\n", level->name);
		failed++;
	}
	directory_empty(bench.spool);
	close(bench.spool);
	rmdir(spool);
	dovecot_stop(&medium.server);
	return failed;
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < COUNT(levels); i++)
		failed += run(&levels[i]);
	return failed != 0;
}
