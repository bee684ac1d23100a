#!/usr/bin/python3
"""Sample mail, the same for the same seed: written into the Maildir++ of a server not yet started.

    corpus.py [--profile demo|small|odd|large] [--count N] [--seed S] DIRECTORY

demo    60 messages that a person could have, in five folders
small   as large, but only 200 messages of at most some KB, and the odd ones
odd     only the odd ones: what real mailboxes hold and programs stumble over
large   10,000 messages, 257 MB, in nine folders, nested and with non-ASCII names
files   10,000 messages, 180 MB, in the same folders; 15 % have an attachment of 5 to 500 KB (ATTACHED is in each)

As a module: messages(profile, count, seed) yields them, fill(directory, messages) writes them.
"""

import argparse
import base64
import os
import random
import sys
import time
from dataclasses import dataclass, field

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import mutf7

FOLDERS = ["INBOX", "Sent", "Archive", "Archive/2025", "Archive/2026", "Work/Projekt ÄÖÜ",
           "日本語", "Lists/devel", "Family & friends"]
WEIGHTS = [30, 12, 14, 10, 10, 8, 4, 10, 2]
DEMO_FOLDERS = ["INBOX", "Sent", "Archive/2026", "Work/Projekt ÄÖÜ", "日本語"]
DEMO_WEIGHTS = [30, 8, 12, 7, 3]

PEOPLE = ["Jane Miller <jane@example.com>", "Tomás Novák <tomas@example.org>",
          "Ingrid Sørensen <ingrid@example.net>", "佐藤 花子 <hanako@example.jp>",
          "Build Robot <ci@example.com>", "Oma Else <else@example.org>",
          "\"O'Hara, Sean\" <sean@example.com>", "list@lists.example.org"]
SUBJECTS = ["Minutes of the Tuesday meeting", "Re: Minutes of the Tuesday meeting",
            "Invoice {n} for October", "Your ticket {n} was updated", "Lunch on Friday?",
            "Re: Lunch on Friday?", "Fwd: Travel plan", "[devel] [PATCH {n}] reader: fix a bound",
            "Grüße aus Graz", "Angebot {n}", "会議の件", "Photos from the lake",
            "Contract, second draft", "Build {n} passed", "Happy birthday!"]
WORDS = """the a of to and we it that is for in on with as this was be are by from at not have or
an they which you had but one all were their would there been if more when will who so no said
what up its about into than them can only other new some could time these two may then do first
any my now such like our over man me even most made after also did many before must through years
where much way well down should because long each just state those people too mr how little good
world make very year still see own work life here get both between house school under last might
great back never another while report number group problem office meeting server letter question
answer folder message garden water morning train ticket price market paper window table""".split()

KEYWORDS = ["$Forwarded", "$Label1", "todo", "NonJunk"]
ATTACHED = b"VGhpcyBpcyBvZiBhbiBhdHRhY2htZW50\r\n"  # the first line of each attachment in "files"
SPAN = (1704067200, 1795000000)  # received between 2024-01-01 and 2026-11-18


@dataclass
class Message:
    folder: str
    data: bytes                  # as on the wire, CRLF
    flags: str = ""              # Maildir letters, sorted
    keywords: list = field(default_factory=list)
    date: int = SPAN[0]          # received
    name: str = "plain"          # what it is, for tests that look for one


# ---- raw material ---------------------------------------------------------------------------

class Pool:
    """Lines of prose and of base64, made once and sliced: what makes 257 MB in seconds."""

    def __init__(self, rng, size):
        words = rng.choices(WORDS, k=size // 5)
        lines, line = [], ""
        for word in words:
            if len(line) + len(word) > 71:
                lines.append(line)
                line = word
            else:
                line = line + " " + word if line else word
        self.prose = ("\r\n".join(lines) + "\r\n").encode()
        self.html = ("".join(f'<p class="m{i % 7}">{l}</p>\r\n' for i, l in enumerate(lines))
                     ).encode()
        self.base64 = base64.encodebytes(rng.randbytes(size)).replace(b"\n", b"\r\n")
        self.rng = rng

    def slice(self, material, size):
        """About `size` bytes, whole lines."""
        size = min(size, len(material) - 4096)
        start = material.index(b"\n", self.rng.randrange(len(material) - size - 2048)) + 1
        end = material.index(b"\n", start + size) + 1
        return material[start:end]


def header_word(text):
    if text.isascii():
        return text
    return "=?UTF-8?B?" + base64.b64encode(text.encode()).decode() + "?="


def address(person):
    name, _, rest = person.partition(" <")
    return header_word(name) + " <" + rest if rest else person


def stamp(when):
    return time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(when))


