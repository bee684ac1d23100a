/* Flight: sends commands within the window and gives each the answers that belong to it. */
#include "store/imap/session.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/str.h"
#include "store/body.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LITERAL_MINUS_MOST 4096 /* RFC 7888 5 */
#define LITERAL_PIECE      ((size_t)32 * 1024)
#define SAID_MOST          400  /* of a server's text, for people */
#define RANGES_MOST        5000 /* in a COPYUID: more than koc asks for at once is not kept */

void flight_begin(struct flight *flight, struct arena *arena)
{
	memset(flight, 0, sizeof *flight);
	flight->arena = arena;
}

void flight_end(struct flight *flight)
{
	vec_free(&flight->commands);
}

struct command *flight_add(struct flight *flight, command_take *take, void *context,
			   const char *format, ...)
{
	struct command *command = arena_alloc(flight->arena, sizeof *command);
	va_list args, again;
	char *out;
	int size;

	va_start(args, format);
	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	out = arena_alloc(flight->arena, (size_t)size + 1);
	vsnprintf(out, (size_t)size + 1, format, again);
	va_end(again);
	command->text = out;
	command->take = take;
	command->context = context;
	*vec_push(&flight->commands) = command;
	return command;
}

/* ---- what went wrong ----------------------------------------------------------------------- */

static enum fail_code fail_code_of(enum code_kind kind)
{
	switch (kind) {
	case CODE_ALREADYEXISTS:
		return FAIL_EXISTS;
	case CODE_NONEXISTENT:
	case CODE_TRYCREATE:
		return FAIL_MISSING;
	case CODE_NOPERM:
	case CODE_READ_ONLY:
		return FAIL_DENIED;
	case CODE_OVERQUOTA:
		return FAIL_QUOTA;
	case CODE_AUTHENTICATIONFAILED:
		return FAIL_LOGIN;
	case CODE_NONE:
	case CODE_OTHER:
	case CODE_APPENDUID:
	case CODE_CAPABILITY:
	case CODE_CLOSED:
	case CODE_COPYUID:
	case CODE_HIGHESTMODSEQ:
	case CODE_LIMIT:
	case CODE_NOMODSEQ:
	case CODE_PERMANENTFLAGS:
	case CODE_READ_WRITE:
	case CODE_UIDNEXT:
	case CODE_UIDVALIDITY:
	case CODE_UNAVAILABLE:
	case CODE_TOOBIG:
		return FAIL_REFUSED;
	}
	return FAIL_REFUSED;
}

const struct fail *command_fail(const struct command *command, enum fail_scope scope,
				const char *what)
{
	if (command->done && command->verdict == VERDICT_OK)
		return NULL;
	if (!command->done)
		return fail_make(FAIL_UNREACHABLE, scope, "%s: not answered", what);
	return fail_make(fail_code_of(command->code.kind), scope, "%s refused: %s", what,
			 *command->said ? command->said : "no reason given");
}

/* ---- sending ------------------------------------------------------------------------------- */

/* One run over a flight's commands. */
struct run {
	struct session *session;
	struct flight *flight;
	size_t sent;   /* commands */
	size_t oldest; /* the first that is not done */
	size_t done;
	size_t bytes;  /* of commands sent and not done */
	int64_t begun; /* when the first was sent; 0 once its answer has begun */
};

static const struct fail *answers_take(struct run *run, const struct command *waiting);

static const struct fail *literal_send(struct session *session, struct body *body)
{
	const struct fail *f = NULL;
	uint64_t offset = 0;
	char *piece = memory_alloc(LITERAL_PIECE);
	size_t got;

	do {
		f = body_read_wire(body, &offset, piece, LITERAL_PIECE, &got);
		if (!f && got)
			f = connect_write(session->connection, piece, got);
	} while (!f && got);
	free(piece);
	return f;
}

/* Waits for "+" (or the command's refusal, which makes it done). */
static const struct fail *go_on_wait(struct run *run)
{
	const struct fail *f = connect_flush(run->session->connection);

	if (!f)
		f = answers_take(run, run->flight->commands.items[run->sent - 1]);
	return f;
}

/* The literal of an APPEND: at once where the server allows that (RFC 7888), else when it says so.
 */
