#!/usr/bin/python3
"""Conflicts: names that are taken get a number; the same bytes are kept and told of once."""
import os, shutil, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from clash import Clash, conflicts, lost, notices, numbers, told
from harness import Account, DavAccount, LISTING, text_message
from tap import equal, finish, ok

# ---- one event, again and again ------------------------------------------------------------------
with DavAccount((6, 2, 2, 4)) as a:
    a.sync(name="first sync")
    c = Clash(a)
    name = os.path.basename(c.file.path)
    stem, end = os.path.splitext(name)
    for i in range(3):
        c.there(f"There {i}")
        c.here(f"Here {i}")
        a.sync(name=f"conflict {i}")
    equal(sorted(os.path.basename(p) for p in lost(a)), sorted([name, f"{stem}.2{end}", f"{stem}.3{end}"]),
          "three versions under three names")
    equal(len(numbers(a)), 3, "three conflicts")
    ok(all(f"Here {i}".encode() in d for i, d in enumerate(lost(a)[k] for k in
                                                          sorted(lost(a), key=lambda p: (len(p), p)))), "each with its own")
    equal(told(a), sorted(numbers(a)), "each is told of once")

    # The second of them comes back by cp, not mv, and loses once more.
    number = sorted(numbers(a))[1]
    path = next(x["path"] for x in conflicts(a) if x["number"] == number)
    before = lost(a)
    shutil.copy(os.path.join(a.store, path), c.file.path)
    c.there("There again")
    a.sync(name="the same again")
    equal((lost(a), len(numbers(a))), (before, 3), "the same again: it is kept once")
    equal(told(a), sorted(numbers(a)), "the same again: and told of once")
    equal(c.now_here(), ["There again"], "the same again: the server's version stands")
    a.silent("the same again: after that")
    conflicts(a, "keep", str(number))
    a.sync(name="the second is kept")
    c.both_are(["Here 1"], "the second is kept")
    equal(len(numbers(a)), 2, "and the others are still open")

    # A name with a number that another file has, too.
    d = Clash(a, nth=1)
    os.rename(d.file.path, os.path.join(os.path.dirname(d.file.path), f"{stem}.2{end}"))
    a.sync(name="another file has such a name")
    d.file.path = os.path.join(os.path.dirname(d.file.path), f"{stem}.2{end}")
    for x, text in ((c, "first"), (d, "second")):
        x.there(f"There {text}")
        x.here(f"Here {text}")
    a.sync(name="both are in conflict at once")
    texts = b"".join(lost(a).values())
    ok(b"Here first" in texts and b"Here second" in texts and len(lost(a)) == 4, "both are kept", list(lost(a)))
    equal(len(numbers(a)), 4, "both are in the list")
    conflicts(a, "drop", *map(str, numbers(a)))
    equal((lost(a), numbers(a)), ({}, []), "all dropped")
    a.dav_equal("equal")

# ---- messages of one name in two folders ---------------------------------------------------------
with Account(None) as a:
    for folder in ("INBOX", "Archive"):
        if folder != "INBOX":
            a.server.create(folder)
        a.server.append(folder, text_message(f"In {folder}"), "S" if folder == "INBOX" else "FS")
    a.sync(name="mail: first sync")
    paths = {f: a.mail.messages(f)[0]["path"] for f in ("INBOX", "Archive")}
    for folder, path in paths.items():
        name = "1795000000.M1P1.laptop:2," + path.partition(":2,")[2]
        paths[folder] = os.path.join(os.path.dirname(path), name)
        os.rename(path, paths[folder])
    a.sync(name="mail: one name in two folders")
    for folder, path in paths.items():
        a.mail.edit(path, f"Words in {folder}.\n".encode())
        a.server.expunge(folder, a.server.uids(folder)[0])
    a.sync(name="mail: both are in conflict")
    kept = lost(a)
    equal(sorted(p.split("/")[-1].partition(":2,")[0] for p in kept),
          ["1795000000.M1P1.laptop", "1795000000.M1P1.laptop.2"], "mail: under two names")
    for path in kept:  # read in a mail program
        base = os.path.join(a.store, "Conflicts", path.partition(":2,")[0])
        os.rename(os.path.join(a.store, "Conflicts", path), base + ":2,RS")
    for c in conflicts(a):
        shown, = conflicts(a, "show", str(c["number"]))
        words = f"Words in {c['folder'].split('/')[1]}.".encode()
        ok(words in open(os.path.join(a.store, shown["local"]["path"]), "rb").read(), f"mail: {c['folder']}: shown")
        conflicts(a, "keep", str(c["number"]))
    a.sync(name="mail: both are kept")
    for folder in paths:
        m, = a.server.messages(folder)
        ok(f"Words in {folder}.".encode() in m["data"], f"mail: {folder} has its own again")
    a.equal("mail: equal", at_least=2)
    a.silent("mail: after that", allowed=LISTING)

# ---- the folder of a conflict is renamed ----------------------------------------------------------
for side in ("there", "here"):
    with Account(None) as a:
        a.server.create("Full")
        for i in range(4):
            a.server.append("Full", text_message(f"Message {i}"), "S")
        a.sync(name=f"renamed {side}: first sync")
        path = next(m["path"] for m in a.mail.messages("Full") if b"Message 2" in m["data"])
        a.mail.edit(path, b"Words of mine.\n")
        a.server.expunge("Full", a.server.uids("Full")[2])
        a.sync(name=f"renamed {side}: a conflict")
        if side == "there":
            a.server.rename("Full", "Other")
        else:
            os.rename(a.mail.path("Full"), a.mail.path("Other"))
        a.sync(name=f"renamed {side}: the folder")
        one, = conflicts(a)
        equal(one["folder"], "mail/Other", f"renamed {side}: the conflict is that folder's")
        conflicts(a, "keep", str(one["number"]))
        a.sync(name=f"renamed {side}: kept")
        ok(any(b"Words of mine." in m["data"] for m in a.server.messages("Other")), f"renamed {side}: the server has it")
        a.equal(f"renamed {side}: equal", at_least=4)
finish(at_least=35)
