#!/usr/bin/python3
"""A new UIDVALIDITY: the same messages are known again, nothing travels, nothing doubles."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, corpus, text_message
from tap import equal, finish, ok

FOLDER = "INBOX"  # which holds the odd ones

# Dovecot mends CR CR LF when that is appended again: not the same message any more.
mail = [m for m in corpus.messages("small") if m.name != "cr-cr-lf"]
with Account(mail) as a:
    a.sync()
    before = {m["digest"]: os.stat(m["path"]).st_ino for m in a.mail.messages(FOLDER)}
    count = len(a.mail.files(FOLDER))
    a.renumber(FOLDER)
    a.server.append(FOLDER, text_message("New after the change"))
    a.server.store(FOLDER, a.server.uids(FOLDER)[3], "+", "F")
    a.mail.deliver(FOLDER, text_message("Written here meanwhile"), "S")
    run = a.sync()
    a.equal(at_least=201)
    equal(len(a.mail.files(FOLDER)), count + 2, "each message is there once")
    ok(len(run.fetched_bodies()) <= 1, "only the new one was downloaded", run.fetched_bodies())
    equal(len([c for c in run.commands if c.verb == "APPEND"]), 1, "only the new one was uploaded")
    after = {m["digest"]: os.stat(m["path"]).st_ino for m in a.mail.messages(FOLDER)}
    equal({d: i for d, i in after.items() if d in before}, before, "the files are the same files")
    a.silent(allowed=LISTING)
finish(at_least=10)
