/* Reader: status, capabilities, folders and their counts. */
#include "store/imap/reader.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/imap/clean.h"
#include "store/imap/gate.h"

#include <string.h>

static const struct fail *senseless(const struct gate *gate)
{
	return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
			 "the server's answer makes no sense: \"%.80s\"", gate->text.data);
}

/* ---- status -------------------------------------------------------------------------------- */

enum code_form { FORM_BARE, FORM_NUMBER, FORM_WORDS, FORM_ETPAN };

static const struct code_name {
	const char *name;
	enum code_kind kind;
	enum code_form form;
} codes[] = {
	{ "ALREADYEXISTS", CODE_ALREADYEXISTS, FORM_BARE },
	{ "APPENDUID", CODE_APPENDUID, FORM_ETPAN },
	{ "AUTHENTICATIONFAILED", CODE_AUTHENTICATIONFAILED, FORM_BARE },
	{ "AUTHORIZATIONFAILED", CODE_AUTHENTICATIONFAILED, FORM_BARE },
	{ "CAPABILITY", CODE_CAPABILITY, FORM_WORDS },
	{ "CLOSED", CODE_CLOSED, FORM_BARE },
	{ "CONTACTADMIN", CODE_UNAVAILABLE, FORM_BARE },
	{ "COPYUID", CODE_COPYUID, FORM_ETPAN },
	{ "EXPIRED", CODE_AUTHENTICATIONFAILED, FORM_BARE },
	{ "HIGHESTMODSEQ", CODE_HIGHESTMODSEQ, FORM_NUMBER },
	{ "INUSE", CODE_UNAVAILABLE, FORM_BARE },
	{ "LIMIT", CODE_LIMIT, FORM_BARE },
	{ "NOMODSEQ", CODE_NOMODSEQ, FORM_BARE },
	{ "NONEXISTENT", CODE_NONEXISTENT, FORM_BARE },
	{ "NOPERM", CODE_NOPERM, FORM_BARE },
	{ "OVERQUOTA", CODE_OVERQUOTA, FORM_BARE },
	{ "PERMANENTFLAGS", CODE_PERMANENTFLAGS, FORM_ETPAN },
	{ "READ-ONLY", CODE_READ_ONLY, FORM_BARE },
	{ "READ-WRITE", CODE_READ_WRITE, FORM_BARE },
	{ "SERVERBUG", CODE_UNAVAILABLE, FORM_BARE },
	{ "TOOBIG", CODE_TOOBIG, FORM_BARE },
	{ "TRYCREATE", CODE_TRYCREATE, FORM_BARE },
	{ "UIDNEXT", CODE_UIDNEXT, FORM_NUMBER },
	{ "UIDVALIDITY", CODE_UIDVALIDITY, FORM_NUMBER },
	{ "UNAVAILABLE", CODE_UNAVAILABLE, FORM_BARE },
};

