/* Answer: one response of the server, understood; what the rest of the driver works with. */
#ifndef KOC_STORE_IMAP_ANSWER_H
#define KOC_STORE_IMAP_ANSWER_H

#include "core/item.h"
#include "store/imap/uid.h"

enum answer_kind {
	ANSWER_NOTHING,    /* of no use to koc */
	ANSWER_DONE,       /* tagged: a command has ended */
	ANSWER_CONTINUE,   /* "+": go on */
	ANSWER_STATE,      /* untagged OK, NO, BAD: a code, or a remark */
	ANSWER_PREAUTH,
	ANSWER_BYE,
	ANSWER_CAPABILITY,
	ANSWER_ENABLED,
	ANSWER_LIST,       /* also LSUB */
	ANSWER_STATUS,
	ANSWER_SEARCH,     /* a piece of it */
	ANSWER_NAMESPACE,
	ANSWER_FLAGS,
	ANSWER_EXISTS,
	ANSWER_EXPUNGE,
	ANSWER_VANISHED,
	ANSWER_FETCH
};

enum verdict { VERDICT_OK, VERDICT_NO, VERDICT_BAD };

/* Response codes (RFC 3501 7.1, RFC 5530 and others). */
enum code_kind {
	CODE_NONE,
	CODE_OTHER,
	CODE_ALREADYEXISTS,
	CODE_APPENDUID,
	CODE_AUTHENTICATIONFAILED,
	CODE_CAPABILITY,
	CODE_CLOSED,
	CODE_COPYUID,
	CODE_HIGHESTMODSEQ,
	CODE_LIMIT,
	CODE_NOMODSEQ,
	CODE_NONEXISTENT,
	CODE_NOPERM,
	CODE_OVERQUOTA,
	CODE_PERMANENTFLAGS,
	CODE_READ_ONLY,
	CODE_READ_WRITE,
	CODE_TRYCREATE,
	CODE_UIDNEXT,
	CODE_UIDVALIDITY,
	CODE_UNAVAILABLE, /* also SERVERBUG, INUSE, CONTACTADMIN: not for ever */
	CODE_TOOBIG
};

struct code {
	enum code_kind kind;
	uint64_t number;      /* of UIDNEXT, UIDVALIDITY, HIGHESTMODSEQ; of APPENDUID and COPYUID
	                       * their validity */
	const char *words;    /* CAPABILITY */
	struct flags flags;   /* PERMANENTFLAGS */
	bool any_keyword;     /* PERMANENTFLAGS with \* */
	struct uid_range *from, *to; /* COPYUID; APPENDUID has only `to`; in the server's order */
	size_t from_count, to_count;
};

/* One FETCH. */
struct fetched {
	uint32_t number; /* the message's sequence number */
	uint32_t uid;    /* 0: not told */
	bool has_flags, has_size, has_body;
	struct flags flags;
	uint64_t size;
	int64_t date;    /* 0: not told, or not a date */
	const char *lasting; /* EMAILID (RFC 8474); NULL: not told */
	const char *structure; /* BODYSTRUCTURE, literals in it as quoted strings; NULL: not told */
};

/* One LIST or LSUB. */
struct listed {
	bool lsub;
	uint32_t roles;      /* enum folder_role: what the attributes say */
	char delimiter;      /* 0: NIL */
	const char *name;
};

/* One STATUS. */
struct counted {
	const char *name;
	bool has_messages, has_next, has_validity, has_modseq;
	uint64_t messages, next, validity, modseq;
	const char *lasting; /* MAILBOXID (RFC 8474); NULL: not told */
};

struct namespace_item {
	const char *prefix;
	char delimiter;
	bool personal;
};

struct answer {
	enum answer_kind kind;
	uint32_t tag;         /* DONE */
	enum verdict verdict; /* DONE, STATE */
	struct code code;     /* DONE, STATE, PREAUTH, BYE */
	const char *text;     /* the same, CONTINUE: for people; CAPABILITY, ENABLED: the words */
	uint64_t number;      /* EXISTS, EXPUNGE */
	struct flags flags;   /* FLAGS */
	struct listed listed;
	struct counted counted;
	struct fetched fetched;
	struct namespace_item *namespaces;
	size_t namespace_count;
	uint32_t *uids;       /* SEARCH */
	size_t uid_count;
	bool earlier;         /* VANISHED */
	struct uid_range *ranges;
	size_t range_count;
};

#endif
