/* Clean: rewrites what libetpan is to parse.  What cannot be made clean is left out where nothing
 * is lost by that (an odd flag, a date that is none) and a failure where something would be (a
 * UID). */
#include "store/imap/clean.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/imap/etpan.h"
#include "store/imap/gate.h"
#include "store/imap/reader.h"
#include "store/imap/scan.h"

#include <inttypes.h>
#include <string.h>

#define DATE_SIZE 28 /* "17-Jul-1996 02:44:25 -0700" with its quotes */

static const struct fail *senseless(const struct gate *gate)
{
	return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
			 "the server's answer makes no sense: \"%.80s\"", gate->text.data);
}

/* ---- flags --------------------------------------------------------------------------------- */

static bool is_flag(const char *word, size_t size)
{
	if (size && *word == '\\') {
		word++;
		size--;
	}
	for (size_t i = 0; i < size; i++)
		if (word[i] <= ' ' || word[i] > '~' || strchr("(){%*\"\\]", word[i]))
			return false;
	return size > 0;
}

const char *clean_keywords(struct arena *arena, const char *keywords)
{
	char *out, *to;

	if (!keywords)
		return NULL;
	out = to = arena_alloc(arena, strlen(keywords) + 1);
	for (const char *p = keywords; *p;) {
		size_t size = strcspn(p, " ");

		if (*p != '\\' && is_flag(p, size)) {
			if (to > out)
				*to++ = ' ';
			memcpy(to, p, size);
			to += size;
		}
		p += size;
		p += *p == ' ';
	}
	return *out ? out : NULL;
}

/* Adds "(…)" with what are flags of the words in `values`.
 * QUIRK(home.pl): "(\Seen \)"; others nest brackets in there: such words are left out. */
static void flags_add(struct buf *out, const char *values, size_t size, bool permanent)
{
	const char *end = values + size;
	bool first = true;

	buf_addc(out, '(');
	while (values < end) {
		size_t word = 0;

		while (values + word < end && !strchr(" ()", values[word]))
			word++;
		if (is_flag(values, word) ||
		    (permanent && word == 2 && memcmp(values, "\\*", 2) == 0)) {
			if (!first)
				buf_addc(out, ' ');
			buf_add(out, values, word);
			first = false;
		}
		values += word + 1;
	}
	buf_addc(out, ')');
}

const struct fail *reader_flags(struct gate *gate, struct scan *scan, struct answer *answer)
{
	struct span word, value;

	(void)scan_word(scan, &word);
	if (!scan_char(scan, ' ') || !scan_value(scan, &value))
		return senseless(gate);
	buf_clear(&gate->clean);
	buf_adds(&gate->clean, "* FLAGS ");
	flags_add(&gate->clean, value.text, value.size, false);
	buf_adds(&gate->clean, "\r\n");
	answer->kind = ANSWER_FLAGS;
	return etpan_flags(gate->etpan, &gate->clean, gate->arena, &answer->flags);
}

/* ---- sets ---------------------------------------------------------------------------------- */

/* Adds a set of UIDs if it is nothing else. */
static bool set_add(struct buf *out, const char *set, size_t size)
{
	const char *at = set, *end = set + size;
	struct uid_range range;

	while (at < end)
		if (!uid_set_next(&at, &range) || at > end)
			return false;
	if (size == 0 || end[-1] == ',')
		return false;
	buf_add(out, set, size);
	return true;
}

const struct fail *reader_vanished(struct gate *gate, struct scan *scan, struct answer *answer)
{
	struct span word;

	(void)scan_word(scan, &word);
	buf_clear(&gate->clean);
	buf_adds(&gate->clean, "* VANISHED ");
	if (!scan_char(scan, ' '))
		return senseless(gate);
	if (str_ncasecmp(scan->at, "(EARLIER) ", 10) == 0) {
		scan->at += 10;
		buf_adds(&gate->clean, "(EARLIER) ");
	}
	/* RFC 7162 has no empty set here; a server that sends one means nothing by it. */
	if (!*scan->at)
		return NULL;
	if (!set_add(&gate->clean, scan->at, strcspn(scan->at, " ")))
		return senseless(gate);
	buf_adds(&gate->clean, "\r\n");
	answer->kind = ANSWER_VANISHED;
	return etpan_vanished(gate->etpan, &gate->clean, gate->arena, answer);
}

