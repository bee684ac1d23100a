/* Lexer: the tokens of a configuration as libconfuse 3.3 sees them, with right line numbers.  What
 * libconfuse would pass over or change without a word is a mistake here, and the token is `bad`. */
#ifndef KOC_CONFIG_LEXER_H
#define KOC_CONFIG_LEXER_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct mistakes;

enum token_type {
	TOKEN_END,
	TOKEN_WORD,   /* bare */
	TOKEN_STRING, /* in quotes */
	TOKEN_APPEND  /* += ; other signs are their own type: { } ( ) = , */
};

struct token {
	int type;          /* enum token_type, or the character */
	size_t start, end; /* in the text, with the quotes */
	int line;          /* of its start */
	bool bad;          /* a mistake in it has been added */
};

struct lexer {
	struct buf *text;
	struct mistakes *mistakes;
	size_t at;
	int line;
	bool quiet; /* add no mistakes */
};

/* Begins.  Bytes that no token can hold (NUL, a byte order mark) become spaces. */
void lexer_init(struct lexer *lexer, struct buf *text, struct mistakes *mistakes);

/* The next token; comments before it become spaces in the text. */
struct token lexer_next(struct lexer *lexer);

/* The token's text without the quotes, escapes as they stand, cut to what fits in a message. */
const char *lexer_text(const struct lexer *lexer, const struct token *token, struct arena *arena);

/* Makes the text from start to end spaces, but line breaks stay. */
void lexer_blank(struct lexer *lexer, size_t start, size_t end);

#endif
