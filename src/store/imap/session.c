/* Session: connecting, TLS, capabilities, login. */
#include "store/imap/session.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "store/imap/login.h"

#include <string.h>

static const struct fail *connection_read(void *context, void *data, size_t room, size_t *got)
{
	struct session *session = context;

	return connect_read(session->connection, data, room, got);
}

void session_init(struct session *session, const struct imap_options *options, struct arena *arena)
{
	memset(session, 0, sizeof *session);
	session->options = options;
	session->arena = arena;
	memo_parse(arena, options->memo, &session->memo);
}

void session_free(struct session *session)
{
	session_drop(session);
}

void session_drop(struct session *session)
{
	struct connect_counts counts;

	if (!session->connection)
		return;
	counts = connect_counts(session->connection);
	session->before.in += counts.in;
	session->before.out += counts.out;
	session->before.turns += counts.turns;
	connect_close(session->connection);
	gate_free(&session->gate);
	session->connection = NULL;
	session->open = session->qresync = session->compressed = false;
	session->selected = NULL;
}

void session_close(struct session *session)
{
	/* Nobody waits for the answer, or minds if it cannot be sent. */
	if (session->open) {
		static const char logout[] = "999999999 LOGOUT\r\n";
		const struct fail *f =
			connect_write(session->connection, logout, sizeof logout - 1);

		if (!f)
			f = connect_flush(session->connection);
		log_line(LOG_WIRE, "C: LOGOUT%s", f ? " (not sent)" : "");
	}
	session_drop(session);
}

void session_told(struct session *session, const char *words)
{
	session->told = capabilities_parse(words);
}

/* Runs one command by itself. */
static const struct fail *one(struct session *session, const char *text, command_take *take,
			      struct command *outcome)
{
	struct arena *arena = arena_new();
	struct flight flight;
	struct command *command;
	const struct fail *f;

	flight_begin(&flight, arena);
	command = flight_add(&flight, take, session, "%s", text);
	f = flight_run(&flight, session);
	if (!f)
		f = command_fail(command, FAIL_ACCOUNT, text);
	*outcome = *command;
	outcome->text = outcome->said = NULL;
	flight_end(&flight);
	arena_free(arena);
	return f;
}

/* ---- before the login ---------------------------------------------------------------------- */

static const struct fail *greeting(struct session *session)
{
	struct answer answer;
	const struct fail *f = gate_next(&session->gate, &answer);

	if (f)
		return f;
	if (answer.kind == ANSWER_BYE)
		return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "the server says: %s",
				 answer.text);
	/* Nobody has logged in: whoever answers is not the server that was meant, or takes us for
	 * somebody else. */
	if (answer.kind == ANSWER_PREAUTH)
		return fail_make(session->options->implicit_tls ? FAIL_PROTOCOL : FAIL_TLS,
				 FAIL_ACCOUNT, "the server calls the connection logged in already");
	if (answer.kind != ANSWER_STATE || answer.verdict != VERDICT_OK)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
				 "the server does not greet as IMAP does");
	if (answer.code.kind == CODE_CAPABILITY && answer.code.words)
		session_told(session, answer.code.words);
	return NULL;
}

static const struct fail *capabilities_ask(struct session *session)
{
	struct command outcome;
	const struct fail *f;

	session->told = 0;
	f = one(session, "CAPABILITY", NULL, &outcome);
	if (!f && !session->told)
		f = fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "the server does not tell what it can");
	return f;
}

static const struct fail *starttls(struct session *session)
{
	struct command outcome;
	const struct fail *f = NULL;

	if (!session->told)
		f = capabilities_ask(session);
	if (f)
		return f;
	if (!(session->told & CAP_STARTTLS))
		return fail_make(FAIL_TLS, FAIL_ACCOUNT, "the server offers no STARTTLS");
	f = one(session, "STARTTLS", NULL, &outcome);
	if (f)
		return outcome.done ? fail_make(FAIL_TLS, FAIL_ACCOUNT, "%s", f->text) : f;
	/* What came behind the OK came before TLS: somebody put it there (CVE-2011-0411). */
	if (!incoming_empty(&session->gate.incoming))
		return fail_make(FAIL_TLS, FAIL_ACCOUNT,
				 "the server sent something behind its answer to STARTTLS");
	session->told = 0;
	return connect_tls(session->connection);
}

