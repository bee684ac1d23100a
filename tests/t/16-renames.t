#!/usr/bin/python3
"""Folders renamed on either side, one or many, one for another: the folder moves, and no message does."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, text_message
from benchlib import Relay
from tap import equal, finish, note, ok

EACH = 3


def fill(a, *folders):
    """The folders on the server, each with messages of its own; synchronised."""
    for f in folders:
        a.server.create(f)
    for f in folders:
        for i in range(EACH):
            a.server.append(f, text_message(f"{f} {i}", "y" * (i * 53) + "\r\n"), "S", ["todo"] if i == 0 else [])
    a.koc("sync")


def move_here(a, name, to):
    os.makedirs(os.path.dirname(a.mail.path(to)), exist_ok=True)
    os.rename(a.mail.path(name), a.mail.path(to))


def moved_messages(run):
    return [c for c in run.commands if c.verb in ("APPEND", "UID MOVE", "UID COPY", "UID EXPUNGE")]


def carried(a, name, received=0, renames=None, at_least=None):
    """A run that moves folders and no message; each folder then holds what is called after it."""
    inodes = {os.stat(p).st_ino for f in a.mail.folders() for p in a.mail.files(f)}
    run = a.sync(name=f"{name}: status 0")
    equal(moved_messages(run), [], f"{name}: no message was moved or sent")
    equal(len(run.fetched_bodies()), received, f"{name}: none was received but what is new")
    if renames is not None:
        equal([c.line.partition(" ")[2] for c in run.commands if c.verb == "RENAME"], renames, f"{name}: RENAME")
    a.equal(f"{name}: both sides are equal", at_least=at_least or EACH)
    kept = {os.stat(p).st_ino for f in a.mail.folders() for p in a.mail.files(f)}
    ok(inodes <= kept, f"{name}: the files are the same", f"{len(inodes - kept)} are gone")
    a.silent(f"{name}: another run", allowed=LISTING)
    return run


def subjects(a, folder):
    return sorted(m["data"].split(b"Subject: ")[1].split(b"\r\n")[0].decode() for m in a.mail.messages(folder))


TREE = ("P", "P/Q", "P/Q/R")

with Account(None) as a:
    fill(a, *TREE)
    a.server.rename("P", "N")
    carried(a, "with subfolders, there", at_least=9)
    move_here(a, "N", "O")
    carried(a, "with subfolders, here", renames=['RENAME "N" "O"'], at_least=9)
    a.server.rename("O", "Archive/O")
    carried(a, "into another, there", at_least=9)
    move_here(a, "Archive/O/Q", "Work/Q")
    carried(a, "out of another, here", renames=['RENAME "Archive/O/Q" "Work/Q"'], at_least=9)
    a.server.rename("Work/Q", "X")
    move_here(a, "Work/Q", "X")
    carried(a, "on both sides alike", renames=[], at_least=9)
    a.server.rename("X", "There")
    move_here(a, "X", "Here")
    carried(a, "on both sides, to different names", renames=[], at_least=9)
    ok(not os.path.isdir(a.mail.path("Here")), "the server's name wins")

    # With changes in it on both sides.
    a.server.rename("There", "Y")
    a.server.store("Y", a.server.uids("Y")[0], "+", "F")
    a.server.append("Y", text_message("New in it"))
    a.server.move("Y", a.server.uids("Y")[1], "Archive")
    a.mail.flag(a.mail.files("There")[2], "RS")
    run = a.sync(name="renamed there, with changes in it")
    equal((len(run.fetched_bodies()), moved_messages(run)), (1, []), "only what is new was received")
    a.equal("renamed there, with changes in it: equal", at_least=10)
    a.silent("after that", allowed=LISTING)

with Account(None) as a:
    fill(a, "A", "B", "C", "A/Sub", "D")
    a.server.rename("D", "D 2025")
    a.server.create("D")
    a.server.append("D", text_message("New in the new one"))
    carried(a, "there, and a new one under the old name", received=1, at_least=16)
    equal(subjects(a, "D 2025"), [f"D {i}" for i in range(EACH)], "what was in it is in the renamed one")
    move_here(a, "D", "D 2026")
    a.mail.make("D")
    carried(a, "here, and a new one under the old name", renames=['RENAME "D" "D 2026"'], at_least=16)
    ok("D" in a.server.folders(), "and it is there")

    a.server.rename("A", "T")
    a.server.rename("B", "A")
    a.server.rename("T", "B")
    carried(a, "two that changed names there", at_least=16)
    equal((subjects(a, "A"), subjects(a, "B"), subjects(a, "B/Sub")),
          ([f"B {i}" for i in range(EACH)], [f"A {i}" for i in range(EACH)], [f"A/Sub {i}" for i in range(EACH)]),
          "each holds what it held, under its new name")
    a.server.rename("A", "T")
    a.server.rename("B", "A")
    a.server.rename("C", "B")
    a.server.rename("T", "C")
    carried(a, "three in a circle there", at_least=16)
    equal((subjects(a, "A"), subjects(a, "C")),
          ([f"A {i}" for i in range(EACH)], [f"B {i}" for i in range(EACH)]), "each holds what it held")
    move_here(a, "A", "E")
    move_here(a, "B", "A")
    move_here(a, "C", "B")
    carried(a, "one after another here", renames=['RENAME "A" "E"', 'RENAME "B" "A"', 'RENAME "C" "B"'],
            at_least=16)
    a.server.rename("E", "F")
    a.server.rename("A", "E")
    a.server.rename("B", "A")
    carried(a, "one after another there", at_least=16)

    # Two that changed names here: their messages move on the server, which is as good.
    move_here(a, "A", "T")
    move_here(a, "E", "A")
    move_here(a, "T", "E")
    run = a.sync(name="two that changed names here")
    ok("APPEND" not in run.verbs and not run.fetched_bodies(), "no message travelled", run)
    a.equal("two that changed names here: equal", at_least=16)
    a.silent("after that", allowed=LISTING)

# Many at once, and a large one.
with Account(None) as a:
    many = [f"Many/{i}" for i in range(24)]
    fill(a, *many)
    a.server.create("Large")
    for i in range(2000):
        a.server.append("Large", text_message(f"Large {i:04}"))
    a.sync(name="a large folder is here")
    for i, name in enumerate(many):
        if i % 2:
            a.server.rename(name, f"Later/{i}")
        else:
            move_here(a, name, f"Later/{i}")
    carried(a, "many on each side", at_least=2000 + 24 * EACH)
    a.server.rename("Large", "Larger")
    relay = Relay(a.host.port())
    a.configure(url=f"imaps://127.0.0.1:{relay.port}")
    run = a.sync(name="the large one is renamed there")
    a.configure()
    counts = relay.stop()
    note(counts)
    ok(counts["down"] < 40000, "it costs as much as a small one", counts)
    a.equal("the large one is renamed there: equal", at_least=2000)

# What a dry run says, and what may not be carried.
PULL = 'folder "mail/*" { mode = full }\nfolder "mail/Pull*" { direction = pull }'
with Account(None, folders=PULL) as a:
    fill(a, "A", "B", "Pull")
    a.server.rename("A", "A2")
    move_here(a, "B", "B2")
    before = a.tree()
    run = a.sync("-n", name="a dry run")
    ok("mail/A was renamed to mail/A2" in run.out + run.err and "mail/B was renamed to mail/B2" in run.out + run.err,
       "tells the renames", run)
    ok("move" not in run.out and "remove" not in run.out and "pull" not in run.out, "and no message in them", run)
    equal((run.writes(), a.tree() == before), ([], True), "and does nothing")
    run = a.koc("sync", "--pull")
    equal((run.status, run.writes()), (0, []), "--pull: the server is left alone")
    ok("A2" in a.mail.folders() and "A" not in a.mail.folders(), "and what was renamed there is renamed here")
    run = a.koc("sync", "--push")
    ok("B2" in a.server.folders() and "B" not in a.server.folders(), "--push: renamed there", run)
    a.configure(folders=PULL)
    move_here(a, "Pull", "Pulled")
    run = a.sync(name="direction = pull")
    equal((run.writes(), "Pull" in a.mail.folders(), "Pulled" in a.mail.folders()), ([], True, False),
          "the rename is taken back")
    a.equal("direction = pull: equal", at_least=9)

    # What cannot be followed is left as it is: its rows say nothing of what has come in its place.
    a.server.rename("B2", "Taken")
    a.server.create("B2")
    a.server.append("B2", text_message("In the new one"))
    a.mail.make("Taken")
    a.mail.deliver("Taken", text_message("In one made here"), "S")
    before = a.tree()
    run = a.sync(status=1, name="renamed there to a name that is another folder's here")
    ok("mail/B2: renamed on the server to mail/Taken, which cannot be followed here" in run.err, "is told", run)
    equal((run.writes(), a.tree() == before), ([], True), "and neither is touched")
    move_here(a, "Taken", "Made here")
    a.sync(name="the other folder has made way")
    a.equal("nothing is there twice", at_least=10)
    equal((subjects(a, "Taken"), subjects(a, "B2"), subjects(a, "Made here")),
          ([f"B {i}" for i in range(EACH)], ["In the new one"], ["In one made here"]), "each has what it had")
    a.server.rename("Taken", "T")
    a.server.rename("B2", "Taken")
    a.server.rename("T", "B2")
    run = a.koc("sync", "--push")
    equal((run.status, run.writes()), (1, []), "--push: what changed names there is left as it is")
    a.sync(name="and followed without it")
    a.equal("nothing is there twice", at_least=10)

    # INBOX is INBOX.
    for i in range(EACH):
        a.server.append("INBOX", text_message(f"INBOX {i}"))
    a.koc("sync")
    move_here(a, "INBOX", "Old")
    run = a.sync(name="INBOX renamed here")
    ok(not {"RENAME", "DELETE", "APPEND"} & set(run.verbs) and not run.fetched_bodies(), "its messages move", run)
    a.equal("INBOX renamed here: equal", at_least=13)
    equal((len(a.server.uids("Old")), a.mail.messages("INBOX")), (EACH, []), "and it is there, empty")
    a.silent("after that", allowed=LISTING)
finish(at_least=189)
