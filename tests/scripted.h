/* Scripted: an IMAP server that says what a test wants, and the driver connected to it.  The
 * server is a forked process with a script; both sides must be content. */
#ifndef KOC_TESTS_SCRIPTED_H
#define KOC_TESTS_SCRIPTED_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/flags.h"
#include "peer.h"
#include "store/imap/imap.h"

#include <stdlib.h>
#include <unistd.h>

#define LINE_MOST_HERE 4096

#define STEPS 48
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What a server says and hears until it is logged in, with capabilities in the greeting or
 * behind LOGIN. */
#define GREET(can) "S: * OK [CAPABILITY IMAP4rev1 " can "] hello"
#define LOGIN(can) GREET(""), "C: 1 LOGIN *", "S: 1 OK [CAPABILITY IMAP4rev1 " can "] in"

/* Logged in, INBOX listed with this STATUS; the next tag is 4. */
#define INBOX(can, status)                                                                        \
	LOGIN(can), "C: 2 LIST *", "S: * LIST () \"/\" INBOX", "S: 2 OK", "C: 3 STATUS *",            \
		"S: * STATUS INBOX (" status ")", "S: 3 OK"
#define SELECTED(tag, exists, codes) "S: * " exists " EXISTS", codes, "S: " tag " OK [READ-WRITE]"
#define CODES(validity, next) "S: * OK [UIDVALIDITY " validity "]", "S: * OK [UIDNEXT " next "]"

/* ---- the server ---------------------------------------------------------------------------- */

/* A script is an array of lines, NULL-terminated:
 *     "S: text"      says this line
 *     "S:- text"     says this without a line end
 *     "C: pattern"   reads a line, which must match (str_match)
 *     "L: n"         reads n bytes
 *     "ACCEPT"       closes the connection and takes the next one
 *     "CLOSE"        closes the connection
 * Behind the last line it reads until the client closes. */
static inline void line_read(int fd, char line[LINE_MOST_HERE])
{
	size_t size = 0;

	do {
		peer_need(size < LINE_MOST_HERE - 1);
		if (read(fd, line + size, 1) != 1) {
			fprintf(stderr, "peer: the client closed\n");
			_exit(1);
		}
	} while (line[size++] != '\n');
	while (size && (line[size - 1] == '\n' || line[size - 1] == '\r'))
		size--;
	line[size] = '\0';
}

static inline void line_play(int *fd, const char *step)
{
	char line[LINE_MOST_HERE];

	if (str_starts(step, "S: ")) {
		peer_say(*fd, step + 3);
		peer_say(*fd, "\r\n");
	} else if (str_starts(step, "S:- ")) {
		peer_say(*fd, step + 4);
	} else if (str_starts(step, "L: ")) {
		peer_read(*fd, line, strtoul(step + 3, NULL, 10));
	} else if (str_starts(step, "C: ")) {
		line_read(*fd, line);
		if (!str_match(step + 3, line)) {
			fprintf(stderr, "peer: wanted: %s\npeer: got:    %s\n", step + 3, line);
			_exit(1);
		}
	} else if (strcmp(step, "CLOSE") == 0) {
		peer_need(shutdown(*fd, SHUT_WR) == 0);
	} else {
		peer_need(strcmp(step, "ACCEPT") == 0);
		close(*fd);
		*fd = peer_accept();
	}
}

static inline void play(int fd, void *context)
{
	char byte;

	for (const char *const *step = context; *step; step++)
		line_play(&fd, *step);
	while (read(fd, &byte, 1) == 1)
		;
}

/* ---- the client ---------------------------------------------------------------------------- */

struct session_test {
	struct peer peer;
	struct store *store;
	struct spool spool;
	struct arena *arena;
	struct folder_list list;
};

static inline struct imap_options options_plain(void)
{
	return (struct imap_options){ .host = "127.0.0.1", .plain = true, .user = "jane",
				      .secret = "a \"b\" \\c", .timeout = 10 };
}

static inline void start_with(struct session_test *test, const char *const *script, struct imap_options *options)
{
	test->peer = peer_start(play, (void *)(uintptr_t)script, 0);
	options->port = test->peer.port;
	test->arena = arena_new();
	test->spool = (struct spool){ .directory = -1 };
	test->store = imap_open(options);
	test->store->spool = &test->spool;
}

static inline void start(struct session_test *test, const char *const *script)
{
	struct imap_options options = options_plain();

	start_with(test, script, &options);
}

static inline const struct fail *folders(struct session_test *test, const struct store_known *known,
				  size_t count)
{
	return store_folders(test->store, known, count, test->arena, &test->list);
}

static inline void end(struct session_test *test)
{
	store_close(test->store);
	peer_end(&test->peer);
	arena_free(test->arena);
}

static inline struct store_folder *folder(struct session_test *test, const char *path)
{
	for (size_t i = 0; i < test->list.count; i++)
		if (strcmp(test->list.items[i].path, path) == 0)
			return &test->list.items[i];
	fail_msg("no %s", path);
	return NULL;
}

static inline void fails(const struct fail *f, enum fail_code code, const char *text)
{
	if (!f || f->code != code || !strstr(f->text, text))
		fail_msg("wanted %s \"%s\", got %s \"%s\"", fail_word(code), text,
			 f ? fail_word(f->code) : "success", f ? f->text : "");
}

static inline void ok(const struct fail *f)
{
	if (f)
		fail_msg("%s: %s", fail_word(f->code), f->text);
}

#endif
