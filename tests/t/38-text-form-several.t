#!/usr/bin/python3
"""Text forms of which there are several, and messages made of them: which of the server's messages each is of."""
import os, sqlite3, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING
from tap import equal, finish, ok
from textforms import attached, is_text, subject_of

TEXT = 'folder "mail/*" { mode = text }\n'
ALONE = (b"From: jane@example.com\r\nSubject: %s\r\nMessage-ID: <%s@test>\r\nMIME-Version: 1.0\r\n"
         b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 15 + b"\r\n")


def path(a, folder, subject):
    return next(m["path"] for m in a.mail.messages(folder) if subject_of(m["data"]) == subject)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def places(a, side, subject):
    return sorted(f for f in side.folders() for m in side.messages(f) if subject_of(m["data"]) == subject)


def rewrite(a, folder, subject, to, *changes, remove=True):
    """As a program that writes what it moves or copies anew."""
    old = path(a, folder, subject)
    data = read(old)
    for what, by in changes or [(b"Subject:", b"X-Added: 1\nSubject:")]:
        assert what in data
        data = data.replace(what, by, 1)
    a.mail.deliver(to, data, "S")
    if remove:
        os.unlink(old)


def shelf(a):
    try:
        return [read(f"{a.store}/Conflicts/mail/cur/{n}") for n in os.listdir(f"{a.store}/Conflicts/mail/cur")]
    except FileNotFoundError:
        return []


with Account(None, folders=TEXT) as a:
    for folder in ("Work", "Plans"):
        a.server.create(folder)
    for i in range(4):
        a.server.append("INBOX", attached(f"Message {i}"), "S")
    for name in (b"Alone", b"Other"):
        a.server.append("INBOX", ALONE % (name, name), "S")
    a.sync(name="first sync")
    ok(all(is_text(m["data"]) for m in a.mail.messages("INBOX")), "text forms")

    # A copy and then the original are written anew, to the same bytes: the original is moved.
    rewrite(a, "INBOX", "Message 0", "Work", remove=False)
    a.sync(name="a rewritten copy")
    rewrite(a, "INBOX", "Message 0", "Plans")
    a.sync(name="the original, rewritten alike")
    for side, name in ((a.server, "there"), (a.mail, "here")):
        equal(places(a, side, "Message 0"), ["Plans", "Work"], f"{name}: the original is moved, the copy stays")

    # A copy is edited on its way to another folder: it is the copy that comes back.
    a.mail.copy(path(a, "INBOX", "Message 1"), "Work")
    a.sync(name="a copy")
    rewrite(a, "Work", "Message 1", "Plans", (b"Some text.", b"Another text."))
    a.sync(name="the copy, moved and edited")
    for side, name in ((a.server, "there"), (a.mail, "here")):
        equal(places(a, side, "Message 1"), ["INBOX", "Work"], f"{name}: both are where they were")
    ok(any(b"Another text." in data for data in shelf(a)), "the edit is in Conflicts")

    # Two copies, both edited and moved.
    a.mail.copy(path(a, "INBOX", "Message 2"), "Work")
    a.sync(name="a copy of another")
    rewrite(a, "Work", "Message 2", "Plans", (b"Some text.", b"One text."))
    rewrite(a, "INBOX", "Message 2", "Plans", (b"Some text.", b"Two texts."))
    a.sync(name="both moved and edited")
    for side, name in ((a.server, "there"), (a.mail, "here")):
        equal(places(a, side, "Message 2"), ["INBOX", "Work"], f"{name}: both edited: where they were")
    ok(all(any(text in data for data in shelf(a)) for text in (b"One text.", b"Two texts.")), "both edits are in Conflicts")

    # The text form of an attachment alone has another header than its message.
    rewrite(a, "INBOX", "Alone", "INBOX", (b"\n\n", b"\n\nAn added line.\n"))
    a.sync(name="an attachment alone, edited")
    equal((places(a, a.server, "Alone"), places(a, a.mail, "Alone")), (["INBOX"], ["INBOX"]), "it is where it was")
    ok(any(b"Subject: Alone" in data for data in shelf(a)), "its edit is in Conflicts")

    # Written anew and moved, then moved on both sides; a copy is edited meanwhile.  The server's place wins.
    a.server.append("INBOX", attached("Message 5"), "S")
    a.server.copy("INBOX", a.server.uids("INBOX")[-1], "Work")
    a.sync(name="one more, and its copy")
    rewrite(a, "Work", "Message 5", "Plans")
    a.sync(name="the copy, rewritten")
    rewrite(a, "INBOX", "Message 5", "INBOX", (b"Some text.", b"Text five."))
    a.mail.move(path(a, "Plans", "Message 5"), "INBOX")
    a.server.move("Plans", next(m["uid"] for m in a.server.messages("Plans") if subject_of(m["data"]) == "Message 5"), "Archive")
    a.sync(name="moved on both sides")
    for side, name in ((a.server, "there"), (a.mail, "here")):
        equal(places(a, side, "Message 5"), ["Archive", "INBOX"], f"{name}: it is where the server has it")
    ok(any(b"Text five." in data for data in shelf(a)), "the edit of the other is in Conflicts")

    # A new message that was made of a text form, with its text or another, is none of the server's.
    for i, changes in enumerate(([], [(b"Some text.", b"My answer.")])):
        rewrite(a, "INBOX", "Message 3", "Drafts", (b"Message-ID: <", b"Message-ID: <new"), (b"Subject: ", b"Subject: Fwd %d " % i),
                *changes, remove=False)
    run = a.sync(name="made of it", status=1)
    ok("APPEND" not in run.verbs and run.err.count("a text form of a message that is not known here") == 2, "it is told of", run)
    equal((places(a, a.server, "Message 3"), a.server.messages("Drafts")), (["INBOX"], []), "nothing is made of it there")
    equal(len(a.mail.messages("Drafts")), 2, "it stays here")
    ok(not any(b"Subject: Fwd" in data for data in shelf(a)), "and is no conflict")
    a.silent("another run", allowed=LISTING)
    ok(not any(is_text(m["data"]) for f in a.server.folders() for m in a.server.messages(f)), "all whole there")

# A server that has no room for a copy: it is told, tried again later, and made then.
with Account(None, folders=TEXT, quota="20k") as a:
    for i in range(2):
        a.server.append("INBOX", attached(f"Message {i}", 8000), "S")
    a.sync(name="two large ones")
    a.mail.copy(path(a, "INBOX", "Message 0"), "Archive")
    run = a.sync(name="no room for a copy", status=1)
    ok("quota" in run.err.lower(), "it is told why", run.err)
    equal(places(a, a.server, "Message 0"), ["INBOX"], "no room: it is not there")
    a.silent("no room: another run", allowed=LISTING)
    a.server.expunge("INBOX", a.server.uids("INBOX")[1])
    with sqlite3.connect(f"{a.store}/.koc/mail.db") as db:
        db.execute("UPDATE pending SET next = 0")
    db.close()
    run = a.sync(name="when there is room")
    equal(places(a, a.server, "Message 0"), ["Archive", "INBOX"], "the copy is made")
    ok("APPEND" not in run.verbs and is_text(a.mail.messages("Archive")[0]["data"]), "by the server", run)
    a.silent("then another run", allowed=LISTING)
finish(at_least=40)
