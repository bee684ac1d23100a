/* Login: LOGIN and AUTHENTICATE PLAIN (RFC 3501 6.2, RFC 4616, RFC 4959).
 *
 * In order of preference: AUTHENTICATE PLAIN with the answer in the same line; LOGIN with quoted
 * strings; AUTHENTICATE PLAIN in two steps; LOGIN with literals (for passwords beyond ASCII). */
#include "store/imap/login.h"

#include "base/arena.h"
#include "base/buf.h"
#include "store/imap/session.h"

#include <string.h>

#define SECRET_MOST ((size_t)16 * 1024)

static bool has_line_end(const char *s)
{
	return strpbrk(s, "\r\n") != NULL;
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

static void base64(char *out, const unsigned char *in, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (; size; in += 3) {
		size_t taken = size < 3 ? size : 3;
		uint32_t held = (uint32_t)in[0] << 16 | (taken > 1 ? (uint32_t)in[1] << 8 : 0) |
				(taken > 2 ? in[2] : 0u);

		for (size_t i = 0; i < 4; i++)
			*out++ = i <= taken ? digits[held >> (18 - 6 * i) & 63] : '=';
		size -= taken;
	}
	*out = '\0';
}

/* base64 of "\0user\0secret". */
static char *plain(struct arena *arena, const char *user, const char *secret)
{
	size_t user_size = strlen(user), secret_size = strlen(secret);
	size_t size = user_size + secret_size + 2;
	unsigned char *message = arena_alloc(arena, size + 1);
	char *text = arena_alloc(arena, (size + 2) / 3 * 4 + 1);

	memcpy(message + 1, user, user_size);
	memcpy(message + 2 + user_size, secret, secret_size);
	base64(text, message, size);
	explicit_bzero(message, size);
	return text;
}

static struct command *authenticate_add(struct flight *flight, const char *user, const char *secret,
					bool at_once)
{
	char *text = plain(flight->arena, user, secret);
	struct command *command;

	if (at_once) {
		command = flight_add(flight, NULL, NULL, "AUTHENTICATE PLAIN %s", text);
		explicit_bzero(text, strlen(text));
	} else {
		const char **parts = arena_alloc(flight->arena, 2 * sizeof *parts);

		parts[0] = text;
		command = flight_add(flight, NULL, NULL, "AUTHENTICATE PLAIN");
		command->parts = parts;
	}
	command->shown = "AUTHENTICATE PLAIN ***";
	return command;
}

static struct command *login_quoted(struct flight *flight, const char *user, const char *secret)
{
	struct command *command;
	struct buf text;

	buf_init(&text, 4 * SECRET_MOST);
	buf_adds(&text, "LOGIN ");
	quoted_add(&text, user);
	buf_addc(&text, ' ');
	quoted_add(&text, secret);
	command = flight_add(flight, NULL, NULL, "%s", text.data);
	command->shown = "LOGIN *** ***";
	explicit_bzero(text.data, text.size);
	buf_free(&text);
	return command;
}

static struct command *login_literals(struct flight *flight, const char *user, const char *secret)
{
	const char **parts = arena_alloc(flight->arena, 3 * sizeof *parts);
	struct command *command;

	command = flight_add(flight, NULL, NULL, "LOGIN {%zu}", strlen(user));
	parts[0] = arena_printf(flight->arena, "%s {%zu}", user, strlen(secret));
	parts[1] = arena_str(flight->arena, secret);
	command->parts = parts;
	return command;
}

const struct fail *login_add(struct session *session, struct flight *flight,
			     struct command **command)
{
	const char *user = session->options->user, *secret = session->options->secret;
	bool by_login = !session_can(session, CAP_LOGINDISABLED);

	if (has_line_end(user) || has_line_end(secret))
		return fail_make(FAIL_LOGIN, FAIL_ACCOUNT,
				 "the user name or the password holds a line end");
	if (strlen(user) > SECRET_MOST / 2 || strlen(secret) > SECRET_MOST / 2)
		return fail_make(FAIL_LOGIN, FAIL_ACCOUNT,
				 "the user name or the password is too long");
	if (session_can(session, CAP_AUTH_PLAIN | CAP_SASL_IR))
		*command = authenticate_add(flight, user, secret, true);
	else if (by_login && is_ascii(user) && is_ascii(secret))
		*command = login_quoted(flight, user, secret);
	else if (session_can(session, CAP_AUTH_PLAIN))
		*command = authenticate_add(flight, user, secret, false);
	else if (by_login)
		*command = login_literals(flight, user, secret);
	else
		return fail_make(FAIL_LOGIN, FAIL_ACCOUNT,
				 "the server offers neither LOGIN nor AUTHENTICATE PLAIN");
	return NULL;
}

const struct fail *login_fail(const struct command *command)
{
	if (!command->done || command->verdict == VERDICT_OK)
		return NULL;
	if (command->code.kind == CODE_UNAVAILABLE || command->code.kind == CODE_LIMIT)
		return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "login is not possible now: %s",
				 command->said);
	return fail_make(FAIL_LOGIN, FAIL_ACCOUNT, "login refused: %s",
			 *command->said ? command->said : "no reason given");
}

static void wipe(const char *text)
{
	/* All of it lies in an arena, which may be written. */
	explicit_bzero((char *)(uintptr_t)text, strlen(text));
}

void login_wipe(struct command *command)
{
	wipe(command->text);
	for (const char *const *part = command->parts; part && *part; part++)
		wipe(*part);
}
