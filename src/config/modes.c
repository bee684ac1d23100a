/* Modes: finding an entry in the text, changing it, saving the file. */
#include "config/modes.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/step.h"
#include "config/lexer.h"
#include "config/mistakes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TEXT_ROOM (CONFIG_LONGEST + 4096) /* what is too large is told when it is read again */

/* A part of the text; end 0: it is not there. */
struct span {
	size_t start, end;
};

/* Where things are in the text. */
struct map_of_modes {
	struct span account; /* the section, from "account" to behind its } */
	struct span body;    /* what is between its braces */
	struct span folder;  /* the entry */
	struct span value;   /* of its mode */
};

/* ---- reading ----------------------------------------------------------------------------------- */

struct scan {
	struct buf text;     /* a copy: comments become spaces in it */
	struct mistakes mistakes;
	struct lexer lexer;
	struct token token;  /* the next one, not yet taken */
	bool odd;            /* the text is not of the form that is written here */
};

static struct token take(struct scan *s)
{
	struct token token = s->token;

	s->odd |= token.bad;
	s->token = lexer_next(&s->lexer);
	return token;
}

/* Takes a token of this type. */
static struct token expect(struct scan *s, int type)
{
	s->odd |= s->token.type != type;
	return take(s);
}

static bool is_word(const struct scan *s, const struct token *token, const char *word)
{
	return token->type == TOKEN_WORD && token->end - token->start == strlen(word) &&
	       memcmp(s->text.data + token->start, word, strlen(word)) == 0;
}

static void expect_word(struct scan *s, const char *word)
{
	s->odd |= !is_word(s, &s->token, word);
	take(s);
}

/* Is this its name?  A text with variables or escapes but those that are written here is nobody's: an entry
 * that is then made a second time is found when all is read again. */
static bool is_named(const struct scan *s, const struct token *token, const char *name)
{
	const char *at = s->text.data + token->start, *end = s->text.data + token->end;
	char quote = '\0';

	if (token->type == TOKEN_STRING) {
		quote = *at++;
		end--;
	}
	for (; at < end && *name; at++, name++) {
		if (quote && *at == '\\' && at + 1 < end && (at[1] == quote || at[1] == '\\'))
			at++;
		else if (quote == '"' && (*at == '\\' || (*at == '$' && at[1] == '{')))
			return false;
		if (*at != *name)
			return false;
	}
	return at == end && !*name;
}

static void expect_text(struct scan *s, struct token *token)
{
	s->odd |= s->token.type != TOKEN_WORD && s->token.type != TOKEN_STRING;
	*token = take(s);
}

/* folder "NAME" { mode = VALUE }, in the account that is looked for if `map`. */
static void scan_folder(struct scan *s, const char *name, struct map_of_modes *map)
{
	size_t start = s->token.start;
	struct token title, value = { 0 };

	expect_word(s, "folder");
	expect_text(s, &title);
	expect(s, '{');
	while (!s->odd && s->token.type != '}') {
		expect_word(s, "mode");
		expect(s, '=');
		expect_text(s, &value);
	}
	if (map && !s->odd && is_named(s, &title, name)) {
		map->folder = (struct span){ start, s->token.end };
		map->value = (struct span){ value.start, value.end };
	}
	expect(s, '}');
}

static void scan_account(struct scan *s, const char *account, const char *name, struct map_of_modes *map)
{
	size_t start = s->token.start, body;
	struct token title;
	bool wanted;

	expect_word(s, "account");
	expect_text(s, &title);
	wanted = !s->odd && is_named(s, &title, account);
	body = s->token.end;
	expect(s, '{');
	while (!s->odd && s->token.type != '}')
		scan_folder(s, name, wanted ? map : NULL);
	if (wanted) {
		map->account = (struct span){ start, s->token.end };
		map->body = (struct span){ body, s->token.start };
	}
	expect(s, '}');
}

static const struct fail *locate(const struct buf *text, const char *account, const char *name,
				 struct map_of_modes *map)
{
	struct scan s = { .odd = false };
	const struct fail *f = NULL;

