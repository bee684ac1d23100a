/* config.h: every mistake is told with its line, what is meant and what is allowed. */
#include "unit/config_room.h"

static const struct {
	const char *text;  /* the file */
	const char *lines; /* all that is told, without the directory */
} cases[] = {
	/* Names. */
	{ ACCOUNT("usr = jane\n"),
	  "config:6: usr is not a key of account: did you mean user?\n" },
	{ ACCOUNT("password-comand = 'x'\n"),
	  "config:6: password-comand is not a key of account: did you mean "
	  "password-command?\n" },
	{ ACCOUNT("passwordcommand = 'x'\n"),
	  "config:6: passwordcommand is not a key of account: did you mean "
	  "password-command?\n" },
	{ ACCOUNT("User = jane\n"),
	  "config:6: User is not a key of account: did you mean user?\n" },
	{ ACCOUNT("colour = red\n"),
	  "config:6: colour is not a key of account\n" },
	{ ACCOUNT("mode = full\n"),
	  "config:6: mode belongs in a folder section, not here\n" },
	{ ACCOUNT("folder \"mail/a\" { store = '/x' mode = off }\n"),
	  "config:6: store belongs in an account section, not here\n" },
	{ ACCOUNT("folder \"mail/a\" { mod = off }\n"),
	  "config:6: mod is not a key of folder: did you mean mode?\n" },
	{ ACCOUNT("foldr \"mail/a\" { mode = off\n }\nvault-day = 3\n"),
	  "config:6: foldr is not a key of account: did you mean folder?\n"
	  "config:8: vault-day is not a key of account: did you mean vault-days?\n" },
	{ ACCOUNT("account \"y\" { user = a }\n"),
	  "config:6: a section is not closed before this one: } is missing\n" },
	{ ACCOUNT("folder \"mail/a\" {\n mode = off\n folder \"mail/b\" { mode = off }\n}\n"),
	  "config:8: a section is not closed before this one: } is missing\n" },
	{ ACCOUNT("account|user = x\n"),
	  "config:6: account|user is not a key of account\n" },
	{ ACCOUNT("user { }\n"),
	  "config:6: user is not a section: write user = …\n" },
	{ ACCOUNT("timeout 30\n"),
	  "config:6: timeout: = is missing\n" },
	{ ACCOUNT("timeout += 30\n"),
	  "config:6: timeout: write =, not +=\n" },
	{ ACCOUNT("folder = \"mail/a\"\n"),
	  "config:6: a section has a name and braces: folder \"mail/INBOX\" { … }\n" },
	{ "acount \"x\" {\n}\n",
	  "config:1: acount is not a key: did you mean account?\n" },
	{ "server = mail.example.com\n" ACCOUNT(""),
	  "config:1: server belongs in an account section, not here\n" },
	{ "folder \"mail/a\" { mode = off }\n" ACCOUNT(""),
	  "config:1: a folder section belongs in an account section\n" },
	{ "include(\"/etc/passwd\")\n" ACCOUNT(""),
	  "config:1: there is no include: all accounts stand in one file\n" },
	{ "tiemout = 3\n" ACCOUNT(""),
	  "config:1: tiemout is not a key: did you mean timeout?\n" },

	/* Twice. */
	{ ACCOUNT("# a comment\n/* and\n another */\nuser = john\n"),
	  "config:9: user is given twice: first on line 3\n" },
	{ ACCOUNT("") ACCOUNT(""),
	  "config:7: account \"x\" is given twice: first on line 1\n" },
	{ ACCOUNT("folder \"mail/a\" { mode = off }\n\nfolder 'mail/a' { mode = full }\n"),
	  "config:8: folder \"mail/a\" is given twice: first on line 6\n" },
	{ ACCOUNT("folder \"mail/a\" { mode = off }\nfolder 'mail/a' { mod = full }\n"),
	  "config:7: folder \"mail/a\" is given twice: first on line 6\n"
	  "config:7: mod is not a key of folder: did you mean mode?\n" },
	{ ACCOUNT("folder 'mail/\\\\' { mode = off }\nfolder \"mail/\\\\\" { mode = full }\n"),
	  "config:7: found duplicate title 'mail/\\'\n" },
	{ ACCOUNT("folder \"mail/a\" {\nmode = off\nmode = off }\n"),
	  "config:8: mode is given twice: first on line 7\n" },
	{ ACCOUNT("dav = \"https://a/\"\ndav = \"https://b/\"\n"),
	  "config:7: dav is given twice: first on line 6\n" },
	{ ACCOUNT("dav = { \"https://a/\", \"https://a/\" }\n"),
	  "config:6: dav: \"https://a/\": the same URL twice\n" },
	{ ACCOUNT("") "account \"y\" { server = h.example user = a password-command = b\n"
	  "store = \"/store//./x/\" }\n",
	  "config:7: account \"y\": its store is that of account \"x\" on line 1\n" },
	{ ACCOUNT("") "account \"y\" { server = h.example user = a password-command = b\n"
	  "store = \"/store/x/mail/a\" }\n",
	  "config:7: account \"y\": its store and that of account \"x\" on line 1 lie in "
	  "one another\n" },

	/* Missing. */
	{ "",
	  "config: there is no account in this file\n" },
	{ "# nothing\n",
	  "config: there is no account in this file\n" },
	{ "account \"x\" { }\n",
	  "config:1: account \"x\": password-command, password or oauth2-command is missing\n"
	  "config:1: account \"x\": server (or imap, or dav) is missing\n"
	  "config:1: account \"x\": store is missing\n"
	  "config:1: account \"x\": user is missing\n" },
	{ "\naccount \"x\" {\nuser = a\nstore = /s\npassword-command = b\n}\n",
	  "config:2: account \"x\": server (or imap, or dav) is missing\n" },
	{ "account \"\" { user = a server = b store = /s password-command = c }\n",
	  "config:1: account \"\": the name is empty\n" },
	{ "account \"a b\" { user = a server = b store = /s password-command = c }\n",
	  "config:1: account \"a b\": a name has no spaces, \"/\" or \":\"\n" },
	{ "account { user = a }\n" ACCOUNT(""),
	  "config:1: account: the name is missing: account \"work\" { … }\n" },
	{ ACCOUNT("password = 'b'\n"),
	  "config:6: password: there is password-command on line 4 already\n" },
	{ ACCOUNT("oauth2-command = 'b'\npassword = 'b'\n"),
	  "config:6: oauth2-command: there is password-command on line 4 already\n"
	  "config:7: password: there is password-command on line 4 already\n" },
	{ ACCOUNT("timeout =\n"),
	  "config:6: timeout: the value is missing\n" },
	{ ACCOUNT("timeout =\nnotes = vjournal\n"),
	  "config:6: timeout: the value is missing\n" },
	{ ACCOUNT("folder { mode = off }\n"),
	  "config:6: folder: the name is missing: folder \"mail/INBOX\" { … }\n" },
	{ ACCOUNT("folder \"mail/a\" { }\n"),
	  "config:6: folder \"mail/a\": nothing is set\n" },
	{ ACCOUNT("dav = { }\n"),
	  "config:6: dav: the list is empty\n" },

	/* Form. */
	{ "account \"x\" {\nuser = a\n",
	  "config:1: account \"x\": its } is missing\n" },
	{ "account \"x\"\nuser = a\n",
	  "config:1: account \"x\": { is missing\n" },
	{ ACCOUNT("}\n"),
	  "config:7: this } closes nothing\n" },
	{ ACCOUNT("{ user = a }\n"),
	  "config:6: a key is missing before {\n" },
	{ ACCOUNT("dav = { \"https://a/\" \"https://b/\" }\ntimeout = x\n"),
	  "config:6: the list that begins on line 6: a comma or } is missing\n" },
	{ ACCOUNT("dav = { \"https://a/\", \n"),
	  "config:1: account \"x\": its } is missing\n" },
	{ ACCOUNT("user = { a }\n"),
	  "config:6: user is given twice: first on line 3\n" },
	{ ACCOUNT("after-sync = \"unclosed\ntimeout = x\n"),
	  "config:6: this quote is not closed on its line\n"
	  "config:7: timeout: \"x\" is not a number of seconds from 1 to 3600\n" },
	{ ACCOUNT("after-sync = 'unclosed\n"),
	  "config:6: this quote is not closed on its line\n" },
	{ ACCOUNT("/* unclosed\n"),
	  "config:1: account \"x\": its } is missing\n"
	  "config:6: this comment is never closed\n" },
	{ ACCOUNT("after-sync = run this now\ntimeout = x\n"),
	  "config:6: after-sync: put the whole value in quotes\n"
	  "config:7: timeout: \"x\" is not a number of seconds from 1 to 3600\n" },
	{ ACCOUNT("after-sync = it's\n"),
	  "config:6: a text with ' must be in quotes\n" },
	{ ACCOUNT("after-sync = a#b\n"),
	  "config:6: a text with # must be in quotes\n" },
	{ ACCOUNT("after-sync = a=b\n"),
	  "config:6: after-sync: put the whole value in quotes\n" },
	{ ACCOUNT("after-sync = \"x\";\n"),
	  "config:6: a line does not end with \";\"; a text with \";\" must be in quotes\n" },
	{ ACCOUNT("notice = none;\n"),
	  "config:6: a line does not end with \";\"; a text with \";\" must be in quotes\n" },
	{ ACCOUNT("folder mail/* { mode = off }\n"),
	  "config:6: a text with * must be in quotes\n" },
	{ ACCOUNT("folder * { mode = off }\n"),
	  "config:6: a text with * must be in quotes\n" },
	{ ACCOUNT("\"timeout\" = 3\n"),
	  "config:6: a key is missing before the quote\n" },
	{ ACCOUNT("after-sync = ${HOME}/run\n"),
	  "config:6: a text with ${…} must be in quotes\n" },
	{ ACCOUNT("after-sync = \"${KOC_NOT_SET}/run\"\n"),
	  "config:6: the environment variable KOC_NOT_SET is not set (a text with \"${\" "
	  "in it goes in single quotes)\n" },
	{ ACCOUNT("after-sync = \"${HOME\"\n# }\n"),
	  "config:6: \"${\" without \"}\": put a text with \"${\" in it in single quotes\n" },
	{ ACCOUNT("after-sync = \"a\\0b\"\n"),
	  "config:6: an escape \"\\NNN\" has one to three octal digits from 1 to 377\n" },
	{ ACCOUNT("after-sync = \"a\\x00b\"\n"),
	  "config:6: the escape \"\\x00\" would end the text\n" },
	{ ACCOUNT("after-sync = \"a\\777b\"\n"),
	  "config:6: an escape \"\\NNN\" has one to three octal digits from 1 to 377\n" },
	{ ACCOUNT("after-sync = \"a\\9b\"\n"),
	  "config:6: an escape \"\\NNN\" has one to three octal digits from 1 to 377\n" },
	{ ACCOUNT("after-sync = \"a\\nb\"\n"),
	  "config:6: after-sync: the value has a control character in it\n" },
	{ ACCOUNT("after-sync = \"\"\n"),
	  "config:6: after-sync: the value is empty\n" },
	{ ACCOUNT("after-sync = '\xff'\n"),
	  "config:6: this is not UTF-8\n" },

	/* Values. */
	{ ACCOUNT("timeout = 0\n"),
	  "config:6: timeout: \"0\" is not a number of seconds from 1 to 3600\n" },
	{ ACCOUNT("timeout = 1h\n"),
	  "config:6: timeout: \"1h\" is not a number of seconds from 1 to 3600\n" },
	{ ACCOUNT("connections = 99999999999999999999\n"),
	  "config:6: connections: \"99999999999999999999\" is not a number from 1 to 16\n" },
	{ ACCOUNT("vault-days = -1\n"),
	  "config:6: vault-days: \"-1\" is not a number of days from 1 to 36500\n" },
	{ ACCOUNT("notice = mail\nnotes = org\ntls = off\n"),
	  "config:6: notice: \"mail\" is not known: write inbox, conflicts or none\n"
	  "config:7: notes: \"org\" is not known: write vjournal or markdown\n"
	  "config:8: tls: \"off\" is not known: write none\n" },
	{ ACCOUNT("folder 'mail/a' { mode = on }\n"),
	  "config:6: mode: \"on\" is not known: write full, text or off\n" },
	{ ACCOUNT("folder 'mail/a' { direction = up\ndelete = yes\nremovals = never\n"
	  "expire-attachments = soon }\nfolder 'tasks/a' { merge = maybe }\n"),
	  "config:6: direction: \"up\" is not known: write both, pull or push\n"
	  "config:7: delete: \"yes\" is not known: write trash, expunge or never\n"
	  "config:8: removals: \"never\" is not known: write follow or keep\n"
	  "config:9: expire-attachments: \"soon\" is not a number of days from 0 to 36500\n"
	  "config:10: merge: \"maybe\" is not known: write no or yes\n" },
	{ ACCOUNT("folder 'tasks/a' { mode = text }\nfolder 'notes/*' { delete = trash }\n"
	  "folder '*' { delete = trash merge = yes mode = text }\n"
	  "folder 'mail/*' { merge = yes }\n"),
	  "config:6: mode: text is for mail folders; it is full or off here\n"
	  "config:7: delete is for mail folders\n"
	  "config:9: merge is not for mail folders\n" },
	{ ACCOUNT("folder 'INBOX' { mode = off }\nfolder 'mail' { mode = off }\n"
	  "folder 'mail/' { mode = off }\nfolder '' { mode = off }\n"
	  "folder 'mails/*' { mode = off }\nfolder 'mail//a' { mode = off }\n"
	  "folder '%' { mode = off }\nfolder 'mail/Inbox' { mode = off }\n"
	  "folder '/mail/a' { mode = off }\n"),
	  "config:6: folder \"INBOX\": no folder can have this name: names begin with "
	  "mail/, calendars/, tasks/, contacts/ or notes/\n"
	  "config:7: folder \"mail\": no folder can have this name: names begin with "
	  "mail/, calendars/, tasks/, contacts/ or notes/\n"
	  "config:8: folder \"mail/\": no folder can have this name: names begin with "
	  "mail/, calendars/, tasks/, contacts/ or notes/\n"
	  "config:9: folder \"\": the name is empty\n"
	  "config:10: folder \"mails/*\": no folder can have this name: names begin with "
	  "mail/, calendars/, tasks/, contacts/ or notes/\n"
	  "config:11: folder \"mail//a\": no folder can have this name: between and "
	  "behind \"/\" there is a name\n"
	  "config:12: folder \"%\": no folder can have this name: names begin with mail/, "
	  "calendars/, tasks/, contacts/ or notes/\n"
	  "config:13: folder \"mail/Inbox\": the inbox is called \"mail/INBOX\"\n"
	  "config:14: folder \"/mail/a\": no folder can have this name: names begin with "
	  "mail/, calendars/, tasks/, contacts/ or notes/\n" },
	{ "account \"x\" { user = a password-command = b\nserver = 'imaps://h/'\nstore = koc }\n",
	  "config:2: server: a host name alone is wanted, without \"scheme://\" and \"/\"\n"
	  "config:3: store: the path must be absolute or begin with \"~/\"\n" },
	{ "account \"x\" { user = a password-command = b\nserver = '-h'\nstore = '~john/koc' }\n",
	  "config:2: server: no part of a host name begins with \"-\"\n"
	  "config:3: store: \"~name\" is not understood: write the whole path\n" },
	{ "account \"x\" { user = a password-command = b\nserver = 'h..x'\nstore = '/a/../b' }\n",
	  "config:2: server: the host name has an empty part\n"
	  "config:3: store: a path with \"..\" in it is not accepted\n" },
	{ "account \"x\" { user = a password-command = b\nserver = '1.2.3'\nstore = '/' }\n",
	  "config:2: server: this is not a host name and not an address\n"
	  "config:3: store: the path is \"/\"\n" },
	{ ACCOUNT("imap = mail.example.com\nsmtp = 'imaps://h'\n"),
	  "config:6: imap: write imaps://HOST, or imap://HOST for STARTTLS\n"
	  "config:7: smtp: the URL begins with smtps:// or smtp://\n" },
	{ ACCOUNT("imap = 'imaps://h:0'\nsmtp = 'smtps://h:65536'\n"),
	  "config:6: imap: the port is a number from 1 to 65535\n"
	  "config:7: smtp: the port is a number from 1 to 65535\n" },
	{ ACCOUNT("imap = 'imaps://u:p@h'\nsmtp = 'smtps://h/x'\n"),
	  "config:6: imap: no user name or password in a URL: they have keys of their own\n"
	  "config:7: smtp: nothing can follow host and port\n" },
	{ ACCOUNT("imap = 'imaps://::1'\nsmtp = 'smtps://[::1'\n"),
	  "config:6: imap: an IPv6 address stands in brackets: [::1]\n"
	  "config:7: smtp: the \"]\" of the address is missing\n" },
	{ ACCOUNT("imap = 'imaps://[h]'\nsmtp = 'smtps://'\n"),
	  "config:6: imap: only an IPv6 address stands in brackets\n"
	  "config:7: smtp: the host is missing\n" },
	{ ACCOUNT("imap = 'imap s://h'\nsmtp = 'smtpss://h'\n"),
	  "config:6: imap: a URL has no spaces, quotes or letters beyond ASCII (write "
	  "them as %XX)\n"
	  "config:7: smtp: the URL begins with smtps:// or smtp://\n" },
	{ ACCOUNT("dav = { 'http://dav.example.com/',\n'ftp://h/', 'https://h/?x',\n"
	  "'http://127.0.0.1.example.com/', 'https://h:x/' }\n"),
	  "config:6: dav: \"ftp://h/\": the URL begins with https://\n"
	  "config:6: dav: \"http://127.0.0.1.example.com/\": http:// would send the "
	  "password in clear: write https:// (http:// is for localhost, 127.0.0.1 and "
	  "[::1] only)\n"
	  "config:6: dav: \"http://dav.example.com/\": http:// would send the password in "
	  "clear: write https:// (http:// is for localhost, 127.0.0.1 and [::1] only)\n"
	  "config:6: dav: \"https://h/?x\": no \"?\" and \"#\" in this URL\n"
	  "config:6: dav: \"https://h:x/\": the port is a number from 1 to 65535\n" },
	{ ACCOUNT("tls-ca-file = 'ca.pem'\ntls-fingerprint = 'sha256:12'\n"),
	  "config:6: tls-ca-file: the path must be absolute or begin with \"~/\"\n"
	  "config:7: tls-fingerprint: write \"sha256:\" and the 64 hexadecimal digits of "
	  "the public key's SHA-256\n" },
	{ ACCOUNT("tls-fingerprint = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'\n"),
	  "config:6: tls-fingerprint: write \"sha256:\" and the 64 hexadecimal digits of "
	  "the public key's SHA-256\n" },
	{ ACCOUNT("tls-fingerprint = 'sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'\n"),
	  "config:6: tls-fingerprint: write \"sha256:\" and the 64 hexadecimal digits of "
	  "the public key's SHA-256\n" },
	{ ACCOUNT("tls = none\nimap = 'imaps://localhost'\nsmtp = 'smtp://192.0.2.1'\n"),
	  "config:6: tls: none contradicts imaps:// on line 7\n"
	  "config:6: tls: none would send the password in clear: smtp on line 8 is not "
	  "this machine\n" },
};

static void mistakes_are_told(void **state)
{
	struct buf lines;
	size_t count = 0;

	(void)state;
	unsetenv("KOC_NOT_SET");
	buf_init(&lines, 1 << 20);
	for (size_t i = 0; i < COUNT(cases); i++, count++) {
		config_free(room_read_text(&lines, cases[i].text));
		assert_string_equal(lines.data, cases[i].lines);
	}
	buf_free(&lines);
	assert_in_range(count, 95, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_told),
	};

	return cmocka_run_group_tests_name("config: mistakes", tests, room_set_up, room_tear_down);
}