static const struct fail *command_literal(struct run *run, struct command *command)
{
	struct session *session = run->session;
	uint64_t size = body_wire_size(command->literal);
	bool at_once = session_can(session, CAP_LITERAL_PLUS) ||
		       (session_can(session, CAP_LITERAL_MINUS) && size <= LITERAL_MINUS_MOST);
	const struct fail *f;
	char head[40];

	snprintf(head, sizeof head, " {%" PRIu64 "%s}\r\n", size, at_once ? "+" : "");
	f = connect_write(session->connection, head, strlen(head));
	if (!f && !at_once) {
		f = go_on_wait(run);
		if (f || command->done)
			return f;
	}
	if (!f)
		f = literal_send(session, command->literal);
	if (!f)
		f = connect_write(session->connection, "\r\n", 2);
	return f;
}

static const struct fail *command_parts(struct run *run, struct command *command)
{
	struct connection *connection = run->session->connection;
	const struct fail *f = connect_write(connection, "\r\n", 2);

	for (const char *const *part = command->parts; !f && *part; part++) {
		f = go_on_wait(run);
		if (f || command->done)
			return f;
		f = connect_write(connection, *part, strlen(*part));
		if (!f)
			f = connect_write(connection, "\r\n", 2);
	}
	return f;
}

static const struct fail *command_send(struct run *run, struct command *command)
{
	struct session *session = run->session;
	const struct fail *f;
	char tag[16];

	if (command->step) {
		f = step(command->step);
		if (f)
			return f;
	}
	command->tag = ++session->tag;
	command->sent = true;
	snprintf(tag, sizeof tag, "%" PRIu32 " ", command->tag);
	log_line(LOG_WIRE, "C: %s%s%s", tag, command->shown ? command->shown : command->text,
		 command->literal ? " (with a message)" : "");
	f = connect_write(session->connection, tag, strlen(tag));
	if (!f)
		f = connect_write(session->connection, command->text, strlen(command->text));
	if (f)
		return f;
	if (command->literal)
		return command_literal(run, command);
	if (command->parts)
		return command_parts(run, command);
	return connect_write(session->connection, "\r\n", 2);
}

/* ---- answers ------------------------------------------------------------------------------- */

static void ranges_keep(struct arena *arena, struct uid_range **ranges, size_t *count)
{
	struct uid_range *copy;

	if (*count > RANGES_MOST)
		*count = 0;
	copy = arena_alloc(arena, (*count + 1) * sizeof *copy);
	if (*count)
		memcpy(copy, *ranges, *count * sizeof *copy);
	*ranges = copy;
}

static void command_done(struct run *run, struct command *command, const struct answer *answer)
{
	struct arena *arena = run->flight->arena;

	command->done = true;
	command->verdict = answer->verdict;
	command->said = arena_strn(arena, answer->text, strnlen(answer->text, SAID_MOST));
	command->code = answer->code;
	command->code.words = NULL; /* session_notes took them */
	command->code.flags.keywords = arena_str(arena, answer->code.flags.keywords);
	ranges_keep(arena, &command->code.from, &command->code.from_count);
	ranges_keep(arena, &command->code.to, &command->code.to_count);
	run->done++;
	run->bytes -= strlen(command->text) + 1;
	while (run->oldest < run->sent && run->flight->commands.items[run->oldest]->done)
		run->oldest++;
	gate_expect(&run->session->gate);
}

/* The oldest command that takes bodies; NULL: none does. */
static struct command *oldest_reader(const struct run *run)
{
	for (size_t i = run->oldest; i < run->sent; i++) {
		struct command *command = run->flight->commands.items[i];

		if (!command->done && command->body)
			return command;
	}
	return NULL;
}

/* The oldest command that takes answers of this kind; NULL: none does. */
static struct command *oldest_taker(const struct run *run, enum answer_kind kind)
{
	for (size_t i = run->oldest; i < run->sent; i++) {
		struct command *command = run->flight->commands.items[i];

		if (!command->done && command->take && (!command->only || command->only == kind))
			return command;
	}
	return NULL;
}

/* COPYUID does not tell whose it is, and servers send several before the first tagged line
 * (QUIRK(dovecot)): it is offered to all that wait, up to the next SELECT, until one knows its own
 * by the UIDs. */
static const struct fail *copied_take(const struct run *run, const struct answer *answer)
{
	const struct fail *f = NULL;

	for (size_t i = run->oldest; !f && i < run->sent; i++) {
		struct command *command = run->flight->commands.items[i];

		if (command->done || !command->take)
			continue;
		if (str_starts(command->text, "SELECT "))
			break;
		if (command->only != ANSWER_STATE || command->copied)
			continue;
		f = command->take(command->context, answer);
		if (command->copied)
			break;
	}
	return f;
}