	memset(map, 0, sizeof *map);
	buf_init(&s.text, TEXT_ROOM);
	buf_add(&s.text, text->data, text->size);
	mistakes_init(&s.mistakes);
	mistakes_file(&s.mistakes, "");
	lexer_init(&s.lexer, &s.text, &s.mistakes);
	s.lexer.quiet = true;
	s.token = lexer_next(&s.lexer);
	while (!s.odd && s.token.type != TOKEN_END)
		scan_account(&s, account, name, map);
	if (s.odd || s.mistakes.count || s.text.over)
		f = fail_make(FAIL_CONFIG, FAIL_ALL, "it has a form that only a person can change");
	mistakes_free(&s.mistakes);
	buf_free(&s.text);
	return f;
}

/* ---- changing ---------------------------------------------------------------------------------- */

/* Puts `with` in the place of a part of the text. */
static void replace(struct buf *text, struct span span, const char *with)
{
	struct buf copy;

	buf_init(&copy, text->limit);
	buf_add(&copy, text->data, span.start);
	buf_adds(&copy, with);
	buf_add(&copy, text->data + span.end, text->size - span.end);
	buf_clear(text);
	buf_add(text, copy.data, copy.size);
	text->over |= copy.over;
	buf_free(&copy);
}

/* Without escapes if it can be; in single quotes only two characters need one. */
static void add_quoted(struct buf *out, const char *name)
{
	char quote = strpbrk(name, "\"\\$") ? '\'' : '"';

	buf_addc(out, quote);
	for (; *name; name++) {
		if (quote == '\'' && (*name == '\'' || *name == '\\'))
			buf_addc(out, '\\');
		buf_addc(out, *name);
	}
	buf_addc(out, quote);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Where the line of `at` begins, if only blanks lie between; else `at`. */
static size_t line_start(const struct buf *text, size_t at)
{
	size_t start = at;

	while (start > 0 && is_blank(text->data[start - 1]))
		start--;
	return start == 0 || text->data[start - 1] == '\n' ? start : at;
}

/* Behind the end of the line of `at`, if only blanks and a comment lie between; else `at`. */
static size_t line_end(const struct buf *text, size_t at)
{
	size_t end = at;

	while (end < text->size && is_blank(text->data[end]))
		end++;
	if (end < text->size && (text->data[end] == '#' || strncmp(text->data + end, "//", 2) == 0))
		while (end < text->size && text->data[end] != '\n')
			end++;
	if (end == text->size)
		return end;
	return text->data[end] == '\n' ? end + 1 : at;
}

/* Takes a part out, and its whole line if there is nothing else on it but a comment. */
static void cut(struct buf *text, struct span span)
{
	size_t start = line_start(text, span.start), end = line_end(text, span.end);

	if ((start < span.start || start == 0 || text->data[start - 1] == '\n') && end > span.end)
		span = (struct span){ start, end };
	replace(text, span, "");
}

static const char *word_of(enum mode mode)
{
	switch (mode) {
	case MODE_FULL:
		return "full";
	case MODE_TEXT:
		return "text";
	case MODE_OFF:
		return "off";
	}
	return "";
}

/* The entry, with the account's section around it if that is missing. */
static void add_entry(struct buf *text, const struct map_of_modes *map, const char *account,
		      const char *name, enum mode mode)
{
	struct buf entry;
	size_t at = text->size, line;

	buf_init(&entry, 1 << 16);
	if (map->account.end) {
		at = map->body.end;
		line = line_start(text, at);
		if (line == at && (at == 0 || text->data[at - 1] != '\n'))
			buf_addc(&entry, '\n');
		at = line;
	} else {
		if (text->size == 0)
			buf_adds(&entry, "# Modes of folders, as koc mode set them; see koc.conf(5).\n");
		else if (text->data[text->size - 1] != '\n')
			buf_addc(&entry, '\n');
		buf_adds(&entry, "account ");
		add_quoted(&entry, account);
		buf_adds(&entry, " {\n");
	}
	buf_adds(&entry, "\tfolder ");
	add_quoted(&entry, name);
	buf_addf(&entry, " { mode = %s }\n", word_of(mode));
	if (!map->account.end)
		buf_adds(&entry, "}\n");
	replace(text, (struct span){ at, at }, entry.data);
	buf_free(&entry);
}

const struct fail *modes_set(struct buf *text, const char *account, const char *name, enum mode mode)
{
	struct map_of_modes map;
	const struct fail *f = locate(text, account, name, &map);

	if (f)
		return f;
	if (map.value.end)
		replace(text, map.value, word_of(mode));
	else if (map.folder.end) /* it sets nothing */
		f = fail_make(FAIL_CONFIG, FAIL_ALL, "it has a form that only a person can change");
	else
		add_entry(text, &map, account, name, mode);
	return f;
}

const struct fail *modes_drop(struct buf *text, const char *account, const char *name)
{
	struct map_of_modes map;
	const struct fail *f = locate(text, account, name, &map);
	const char *at;

	if (f || !map.folder.end)
		return f;
	cut(text, map.folder);
	f = locate(text, account, name, &map);
	if (f)
		return f;
	at = text->data + map.body.start;
	if (at + strspn(at, " \t\r\n") == text->data + map.body.end)
		cut(text, map.account); /* it was the last one */
	return NULL;
}

/* ---- the file ---------------------------------------------------------------------------------- */

/* What the symlink leads to, or the path as it is. */
static char *path_of_file(const char *path)
{
	struct stat status;
	char *real = NULL;

	if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
		real = realpath(path, NULL);
	return real ? real : memory_str(path);
}

static const char *name_of(const struct modes *modes)
{
	const char *slash = strrchr(modes->path, '/');

	return slash ? slash + 1 : modes->path;
}

static const struct fail *directory_open(struct modes *modes)
{
	size_t size = (size_t)(name_of(modes) - modes->path);
	char *path = memory_str(size ? modes->path : ".");

	if (size > 1)
		path[size - 1] = '\0'; /* the slash */
	else if (size == 1)
		path[1] = '\0';
	modes->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(path);
	return modes->directory >= 0 ? NULL : fail_errno(FAIL_ALL, errno, "%s", modes->path);
}

const struct fail *modes_begin(const struct config *config, struct modes *modes)
{
	size_t room = strlen(config->path) + sizeof MODES_SUFFIX;
	char *path = memory_alloc(room);
	const struct fail *f = NULL;

	snprintf(path, room, "%s" MODES_SUFFIX, config->path);
	*modes = (struct modes){ .path = path_of_file(path), .lock = -1, .directory = -1 };
	free(path);
	modes->text = memory_alloc(sizeof *modes->text);
	buf_init(modes->text, TEXT_ROOM);
	/* The configuration is there and stays, so it is what is locked.  Where it cannot be (some network
	 * file systems) two at the same time meet at the new file. */
	modes->lock = open(config->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	while (modes->lock >= 0 && flock(modes->lock, LOCK_EX) < 0 && errno == EINTR)
		;
	f = directory_open(modes);
	if (!f)
		f = file_read_all(modes->directory, name_of(modes), modes->text, CONFIG_LONGEST);
	if (fail_is(f, FAIL_MISSING))
		f = NULL;
	return f ? fail_make(f->code, FAIL_ALL, "%s cannot be read: %s", modes->path, f->text) : NULL;
}

/* Of a fixed name, so that a program that was ended leaves at most one behind. */
#define NEW_SUFFIX ".new"

const struct fail *modes_save(const struct modes *modes)
{
	const char *name = name_of(modes);
	size_t room = strlen(name) + sizeof NEW_SUFFIX;
	char *fresh = memory_alloc(room);
	const struct fail *f;
	int fd = -1;

	snprintf(fresh, room, "%s" NEW_SUFFIX, name);
	(void)unlinkat(modes->directory, fresh, 0);
	f = file_create(modes->directory, fresh, &fd);
	if (!f)
		f = file_write(fd, modes->text->data, modes->text->size);
	if (!f)
		f = file_sync(fd);
	if (!f)
		f = step("replace");
	if (!f && renameat(modes->directory, fresh, modes->directory, name) < 0)
		f = fail_errno(FAIL_ALL, errno, "%s", name);
	if (f && fd >= 0)
		(void)unlinkat(modes->directory, fresh, 0);
	if (!f)
		f = file_sync(modes->directory);
	if (fd >= 0)
		close(fd);
	free(fresh);
	return f ? fail_make(f->code, FAIL_ALL, "%s cannot be written: %s", modes->path, f->text) : NULL;
}

void modes_end(struct modes *modes)
{
	if (modes->lock >= 0)
		close(modes->lock);
	if (modes->directory >= 0)
		close(modes->directory);
	if (modes->text)
		buf_free(modes->text);
	free(modes->text);
	free(modes->path);
}
