/* Lexer: the tokens of a configuration, as libconfuse's src/lexer.l defines them. */
#include "config/lexer.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "config/mistakes.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_SHOWN    200
#define TOKEN_LONGEST 4096

static void mistake(struct lexer *l, int line, const char *what)
{
	if (!l->quiet)
		mistake_add(l->mistakes, line, "%s", what);
}

void lexer_blank(struct lexer *l, size_t start, size_t end)
{
	for (size_t i = start; i < end && i < l->text->size; i++)
		if (l->text->data[i] != '\n')
			l->text->data[i] = ' ';
}

void lexer_init(struct lexer *l, struct buf *text, struct mistakes *mistakes)
{
	int line = 1;

	*l = (struct lexer){ .text = text, .mistakes = mistakes, .line = 1 };
	if (str_starts(text->data, "\xef\xbb\xbf"))
		lexer_blank(l, 0, 3);
	for (size_t at = 0; at < text->size; line++) {
		char *start = text->data + at, *end = memchr(start, '\n', text->size - at), *nul;
		size_t size = end ? (size_t)(end - start) : text->size - at;

		if (!str_utf8(start, size))
			mistake(l, line, "this is not UTF-8");
		nul = memchr(start, '\0', size);
		if (nul)
			mistake(l, line, "there is a NUL byte on this line");
		for (; nul; nul = memchr(start, '\0', size))
			*nul = ' ';
		at += size + 1;
	}
}

const char *lexer_text(const struct lexer *l, const struct token *token, struct arena *arena)
{
	size_t quote = token->type == TOKEN_STRING, size = token->end - token->start;

	size = size > 2 * quote ? size - 2 * quote : 0;
	return arena_strn(arena, l->text->data + token->start + quote,
			  size < TEXT_SHOWN ? size : TEXT_SHOWN);
}

/* The byte `ahead` of the next one; NUL behind the end. */
static char peek(const struct lexer *l, size_t ahead)
{
	return l->at + ahead < l->text->size ? l->text->data[l->at + ahead] : '\0';
}

static bool at_end(const struct lexer *l)
{
	return l->at >= l->text->size;
}

/* ---- what is between tokens ------------------------------------------------------------------ */

static void skip_to_line_end(struct lexer *l)
{
	while (!at_end(l) && peek(l, 0) != '\n')
		l->at++;
}

static void skip_block_comment(struct lexer *l)
{
	int line = l->line;

	for (l->at += 2; !at_end(l); l->at++) {
		if (peek(l, 0) == '*' && peek(l, 1) == '/') {
			l->at += 2;
			return;
		}
		l->line += peek(l, 0) == '\n';
	}
	mistake(l, line, "this comment is never closed");
}

static void skip_space(struct lexer *l)
{
	while (!at_end(l)) {
		size_t start = l->at;
		char c = peek(l, 0);

		if (c == '#' || (c == '/' && peek(l, 1) == '/')) {
			skip_to_line_end(l);
			lexer_blank(l, start, l->at);
		} else if (c == '/' && peek(l, 1) == '*') {
			skip_block_comment(l);
			lexer_blank(l, start, l->at);
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			l->line += c == '\n';
			l->at++;
		} else {
			break;
		}
	}
}

/* ---- words ----------------------------------------------------------------------------------- */

/* A bare word.  A sign in it that would end the word or vanish without a word is a mistake. */
static void word(struct lexer *l, struct token *token)
{
	char sign = '\0';

	while (!at_end(l) && !strchr(" \t\r\n={}(),", peek(l, 0))) {
		char c = peek(l, 0);

		if (!sign && (strchr("#\"'*+;", c) || (c == '$' && peek(l, 1) == '{')))
			sign = c;
		if (c == '#') /* what follows is a comment for libconfuse */
			skip_to_line_end(l);
		else if (c == '$' && peek(l, 1) == '{')
			while (!at_end(l) && peek(l, 0) != '\n' && peek(l, 0) != '}')
				l->at++;
		if (!at_end(l) && peek(l, 0) != '\n')
			l->at++;
	}
	token->type = TOKEN_WORD;
	token->bad = sign != '\0';
	if (sign == ';' && !l->quiet)
		mistake_add(l->mistakes, token->line,
			    "a line does not end with \";\"; a text with \";\" must be in quotes");
	else if (sign && !l->quiet)
		mistake_add(l->mistakes, token->line, "a text with %s must be in quotes",
			    sign == '$' ? "${…}" : (char[]){ sign, '\0' });
}

