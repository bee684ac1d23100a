#!/usr/bin/python3
"""Flags and keywords merge bit by bit and never conflict."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, text_message
from tap import equal, finish, ok

BITS = "DFPRS"

mail = Account(None)
with mail as a:
    for i in range(12):
        a.server.append("INBOX", text_message(f"Message {i}"), "S" if i % 2 else "", ["old"])
    a.sync()
    files = {m["data"].split(b"Subject: ")[1].split(b"\r\n")[0].decode(): m["path"]
             for m in a.mail.messages("INBOX")}
    uid = {f"Message {i}": u for i, u in enumerate(a.server.uids("INBOX"))}
    equal(len(files), 12, "twelve messages are here")

    def here(n, letters):
        files[f"Message {n}"] = a.mail.flag(files[f"Message {n}"], letters)

    def there(n, how, letters="", keywords=()):
        a.server.store("INBOX", uid[f"Message {n}"], how, letters, keywords)

    letter = next(l for l, k in a.mail.keywords("INBOX").items() if k == "old")
    here(0, "F" + letter)                # set here
    here(1, letter)                      # \\Seen taken away here
    there(2, "+", "R")                   # set there
    there(3, "-", "S")                   # taken away there
    here(4, "FS" + letter); there(4, "+", "RP")  # set on both sides
    here(5, letter); there(5, "+", "F")  # away here, another set there
    here(6, "F" + letter); there(6, "+", "F")    # the same on both
    here(7, "S")                         # a keyword taken away here
    there(8, "-", keywords=["old"])      # and there
    there(9, "+", keywords=["$Label1", "New-There"])
    with open(a.mail.path("INBOX") + "/dovecot-keywords", "a") as f:
        f.write(f"{len(a.mail.keywords('INBOX'))} Made-Here\n")
    made = next(l for l, k in a.mail.keywords("INBOX").items() if k == "Made-Here")
    here(10, "".join(sorted(letter + made)))
    here(11, BITS + letter)

    run = a.sync()
    a.equal(at_least=12)
    now = {m["data"].split(b"Subject: ")[1].split(b"\r\n")[0].decode():
           (m["flags"], m["keywords"]) for m in a.server.messages("INBOX")}
    for n, flags, keywords in ((0, "F", "old"), (1, "", "old"), (2, "R", "old"), (3, "", "old"),
                               (4, "FPRS", "old"), (5, "F", "old"), (6, "F", "old"), (7, "S", ""),
                               (8, "", ""), (9, "S", "$label1 new-there old"),
                               (10, "", "made-here old"), (11, BITS, "old")):
        equal(now[f"Message {n}"], (flags, tuple(keywords.split())), f"message {n}")
    ok(not run.fetched_bodies(), "no body travelled", run.fetched_bodies())
    a.silent(allowed=LISTING)

    # More keywords than there are letters.
    for i in range(30):
        there(0, "+", keywords=[f"word{i}"])
    a.sync()
    here_now = [m for m in a.mail.messages("INBOX") if b"Message 0" in m["data"]][0]
    ok(len(here_now["keywords"]) >= 20, "thirty keywords more: letters for most", here_now["keywords"])
    a.silent("with keywords beyond the letters another run", allowed=LISTING)
    there_now = [m for m in a.server.messages("INBOX") if b"Message 0" in m["data"]][0]
    equal(len(there_now["keywords"]), 31, "and the server keeps them all")
finish(at_least=25)
