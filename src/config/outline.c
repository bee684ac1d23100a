/* Outline: a first pass over the text of a configuration; what for is said in the header.
 *
 *     file      = *account        account = "account" title "{" *(setting / folder) "}"
 *     setting   = key "=" value   folder  = "folder" title "{" *setting "}"
 *     value     = text / "{" [ text *("," text) [","] ] "}"
 *     title, text = word / 'string' / "string"
 */
#include "config/outline.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/nearest.h"
#include "config/lexer.h"
#include "config/mistakes.h"

#include <stdlib.h>
#include <string.h>

struct scan {
	struct outline *outline;
	struct lexer lexer;
	struct mistakes *mistakes;
	struct arena *arena;
	struct token token;      /* the next one, not yet taken */
	struct token taken;      /* the last one taken */
	struct token last_key;   /* of the last setting … */
	int word_line;           /* … the line on which its value, a bare word, ended; 0: none */
	bool stopped;            /* by a mistake that leaves no sense in what follows */
};

static void take(struct scan *s)
{
	s->taken = s->token;
	s->token = lexer_next(&s->lexer);
}

static const char *text_of(struct scan *s, const struct token *token)
{
	return lexer_text(&s->lexer, token, s->arena);
}

/* Passes over the rest of this line, up to a closing brace. */
static void skip_line(struct scan *s)
{
	int line = s->taken.line;

	s->lexer.quiet = true;
	while (s->token.type != TOKEN_END && s->token.type != '}' && s->token.line == line)
		take(s);
	s->lexer.quiet = false;
}

/* Passes over { … }, whatever is in it. */
static void skip_braces(struct scan *s)
{
	size_t depth = 0;

	s->lexer.quiet = true;
	do {
		depth += s->token.type == '{';
		depth -= s->token.type == '}';
		take(s);
	} while (depth > 0 && s->token.type != TOKEN_END);
	s->lexer.quiet = false;
}

static bool is_text(const struct token *token)
{
	return token->type == TOKEN_WORD || token->type == TOKEN_STRING;
}

/* ---- names that are not known ---------------------------------------------------------------- */

/* Says what is wrong with a name in this kind of section: it belongs elsewhere, or nowhere.  Returns
 * the name that was probably meant, or NULL. */
static const char *unknown_name(struct scan *s, enum section in, const struct token *token)
{
	const char *name = text_of(s, token), *where = in == IN_FILE ? "" : section_word(in);
	struct nearest nearest = nearest_to(name);

	for (enum section other = IN_ACCOUNT; other <= IN_FOLDER; other++) {
		if (key_find(other, name) >= 0 && other != in) {
			mistake_add(s->mistakes, token->line, "%s belongs in %s section, not here",
				    name, other == IN_ACCOUNT ? "an account" : "a folder");
			return NULL;
		}
	}
	if (strcmp(name, "account") == 0 || strcmp(name, "folder") == 0) {
		mistake_add(s->mistakes, token->line, "%s",
			    s->token.type == '='
				    ? "a section has a name and braces: folder \"mail/INBOX\" { … }"
			    : name[0] == 'f' && in == IN_FILE
				    ? "a folder section belongs in an account section"
				    : "a section is not closed before this one: } is missing");
		return NULL;
	}
	if (strcmp(name, "include") == 0) {
		mistake_add(s->mistakes, token->line,
			    "there is no include: all accounts stand in one file");
		return NULL;
	}
	for (size_t i = 0; i < config_key_count; i++)
		if (config_keys[i].in == in)
			nearest_offer(&nearest, config_keys[i].name);
	if (in == IN_ACCOUNT)
		nearest_offer(&nearest, "folder");
	if (in == IN_FILE)
		nearest_offer(&nearest, "account");
	if (!nearest.best) /* a mistyped key in the wrong place */
		for (size_t i = 0; i < config_key_count; i++)
			nearest_offer(&nearest, config_keys[i].name);
	if (nearest.best)
		mistake_add(s->mistakes, token->line, "%s is not a key%s%s: did you mean %s?", name,
			    in == IN_FILE ? "" : " of ", where, nearest.best);
	else
		mistake_add(s->mistakes, token->line, "%s is not a key%s%s", name,
			    in == IN_FILE ? "" : " of ", where);
	return nearest.best;
}

