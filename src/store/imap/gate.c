/* Gate: reads whole responses within limits, hands bodies on, and sorts the rest by kind. */
#include "store/imap/gate.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "store/imap/etpan.h"
#include "store/imap/reader.h"

#include <string.h>

#define SEARCH_PIECE 4096 /* UIDs in one answer */

void gate_init(struct gate *gate, incoming_read *read, void *context)
{
	memset(gate, 0, sizeof *gate);
	gate->incoming.read = read;
	gate->incoming.context = context;
	gate->etpan = etpan_new();
	gate->arena = arena_new();
	buf_init(&gate->text, LINE_MOST);
	buf_init(&gate->clean, LINE_MOST + 64);
}

void gate_free(struct gate *gate)
{
	incoming_free(&gate->incoming);
	etpan_free(gate->etpan);
	arena_free(gate->arena);
	buf_free(&gate->text);
	buf_free(&gate->clean);
}

void gate_expect(struct gate *gate)
{
	gate->answers = gate->bytes = 0;
}

void gate_take_bodies(struct gate *gate, const char *section, gate_body *body, void *context)
{
	gate->section = section;
	gate->begin = NULL;
	gate->body = body;
	gate->body_context = context;
}

void gate_take_sections(struct gate *gate, gate_section *begin, gate_body *body, void *context)
{
	gate_take_bodies(gate, NULL, body, context);
	gate->begin = begin;
}

/* ---- literals ------------------------------------------------------------------------------ */

/* If the text ends with a literal's head, "{12}" (also "{12+}", "~{12}"), removes it and tells the
 * size. */
static const struct fail *literal_head(struct buf *text, bool *found, uint64_t *size)
{
	const char *end = text->data + text->size, *p = end;
	uint64_t value = 0;

	*found = false;
	if (p == text->data || p[-1] != '}')
		return NULL;
	p--;
	if (p > text->data && p[-1] == '+')
		p--;
	end = p;
	while (p > text->data && p[-1] >= '0' && p[-1] <= '9')
		p--;
	if (p == end || p == text->data || p[-1] != '{')
		return NULL;
	for (const char *digit = p; digit < end; digit++) {
		value = value * 10 + (uint64_t)(*digit - '0');
		if (value > GATE_BODY_MOST)
			return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
					 "the server sent a literal of more than 2 GB");
	}
	p--;
	if (p > text->data && p[-1] == '~')
		p--;
	text->size = (size_t)(p - text->data);
	text->data[text->size] = '\0';
	*found = true;
	*size = value;
	return NULL;
}

bool gate_wants(struct gate *gate, const char *name, size_t size)
{
	if (!gate->body || size < 6)
		return false;
	if (size >= 9 && memcmp(name + size - 3, "<0>", 3) == 0)
		size -= 3;
	if (name[size - 1] != ']' || str_ncasecmp(name, "BODY[", 5) != 0)
		return false;
	name += 5;
	size -= 6;
	if (!gate->begin)
		return strlen(gate->section) == size && str_ncasecmp(name, gate->section, size) == 0;
	if (size > GATE_SECTION_MOST || memchr(name, ']', size))
		return false;
	memcpy(gate->named, name, size);
	gate->named[size] = '\0';
	return true;
}

/* Does the text end with "BODY[section] " (or with an origin, "<0>"), the section being one that was asked
 * for? */
static bool body_follows(struct gate *gate)
{
	const char *begin = gate->text.data, *end = begin + gate->text.size, *name;

	if (end == begin || end[-1] != ' ')
		return false;
	name = --end;
	/* A section's name may hold blanks: it begins with its bracket. */
	while (name > begin && *name != '[' && end - name < GATE_SECTION_MOST + 8)
		name--;
	return name - begin > 5 && strchr(" (", name[-5]) &&
	       gate_wants(gate, name - 4, (size_t)(end - name) + 4);
}

