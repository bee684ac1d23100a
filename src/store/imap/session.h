/* Session: one connection, logged in, and commands on it in flights: many are sent before the
 * first is answered, within a window.
 *
 * Commands that cannot disturb each other may be answered at the same time (RFC 3501 5.5):
 * Dovecot mixes the answers of up to four commands.  So an untagged answer is given to the
 * oldest command that takes its kind and is not done (a body to the oldest that takes bodies),
 * and whoever takes it must know by what is in it whom it concerns.  What comes behind a SELECT
 * never mixes with what came before it.  After any fail the connection is gone. */
#ifndef KOC_STORE_IMAP_SESSION_H
#define KOC_STORE_IMAP_SESSION_H

#include "base/vec.h"
#include "net/connect.h"
#include "store/imap/gate.h"
#include "store/imap/imap.h"
#include "store/imap/memo.h"

struct arena;
struct body;

#define FLIGHT_COMMANDS 100                  /* in flight at most */
#define FLIGHT_BYTES    ((size_t)48 * 1024)  /* of unanswered commands, literals aside */

/* What arrives untagged under a command.  A fail ends the session. */
typedef const struct fail *command_take(void *context, const struct answer *answer);

struct command {
	const char *text;     /* without tag and CRLF */
	const char *shown;    /* what the log shows instead; NULL: the text */
	const char *step;     /* passes step() just before it is sent; NULL: changes nothing */
	const char *const *parts; /* lines that follow, each after a "+", NULL behind; NULL none */
	struct body *literal; /* APPEND: these wire bytes follow the text as a literal; NULL none */
	command_take *take;   /* NULL: nobody cares */
	enum answer_kind only;/* what `take` is called for; ANSWER_NOTHING: all */
	const char *section;  /* of the bodies it asks for */
	gate_body *body;      /* who takes them; NULL: it asks for none */
	gate_section *begin;  /* it asks for several sections: who is told of each; NULL: of one */
	void *context;        /* for both */
	/* outcome: */
	uint32_t tag;
	bool sent, done;
	bool copied;          /* a COPYUID was taken for it */
	enum verdict verdict; /* the following if done */
	struct code code;
	const char *said;     /* the server's text */
};

/* Commands to be sent together.  All lies in the arena. */
struct flight {
	struct arena *arena;
	struct {
		VEC(struct command *)
	} commands;
};

struct session {
	const struct imap_options *options;
	struct arena *arena;        /* of the store: lives as long */
	struct memo memo;
	uint32_t capabilities;      /* that count now: the server's, or the memo's until it told */
	uint32_t told;              /* that it told last here; without CAP_TOLD: not yet */
	bool open;                  /* connected and logged in */
	bool qresync;               /* ENABLEd here */
	bool compressed;
	const char *selected;       /* mailbox (by its name's address, see box.h); NULL none */
	struct connection *connection;
	struct gate gate;
	uint32_t tag;               /* the last one sent */
	bool has_trip;
	int64_t trip;               /* milliseconds to an answer's beginning, the least seen */
	struct connect_counts before; /* of earlier connections */
};

void flight_begin(struct flight *flight, struct arena *arena);
void flight_end(struct flight *flight);

/* Adds a command; it can be changed until the flight is run. */
struct command *flight_add(struct flight *flight, command_take *take, void *context,
			   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Sends all commands and takes all answers.  A fail means that the connection broke or was given
 * up; the commands that were answered before are done. */
const struct fail *flight_run(struct flight *flight, struct session *session) MUST_CHECK;

/* A fail for a command that was not answered with OK, NULL if it was: the code from the response
 * code (FAIL_REFUSED without one), the text from the server. */
const struct fail *command_fail(const struct command *command, enum fail_scope scope,
				const char *what);

void session_init(struct session *session, const struct imap_options *options, struct arena *arena);
void session_free(struct session *session);

/* Adds what shall go out right behind the login; called once capabilities are known, be it from
 * the memo. */
typedef void session_more(struct session *session, struct flight *flight, void *context);

/* Connects, starts TLS, logs in, enables QRESYNC, and runs what `more` (NULL: nothing) adds to
 * the flight. */
const struct fail *session_open(struct session *session, struct flight *flight, session_more *more,
				void *context) MUST_CHECK;

/* The same if it is not open. */
const struct fail *session_need(struct session *session) MUST_CHECK;

/* Closes the connection without a word; the session can be opened again. */
void session_drop(struct session *session);

/* Says good-bye without waiting. */
void session_close(struct session *session);

static inline bool session_can(const struct session *session, uint32_t capabilities)
{
	return (session->capabilities & capabilities) == capabilities;
}

/* The server has told its capabilities. */
void session_told(struct session *session, const char *words);

/* Appends a quoted string (RFC 3501 4.3).  False if it holds what cannot be quoted (8-bit, CR,
 * LF). */
bool quoted_add(struct buf *out, const char *string);

#endif
