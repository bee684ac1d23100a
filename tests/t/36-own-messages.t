#!/usr/bin/python3
"""A message of koc's own (X-Koc-Notice) lies among the user's mail and belongs to no server: whatever the user
does with it, it is never sent, counted or moved there."""
import json, os, shutil, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, text_message
from tap import equal, finish, ok

OWN = (b"From: koc <koc@localhost>\nTo: alice@example.com\nSubject: Message in conflict! (1 item)\n"
       b"Date: Sun, 22 Nov 2026 12:00:00 +0000\nMessage-ID: <own@test>\nX-Koc-Notice: 0123\n\nText\n")


def here(a):
    """All local files that are such messages."""
    return [m["path"] for f in a.mail.folders() for m in a.mail.messages(f, own=True) if b"\r\nX-Koc-Notice:" in m["data"]]


def unsent(a, name, count=1):
    """A sync that says nothing of them to the server, and the server has none; then silence."""
    run = a.sync(name=f"{name}: a sync")
    ok(not [c for c in run.writes() if c.verb in ("APPEND", "UID COPY", "UID MOVE")], f"{name}: nothing is sent", run)
    found = [m for f in a.server.folders() for m in a.server.messages(f) if b"X-Koc-Notice" in m["data"]]
    equal(found, [], f"{name}: the server has none")
    equal(len(here(a)), count, f"{name}: it is still here")
    changed = json.loads(a.koc("status", "--json").out)[0]["changed-here"]
    equal(changed, [], f"{name}: it counts nowhere")
    a.silent(f"{name}: after that", allowed=LISTING)


with Account(None) as a:
    for i in range(12):
        a.server.append("INBOX", text_message(f"Message {i}"), "S")
    for folder in ("Archive", "Trash"):
        a.server.create(folder)
    a.server.append("Archive", text_message("Old"), "S")
    a.sync(name="first sync")
    path = a.mail.deliver("INBOX", OWN)
    unsent(a, "delivered")
    path = a.mail.flag(path, "FS")
    unsent(a, "read and flagged")
    path = a.mail.move(path, "Archive")
    unsent(a, "moved to another folder")
    copy = a.mail.copy(path, "INBOX")
    unsent(a, "copied", 2)
    os.unlink(copy)
    unsent(a, "the copy removed")
    a.mail.edit(path)
    unsent(a, "edited")
    path = a.mail.move(path, "Trash")
    unsent(a, "moved to the Trash")
    a.mail.make("Mine")
    path = a.mail.move(path, "Mine")
    unsent(a, "moved to a new folder")
    path = a.mail.move(path, "INBOX")
    unsent(a, "moved back")

    # Beside real work in the same folder.
    a.mail.deliver("INBOX", text_message("New here"), "S")
    a.server.append("INBOX", text_message("New there"), "S")
    os.unlink(next(m["path"] for m in a.mail.messages("INBOX") if b"Subject: Message 3\r\n" in m["data"]))
    a.sync(name="beside real work")
    there = b"".join(m["data"] for m in a.server.messages("INBOX"))
    ok(b"New here" in there and b"Message 3" not in there and b"X-Koc-Notice" not in there,
       "beside real work: that alone is done")
    equal(len([m for m in a.mail.messages("INBOX") if b"New there" in m["data"]]), 1, "and comes here")
    unsent(a, "beside real work")

    # A dry run, and runs for one direction or one folder.
    copy = a.mail.copy(path, "Archive")
    run = a.koc("sync", "-n")
    ok(run.status == 0 and not run.out.strip(), "a dry run plans nothing for it", run)
    a.sync("--push", name="--push")
    a.sync("mail/Archive", name="one folder")
    unsent(a, "afterwards", 2)

    # The state is lost.
    shutil.rmtree(a.store + "/.koc")
    unsent(a, "the state is lost", 2)

    # Written over a message that both sides have: that is set aside, not sent.
    victim = next(m for m in a.mail.messages("INBOX") if b"Subject: Message 5\r\n" in m["data"])
    aside = os.path.join(a.mail.path("INBOX"), "tmp", "aside")
    with open(aside, "wb") as f:
        f.write(OWN)
    os.rename(aside, victim["path"])
    run = a.sync(name="over a message", status=1)
    ok(not run.writes() and "koc's own" in run.err + run.out, "over a message: set aside", run)
    ok(any(b"Subject: Message 5\r\n" in m["data"] for m in a.server.messages("INBOX")),
       "over a message: the server keeps what it has")

# Somebody else put one on the server: then it is mail like any other.
with Account(None) as a:
    a.server.append("INBOX", OWN.replace(b"\n", b"\r\n"), "S")
    a.sync(name="one on the server")
    equal(len(here(a)), 1, "one on the server comes here")
    a.silent("one on the server: after that", allowed=LISTING)
    shutil.rmtree(a.store + "/.koc")
    a.sync(name="one on the server, the state is lost")
    equal(len(here(a)), 1, "and is not doubled")
    os.unlink(here(a)[0])
    a.sync(name="removed here")
    ok(not any(b"X-Koc-Notice" in m["data"] for m in a.server.messages("INBOX")), "it can be removed")
finish(at_least=100)
