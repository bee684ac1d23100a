"""A small IMAP client for tests.  It asks one thing at a time and believes nothing: a NO or BAD is an
exception.  Nothing of koc is used here, so that what it says about the server is a second opinion."""

import calendar
import hashlib
import re
import socket
import ssl
import time

import mutf7

SYSTEM = {"\\draft": "D", "\\flagged": "F", "$forwarded": "P", "\\answered": "R", "\\seen": "S",
          "\\deleted": "T"}
NAMES = {letter: name for name, letter in
         (("\\Draft", "D"), ("\\Flagged", "F"), ("$Forwarded", "P"), ("\\Answered", "R"),
          ("\\Seen", "S"), ("\\Deleted", "T"))}


class Refused(Exception):
    pass


def tokens(pieces):
    """The nested lists of one response; `pieces` alternates text and literals."""
    stack, top = [], []
    for i, piece in enumerate(pieces):
        if i % 2:
            top.append(piece)
            continue
        for m in re.finditer(rb'\(|\)|"((?:[^"\\]|\\.)*)"|\{\d+\+?\}$|(?:[^\s()"\[]|\[[^]]*\])+', piece):
            text = m.group(0)
            if text == b"(":
                stack.append(top)
                top = []
            elif text == b")":
                inner, top = top, stack.pop()
                top.append(inner)
            elif text.startswith(b'"'):
                top.append(re.sub(rb"\\(.)", rb"\1", m.group(1)))
            elif not (text.startswith(b"{") and text.endswith(b"}")):
                top.append(text)
    return top


def split_flags(names):
    """(letters, keywords) of a list of flag names; both sorted; \\Recent is nobody's."""
    letters, keywords = set(), set()
    for name in names:
        low = name.lower()
        if low in SYSTEM:
            letters.add(SYSTEM[low])
        elif low != "\\recent":
            keywords.add(low)
    return "".join(sorted(letters)), tuple(sorted(keywords))


def flag_list(letters, keywords=()):
    return "(" + " ".join([NAMES[l] for l in letters] + list(keywords)) + ")"


def seconds(internaldate):
    """INTERNALDATE as seconds since the epoch."""
    m = re.fullmatch(r"\s*(\d+-\w+-\d+ \d+:\d+:\d+) ([+-])(\d\d)(\d\d)", internaldate)
    zone = (int(m[3]) * 3600 + int(m[4]) * 60) * (1 if m[2] == "+" else -1)
    return calendar.timegm(time.strptime(m[1], "%d-%b-%Y %H:%M:%S")) - zone


