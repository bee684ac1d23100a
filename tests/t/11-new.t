#!/usr/bin/python3
"""New messages on both sides meet on both sides."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, text_message
from tap import equal, finish, ok

with Account("demo") as a:
    a.sync()
    a.server.append("INBOX", text_message("New there"), "S", ["todo"], 1700000000)
    a.server.append("日本語", text_message("New there too"))
    delivered = a.mail.deliver("INBOX", text_message("New here"))
    a.mail.deliver("Archive/2026", text_message("Filed here"), "FRS", date=1700000001)
    a.mail.deliver("INBOX", text_message("No final newline", "cut off"), "S")
    a.mail.deliver("Drafts", b"Subject: no more than this\r\n\r\n", "DS")
    same = text_message("On both sides")
    a.server.append("INBOX", same, "S")
    a.mail.deliver("INBOX", same, "S")
    run = a.sync()
    a.equal(at_least=66)
    appended = [c for c in run.commands if c.verb == "APPEND"]
    ok(4 <= len(appended) <= 5, "each was sent once", appended)
    there = [m for m in a.server.messages("Archive/2026") if m["date"] == 1700000001]
    equal(len(there), 1, "the received time went along")
    ok(os.path.exists(delivered) or a.mail.messages("INBOX"), "the delivered file is still there")
    a.silent(allowed=LISTING)
    a.equal("still equal")
finish(at_least=9)