/* A statement that has neither "=" nor the form of a known section. */
static void no_statement(struct scan *s, enum section in, const struct token *name)
{
	bool section = s->token.type == '{';

	if (name->bad) {
		skip_line(s);
		return;
	}
	if (s->word_line == name->line) {
		mistake_add(s->mistakes, name->line, "%s: put the whole value in quotes",
			    text_of(s, &s->last_key));
		skip_line(s);
		return;
	}
	if (name->type != TOKEN_WORD) {
		mistake_add(s->mistakes, name->line, "a key is missing before %s",
			    name->type == TOKEN_STRING ? "the quote" : text_of(s, name));
		skip_line(s);
		return;
	}
	if (is_text(&s->token) && s->token.line == name->line) { /* NAME "TITLE" { … */
		take(s);
		section = s->token.type == '{';
	}
	if (key_find(in, text_of(s, name)) >= 0 && !section)
		mistake_add(s->mistakes, name->line, "%s: = is missing", text_of(s, name));
	else if (key_find(in, text_of(s, name)) >= 0)
		mistake_add(s->mistakes, name->line, "%s is not a section: write %s = …",
			    text_of(s, name), text_of(s, name));
	else
		unknown_name(s, in, name);
	if (section)
		skip_braces(s);
	else
		skip_line(s);
}

/* ---- settings -------------------------------------------------------------------------------- */

/* The list behind "=", from its "{".  False if there is a mistake in it. */
static bool list(struct scan *s)
{
	int line = s->token.line;
	bool good = true;

	take(s);
	while (s->token.type != '}') {
		if (!is_text(&s->token)) {
			mistake_add(s->mistakes, s->token.line,
				    "the list that begins on line %d: a text or } is missing", line);
			s->stopped = true;
			return false;
		}
		good = good && !s->token.bad;
		take(s);
		if (s->token.type == ',') {
			take(s);
		} else if (s->token.type != '}') {
			mistake_add(s->mistakes, s->token.line,
				    "the list that begins on line %d: a comma or } is missing",
				    line);
			s->stopped = true;
			return false;
		}
	}
	take(s);
	return good;
}

/* From the "=" on.  False if there is a mistake in it. */
static bool setting(struct scan *s, enum section in, struct place *place, const struct token *name)
{
	const char *word = text_of(s, name);
	int key = key_find(in, word);
	bool good = key >= 0 && !name->bad;

	if (key < 0 && !name->bad) {
		const char *meant = unknown_name(s, in, name);

		if (meant && key_find(in, meant) >= 0)
			place->meant[key_find(in, meant)] = true;
	}
	if (good && place->key_line[key] != 0) {
		mistake_add(s->mistakes, name->line, "%s is given twice: first on line %d", word,
			    abs(place->key_line[key]));
		good = false;
	}
	if (key >= 0 && place->key_line[key] == 0) /* till all of it has been seen */
		place->key_line[key] = -name->line;
	if (s->token.type == TOKEN_APPEND) {
		mistake_add(s->mistakes, name->line, "%s: write =, not +=", word);
		good = false;
	}
	take(s);
	if (s->token.line != s->taken.line || (!is_text(&s->token) && s->token.type != '{')) {
		mistake_add(s->mistakes, name->line, "%s: the value is missing", word);
		return false;
	}
	s->last_key = *name;
	if (s->token.type == '{') {
		if (good && !config_keys[key].list) {
			mistake_add(s->mistakes, name->line, "%s takes one value, not a list",
				    word);
			good = false;
		}
		good = list(s) && good;
	} else {
		good = good && !s->token.bad;
		take(s);
		s->word_line = s->taken.type == TOKEN_WORD ? s->taken.line : 0;
	}
	if (good)
		place->key_line[key] = name->line;
	return good;
}

/* ---- sections -------------------------------------------------------------------------------- */

/* The line on which this title stood before in the same section, or 0; remembers it.  Titles whose
 * quoting hides what they are (an escape, a variable) are left to libconfuse. */