/* Behind the "]" that ends a code; a quoted string in it may hold one. */
static const char *code_end(const char *p)
{
	bool quoted = false;

	for (; *p; p++) {
		if (quoted && *p == '\\' && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (*p == ']' && !quoted)
			return p;
	}
	return NULL;
}

/* "[NAME …]".  A code that is not known, or not as it should be, says nothing. */
static const struct fail *code_read(struct gate *gate, struct scan *scan, struct code *code)
{
	const char *end = code_end(scan->at);
	struct scan inside = { scan->at + 1 };
	const struct code_name *name = NULL;
	struct span word;

	if (!end)
		return NULL;
	scan->at = end + 1;
	code->kind = CODE_OTHER;
	if (!scan_word(&inside, &word))
		return NULL;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (span_is(word, codes[i].name))
			name = &codes[i];
	if (!name)
		return NULL;
	(void)scan_char(&inside, ' ');
	switch (name->form) {
	case FORM_BARE:
		break;
	case FORM_NUMBER:
		if (!scan_number(&inside, &code->number))
			return NULL;
		break;
	case FORM_WORDS:
		code->words = arena_strn(gate->arena, inside.at, (size_t)(end - inside.at));
		break;
	case FORM_ETPAN:
		code->kind = name->kind;
		return clean_code(gate, name->name, inside.at, (size_t)(end - inside.at), code);
	}
	code->kind = name->kind;
	return NULL;
}

const struct fail *reader_state(struct gate *gate, struct scan *scan, struct answer *answer)
{
	static const struct {
		const char *word;
		enum answer_kind kind;
		enum verdict verdict;
	} states[] = {
		{ "OK", ANSWER_STATE, VERDICT_OK },        { "NO", ANSWER_STATE, VERDICT_NO },
		{ "BAD", ANSWER_STATE, VERDICT_BAD },      { "BYE", ANSWER_BYE, VERDICT_NO },
		{ "PREAUTH", ANSWER_PREAUTH, VERDICT_OK },
	};
	const struct fail *f = NULL;
	struct span word;

	if (!scan_word(scan, &word))
		return senseless(gate);
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		if (span_is(word, states[i].word)) {
			answer->kind = states[i].kind;
			answer->verdict = states[i].verdict;
		}
	}
	if (answer->kind == ANSWER_NOTHING)
		return senseless(gate);
	while (scan_char(scan, ' '))
		;
	if (*scan->at == '[')
		f = code_read(gate, scan, &answer->code);
	while (scan_char(scan, ' '))
		;
	answer->text = scan->at;
	return f;
}

const struct fail *reader_capability(struct gate *gate, struct scan *scan, struct answer *answer)
{
	struct span word;

	(void)gate;
	(void)scan_word(scan, &word);
	answer->kind = span_is(word, "ENABLED") ? ANSWER_ENABLED : ANSWER_CAPABILITY;
	answer->text = scan->at;
	return NULL;
}

const struct fail *reader_search_empty(struct gate *gate, struct scan *scan, struct answer *answer)
{
	struct span word;

	(void)scan_word(scan, &word);
	while (scan_char(scan, ' '))
		;
	if (*scan->at)
		return senseless(gate);
	answer->kind = ANSWER_SEARCH;
	return NULL;
}

/* ---- folders ------------------------------------------------------------------------------- */

static uint32_t role_of(struct span word)
{
	static const struct {
		const char *word;
		uint32_t role;
	} roles[] = {
		{ "\\All", ROLE_ALL },
		{ "\\AllMail", ROLE_ALL }, /* QUIRK(gmail): in XLIST days */
		{ "\\Archive", ROLE_ARCHIVE },
		{ "\\Drafts", ROLE_DRAFTS },
		{ "\\Flagged", ROLE_FLAGGED },
		{ "\\Important", ROLE_IMPORTANT },
		{ "\\Junk", ROLE_JUNK },
		{ "\\NonExistent", ROLE_NOSELECT },
		{ "\\Noselect", ROLE_NOSELECT },
		{ "\\Sent", ROLE_SENT },
		{ "\\Subscribed", ROLE_SUBSCRIBED },
		{ "\\Trash", ROLE_TRASH },
	};

	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (span_is(word, roles[i].word))
			return roles[i].role;
	return 0;
}

static bool delimiter_read(struct gate *gate, struct scan *scan, char *delimiter)
{
	char *string;

	if (!scan_string(scan, gate->arena, &string) || (string && (!*string || string[1])))
		return false;
	*delimiter = string ? *string : '\0';
	return true;
}