class Maker:
    def __init__(self, seed, size):
        self.rng = random.Random(seed)
        self.pool = Pool(self.rng, size)
        self.serial = 0

    def header(self, date, subject=None, message_id=True, extra=()):
        self.serial += 1
        rng = self.rng
        if subject is None:
            subject = rng.choice(SUBJECTS).format(n=1000 + self.serial)
        lines = [f"Received: from mx{rng.randrange(9)}.example.net by mail.example.com;",
                 f"\t{stamp(date)}",
                 f"Date: {stamp(date - rng.randrange(300))}",
                 f"From: {address(rng.choice(PEOPLE))}",
                 f"To: {address(PEOPLE[0])}",
                 f"Subject: {header_word(subject)}"]
        if message_id:
            lines.append(f"Message-ID: <{self.serial}.{rng.getrandbits(64):x}@example.com>")
        lines += ["MIME-Version: 1.0", *extra]
        return ("\r\n".join(lines) + "\r\n").encode()

    def plain(self, date, size, **options):
        return (self.header(date, extra=["Content-Type: text/plain; charset=utf-8"], **options) +
                b"\r\n" + self.pool.slice(self.pool.prose, size))

    def multipart(self, date, kind, parts, **options):
        mark = f"=_{self.rng.getrandbits(96):x}"
        head = self.header(date, extra=[f'Content-Type: multipart/{kind}; boundary="{mark}"'],
                           **options)
        body = b"".join(b"--%s\r\n%s\r\n" % (mark.encode(), part) for part in parts)
        return head + b"\r\n" + body + b"--%s--\r\n" % mark.encode()

    def alternative(self, date, size, **options):
        text = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + \
            self.pool.slice(self.pool.prose, size // 4)
        html = b"Content-Type: text/html; charset=utf-8\r\n\r\n<html><body>\r\n" + \
            self.pool.slice(self.pool.html, size * 3 // 4) + b"</body></html>\r\n"
        return self.multipart(date, "alternative", [text, html], **options)

    def attached(self, date, size, first=b"", **options):
        text = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + \
            self.pool.slice(self.pool.prose, 800)
        file = (b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
                b'Content-Disposition: attachment; filename="report-%d.pdf"\r\n\r\n'
                % self.serial) + first + self.pool.slice(self.pool.base64, size)
        return self.multipart(date, "mixed", [text, file], **options)

    def marks(self):
        rng = self.rng
        flags = "".join(letter for letter, share in
                        (("D", .01), ("F", .08), ("R", .15), ("S", .7), ("T", .01))
                        if rng.random() < share)
        return flags, [k for k in KEYWORDS if rng.random() < .04]

    def date(self):
        return self.rng.randrange(*SPAN)

    def ordinary(self, folder, small):
        """One message of the usual mix; mean 25.7 KB unless `small`."""
        rng, date = self.rng, self.date()
        flags, keywords = self.marks()
        kind = rng.random()
        if kind < .5:
            data = self.plain(date, rng.randrange(300, 6000))
        elif small or kind < .8:
            data = self.alternative(date, rng.randrange(*((1500, 6000) if small else
                                                          (6000, 30000))))
        elif kind < .95:
            data = self.attached(date, rng.randrange(20000, 107000))
        elif kind < .9994:
            data = self.attached(date, rng.randrange(100000, 280000))
        else:
            data = self.attached(date, 1 << 20)
        return Message(folder, data, flags, keywords, date)

    def with_file(self, folder):
        """One of a mailbox with attachments of 5 to 500 KB, the small ones more frequent."""
        rng, date = self.rng, self.date()
        flags, keywords = self.marks()
        kind = rng.random()
        if kind < .15:
            name, data = "attached", self.attached(date, int(5000 * 100 ** rng.random()), ATTACHED)
        elif kind < .45:
            name, data = "alternative", self.alternative(date, rng.randrange(4000, 20000))
        else:
            name, data = "plain", self.plain(date, rng.randrange(300, 6000))
        return Message(folder, data, flags, keywords, date, name)

    # ---- the odd ones -------------------------------------------------------------------

    def odd(self):
        """One of each; `name` says what it is."""
        def message(name, data, folder="INBOX", flags="S", keywords=()):
            return Message(folder, data, flags, list(keywords), self.date(), name)

        d = SPAN[0] + 86400
        yield message("no-message-id", self.plain(d, 500, message_id=False))
        one = self.plain(d, 500)
        yield message("same-message-id-1", one + b"first\r\n")
        yield message("same-message-id-2", one + b"second\r\n")
        twin = self.plain(d, 700, subject="A twin")
        yield message("twin-1", twin)
        yield message("twin-2", twin, flags="FS")
        yield message("twin-elsewhere", twin, folder="Archive/2026")
        yield message("empty-body", self.header(d, subject="No body") + b"\r\n")
        yield message("zero-bytes", b"", folder="Archive")
        yield message("header-only", self.header(d, subject="No blank line"))
        yield message("no-header", b"\r\nThis message has no header at all.\r\n")
        yield message("no-final-newline", self.plain(d, 200, subject="Cut off") + b"the end")
        yield message("latin-1", self.header(d, subject="Eight bits") +
                      b"\r\nGr\xfc\xdfe, na\xefve caf\xe9\r\n")
        yield message("raw-utf-8-header", "Subject: Grüße ✉\r\nFrom: Ünder <u@example.org>\r\n\r\n"
                      "Text\r\n".encode())
        yield message("raw-latin-1-header", b"Subject: Gr\xfc\xdfe\r\nFrom: x@example.org\r\n\r\nText\r\n")
        yield message("long-line", self.header(d, subject="One line") + b"\r\n" + b"x" * 100000 +
                      b"\r\n")
        yield message("long-header", self.header(d, extra=["References: " + "\r\n ".join(
            f"<{i}.{i * 7919}@lists.example.org>" for i in range(400))]) + b"\r\nDeep thread.\r\n")
        yield message("bare-cr", self.header(d, subject="Bare CR") + b"\r\nbefore\rafter\r\n")
        yield message("cr-cr-lf", self.header(d, subject="CR CR LF") + b"\r\none\r\r\ntwo\r\r\n")
        yield message("from-line", self.plain(d, 100) + b"\r\nFrom here on it is mbox's problem\r\n")
        yield message("dot-line", self.header(d, subject="Dots") + b"\r\n.\r\n..\r\n")
        yield message("megabyte", self.attached(d, 1 << 20, subject="A megabyte"))
        yield message("nested", self.multipart(d, "mixed", [
            b"Content-Type: message/rfc822\r\n\r\n" + self.alternative(d, 3000)]))
        yield message("broken-multipart", self.header(d, extra=[
            'Content-Type: multipart/mixed; boundary="never"']) + b"\r\nNo part at all.\r\n")
        yield message("empty-subject", b"Subject:\r\nFrom: x@example.org\r\n\r\n\r\n\r\n")
        yield message("all-flags", self.plain(d, 300), flags="DFRST", keywords=KEYWORDS)
        yield message("no-flags", self.plain(d, 300), flags="")
        yield message("old-date", self.plain(86400 * 365 * 20, 300))


def messages(profile="small", count=None, seed=1):
    """Yields the messages of a profile."""
    folders, weights = (DEMO_FOLDERS, DEMO_WEIGHTS) if profile == "demo" else (FOLDERS, WEIGHTS)
    count = {"demo": 60, "small": 200, "odd": 0, "large": 10000, "files": 10000}[profile] if count is None \
        else count
    maker = Maker(seed, 3 << 20)
    if profile in ("odd", "small", "large"):
        odd = list(maker.odd())
        yield from odd
        count = max(0, count - len(odd))
    # Every folder gets some, however few there are.
    chosen = (folders + maker.rng.choices(folders, weights, k=count))[:count]
    for folder in chosen:
        yield maker.with_file(folder) if profile == "files" else \
            maker.ordinary(folder, small=profile in ("small", "demo"))


# ---- writing --------------------------------------------------------------------------------

class Box:
    """One mailbox of a Maildir++ in Dovecot's manner."""

    def __init__(self, root, name):
        self.path = root if name == "INBOX" else \
            os.path.join(root, "." + mutf7.encode(name).replace("/", "."))
        for sub in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(self.path, sub), exist_ok=True)
        if name != "INBOX":
            open(os.path.join(self.path, "maildirfolder"), "w").close()
        self.keywords = []

    def letter(self, keyword):
        if keyword not in self.keywords:
            self.keywords.append(keyword)
        return chr(ord("a") + self.keywords.index(keyword))

    def close(self):
        if self.keywords:
            with open(os.path.join(self.path, "dovecot-keywords"), "w") as f:
                f.writelines(f"{i} {k}\n" for i, k in enumerate(self.keywords))


def fill(directory, source):
    """Writes the messages into the Maildir++ at `directory`; returns how many and how many bytes."""
    boxes, written, size = {}, 0, 0
    for message in source:
        box = boxes.get(message.folder)
        if box is None:
            box = boxes[message.folder] = Box(directory, message.folder)
        written += 1
        size += len(message.data)
        letters = "".join(sorted(message.flags)) + \
            "".join(sorted(box.letter(k) for k in message.keywords))
        # The first number orders the UIDs.
        path = f"{box.path}/cur/{1000000000 + written}.M{written}P1.corpus:2,{letters}"
        with open(path, "wb") as f:
            # Dovecot adds a CR where none stands before the LF: only so CR CR LF comes to the wire.
            f.write(message.data if b"\r\r\n" in message.data else
                    message.data.replace(b"\r\n", b"\n"))
        os.utime(path, (message.date, message.date))
    for box in boxes.values():
        box.close()
    with open(os.path.join(directory, "subscriptions"), "w") as f:
        f.writelines(mutf7.encode(name) + "\n" for name in boxes if name != "INBOX")
    return written, size


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("directory")
    p.add_argument("--profile", default="small", choices=["demo", "small", "odd", "large", "files"])
    p.add_argument("--count", type=int)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    written, size = fill(a.directory, messages(a.profile, a.count, a.seed))
    print(f"{written} messages, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
