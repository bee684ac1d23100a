/* Strings. */
#include "base/str.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t size = strlen(s);
	size_t tail = strlen(suffix);

	return size >= tail && memcmp(s + size - tail, suffix, tail) == 0;
}

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

int str_ncasecmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		int difference = lower(*a) - lower(*b);

		if (difference || !*a)
			return difference;
	}
	return 0;
}

int str_casecmp(const char *a, const char *b)
{
	return str_ncasecmp(a, b, SIZE_MAX);
}

static bool str_number(const char *s, uint64_t most, uint64_t *value)
{
	uint64_t number = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		uint64_t digit;

		if (*s < '0' || *s > '9')
			return false;
		digit = (uint64_t)(*s - '0');
		if (number > most / 10 || (number == most / 10 && digit > most % 10))
			return false;
		number = number * 10 + digit;
	}
	*value = number;
	return true;
}

bool str_u64(const char *s, uint64_t *value)
{
	return str_number(s, UINT64_MAX, value);
}

bool str_u32(const char *s, uint32_t *value)
{
	uint64_t number;

	if (!str_number(s, UINT32_MAX, &number))
		return false;
	*value = (uint32_t)number;
	return true;
}

size_t str_utf8_next(const char *s, size_t size, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)s;
	size_t length;
	uint32_t c;

	if (!size)
		return 0;
	c = bytes[0];
	if (c < 0x80) {
		*code = c;
		return 1;
	}
	length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || length > size)
		return 0;
	c &= 0xffu >> (length + 1);
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (bytes[i] & 0x3fu);
	}
	if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return length;
}

bool str_utf8(const char *s, size_t size)
{
	uint32_t code;

	while (size) {
		size_t length = str_utf8_next(s, size, &code);

		if (!length)
			return false;
		s += length;
		size -= length;
	}
	return true;
}

bool str_copy(char *to, size_t room, const char *from)
{
	size_t size = strlen(from);
	bool fits = size < room;

	if (!room)
		return false;
	if (!fits)
		size = room - 1;
	memcpy(to, from, size);
	to[size] = '\0';
	return fits;
}

static size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t str_distance(const char *a, const char *b, size_t most)
{
	size_t a_size = strlen(a);
	size_t b_size = strlen(b);
	size_t *row;
	size_t result;

	if ((a_size > b_size ? a_size - b_size : b_size - a_size) > most)
		return most + 1;
	row = memory_resize(NULL, b_size + 1, sizeof *row);
	for (size_t j = 0; j <= b_size; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t diagonal = row[0]; /* row[j - 1] of the line above */

		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t above = row[j];

			row[j] = least_of(least_of(above, row[j - 1]) + 1,
					  diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	result = least_of(row[b_size], most + 1);
	free(row);
	return result;
}

/* One character further: reach[j] tells whether the first j characters of the pattern match all of
 * the name that was seen. */
static void match_advance(const char *pattern, bool *reach, char c)
{
	bool diagonal = reach[0];

	reach[0] = false;
	for (size_t j = 1; pattern[j - 1]; j++) {
		bool before = reach[j];

		if (pattern[j - 1] == '*')
			reach[j] = before || reach[j - 1];
		else if (pattern[j - 1] == '%')
			reach[j] = (before && c != '/') || reach[j - 1];
		else
			reach[j] = diagonal && pattern[j - 1] == c;
		diagonal = before;
	}
}

bool str_match(const char *pattern, const char *name)
{
	bool few[256];
	size_t size = strlen(pattern);
	bool *reach = size < sizeof few ? few : memory_alloc(size + 1);
	bool result;

	reach[0] = true;
	for (size_t j = 1; j <= size; j++)
		reach[j] = reach[j - 1] && (pattern[j - 1] == '*' || pattern[j - 1] == '%');
	for (; *name; name++)
		match_advance(pattern, reach, *name);
	result = reach[size];
	if (reach != few)
		free(reach);
	return result;
}

void str_hex(char *out, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *from = bytes;

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[from[i] >> 4];
		*out++ = digits[from[i] & 15];
	}
	*out = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool str_unhex(void *bytes, const char *hex, size_t n)
{
	unsigned char *to = bytes;

	if (strlen(hex) != 2 * n)
		return false;
	for (size_t i = 0; i < 2 * n; i++)
		if (hex_value(hex[i]) < 0)
			return false;
	for (size_t i = 0; i < n; i++)
		to[i] = (unsigned char)(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
	return true;
}