const struct fail *reader_list(struct gate *gate, struct scan *scan, struct answer *answer)
{
	struct listed *listed = &answer->listed;
	struct span word;
	char *name;

	(void)scan_word(scan, &word);
	listed->lsub = span_is(word, "LSUB");
	if (!scan_char(scan, ' ') || !scan_char(scan, '('))
		return senseless(gate);
	while (!scan_char(scan, ')')) {
		if (scan_char(scan, ' '))
			continue;
		if (!scan_word(scan, &word))
			return senseless(gate);
		listed->roles |= role_of(word);
	}
	if (!scan_char(scan, ' ') || !delimiter_read(gate, scan, &listed->delimiter) ||
	    !scan_char(scan, ' '))
		return senseless(gate);
	/* A mailbox may be called NIL (RFC 3501 4.5 is about nstrings, a name is an astring). */
	if (scan_this(scan, "NIL"))
		name = arena_str(gate->arena, "NIL");
	else if (!scan_string(scan, gate->arena, &name))
		return senseless(gate);
	listed->name = name;
	answer->kind = ANSWER_LIST;
	return NULL;
}

const struct fail *reader_status(struct gate *gate, struct scan *scan, struct answer *answer)
{
	struct counted *counted = &answer->counted;
	struct {
		const char *name;
		bool *has;
		uint64_t *value;
	} items[] = {
		{ "MESSAGES", &counted->has_messages, &counted->messages },
		{ "UIDNEXT", &counted->has_next, &counted->next },
		{ "UIDVALIDITY", &counted->has_validity, &counted->validity },
		{ "HIGHESTMODSEQ", &counted->has_modseq, &counted->modseq },
	};
	struct span word, value;
	char *name;

	(void)scan_word(scan, &word);
	if (!scan_char(scan, ' '))
		return senseless(gate);
	if (scan_this(scan, "NIL"))
		name = arena_str(gate->arena, "NIL");
	else if (!scan_string(scan, gate->arena, &name))
		return senseless(gate);
	counted->name = name;
	while (scan_char(scan, ' '))
		;
	if (!scan_char(scan, '('))
		return senseless(gate);
	while (!scan_char(scan, ')')) {
		bool known = false;

		if (scan_char(scan, ' '))
			continue;
		if (!scan_word(scan, &word) || !scan_char(scan, ' '))
			return senseless(gate);
		for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
			if (!span_is(word, items[i].name))
				continue;
			if (!scan_number(scan, items[i].value))
				return senseless(gate);
			*items[i].has = known = true;
		}
		if (!known && !scan_value(scan, &value))
			return senseless(gate);
		if (!known && span_is(word, "MAILBOXID"))
			counted->lasting = span_object(value, gate->arena);
	}
	answer->kind = ANSWER_STATUS;
	return NULL;
}

/* One of the three lists of NAMESPACE: NIL or ((prefix delimiter …)…). */
static bool namespace_list(struct gate *gate, struct scan *scan, bool personal,
			   struct answer *answer, size_t most)
{
	struct span value;

	if (scan_this(scan, "NIL"))
		return true;
	if (!scan_char(scan, '('))
		return false;
	while (!scan_char(scan, ')')) {
		struct namespace_item item = { .personal = personal };
		char *prefix;

		if (scan_char(scan, ' '))
			continue;
		if (!scan_char(scan, '(') || !scan_string(scan, gate->arena, &prefix) ||
		    !scan_char(scan, ' ') || !delimiter_read(gate, scan, &item.delimiter))
			return false;
		while (scan_char(scan, ' '))
			if (!scan_value(scan, &value))
				return false;
		if (!scan_char(scan, ')'))
			return false;
		item.prefix = prefix ? prefix : "";
		if (answer->namespace_count < most)
			answer->namespaces[answer->namespace_count++] = item;
	}
	return true;
}

const struct fail *reader_namespace(struct gate *gate, struct scan *scan, struct answer *answer)
{
	enum { MOST = 32 };
	struct span word;

	(void)scan_word(scan, &word);
	answer->namespaces = arena_alloc(gate->arena, MOST * sizeof *answer->namespaces);
	if (!scan_char(scan, ' ') || !namespace_list(gate, scan, true, answer, MOST) ||
	    !scan_char(scan, ' ') || !namespace_list(gate, scan, false, answer, MOST) ||
	    !scan_char(scan, ' ') || !namespace_list(gate, scan, false, answer, MOST))
		return senseless(gate);
	answer->kind = ANSWER_NAMESPACE;
	return NULL;
}
