/* Failures: the ring they live in, and how their texts are made. */
#include "base/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static struct {
	struct fail fail;
	char text[FAIL_TEXT];
} ring[FAIL_RING];

static size_t ring_next;

static const char *const words[FAIL_CODES] = {
	[FAIL_STALE] = "stale",
	[FAIL_MISSING] = "missing",
	[FAIL_EXISTS] = "exists",
	[FAIL_REFUSED] = "refused",
	[FAIL_DENIED] = "denied",
	[FAIL_QUOTA] = "quota",
	[FAIL_UNREACHABLE] = "unreachable",
	[FAIL_PROTOCOL] = "protocol",
	[FAIL_TLS] = "tls",
	[FAIL_LOGIN] = "login",
	[FAIL_CONFIG] = "config",
	[FAIL_USAGE] = "usage",
	[FAIL_DISK] = "disk",
	[FAIL_SYSTEM] = "system",
	[FAIL_STATE] = "state",
	[FAIL_LOCKED] = "locked",
	[FAIL_DATA] = "data",
	[FAIL_STOPPED] = "stopped",
};

const char *fail_word(enum fail_code code)
{
	return (unsigned)code < FAIL_CODES && words[code] ? words[code] : "unknown";
}

/* Makes one line of it that does not end within a UTF-8 sequence. */
static void text_tidy(char *text, _Bool cut)
{
	size_t size = strlen(text);
	size_t start = size;

	for (char *c = text; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	if (cut) {
		while (start && (text[start - 1] & 0xc0) == 0x80)
			start--;
		if (start && (text[start - 1] & 0xc0) == 0xc0)
			text[start - 1] = '\0';
		size = strlen(text);
	}
	while (size && text[size - 1] == ' ')
		text[--size] = '\0';
}

/* Puts a fail with the text "HEAD[: TAIL]" into the ring. */
static const struct fail *fail_put(enum fail_code code, enum fail_scope scope, const char *tail,
				   const char *format, va_list args)
{
	char text[FAIL_TEXT]; /* `tail` and the arguments may lie in the slot that comes next */
	int used = vsnprintf(text, sizeof text, format, args);
	size_t size = used < 0 ? 0 : (size_t)used;
	_Bool cut = size >= sizeof text;
	size_t slot = ring_next;

	if (used < 0)
		text[0] = '\0';
	if (tail && !cut) {
		int more = snprintf(text + size, sizeof text - size, ": %s", tail);

		cut = more < 0 || (size_t)more >= sizeof text - size;
	}
	text_tidy(text, cut);
	if (!text[0])
		snprintf(text, sizeof text, "%s", fail_word(code));
	ring_next = (ring_next + 1) % FAIL_RING;
	memcpy(ring[slot].text, text, sizeof text);
	ring[slot].fail = (struct fail){ .code = code, .scope = scope, .text = ring[slot].text };
	return &ring[slot].fail;
}

const struct fail *fail_make(enum fail_code code, enum fail_scope scope, const char *format, ...)
{
	const struct fail *fail;
	va_list args;

	va_start(args, format);
	fail = fail_put(code, scope, NULL, format, args);
	va_end(args);
	return fail;
}

static enum fail_code code_of_errno(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EROFS:
	case EIO:
		return FAIL_DISK;
	case ENOENT:
		return FAIL_MISSING;
	case EEXIST:
		return FAIL_EXISTS;
	case EACCES:
	case EPERM:
		return FAIL_DENIED;
	default:
		return FAIL_SYSTEM;
	}
}

const struct fail *fail_errno(enum fail_scope scope, int error, const char *format, ...)
{
	enum fail_code code = code_of_errno(error);
	const char *why = strerrordesc_np(error);
	const struct fail *fail;
	va_list args;

	if (code == FAIL_DISK)
		scope = FAIL_ACCOUNT;
	va_start(args, format);
	fail = fail_put(code, scope, why ? why : "unknown error", format, args);
	va_end(args);
	return fail;
}

const struct fail *fail_in(const struct fail *fail, const char *format, ...)
{
	va_list args;

	if (!fail)
		return NULL;
	va_start(args, format);
	fail = fail_put(fail->code, fail->scope, fail->text, format, args);
	va_end(args);
	return fail;
}

const struct fail *fail_scoped(const struct fail *fail, enum fail_scope scope)
{
	if (!fail)
		return NULL;
	return fail_make(fail->code, scope, "%s", fail->text);
}