static const struct fail *connect_and_greet(struct session *session)
{
	const struct imap_options *options = session->options;
	struct connect_options how = {
		.host = options->host,
		.port = options->port,
		.ca_file = options->ca_file,
		.fingerprint = options->fingerprint,
		.timeout = options->timeout,
		.loopback_only = options->plain,
	};
	const struct fail *f = connect_open(&how, &session->connection);

	if (f)
		return f;
	gate_init(&session->gate, connection_read, session);
	session->told = 0;
	if (options->implicit_tls && !options->plain)
		f = connect_tls(session->connection);
	if (!f)
		f = greeting(session);
	if (!f && !options->implicit_tls && !options->plain)
		f = starttls(session);
	if (!f && !options->plain && !connect_is_tls(session->connection))
		f = fail_make(FAIL_TLS, FAIL_ACCOUNT, "the connection is not encrypted");
	return f;
}

/* ---- the first flight ---------------------------------------------------------------------- */

static const struct fail *before_take(void *context, const struct answer *answer)
{
	struct session *session = context;

	if (answer->kind == ANSWER_DONE) {
		if (session->told)
			session->memo.before = session->told;
		session->told = 0;
	}
	return NULL;
}

static void enable_add(struct session *session, struct flight *flight)
{
	if (session_can(session, CAP_ENABLE | CAP_QRESYNC))
		flight_add(flight, NULL, NULL, "ENABLE QRESYNC");
}

/* What the server can before login: as it told, as the memo says, or as it answers now. */
static const struct fail *before_know(struct session *session, bool *verify)
{
	const struct fail *f = NULL;

	*verify = false;
	if (session->told) {
		session->memo.before = session->told;
	} else if (session->memo.before && session->memo.after && !session->memo.careful) {
		*verify = true;
	} else {
		f = capabilities_ask(session);
		if (!f)
			session->memo.before = session->told;
	}
	session->told = 0;
	session->capabilities = session->memo.before;
	return f;
}

/* Login by itself, then what the server can; then the rest. */
static const struct fail *by_steps(struct session *session, struct flight *flight,
				   session_more *more, void *context)
{
	struct command *login = NULL;
	const struct fail *f = login_add(session, flight, &login);

	if (f)
		return f;
	f = flight_run(flight, session);
	login_wipe(login);
	if (!f)
		f = login_fail(login);
	if (f)
		return f;
	session->memo.volunteers = session->told != 0;
	if (!session->told)
		f = capabilities_ask(session);
	if (f)
		return f;
	session->capabilities = session->memo.after = session->told;
	flight->commands.count = 0;
	enable_add(session, flight);
	if (more)
		more(session, flight, context);
	return flight_run(flight, session);
}

/* All in one flight, trusting the memo; *lost: the login went well but nothing behind it was
 * answered. */
static const struct fail *by_memo(struct session *session, struct flight *flight, bool verify,
				  session_more *more, void *context, bool *lost)
{
	struct command *login = NULL;
	const struct fail *f, *refused;
	size_t behind;

	if (verify)
		flight_add(flight, before_take, session, "CAPABILITY");
	f = login_add(session, flight, &login);
	if (f)
		return f;
	behind = flight->commands.count;
	session->capabilities = session->memo.after;
	if (!session->memo.volunteers)
		flight_add(flight, NULL, NULL, "CAPABILITY");
	enable_add(session, flight);
	if (more)
		more(session, flight, context);
	f = flight_run(flight, session);
	login_wipe(login);
	refused = login_fail(login);
	if (refused)
		return refused;
	if (f) {
		*lost = login->done && behind < flight->commands.count &&
			!flight->commands.items[behind]->done;
		return f;
	}
	if (session->told)
		session->capabilities = session->memo.after = session->told;
	else
		session->memo.after = 0; /* it does not tell any more: ask next time */
	return NULL;
}

const struct fail *session_open(struct session *session, struct flight *flight, session_more *more,
				void *context)
{
	bool verify = false, lost = false;
	const struct fail *f;

	session_drop(session);
	f = connect_and_greet(session);
	if (!f)
		f = before_know(session, &verify);
	if (!f && session->memo.after && !session->memo.careful) {
		f = by_memo(session, flight, verify, more, context, &lost);
		if (f && lost) {
			log_line(LOG_VERBOSE,
				 "%s: nothing behind the login was answered; again, "
				 "step by step",
				 session->options->host);
			session->memo.careful = true;
			flight->commands.count = 0;
			return session_open(session, flight, more, context);
		}
	} else if (!f) {
		f = by_steps(session, flight, more, context);
	}
	if (f)
		session_drop(session);
	else
		session->open = true;
	return f;
}

const struct fail *session_need(struct session *session)
{
	struct arena *arena;
	struct flight flight;
	const struct fail *f;

	if (session->open)
		return NULL;
	arena = arena_new();
	flight_begin(&flight, arena);
	f = session_open(session, &flight, NULL, NULL);
	flight_end(&flight);
	arena_free(arena);
	return f;
}
