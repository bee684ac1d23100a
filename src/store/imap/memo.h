/* Memo: what the driver learns about a server and tells the next run, so that its first flight
 * can go out without asking: capabilities before and after login, and namespaces.  A text of
 * lines that the engine keeps; what cannot be read in it is as if never written. */
#ifndef KOC_STORE_IMAP_MEMO_H
#define KOC_STORE_IMAP_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* The capabilities that koc knows; all others are no concern of it. */
enum capability {
	CAP_AUTH_PLAIN = 1 << 0,
	CAP_COMPRESS = 1 << 1,
	CAP_CONDSTORE = 1 << 2,
	CAP_CREATE_SPECIAL_USE = 1 << 3,
	CAP_ENABLE = 1 << 4,
	CAP_ESEARCH = 1 << 5,
	CAP_LIST_EXTENDED = 1 << 6,
	CAP_LIST_STATUS = 1 << 7,
	CAP_LITERAL_MINUS = 1 << 8,
	CAP_LITERAL_PLUS = 1 << 9,
	CAP_LOGINDISABLED = 1 << 10,
	CAP_MOVE = 1 << 11,
	CAP_NAMESPACE = 1 << 12,
	CAP_QRESYNC = 1 << 13,
	CAP_SASL_IR = 1 << 14,
	CAP_SPECIAL_USE = 1 << 15,
	CAP_STARTTLS = 1 << 16,
	CAP_UIDPLUS = 1 << 17,
	CAP_UNSELECT = 1 << 18,
	CAP_GMAIL = 1 << 19, /* X-GM-EXT-1: mailboxes are labels */
	CAP_OBJECTID = 1 << 20,
	CAP_TOLD = 1 << 30 /* the server has told them: even if it has none of these */
};

/* The set that a CAPABILITY response or code names, with CAP_TOLD. */
uint32_t capabilities_parse(const char *words);

struct memo_namespace {
	const char *prefix;
	char delimiter;
	bool personal;
};

struct memo {
	uint32_t before, after; /* capabilities, before and after login; CAP_TOLD: known */
	bool volunteers;        /* tells those after login without being asked */
	bool careful;           /* loses what is sent right behind a login: wait for its answer */
	bool has_namespaces;
	const struct memo_namespace *namespaces; /* the first personal one first */
	size_t namespace_count;
};

/* Reads a memo; NULL or nonsense gives an empty one.  Strings lie in the arena. */
void memo_parse(struct arena *arena, const char *text, struct memo *memo);

/* The text; in the arena. */
const char *memo_text(struct arena *arena, const struct memo *memo);

#endif