const struct fail *gate_body_begin(struct gate *gate, uint64_t size)
{
	if (gate->has_body && !gate->begin)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "the server sent two bodies at once");
	gate->has_body = true;
	return gate->begin ? gate->begin(gate->body_context, gate->named, size) : NULL;
}

static const struct fail *literal_to_body(struct gate *gate, uint64_t size)
{
	const struct fail *f = gate_body_begin(gate, size);

	if (f)
		return f;
	while (size) {
		const char *data;
		size_t got;

		f = incoming_bytes(&gate->incoming,
				   size > INCOMING_ROOM ? INCOMING_ROOM : (size_t)size, &data,
				   &got);
		if (!f)
			f = gate->body(gate->body_context, data, got);
		if (f)
			return f;
		size -= got;
	}
	buf_adds(&gate->text, GATE_TAKEN);
	return NULL;
}

/* Puts a literal into the text as a quoted string. */
static const struct fail *literal_to_text(struct gate *gate, uint64_t size)
{
	if (size > LINE_MOST - gate->text.size)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
				 "the server sent a literal of %llu bytes where a name belongs",
				 (unsigned long long)size);
	buf_addc(&gate->text, '"');
	while (size) {
		const struct fail *f;
		const char *data;
		size_t got;

		f = incoming_bytes(&gate->incoming, (size_t)size, &data, &got);
		if (f)
			return f;
		for (size_t i = 0; i < got; i++) {
			if (data[i] == '"' || data[i] == '\\')
				buf_addc(&gate->text, '\\');
			/* A NUL becomes another byte that no name may hold. */
			buf_addc(&gate->text, data[i] ? data[i] : '\1');
		}
		size -= got;
	}
	buf_addc(&gate->text, '"');
	return NULL;
}

/* ---- one response -------------------------------------------------------------------------- */

/* Status responses end with text for people, which may look like a literal's head. */
static bool can_hold_literals(const char *text)
{
	static const char *const words[] = { "OK", "NO", "BAD", "BYE", "PREAUTH" };

	if (!str_starts(text, "* "))
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t size = strlen(words[i]);

		if (str_ncasecmp(text + 2, words[i], size) == 0 &&
		    (text[2 + size] == ' ' || !text[2 + size]))
			return false;
	}
	return true;
}

/* Reads one response: its lines with what is between them. */
static const struct fail *response_read(struct gate *gate)
{
	const struct fail *f;

	buf_clear(&gate->text);
	gate->has_body = false;
	f = incoming_line(&gate->incoming, &gate->text);
	if (f || !can_hold_literals(gate->text.data))
		return f;
	for (;;) {
		uint64_t size = 0;
		bool found;

		f = literal_head(&gate->text, &found, &size);
		if (f || !found)
			return f;
		f = body_follows(gate) ? literal_to_body(gate, size) : literal_to_text(gate, size);
		if (!f)
			f = incoming_line(&gate->incoming, &gate->text);
		if (f)
			return f;
		if (gate->text.over)
			return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
					 "the server sent a response that is too long");
	}
}

/* A piece of a SEARCH response, which can be longer than any line may be. */
static const struct fail *search_read(struct gate *gate, struct answer *answer)
{
	uint64_t number = 0;
	bool digits = false, aside = false;

	answer->kind = ANSWER_SEARCH;
	answer->uids = arena_alloc(gate->arena, SEARCH_PIECE * sizeof *answer->uids);
	while (answer->uid_count < SEARCH_PIECE) {
		const struct fail *f;
		const char *c;
		size_t got;

		f = incoming_bytes(&gate->incoming, 1, &c, &got);
		if (f)
			return f;
		if (*c >= '0' && *c <= '9') {
			number = number * 10 + (uint64_t)(*c - '0');
			digits = true;
			if (number > UINT32_MAX && !aside)
				break;
			if (aside)
				number = 0;
			continue;
		}
		if (digits && !aside) {
			if (number == 0)
				break;
			answer->uids[answer->uid_count++] = (uint32_t)number;
		}
		digits = false;
		number = 0;
		if (*c == '(') /* (MODSEQ n), RFC 7162 3.1.5 */
			aside = true;
		if (*c == '\n') {
			gate->searching = false;
			log_line(LOG_WIRE, "S: * SEARCH (the end of it)");
			return NULL;
		}
		if (!aside && *c != ' ' && *c != '\r')
			break;
	}
	if (answer->uid_count == SEARCH_PIECE)
		return NULL;
	return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "the server's SEARCH answer makes no sense");
}

