/* Name: messages' file names. */
#include "store/maildir/name.h"

#include "base/clock.h"
#include "core/item.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define INFO      ":2,"
#define INFO_SIZE 3

/* How much of a name another program's wish may take: flags and keywords need room too. */
#define BASE_MOST 200

static const struct {
	char letter;
	uint32_t bit;
} flag_letters[] = {
	{ 'D', FLAG_DRAFT },	{ 'F', FLAG_FLAGGED }, { 'P', FLAG_FORWARDED },
	{ 'R', FLAG_ANSWERED }, { 'S', FLAG_SEEN },    { 'T', FLAG_DELETED },
};

#define FLAG_LETTERS (sizeof flag_letters / sizeof *flag_letters)

static uint32_t flag_of_letter(char letter)
{
	for (size_t i = 0; i < FLAG_LETTERS; i++)
		if (flag_letters[i].letter == letter)
			return flag_letters[i].bit;
	return 0;
}

size_t name_base(const char *text)
{
	const char *info = *text ? strstr(text + 1, INFO) : NULL;

	return info ? (size_t)(info - text) : strlen(text);
}

void name_parse(struct name *name, const char *text)
{
	const char *at;

	*name = (struct name){ .base = text, .base_size = name_base(text), .rest = "" };
	at = text + name->base_size;
	if (!*at)
		return;
	name->has_info = true;
	for (at += INFO_SIZE;; at++) {
		if (*at >= 'a' && *at <= 'z')
			name->letters |= 1u << (*at - 'a');
		else if (*at < 'A' || *at > 'Z')
			break;
		else if (flag_of_letter(*at))
			name->bits |= flag_of_letter(*at);
		else
			name->capitals |= 1u << (*at - 'A');
	}
	name->rest = at;
}

bool name_build(char out[NAME_ROOM], const struct name *name)
{
	uint32_t capitals = name->capitals;
	size_t rest = strlen(name->rest);
	char letters[52];
	size_t count = 0;
	size_t size = name->base_size;

	for (size_t i = 0; i < FLAG_LETTERS; i++)
		if (name->bits & flag_letters[i].bit)
			capitals |= 1u << (flag_letters[i].letter - 'A');
	for (int i = 0; i < 26; i++)
		if (capitals & 1u << i)
			letters[count++] = (char)('A' + i);
	for (int i = 0; i < 26; i++)
		if (name->letters & 1u << i)
			letters[count++] = (char)('a' + i);
	if (size + (name->has_info ? INFO_SIZE : 0) + count + rest >= NAME_ROOM)
		return false;
	memcpy(out, name->base, size);
	if (name->has_info) {
		memcpy(out + size, INFO, INFO_SIZE);
		memcpy(out + size + INFO_SIZE, letters, count);
		memcpy(out + size + INFO_SIZE + count, name->rest, rest);
		size += INFO_SIZE + count + rest;
	}
	out[size] = '\0';
	return true;
}

bool name_is_base(const char *text)
{
	size_t size = strlen(text);

	if (!size || size > BASE_MOST || *text == '.' || strchr(text, '/'))
		return false;
	/* As a base it must be all of itself, whatever info is put behind it. */
	return name_base(text) == size && text[size - 1] != ':' &&
	       (size < 2 || strcmp(text + size - 2, ":2") != 0);
}

/* The host's name as a part of file names. */
static void host_name(char out[64])
{
	size_t used = 0;
	char host[256] = "";

	if (gethostname(host, sizeof host - 1) != 0 || !host[0])
		snprintf(host, sizeof host, "localhost");
	for (const char *c = host; *c && used < 63; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			     (*c >= '0' && *c <= '9') || *c == '-' || *c == '.';

		out[used++] = plain ? *c : '_';
	}
	out[used] = '\0';
}

#define TOKEN_ROOM 48

static void unique_token(const struct unique *unique, char out[TOKEN_ROOM])
{
	snprintf(out, TOKEN_ROOM, "R%016llxP%ldQ", (unsigned long long)unique->random,
		 (long)getpid());
}

void unique_name(struct unique *unique, char out[NAME_ROOM])
{
	char token[TOKEN_ROOM];

	if (!unique->host[0]) {
		host_name(unique->host);
		/* Without it time, process and count still make the name unique; and no name is
		 * ever replaced. */
		if (getrandom(&unique->random, sizeof unique->random, GRND_NONBLOCK) < 0)
			unique->random = 0;
	}
	unique_token(unique, token);
	snprintf(out, NAME_ROOM, "%lld.%s%u.%s", (long long)clock_now(), token, ++unique->count,
		 unique->host);
}

bool unique_mine(const struct unique *unique, const char *name)
{
	char token[TOKEN_ROOM];

	unique_token(unique, token);
	return unique->host[0] && strstr(name, token) != NULL;
}