/* The command that is done. */
static struct command *command_tagged(const struct run *run, uint32_t tag)
{
	for (size_t i = run->oldest; i < run->sent; i++) {
		struct command *command = run->flight->commands.items[i];

		if (command->tag == tag && !command->done)
			return command;
	}
	return NULL;
}

static void session_notes(struct run *run, const struct answer *answer)
{
	struct session *session = run->session;

	if (run->begun) {
		int64_t took = clock_monotonic() - run->begun;

		if (!session->has_trip || took < session->trip)
			session->trip = took;
		session->has_trip = true;
		run->begun = 0;
	}
	if (answer->kind == ANSWER_CAPABILITY)
		session_told(session, answer->text);
	else if (answer->code.kind == CODE_CAPABILITY && answer->code.words)
		session_told(session, answer->code.words);
	else if (answer->kind == ANSWER_ENABLED)
		session->qresync = (capabilities_parse(answer->text) & CAP_QRESYNC) != 0;
}

/* Takes answers until a command is done; with `waiting`, up to the "+" that it waits for, or until
 * it is done itself. */
static const struct fail *answers_take(struct run *run, const struct command *waiting)
{
	struct session *session = run->session;
	struct answer answer;

	do {
		struct command *bodies = oldest_reader(run), *command;
		const struct fail *f;

		if (bodies && bodies->begin)
			gate_take_sections(&session->gate, bodies->begin, bodies->body, bodies->context);
		else
			gate_take_bodies(&session->gate, bodies ? bodies->section : NULL,
					 bodies ? bodies->body : NULL, bodies ? bodies->context : NULL);
		f = gate_next(&session->gate, &answer);
		if (f)
			return f;
		session_notes(run, &answer);
		if (answer.kind == ANSWER_BYE)
			return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT,
					 "the server ended the session: %s", answer.text);
		if (answer.kind == ANSWER_CONTINUE && waiting)
			return NULL;
		if (answer.kind == ANSWER_DONE)
			command = command_tagged(run, answer.tag);
		else
			command = answer.fetched.has_body ? bodies : oldest_taker(run, answer.kind);
		if (answer.kind == ANSWER_CONTINUE || (answer.kind == ANSWER_DONE && !command))
			return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
					 "the server answers what it was not asked");
		if (answer.kind == ANSWER_STATE && answer.code.kind == CODE_COPYUID)
			f = copied_take(run, &answer);
		else
			f = command && command->take ? command->take(command->context, &answer)
						     : NULL;
		if (f)
			return f;
		if (answer.kind == ANSWER_DONE)
			command_done(run, command, &answer);
	} while (waiting ? !waiting->done : answer.kind != ANSWER_DONE);
	return NULL;
}

static bool window_open(const struct run *run)
{
	const struct flight *flight = run->flight;
	size_t next;

	if (run->sent == flight->commands.count || run->sent - run->done >= FLIGHT_COMMANDS)
		return false;
	next = strlen(flight->commands.items[run->sent]->text) + 1;
	return run->sent == run->done || run->bytes + next <= FLIGHT_BYTES;
}

static const struct fail *run_all(struct run *run)
{
	struct flight *flight = run->flight;
	const struct fail *f;

	while (run->done < flight->commands.count) {
		while (window_open(run)) {
			struct command *command = flight->commands.items[run->sent];

			run->bytes += strlen(command->text) + 1;
			run->sent++;
			f = command_send(run, command);
			if (f)
				return f;
		}
		f = connect_flush(run->session->connection);
		if (!f && run->done < run->sent)
			f = answers_take(run, NULL);
		if (f)
			return f;
	}
	return NULL;
}

const struct fail *flight_run(struct flight *flight, struct session *session)
{
	struct run run = { .session = session, .flight = flight, .begun = clock_monotonic() };
	const struct fail *f = run_all(&run);

	if (f)
		session_drop(session);
	return f;
}

bool quoted_add(struct buf *out, const char *string)
{
	buf_addc(out, '"');
	for (const char *p = string; *p; p++) {
		if (*p == '\r' || *p == '\n' || (unsigned char)*p >= 0x80)
			return false;
		if (*p == '"' || *p == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *p);
	}
	buf_addc(out, '"');
	return true;
}
