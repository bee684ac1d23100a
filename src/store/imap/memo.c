/* Memo: capabilities and namespaces as text. */
#include "store/imap/memo.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <string.h>

#define MEMO_MOST       ((size_t)64 * 1024)
#define NAMESPACES_MOST 32
#define MEMO_HEAD       "imap 1\n"

static const struct {
	const char *name;
	uint32_t bit;
} names[] = {
	{ "AUTH=PLAIN", CAP_AUTH_PLAIN },
	{ "COMPRESS=DEFLATE", CAP_COMPRESS },
	{ "CONDSTORE", CAP_CONDSTORE },
	{ "CREATE-SPECIAL-USE", CAP_CREATE_SPECIAL_USE },
	{ "ENABLE", CAP_ENABLE },
	{ "ESEARCH", CAP_ESEARCH },
	{ "LIST-EXTENDED", CAP_LIST_EXTENDED },
	{ "LIST-STATUS", CAP_LIST_STATUS },
	{ "LITERAL-", CAP_LITERAL_MINUS },
	{ "LITERAL+", CAP_LITERAL_PLUS },
	{ "LOGINDISABLED", CAP_LOGINDISABLED },
	{ "MOVE", CAP_MOVE },
	{ "NAMESPACE", CAP_NAMESPACE },
	{ "OBJECTID", CAP_OBJECTID },
	{ "QRESYNC", CAP_QRESYNC },
	{ "SASL-IR", CAP_SASL_IR },
	{ "SPECIAL-USE", CAP_SPECIAL_USE },
	{ "STARTTLS", CAP_STARTTLS },
	{ "UIDPLUS", CAP_UIDPLUS },
	{ "UNSELECT", CAP_UNSELECT },
	{ "X-GM-EXT-1", CAP_GMAIL },
};

uint32_t capabilities_parse(const char *words)
{
	uint32_t set = CAP_TOLD;

	for (const char *p = words; *p;) {
		size_t size = strcspn(p, " \r\n");

		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (strlen(names[i].name) == size &&
			    str_ncasecmp(p, names[i].name, size) == 0)
				set |= names[i].bit;
		p += size;
		p += strspn(p, " \r\n");
	}
	/* QRESYNC includes CONDSTORE (RFC 7162 3.2.3). */
	if (set & CAP_QRESYNC)
		set |= CAP_CONDSTORE;
	return set;
}

static void set_put(struct buf *out, const char *key, uint32_t set)
{
	if (!(set & CAP_TOLD))
		return;
	buf_adds(out, key);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (set & names[i].bit)
			buf_addf(out, " %s", names[i].name);
	buf_addc(out, '\n');
}

const char *memo_text(struct arena *arena, const struct memo *memo)
{
	const char *text;
	struct buf out;

	buf_init(&out, MEMO_MOST);
	buf_adds(&out, MEMO_HEAD);
	set_put(&out, "before", memo->before);
	set_put(&out, "after", memo->after);
	if (memo->volunteers)
		buf_adds(&out, "volunteers\n");
	if (memo->careful)
		buf_adds(&out, "careful\n");
	if (memo->has_namespaces)
		buf_adds(&out, "namespaces\n");
	for (size_t i = 0; i < memo->namespace_count; i++) {
		const struct memo_namespace *space = &memo->namespaces[i];

		/* The delimiter as a number: it can be any character. */
		buf_addf(&out, "%s %u %s\n", space->personal ? "mine" : "foreign",
			 (unsigned)(unsigned char)space->delimiter, space->prefix);
	}
	text = out.over ? NULL : arena_str(arena, out.data);
	buf_free(&out);
	return text;
}

/* "mine 46 INBOX."; the prefix is the rest of the line. */
static bool namespace_parse(struct arena *arena, const char *line, struct memo_namespace *space)
{
	const char *p = strchr(line, ' ') + 1;
	unsigned delimiter = 0;

	space->personal = str_starts(line, "mine ");
	while (*p >= '0' && *p <= '9' && delimiter < 256)
		delimiter = delimiter * 10 + (unsigned)(*p++ - '0');
	if (*p != ' ' || delimiter > 255)
		return false;
	space->delimiter = (char)delimiter;
	space->prefix = arena_str(arena, p + 1);
	return true;
}

void memo_parse(struct arena *arena, const char *text, struct memo *memo)
{
	struct memo_namespace *spaces;

	memset(memo, 0, sizeof *memo);
	if (!text || !str_starts(text, MEMO_HEAD) || strlen(text) > MEMO_MOST)
		return;
	spaces = arena_alloc(arena, NAMESPACES_MOST * sizeof *spaces);
	memo->namespaces = spaces;
	for (const char *p = text + strlen(MEMO_HEAD); *p;) {
		size_t size = strcspn(p, "\n");
		const char *line = arena_strn(arena, p, size);

		p += size + (p[size] == '\n');
		if (str_starts(line, "before"))
			memo->before = capabilities_parse(line);
		else if (str_starts(line, "after"))
			memo->after = capabilities_parse(line);
		else if (strcmp(line, "volunteers") == 0)
			memo->volunteers = true;
		else if (strcmp(line, "careful") == 0)
			memo->careful = true;
		else if (strcmp(line, "namespaces") == 0)
			memo->has_namespaces = true;
		else if ((str_starts(line, "mine ") || str_starts(line, "foreign ")) &&
			 memo->namespace_count < NAMESPACES_MOST &&
			 namespace_parse(arena, line, &spaces[memo->namespace_count]))
			memo->namespace_count++;
	}
}