static const struct fail *untagged(struct gate *gate, struct scan *scan, struct answer *answer)
{
	static const struct {
		const char *word;
		reader_read *read;
	} kinds[] = {
		{ "OK", reader_state },
		{ "NO", reader_state },
		{ "BAD", reader_state },
		{ "BYE", reader_state },
		{ "PREAUTH", reader_state },
		{ "CAPABILITY", reader_capability },
		{ "LIST", reader_list },
		{ "LSUB", reader_list },
		{ "STATUS", reader_status },
		{ "NAMESPACE", reader_namespace },
		{ "FLAGS", reader_flags },
		{ "VANISHED", reader_vanished },
		{ "SEARCH", reader_search_empty },
		{ "ENABLED", reader_capability },
	};
	struct scan ahead = *scan;
	struct span word;

	if (*scan->at >= '0' && *scan->at <= '9')
		return reader_numbered(gate, scan, answer);
	if (!scan_word(&ahead, &word))
		return NULL;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (span_is(word, kinds[i].word))
			return kinds[i].read(gate, scan, answer);
	return NULL;
}

static const struct fail *tagged(struct gate *gate, struct scan *scan, struct answer *answer)
{
	const struct fail *f;
	uint64_t tag;

	if (!scan_number(scan, &tag) || tag == 0 || tag > UINT32_MAX || !scan_char(scan, ' '))
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "not IMAP: the server sent \"%.60s\"",
				 gate->text.data);
	f = reader_state(gate, scan, answer);
	if (f)
		return f;
	if (answer->kind != ANSWER_STATE)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
				 "the server's tagged answer is \"%.60s\"", gate->text.data);
	answer->kind = ANSWER_DONE;
	answer->tag = (uint32_t)tag;
	return NULL;
}

static const struct fail *response_understand(struct gate *gate, struct answer *answer)
{
	struct scan scan = { gate->text.data };

	if (gate->text.size == 0)
		return NULL;
	if (*scan.at == '+') {
		answer->kind = ANSWER_CONTINUE;
		answer->text = scan.at + (scan.at[1] == ' ' ? 2 : 1);
		return NULL;
	}
	if (*scan.at != '*')
		return tagged(gate, &scan, answer);
	scan.at++;
	while (scan_char(&scan, ' '))
		;
	return untagged(gate, &scan, answer);
}

const struct fail *gate_next(struct gate *gate, struct answer *answer)
{
	const struct fail *f;

	do {
		memset(answer, 0, sizeof *answer);
		arena_reset(gate->arena);
		gate->bytes += gate->text.size;
		if (++gate->answers > GATE_ANSWERS_MOST || gate->bytes > GATE_BYTES_MOST)
			return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
					 "the server's answer to one command does not end");
		if (!gate->searching) {
			f = incoming_starts(&gate->incoming, "* SEARCH ", &gate->searching);
			if (f)
				return f;
		}
		if (gate->searching)
			return search_read(gate, answer);
		f = response_read(gate);
		if (f)
			return f;
		if (log_level() >= LOG_WIRE)
			log_line(LOG_WIRE, "S: %s%s", gate->text.data,
				 gate->has_body ? " (with a body)" : "");
		f = response_understand(gate, answer);
		if (f)
			return f;
	} while (answer->kind == ANSWER_NOTHING);
	return NULL;
}
