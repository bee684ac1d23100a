#!/usr/bin/python3
"""A server that names messages and mailboxes for ever (RFC 8474): a move is known without reading a header."""
import os, subprocess, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, text_message
from objectid import ObjectId
from rawlog import unadvertised
from tap import equal, finish, ok

COUNT = 120
BODY = "".join(f"A line of text that must not travel again, number {i}.\r\n" for i in range(20))


def account(**options):
    a = Account(None)
    a.objectid = ObjectId(a.host.port("imap"), **options)
    a.configure(**a.objectid.configuration())
    return a


def validity(a, folder, number):
    """Another UIDVALIDITY; the messages keep their names."""
    a.disconnect()
    subprocess.run(["doveadm", "-c", os.path.join(a.host.directory, "dovecot.conf"), "mailbox", "update",
                    "--uid-validity", str(number), "-u", a.user, folder], check=True,
                   env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})


def headers(run):
    return [c for c in run.commands if "HEADER" in c.line]


def no_message(run, name):
    """Nothing of any message was read or sent."""
    ok(not headers(run) and not run.fetched_bodies() and "APPEND" not in run.verbs, f"{name}: nothing was read", run)


with account() as a:
    for name in ("A", "P", "P/Q"):
        a.server.create(name)
    for i in range(COUNT):
        a.server.append("INBOX", text_message(f"Message {i:04}", BODY), "S" if i % 2 else "")
    for i in range(5):
        a.server.append("P", text_message(f"P {i}"), "S", ["todo"])
    a.sync(name="first pull")

    uids = a.server.uids("INBOX")
    a.server.store("INBOX", uids[:10], "+", "F", ["todo"])
    a.server.move("INBOX", uids[:100], "A")
    run = a.sync(name="a hundred messages moved there")
    no_message(run, "moved there")
    a.equal("moved there: equal", at_least=COUNT)
    a.silent("after that", allowed=LISTING)

    uids = a.server.uids("A")
    for path in a.mail.files("A")[95:]:
        a.mail.move(path, "P/Q")
    a.server.move("A", uids[:80], "INBOX")
    run = a.sync(name="moved on both sides")
    no_message(run, "moved on both sides")
    a.equal("moved on both sides: equal", at_least=COUNT)

    # What koc sent learns its name when it is looked at.
    for i in range(5):
        a.mail.deliver("INBOX", text_message(f"Sent {i}", BODY), "S")
    a.mail.edit(a.mail.files("A")[0])
    a.sync(name="new ones, and one edited")
    a.equal("new ones: equal", at_least=COUNT)
    a.server.move("INBOX", a.server.uids("INBOX")[-5:], "A")
    a.server.move("A", a.server.uids("A")[-6:-5], "P")
    run = a.sync(name="what was sent is moved there")
    no_message(run, "what was sent")
    a.equal("what was sent: equal", at_least=COUNT)

    # Mailboxes.
    a.server.rename("P", "N")
    run = a.sync(name="renamed there")
    ok("UID FETCH" not in run.verbs and not run.writes(), "renamed there: nothing at all was read", run)
    a.equal("renamed there: equal", at_least=COUNT)
    a.server.rename("N/Q", "T")
    a.server.rename("A", "N/Q")
    a.server.rename("T", "A")
    validity(a, "A", 1234567)
    run = a.sync(name="two changed names, and one its numbers")
    no_message(run, "two changed names")
    a.equal("two changed names: equal", at_least=COUNT)
    a.silent("after that", allowed=LISTING)
    validity(a, "INBOX", 1234568)
    run = a.sync(name="a new UIDVALIDITY")
    no_message(run, "a new UIDVALIDITY")
    a.equal("a new UIDVALIDITY: equal", at_least=COUNT)
    a.silent("after that", allowed=LISTING)

# A server that comes to have it: what is remembered from before is known by its header, as ever.
with account() as a:
    a.configure(url=None)
    a.server.create("A")
    for i in range(20):
        a.server.append("INBOX", text_message(f"Message {i:04}", BODY), "S")
    run = a.sync(name="without OBJECTID")
    wrong = [unadvertised(c.line, ["OBJECTID-less"]) for c in run.commands if "ID" in c.line and "X-GUID" in c.line]
    equal(wrong, [], "without OBJECTID nothing of it is asked for")
    a.configure(**a.objectid.configuration())
    a.server.move("INBOX", a.server.uids("INBOX")[:10], "A")
    run = a.sync(name="with it, moved there")
    equal((bool(headers(run)), run.fetched_bodies()), (True, []), "headers tell which is which")
    a.equal("with it: equal", at_least=20)
    a.server.move("A", a.server.uids("A")[:5], "INBOX")
    no_message(a.sync(name="and moved back"), "moved back")
    a.equal("moved back: equal", at_least=20)

# Servers that have it wrong: nothing is lost, doubled or mixed up.
ODD = {
    "one name for all messages": [(rb"EMAILID \(\w+\)", b"EMAILID (M1)")],
    "one name for all mailboxes": [(rb"MAILBOXID \(\w+\)", b"MAILBOXID (F1)")],
    "no name": [(rb"EMAILID \(\w+\)", b"EMAILID NIL"), (rb"MAILBOXID \(\w+\)", b"MAILBOXID NIL")],
    "no name that is one": [(rb"EMAILID \(\w+\)", b'EMAILID ("a b")'), (rb"MAILBOXID \(\w+\)", b"MAILBOXID (%%)")],
    "names without brackets": [(rb"EMAILID \((\w+)\)", rb"EMAILID \1"), (rb"MAILBOXID \((\w+)\)", rb"MAILBOXID \1")],
    "names without end": [(rb"EMAILID \((\w+)\)", rb"EMAILID (\1" + b"x" * 300 + b")")],
}
for name, changes in ODD.items():
    with account(changes=changes) as a:
        for f in ("A", "P"):
            a.server.create(f)
            for i in range(4):
                a.server.append(f, text_message(f"{f} {i}", "y" * (i * 53) + "\r\n"), "S")
        for i in range(12):
            a.server.append("INBOX", text_message(f"Message {i:04}", "z" * (i % 4 * 53) + "\r\n"), "S")
        a.sync(name=f"{name}: first pull")
        uids = a.server.uids("INBOX")
        a.server.move("INBOX", uids[::3], "A")
        a.server.expunge("INBOX", uids[1])
        a.server.append("A", text_message("Message 9999", "z" * 53 + "\r\n"), "S")
        a.server.rename("P", "N")
        a.sync(name=f"{name}: moved and renamed there")
        a.equal(f"{name}: equal", at_least=19)
        a.server.store("A", a.server.uids("A"), "+", "F")
        a.sync()
        a.equal(f"{name}: each is the one that it is taken for", at_least=19)
        a.silent(f"{name}: another run", allowed=LISTING)
finish(at_least=100)