const struct fail *clean_code(struct gate *gate, const char *name, const char *values, size_t size,
			      struct code *code)
{
	const char *end = values + size;
	uint64_t validity;
	struct scan scan = { values };
	bool good = false;

	buf_clear(&gate->clean);
	buf_addf(&gate->clean, "* OK [%s ", name);
	switch (code->kind) {
	case CODE_PERMANENTFLAGS:
		flags_add(&gate->clean, values, size, true);
		good = true;
		break;
	case CODE_APPENDUID:
	case CODE_COPYUID:
		if (!scan_number(&scan, &validity) || validity == 0 || validity > UINT32_MAX)
			break;
		buf_addf(&gate->clean, "%" PRIu64, validity);
		good = true;
		for (int sets = code->kind == CODE_COPYUID ? 2 : 1; sets && good; sets--) {
			size_t set;

			buf_addc(&gate->clean, ' ');
			good = scan_char(&scan, ' ') && scan.at < end;
			set = good ? strcspn(scan.at, " ]") : 0;
			good = good && set_add(&gate->clean, scan.at, set);
			scan.at += set;
		}
		break;
	case CODE_NONE:
	case CODE_OTHER:
	case CODE_ALREADYEXISTS:
	case CODE_AUTHENTICATIONFAILED:
	case CODE_CAPABILITY:
	case CODE_CLOSED:
	case CODE_HIGHESTMODSEQ:
	case CODE_LIMIT:
	case CODE_NOMODSEQ:
	case CODE_NONEXISTENT:
	case CODE_NOPERM:
	case CODE_OVERQUOTA:
	case CODE_READ_ONLY:
	case CODE_READ_WRITE:
	case CODE_TRYCREATE:
	case CODE_UIDNEXT:
	case CODE_UIDVALIDITY:
	case CODE_UNAVAILABLE:
	case CODE_TOOBIG:
		break;
	}
	if (!good) {
		code->kind = CODE_OTHER;
		return NULL;
	}
	buf_adds(&gate->clean, "] -\r\n");
	return etpan_code(gate->etpan, &gate->clean, gate->arena, code);
}

/* ---- FETCH --------------------------------------------------------------------------------- */

