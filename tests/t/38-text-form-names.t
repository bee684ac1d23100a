#!/usr/bin/python3
"""Text forms that bear another account's id: the server or the user is now named otherwise in the configuration, or
they were brought from another account.  What tells whose they are is the message's header."""
import os, re, shutil, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING
from tap import equal, finish, ok
from textforms import attached, is_text, subject_of

TEXT = 'folder "mail/*" {\n mode = text\n delete = expunge\n}\n'


def path(a, folder, subject):
    return next(m["path"] for m in a.mail.messages(folder) if subject_of(m["data"]) == subject)


def rename_server(a):
    with open(a.config) as f:
        text = f.read()
    assert "//127.0.0.1:" in text
    with open(a.config, "w") as f:
        f.write(text.replace("//127.0.0.1:", "//localhost:"))


def whole(a, wanted, name):
    """The server has each message whole, once, where it belongs; here is a file for each."""
    there = {f: a.server.messages(f) for f in wanted}
    equal({f: sorted(subject_of(m["data"]) for m in there[f]) for f in wanted}, wanted, f"{name}: there")
    ok(all(m["data"].count(b"QUJD") > 100 and not is_text(m["data"]) for f in wanted for m in there[f]), f"{name}: whole there")
    equal({f: sorted(subject_of(m["data"]) for m in a.mail.messages(f)) for f in wanted}, wanted, f"{name}: here")


with Account(None, folders=TEXT) as a:
    a.server.create("Work")
    for i in range(6):
        a.server.append("INBOX", attached(f"Message {i}"), "S")
    a.sync(name="first sync")
    ok(all(is_text(m["data"]) for m in a.mail.messages("INBOX")), "text forms")

    # A program moves one and writes its header anew: it is moved, not expunged.
    rename_server(a)
    with open(path(a, "INBOX", "Message 0"), "rb") as f:
        data = f.read()
    os.unlink(path(a, "INBOX", "Message 0"))
    a.mail.deliver("Work", data.replace(b"Subject:", b"X-Added: 1\nSubject:", 1), "S")
    run = a.sync(name="another name of the server, and a move")
    ok(not [c for c in run.writes() if c.verb == "APPEND"], "no APPEND", run)
    left = [f"Message {i}" for i in range(1, 6)]
    whole(a, {"INBOX": left, "Work": ["Message 0"]}, "moved")
    a.silent("moved: the next run", allowed=LISTING)

    # The state is lost, too.
    shutil.rmtree(f"{a.store}/.koc")
    run = a.sync(name="the state is lost")
    ok(not run.fetched_bodies() and not run.writes(), "the state is lost: found again by their headers", run)
    whole(a, {"INBOX": left, "Work": ["Message 0"]}, "the state is lost")
    a.silent("the state is lost: the next run", allowed=LISTING)

    # They are as good as those made under the new name: fetched, in part and whole, and removed.
    run = a.koc("fetch", path(a, "INBOX", "Message 1"), "--part", "a.pdf", "-o", f"{a.base}/a.pdf")
    equal((run.status, os.path.getsize(f"{a.base}/a.pdf") > 2000), (0, True), "a part is fetched")
    run = a.koc("fetch", path(a, "INBOX", "Message 1"))
    ok(run.status == 0 and not is_text(next(m["data"] for m in a.mail.messages("INBOX") if b"Message 1" in m["data"])), "one is fetched", run)
    os.unlink(path(a, "INBOX", "Message 2"))
    a.sync(name="one is removed")
    left.remove("Message 2")
    whole(a, {"INBOX": left, "Work": ["Message 0"]}, "removed")

    # Another account's message, which this one does not have: set aside, never sent.
    with Account(None, folders=TEXT) as other:
        other.server.append("INBOX", attached("A stranger"), "S")
        other.sync(name="another account")
        with open(path(other, "INBOX", "A stranger"), "rb") as f:
            data = f.read()
    stranger = a.mail.deliver("Work", data, "S")
    run = a.sync(name="a stranger", status=1)
    ok("text form" in run.err and not run.writes(), "a stranger: it is told, and not sent", run)
    ok(os.path.exists(stranger), "a stranger: it stays")
    a.silent("a stranger: the next run", allowed=LISTING)
finish()