/* ---- strings --------------------------------------------------------------------------------- */

/* A "${NAME}" or "${NAME:-TEXT}", which libconfuse replaces; without a word by nothing if unset.
 * Stands on the "$". */
static bool variable(struct lexer *l)
{
	const char *name = l->text->data + l->at + 2;
	size_t size = strcspn(name, "}\"\n");
	char copy[128];

	if (name[size] != '}') {
		mistake(l, l->line,
			"\"${\" without \"}\": put a text with \"${\" in it in single quotes");
		l->at += 2;
		return false;
	}
	l->at += 2 + size + 1;
	for (size_t i = 0; i + 1 < size; i++)
		if (name[i] == ':' && name[i + 1] == '-')
			return true;
	if (size >= sizeof copy) {
		mistake(l, l->line, "the name of this environment variable is too long");
		return false;
	}
	memcpy(copy, name, size);
	copy[size] = '\0';
	if (getenv(copy))
		return true;
	if (!l->quiet)
		mistake_add(l->mistakes, l->line, "the environment variable %s is not set "
			    "(a text with \"${\" in it goes in single quotes)", copy);
	return false;
}

/* An escape in double quotes; stands on the backslash. */
static bool escape(struct lexer *l)
{
	char c = peek(l, 1);
	size_t digits = 0;
	unsigned long value;

	if (c >= '0' && c <= '9') {
		while (peek(l, 1 + digits) >= '0' && peek(l, 1 + digits) <= '9')
			digits++;
		value = strtoul(l->text->data + l->at + 1, NULL, 8);
		if (digits > 3 || strcspn(l->text->data + l->at + 1, "89") < digits ||
		    value < 1 || value > 255) {
			mistake(l, l->line, "an escape \"\\NNN\" has one to three octal digits "
					    "from 1 to 377");
			l->at += 1 + digits;
			return false;
		}
		l->at += 1 + digits;
		return true;
	}
	if (c == 'x' && peek(l, 2) == '0') {
		char next = peek(l, 3);
		bool second = (next >= '1' && next <= '9') || (next >= 'a' && next <= 'f') ||
			      (next >= 'A' && next <= 'F');

		if (!second) {
			mistake(l, l->line, "the escape \"\\x00\" would end the text");
			l->at += 3;
			return false;
		}
	}
	l->line += c == '\n';
	l->at += at_end(l) || l->at + 1 >= l->text->size ? 1 : 2;
	return true;
}

static void string(struct lexer *l, struct token *token)
{
	char quote = peek(l, 0);

	token->type = TOKEN_STRING;
	for (l->at++; !at_end(l) && peek(l, 0) != quote && peek(l, 0) != '\n';) {
		if (peek(l, 0) == '\\' && quote == '"') {
			token->bad |= !escape(l);
		} else if (peek(l, 0) == '\\') {
			l->line += peek(l, 1) == '\n';
			l->at += peek(l, 1) != '\0' ? 2 : 1;
		} else if (peek(l, 0) == '$' && peek(l, 1) == '{' && quote == '"') {
			token->bad |= !variable(l);
		} else {
			l->at++;
		}
	}
	if (peek(l, 0) == quote) {
		l->at++;
		return;
	}
	mistake(l, token->line, "this quote is not closed on its line");
	token->bad = true;
}

struct token lexer_next(struct lexer *l)
{
	struct token token = { .type = TOKEN_END };

	skip_space(l);
	token.start = l->at;
	token.line = l->line;
	if (!at_end(l)) {
		char c = peek(l, 0);

		if (c == '"' || c == '\'') {
			string(l, &token);
		} else if (c == '+' && peek(l, 1) == '=') {
			token.type = TOKEN_APPEND;
			l->at += 2;
		} else if (strchr("{}()=,", c)) {
			token.type = c;
			l->at++;
		} else {
			word(l, &token);
		}
	}
	token.end = l->at;
	if (token.end - token.start > TOKEN_LONGEST) {
		mistake(l, token.line, "this text is too long");
		token.bad = true;
	}
	return token;
}