static int title_line(struct scan *s, struct map *titles, const struct token *title)
{
	const char *text = text_of(s, title);
	const int *before;
	int *line;

	if (strpbrk(text, "\\$"))
		return 0;
	before = map_get(titles, text);
	if (before)
		return *before;
	line = arena_alloc(s->arena, sizeof *line);
	*line = title->line;
	map_set(titles, text, line);
	return 0;
}

static void statements(struct scan *s, enum section in, size_t place);

/* From the title on.  False if the section is not to be read. */
static bool section(struct scan *s, enum section in, struct map *titles, const struct token *name)
{
	size_t place = s->outline->count;
	const char *word = section_word(in);
	bool good;
	struct token title;
	int before;

	if (!is_text(&s->token) || s->token.line != name->line) {
		mistake_add(s->mistakes, name->line, "%s: the name is missing: %s \"%s\" { … }", word,
			    word, in == IN_ACCOUNT ? "work" : "mail/INBOX");
		if (s->token.type == '{')
			skip_braces(s);
		return false;
	}
	title = s->token;
	good = !title.bad;
	before = good ? title_line(s, titles, &title) : 0;
	if (before > 0) {
		mistake_add(s->mistakes, name->line, "%s \"%s\" is given twice: first on line %d",
			    word, text_of(s, &title), before);
		good = false;
	}
	take(s);
	if (s->token.type != '{') {
		mistake_add(s->mistakes, name->line, "%s \"%s\": { is missing", word,
			    text_of(s, &title));
		s->stopped = true;
		return false;
	}
	take(s);
	*vec_push(s->outline) = (struct place){ .section = in, .line = name->line };
	statements(s, in, place);
	if (!s->stopped && s->token.type == TOKEN_END) {
		mistake_add(s->mistakes, name->line, "%s \"%s\": its } is missing", word,
			    text_of(s, &title));
		s->stopped = true;
	}
	if (!good) {
		s->outline->count = place;
	} else if (s->stopped) {
		s->outline->items[place].open_end = true;
		buf_addc(s->lexer.text, '}');
	} else {
		take(s);
		return true;
	}
	if (!s->stopped)
		take(s);
	return good;
}

/* The statements up to the closing brace or the end.  Each that has a mistake is blanked. */
static void statements(struct scan *s, enum section in, size_t place)
{
	struct map *titles = map_new();
	enum section inner = in == IN_FILE ? IN_ACCOUNT : IN_FOLDER;

	while (!s->stopped && s->token.type != TOKEN_END) {
		struct token name = s->token;
		bool good = false;

		if (name.type == '}' && in != IN_FILE)
			break;
		take(s);
		if (name.type == '}') {
			mistake_add(s->mistakes, name.line, "this } closes nothing");
		} else if (name.type == '{') {
			mistake_add(s->mistakes, name.line, "a key is missing before {");
			s->stopped = true;
		} else if (name.type == TOKEN_WORD && in != IN_FOLDER &&
			   s->token.type != '=' &&
			   strcmp(text_of(s, &name), section_word(inner)) == 0) {
			s->word_line = 0;
			good = section(s, inner, titles, &name);
		} else if (name.type == TOKEN_WORD &&
			   (s->token.type == '=' || s->token.type == TOKEN_APPEND)) {
			struct place none = { .section = in };

			s->word_line = 0;
			good = setting(s, in, in == IN_FILE ? &none : &s->outline->items[place],
				       &name);
		} else {
			no_statement(s, in, &name);
		}
		if (!good)
			lexer_blank(&s->lexer, name.start,
				    s->stopped ? s->lexer.text->size : s->taken.end);
	}
	map_free(titles);
}

void outline_scan(struct outline *outline, struct buf *text, struct arena *arena,
		  struct mistakes *mistakes)
{
	struct scan scan = { .outline = outline, .arena = arena, .mistakes = mistakes };

	lexer_init(&scan.lexer, text, mistakes);
	scan.token = lexer_next(&scan.lexer);
	statements(&scan, IN_FILE, 0);
}