class Imap:
    def __init__(self, port, user="alice", password="secret", ca=None, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=120)
        if ca:
            self.socket = ssl.create_default_context(cafile=ca).wrap_socket(
                self.socket, server_hostname=host)
        self.file = self.socket.makefile("rb")
        self.serial = 0
        self.selected = None
        self.file.readline()
        self.command(f'LOGIN "{user}" "{password}"')

    def close(self):
        self.command("LOGOUT")
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def read_response(self):
        """One response, text and literals alternating."""
        pieces = []
        while True:
            line = self.file.readline()
            if not line:
                raise Refused("the server closed the connection")
            line = line.rstrip(b"\r\n")
            pieces.append(line)
            m = re.search(rb"\{(\d+)\}$", line)
            if not m:
                return pieces
            pieces.append(self.file.read(int(m[1])))

    def command(self, *parts):
        """Sends text parts, bytes parts as literals; returns (untagged responses, the OK's text)."""
        self.serial += 1
        tag = f"t{self.serial}"
        line = tag.encode() + b" "
        for part in parts:
            if isinstance(part, bytes):
                self.socket.sendall(line + b"{%d}\r\n" % len(part))
                answer = self.read_response()[0]
                if not answer.startswith(b"+"):
                    raise Refused(f"{parts[0]}: {answer.decode(errors='replace')}")
                line = part
            else:
                line += part.encode()
        self.socket.sendall(line + b"\r\n")
        untagged = []
        while True:
            pieces = self.read_response()
            if pieces[0].startswith(tag.encode() + b" "):
                text = pieces[0][len(tag) + 1:].decode(errors="replace")
                if not text.startswith("OK"):
                    raise Refused(f"{parts[0]}: {text}")
                return untagged, text
            untagged.append(pieces)

    # ---- looking ------------------------------------------------------------------------

    def folders(self):
        """{name: set of lower-case attributes}, names decoded, as the server separates them."""
        found = {}
        for pieces in self.command('LIST "" "*"')[0]:
            t = tokens(pieces)
            if len(t) >= 5 and t[1].upper() == b"LIST":
                found[mutf7.decode(t[4].decode())] = {a.decode().lower() for a in t[2]}
        return found

    def select(self, name, examine=False):
        """Selects; returns {'uidvalidity': …, 'uidnext': …, 'exists': …}."""
        untagged, _ = self.command(("EXAMINE " if examine else "SELECT ") + quote(name))
        self.selected = name
        text = b"\n".join(p[0] for p in untagged).decode(errors="replace")
        number = {k: int(m[1]) for k, m in
                  ((k, re.search(k + r" (\d+)\]", text, re.I)) for k in ("UIDVALIDITY", "UIDNEXT"))
                  if m}
        number["EXISTS"] = int(re.search(r"\* (\d+) EXISTS", text)[1])
        return {k.lower(): v for k, v in number.items()}

    def fetch(self, name, what, uids="1:*"):
        """FETCH of a folder: a list of {item name: value}, by UID."""
        if self.select(name, examine=True)["exists"] == 0:
            return []
        found = []
        for pieces in self.command(f"UID FETCH {uids} ({what})")[0]:
            t = tokens(pieces)
            if len(t) > 3 and t[2] == b"FETCH":
                items = t[3]
                found.append({items[i].decode().upper(): items[i + 1]
                              for i in range(0, len(items), 2)})
        return sorted(found, key=lambda m: int(m["UID"]))

    def messages(self, name):
        """All of a folder: uid, flags (Maildir letters), keywords, date, digest and data."""
        found = []
        for m in self.fetch(name, "UID FLAGS INTERNALDATE BODY.PEEK[]"):
            letters, keywords = split_flags([f.decode() for f in m["FLAGS"]])
            data = m["BODY[]"]
            found.append({"uid": int(m["UID"]), "flags": letters, "keywords": keywords,
                          "date": seconds(m["INTERNALDATE"].decode()), "data": data,
                          "digest": hashlib.sha256(data).hexdigest()})
        return found

    def uids(self, name):
        return [int(m["UID"]) for m in self.fetch(name, "UID")]

    # ---- changing -----------------------------------------------------------------------

    def append(self, name, data, flags="", keywords=(), date=None):
        when = time.strftime(' "%d-%b-%Y %H:%M:%S +0000"', time.gmtime(date)) if date else ""
        _, text = self.command(f"APPEND {quote(name)} {flag_list(flags, keywords)}{when} ", data)
        m = re.search(r"APPENDUID \d+ (\d+)", text)
        return int(m[1]) if m else None

    def store(self, name, uids, how, flags="", keywords=()):
        """how: "+" adds, "-" removes, "" replaces."""
        self.select(name)
        self.command(f"UID STORE {uid_set(uids)} {how}FLAGS.SILENT {flag_list(flags, keywords)}")

    def copy(self, name, uids, to):
        self.select(name)
        self.command(f"UID COPY {uid_set(uids)} {quote(to)}")

    def move(self, name, uids, to):
        self.select(name)
        self.command(f"UID MOVE {uid_set(uids)} {quote(to)}")

    def expunge(self, name, uids):
        self.store(name, uids, "+", "T")
        self.command(f"UID EXPUNGE {uid_set(uids)}")

    def create(self, name):
        self.command("CREATE " + quote(name))

    def rename(self, name, to):
        self.command(f"RENAME {quote(name)} {quote(to)}")

    def delete(self, name):
        self.command("DELETE " + quote(name))

    def turn(self, name):
        """The same messages in the opposite order, under other UIDs."""
        old = self.messages(name)
        for m in reversed(old):
            self.append(name, m["data"], m["flags"], m["keywords"], m["date"])
        if old:
            self.expunge(name, [m["uid"] for m in old])


def quote(name):
    return '"' + mutf7.encode(name).replace("\\", "\\\\").replace('"', '\\"') + '"'


def uid_set(uids):
    return str(uids) if isinstance(uids, (int, str)) else ",".join(str(u) for u in uids)
