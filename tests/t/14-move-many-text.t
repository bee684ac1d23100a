#!/usr/bin/python3
"""A thousand text forms moved here, as they are and written anew by a mail program: a few flights, and of no message
a byte."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, corpus
from benchlib import Relay
from tap import equal, finish, note, ok
from textforms import attached, is_text

COUNT = 1000
TEXT = 'folder "mail/*" { mode = text }'


def counted_sync(a, name):
    relay = Relay(a.host.port())
    a.configure(url=f"imaps://127.0.0.1:{relay.port}", folders=TEXT)
    run = a.sync(name=name)
    a.configure(folders=TEXT)
    counts = relay.stop()
    note(f"{name}: {counts['up']} bytes up, {counts['down']} down, {counts['turns']} turns")
    ok("APPEND" not in run.verbs and not [c for c in run.commands if "BODY" in c.line],
       f"{name}: of no message anything was sent or fetched", run)
    equal(run.verbs.count("UID MOVE"), 1, f"{name}: one MOVE for all")
    ok(counts["turns"] <= 7, f"{name}: a few flights", counts)
    ok(counts["up"] < 4000 and counts["down"] < 300 * COUNT, f"{name}: a few bytes a message", counts)
    return run


def places(a):
    there = {f: len(a.server.uids(f)) for f in ("INBOX", "Archive", "Work", "Trash")}
    here = {f: len(a.mail.files(f)) for f in there}
    return there, here


messages = [corpus.Message("INBOX", attached(f"Message {i:04}", 700), "S" if i % 3 else "", ["todo"] if i % 10 == 0 else [])
            for i in range(COUNT)]
with Account(messages, folders=TEXT) as a:
    a.server.create("Work")
    before = sorted(m["digest"] for m in a.server.messages("INBOX"))
    a.sync(name=f"{COUNT} messages are here")
    ok(all(is_text(m["data"]) for m in a.mail.messages("INBOX")), "as text forms")

    for path in a.mail.files("INBOX"):
        a.mail.move(path, "Archive")
    counted_sync(a, "moved with mv")
    wanted = {"INBOX": 0, "Archive": COUNT, "Work": 0, "Trash": 0}
    equal(places(a), (wanted, wanted), "moved with mv: all are there, and here")
    a.silent("moved with mv: another run")

    # As neomutt does, which adds lines to the header of what it saves elsewhere.
    for path in a.mail.files("Archive"):
        with open(path, "rb") as f:
            head, _, body = f.read().partition(b"\n\n")
        a.mail.deliver("Work", head + b"\nContent-Length: %d\nLines: %d\n\n" % (len(body), body.count(b"\n")) + body,
                       os.path.basename(path).partition(":2,")[2])
        os.unlink(path)
    counted_sync(a, "moved and written anew")
    wanted = {"INBOX": 0, "Archive": 0, "Work": COUNT, "Trash": 0}
    equal(places(a), (wanted, wanted), "moved and written anew: all are there, and here")
    a.silent("moved and written anew: another run")
    equal(sorted(m["digest"] for m in a.server.messages("Work")), before, "the server has each whole, once")
    equal(sum("todo" in m["keywords"] for m in a.server.messages("Work")), COUNT // 10, "with its keywords")
finish(at_least=25)
