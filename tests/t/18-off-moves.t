#!/usr/bin/python3
"""Messages moved into and out of folders that are off or out of scope: nothing is lost, sent without need, or, of
text forms, left to the Trash."""
import os, re, subprocess, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account
from tap import equal, finish, ok
from textforms import attached, is_text, subject_of


def path(a, folder, subject):
    return next(m["path"] for m in a.mail.messages(folder) if subject_of(m["data"]) == subject)


def there(a, folder):
    return sorted(subject_of(m["data"]) for m in a.server.messages(folder))


def here(a, folder):
    return sorted(subject_of(m["data"]) for m in a.mail.messages(folder))


def whole(a, name):
    wrong = [subject_of(m["data"]) for f in a.server.folders() for m in a.server.messages(f) if is_text(m["data"])]
    equal(wrong, [], f"{name}: all whole there")


def uid(a, folder, subject):
    return next(m["uid"] for m in a.server.messages(folder) if subject_of(m["data"]) == subject)


def no_message(run, name):
    ok("APPEND" not in run.verbs and not run.fetched_bodies() and
       not [c for c in run.commands if re.search(r"BODY\.PEEK\[\d", c.line)], f"{name}: no message travelled", run)


for mode in ("full", "text"):
    on = f'folder "mail/*" {{ mode = {mode} }}\n'
    off = on + 'folder "mail/A" { mode = off }'
    with Account(None, folders=on) as a:
        for folder in ("A", "B"):
            a.server.create(folder)
        for i in range(8):
            a.server.append("A", attached(f"A {i}"), "S", ["todo"])
            a.server.append("INBOX", attached(f"INBOX {i}"), "S")
        a.sync(name=f"{mode}: first sync")

        a.configure(folders=off)
        a.sync(name=f"{mode}: A is off")
        a.mail.move(path(a, "A", "A 0"), "B")
        a.mail.copy(path(a, "A", "A 1"), "B")
        a.server.expunge("A", uid(a, "A", "A 2"))
        gone = a.mail.move(path(a, "A", "A 2"), "B")
        run = a.sync(status=0 if mode == "full" else 1, name=f"{mode}: moved and copied here out of it")
        equal(run.verbs.count("APPEND"), 1 if mode == "full" else 0, f"{mode}: sent is only what A has no more")
        ok("UID COPY" in run.verbs, f"{mode}: the others are copied there", run)
        equal(there(a, "B"), ["A 0", "A 1"] + (["A 2"] if mode == "full" else []), f"{mode}: B has them")
        whole(a, mode)
        a.mail.move(path(a, "INBOX", "INBOX 0"), "A")
        a.server.move("INBOX", uid(a, "INBOX", "INBOX 1"), "A")
        run = a.sync(name=f"{mode}: moved into it on both sides")
        no_message(run, f"{mode}: into it")
        equal((there(a, "INBOX"), here(a, "A").count("INBOX 0")), ([f"INBOX {i}" for i in (0, 2, 3, 4, 5, 6, 7)], 1),
              f"{mode}: what was moved here is held")

        a.configure(folders=on)
        if mode == "text":
            os.unlink(gone)
        a.sync(name=f"{mode}: A is on again")
        equal(there(a, "A"), ["A 1"] + [f"A {i}" for i in range(3, 8)] + ["INBOX 0", "INBOX 1"], f"{mode}: A there")
        equal(here(a, "A"), there(a, "A"), f"{mode}: A here")
        equal((here(a, "INBOX"), here(a, "B")), (there(a, "INBOX"), there(a, "B")), f"{mode}: the others, too")
        whole(a, f"{mode}: on again")
        run = a.koc("sync")
        equal((run.status, run.writes()), (0, []), f"{mode}: another run writes nothing")

        # Its messages have other numbers meanwhile: what cannot be copied yet waits, and is no removal then.
        a.configure(folders=off)
        a.koc("sync")
        a.disconnect()
        subprocess.run(["doveadm", "-c", os.path.join(a.host.directory, "dovecot.conf"), "mailbox", "update",
                        "--uid-validity", "77777", "-u", a.user, "A"], check=True,
                       env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        a.mail.move(path(a, "A", "A 4"), "B")
        run = a.koc("sync")
        a.configure(folders=on)
        run = a.sync(name=f"{mode}: moved out of it while it was renumbered")
        ok("A 4" in there(a, "B") and "A 4" not in there(a, "A"), f"{mode}: it lies where it was moved to", there(a, "B"))
        if mode == "text":
            equal((run.verbs.count("UID MOVE"), there(a, "Trash").count("A 4")), (1, 0), "text: by a MOVE")
        whole(a, f"{mode}: renumbered")

        # Out of scope.
        a.mail.move(path(a, "INBOX", "INBOX 2"), "B")
        run = a.sync("mail/B", name=f"{mode}: moved here out of a folder that is out of scope")
        no_message(run, f"{mode}: out of scope")
        a.sync(name=f"{mode}: and all")
        ok("INBOX 2" in there(a, "B") and "INBOX 2" not in there(a, "INBOX"), f"{mode}: it is in B", there(a, "B"))
        equal([here(a, f) for f in ("INBOX", "A", "B", "Trash")], [there(a, f) for f in ("INBOX", "A", "B", "Trash")],
              f"{mode}: both sides are equal")
        whole(a, f"{mode}: at the end")
finish(at_least=50)