static bool is_date(struct span value)
{
	static const char form[DATE_SIZE + 1] = "\"_9-AAA-9999 99:99:99 +9999\"";
	static const char months[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";
	bool month = false;

	if (value.size != DATE_SIZE)
		return false;
	for (const char *name = months; *name; name += name[3] ? 4 : 3)
		month = month || str_ncasecmp(value.text + 4, name, 3) == 0;
	for (size_t i = 0; i < DATE_SIZE; i++) {
		char c = value.text[i];
		bool digit = c >= '0' && c <= '9';

		if ((form[i] == '9' && !digit) || (form[i] == '_' && !digit && c != ' ') ||
		    (form[i] == '+' && c != '+' && c != '-') ||
		    (strchr("\"-: ", form[i]) && c != form[i]))
			return false;
	}
	return month;
}

/* A body that came as a quoted string, "abc", goes where one in a literal goes; NIL is none, but of a section
 * it says that there is nothing in it. */
static const struct fail *body_quoted(struct gate *gate, struct span value)
{
	struct scan scan = { value.text };
	const struct fail *f;
	char *bytes;

	if (value.text[0] != '"')
		return gate->begin && span_is(value, "NIL") ? gate_body_begin(gate, 0) : NULL;
	if (!scan_string(&scan, gate->arena, &bytes) || !bytes)
		return senseless(gate);
	f = gate_body_begin(gate, strlen(bytes));
	return f ? f : gate->body(gate->body_context, bytes, strlen(bytes));
}

/* Adds one item, with a space before it, if it is of use. */
static const struct fail *item_add(struct gate *gate, struct fetched *fetched, struct span name,
				   struct span value)
{
	struct scan scan = { value.text };
	uint64_t number;

	if (span_is(name, "UID")) {
		if (!scan_number(&scan, &number) || number == 0 || number > UINT32_MAX)
			return senseless(gate);
		buf_addf(&gate->clean, " UID %" PRIu64, number);
	} else if (span_is(name, "FLAGS")) {
		buf_adds(&gate->clean, " FLAGS ");
		flags_add(&gate->clean, value.text, value.size, false);
	} else if (span_is(name, "RFC822.SIZE")) {
		/* libetpan has 32 bits for it; larger is not told. */
		if (scan_number(&scan, &number) && number <= UINT32_MAX)
			buf_addf(&gate->clean, " RFC822.SIZE %" PRIu64, number);
	} else if (span_is(name, "INTERNALDATE")) {
		if (is_date(value)) {
			buf_adds(&gate->clean, " INTERNALDATE ");
			buf_add(&gate->clean, value.text, value.size);
		}
	} else if (span_is(name, "EMAILID")) { /* libetpan does not know it */
		fetched->lasting = span_object(value, gate->arena);
	} else if (gate->begin && span_is(name, "BODYSTRUCTURE")) {
		fetched->structure = arena_strn(gate->arena, value.text, value.size);
	} else if (gate_wants(gate, name.text, name.size)) {
		return body_quoted(gate, value);
	}
	return NULL;
}

/* An item's name; a section may hold spaces. */
static bool name_read(struct scan *scan, struct span *name)
{
	if (!scan_value(scan, name))
		return false;
	if (memchr(name->text, '[', name->size) && !memchr(name->text, ']', name->size)) {
		const char *end = strchr(scan->at, ']');

		if (!end)
			return false;
		scan->at = end + strcspn(end, " ");
		name->size = (size_t)(scan->at - name->text);
	}
	return true;
}

static const struct fail *reader_fetch(struct gate *gate, struct scan *scan, uint32_t number,
				       struct answer *answer)
{
	struct fetched *fetched = &answer->fetched;
	const struct fail *f = NULL;
	size_t head;

	buf_clear(&gate->clean);
	buf_addf(&gate->clean, "* %" PRIu32 " FETCH (", number);
	head = gate->clean.size;
	if (!scan_char(scan, ' ') || !scan_char(scan, '('))
		return senseless(gate);
	while (!scan_char(scan, ')')) {
		struct span name, value;

		if (scan_char(scan, ' '))
			continue;
		if (!name_read(scan, &name) || !scan_char(scan, ' ') || !scan_value(scan, &value))
			return senseless(gate);
		f = item_add(gate, fetched, name, value);
		if (f)
			return f;
	}
	if (gate->clean.size > head) {
		/* The space that came before the first item goes. */
		memmove(gate->clean.data + head, gate->clean.data + head + 1,
			gate->clean.size - head);
		gate->clean.size--;
		buf_adds(&gate->clean, ")\r\n");
		f = etpan_fetch(gate->etpan, &gate->clean, gate->arena, fetched);
	} else if (!gate->has_body) {
		return NULL;
	}
	answer->kind = ANSWER_FETCH;
	fetched->number = number;
	fetched->has_body = gate->has_body;
	return f;
}

const struct fail *reader_numbered(struct gate *gate, struct scan *scan, struct answer *answer)
{
	uint64_t number;
	struct span word;

	if (!scan_number(scan, &number) || number > UINT32_MAX || !scan_char(scan, ' ') ||
	    !scan_word(scan, &word))
		return senseless(gate);
	answer->number = number;
	if (span_is(word, "EXISTS"))
		answer->kind = ANSWER_EXISTS;
	else if (number == 0)
		return span_is(word, "RECENT") ? NULL : senseless(gate);
	else if (span_is(word, "EXPUNGE"))
		answer->kind = ANSWER_EXPUNGE;
	else if (span_is(word, "FETCH"))
		return reader_fetch(gate, scan, (uint32_t)number, answer);
	return NULL;
}
