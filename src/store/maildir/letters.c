/* Letters: a folder's table of keywords. */
#include "store/maildir/letters.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/str.h"
#include "core/flags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORWARDED    "$Forwarded"
#define KEYWORD_MOST 255

/* A keyword is an IMAP atom (RFC 3501 section 9): this is what may not be in one. */
static bool is_keyword(const char *text, size_t size)
{
	if (!size || size > KEYWORD_MOST)
		return false;
	for (size_t i = 0; i < size; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f || strchr("(){%*\"\\]", text[i]))
			return false;
	return true;
}

/* The number at the start of a line "N NAME", with *name behind the space; LETTERS or more for all
 * that is no such line. */
static unsigned line_number(const char *line, const char *end, const char **name)
{
	unsigned number = 0;
	const char *at = line;

	while (at < end && *at >= '0' && *at <= '9' && number < LETTERS)
		number = number * 10 + (unsigned)(*at++ - '0');
	if (at == line || at == end || *at != ' ')
		return LETTERS;
	*name = at + 1;
	return number;
}

static void letter_set(struct letters *letters, unsigned number, const char *name, size_t size)
{
	uint32_t bit = 1u << number;
	char *keyword = NULL;

	if (letters->taken & bit) {
		/* Two meanings: none can be relied on. */
		free(letters->keyword[number]);
		letters->keyword[number] = NULL;
		letters->forwarded &= ~bit;
		return;
	}
	letters->taken |= bit;
	if (!is_keyword(name, size))
		return;
	keyword = memory_alloc(size + 1);
	memcpy(keyword, name, size);
	if (str_casecmp(keyword, FORWARDED) == 0) {
		letters->forwarded |= bit;
		free(keyword);
		return;
	}
	letters->keyword[number] = keyword;
}

void letters_parse(struct letters *letters, const char *text, size_t size)
{
	const char *end = text + size;

	letters_free(letters);
	letters->text = memory_alloc(size + 1);
	letters->size = size;
	memcpy(letters->text, text, size);
	for (const char *line = text; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		const char *name = NULL;
		unsigned number;

		if (!stop)
			stop = end;
		number = line_number(line, stop, &name);
		if (number < LETTERS)
			letter_set(letters, number, name, (size_t)(stop - name));
		line = stop + 1;
	}
}

void letters_free(struct letters *letters)
{
	for (int i = 0; i < LETTERS; i++)
		free(letters->keyword[i]);
	free(letters->text);
	*letters = (struct letters){ 0 };
}

uint32_t letters_of(const struct letters *letters, const char *keywords)
{
	uint32_t set = 0;

	for (int i = 0; i < LETTERS; i++)
		if (letters->keyword[i] && keywords_has(keywords, letters->keyword[i]))
			set |= 1u << i;
	return set;
}

const char *letters_keywords(const struct letters *letters, struct arena *arena, uint32_t set)
{
	const char *keywords = NULL;
	struct buf words;

	buf_init(&words, LETTERS * (KEYWORD_MOST + 1));
	for (int i = 0; i < LETTERS; i++) {
		if (!(set & 1u << i) || !letters->keyword[i])
			continue;
		buf_adds(&words, letters->keyword[i]);
		buf_addc(&words, ' ');
	}
	if (words.size)
		keywords = keywords_canonical(arena, words.data);
	buf_free(&words);
	return keywords;
}

const char *letters_all(const struct letters *letters, struct arena *arena)
{
	const char *keywords = letters_keywords(letters, arena, UINT32_MAX);

	return keywords ? keywords : "";
}

bool letters_full(const struct letters *letters)
{
	return letters->broken || letters->taken == (1u << LETTERS) - 1;
}

bool letters_assign(struct letters *letters, const char *keyword, uint32_t used)
{
	size_t size = strlen(keyword);
	unsigned number = 0;
	struct buf text;

	if (letters->broken || !is_keyword(keyword, size))
		return false;
	while (number < LETTERS && (letters->taken | used) & 1u << number)
		number++;
	buf_init(&text, LETTERS_MOST);
	if (letters->size)
		buf_add(&text, letters->text, letters->size);
	if (text.size && text.data[text.size - 1] != '\n')
		buf_addc(&text, '\n');
	buf_addf(&text, "%u %s\n", number, keyword);
	if (number >= LETTERS || text.over) {
		buf_free(&text);
		return false;
	}
	free(letters->text);
	letters->text = text.data;
	letters->size = text.size;
	letter_set(letters, number, keyword, size);
	return true;
}

const struct fail *letters_load(struct letters *letters, int directory)
{
	const struct fail *fail;
	struct stamp stamp;
	struct buf text;

	fail = stamp_read(directory, LETTERS_FILE, &stamp);
	if (fail)
		return fail;
	buf_init(&text, LETTERS_MOST);
	if (stamp.inode)
		fail = file_read_all(directory, LETTERS_FILE, &text, LETTERS_MOST);
	if (fail_is(fail, FAIL_MISSING)) {
		/* Gone meanwhile.  The stamp then does not match: it is looked at again. */
		fail = NULL;
	}
	letters_parse(letters, text.data, fail ? 0 : text.size);
	/* A symlink, a FIFO, something huge, no permission: as if there were none; not touched. */
	letters->broken = fail != NULL;
	letters->stamp = stamp;
	buf_free(&text);
	return fail && fail->scope > FAIL_FOLDER ? fail : NULL;
}

const struct fail *letters_save(struct letters *letters, int directory, int tmp, const char *name)
{
	const struct fail *fail;
	int fd = -1;

	fail = file_create(tmp, name, &fd);
	if (fail)
		return fail;
	fail = file_write(fd, letters->text, letters->size);
	if (!fail)
		fail = file_sync(fd);
	if (!fail)
		fail = step("keywords");
	if (!fail && renameat(tmp, name, directory, LETTERS_FILE) != 0)
		fail = fail_errno(FAIL_ITEM, errno, "%s", LETTERS_FILE);
	if (fail)
		unlinkat(tmp, name, 0);
	if (!fail)
		fail = file_sync(directory);
	if (!fail)
		fail = stamp_read(directory, LETTERS_FILE, &letters->stamp);
	close(fd);
	return fail;
}
