#!/usr/bin/python3
"""The message that tells of conflicts, when it cannot be put where it belongs; and with several accounts."""
import os, subprocess, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import atexit, shutil
from clash import Clash, conflicts, lost, notices, numbers, text_of, told
from harness import Account, DavAccount, scratch, text_message
from tap import equal, finish, note, ok


def places(a):
    return [p for p, _, _ in notices(a)]


def fails_then_works(a, name, spoil, mend, place, words):
    """While it cannot be delivered a run says so; the first that can delivers it, once."""
    c = Clash(a)
    c.there(f"There {name}")
    c.here(f"Here {name}")
    spoil()
    for i in range(2):
        run = a.koc("sync")
        ok(run.status == 1 and "message about conflicts" in run.err and words in run.err, f"{name}: told, run {i}", run)
        equal(places(a), [], f"{name}: nothing is delivered")
        equal([x["announced"] for x in conflicts(a)], [False], f"{name}: nor marked")
    equal(len(lost(a)), 1, f"{name}: the local version is kept all the same")
    mend()
    a.sync(name=f"{name}: mended")
    equal((places(a), told(a)), ([place], numbers(a)), f"{name}: then it is delivered")
    a.sync(name=f"{name}: once more")
    equal(places(a), [place], f"{name}: once")
    equal([x["announced"] for x in conflicts(a)], [True], f"{name}: and marked")
    conflicts(a, "drop", *map(str, numbers(a)))


# ---- an inbox that takes nothing -------------------------------------------------------------------
with Account(None, dav=(4, 2, 2, 4)) as a:
    a.server.append("INBOX", text_message("Message"), "S")
    a.sync(name="first sync")
    inbox = a.mail.path("INBOX")

    def spoil():
        shutil.move(inbox + "/tmp", a.base + "/elsewhere")
        os.symlink(a.base + "/elsewhere", inbox + "/tmp")

    def mend():
        os.unlink(inbox + "/tmp")
        shutil.move(a.base + "/elsewhere", inbox + "/tmp")

    fails_then_works(a, "a symlink in the inbox", spoil, mend, "mail/INBOX/new", "symlink")

# ---- a service that cannot be opened ---------------------------------------------------------------
with Account(None, dav=(4, 2, 2, 4)) as a:
    a.server.append("INBOX", text_message("Message"), "S")
    a.sync(name="first sync")
    c = Clash(a)
    c.there("There")
    c.here("Here")
    state = a.store + "/.koc/mail.db"
    os.rename(state, a.base + "/mail.db")
    for end in ("-wal", "-shm"):
        if os.path.exists(state + end):
            os.unlink(state + end)
    with open(state, "wb") as f:
        f.write(b"no state at all " * 1000)
    run = a.koc("sync")
    ok(run.status == 1, "the state of mail is damaged: told", run)
    equal(places(a), ["mail/INBOX/new"], "the state of mail is damaged: the conflict of the calendar is told of")
    os.rename(a.base + "/mail.db", state)
    a.sync(name="mended")
    equal(told(a), numbers(a), "and not again")

# ---- a local version that cannot be read -----------------------------------------------------------
with DavAccount((4, 2, 2, 4), config="notice = none") as a:
    a.sync(name="unreadable: first sync")
    for n in range(2):
        c = Clash(a, nth=n)
        c.there(f"There {n}")
        c.here(f"Here {n}")
    a.sync(name="unreadable: two conflicts")
    path = os.path.join(a.store, "Conflicts", sorted(lost(a))[0])
    os.rename(path, path + ".aside")
    os.symlink(path + ".aside", path)
    a.configure("")
    a.sync(name="unreadable: told")
    equal(told(a), numbers(a), "unreadable: both are told of")
    (_, message, _), = notices(a)
    equal([p.get_filename().split("-")[1] for p in message.iter_attachments()].count("local.ics"), 1,
          "unreadable: one is attached")
    ok("not readable" in text_of(message), "unreadable: the other is said not to be", text_of(message))

# ---- a full disk -----------------------------------------------------------------------------------
full = scratch("full")
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "koc-test", full],
                  capture_output=True).returncode:
    note("not tried: a full disk: needs to mount a small tmpfs (root)")
else:
    atexit.register(subprocess.run, ["umount", full])
    with DavAccount((4, 2, 2, 4), store=full + "/store", config="notice = none") as a:
        a.sync(name="full: first sync")
        Clash(a).make("full")
        a.sync(name="full: to rest")
        a.configure("")
        room = os.statvfs(full)
        with open(full + "/ballast", "wb") as f:
            f.write(b"\0" * (room.f_bavail * room.f_frsize))
        run = a.koc("sync")
        ok(run.status == 1 and "space" in run.err.lower(), "full: told", run)
        equal(places(a), [], "full: nothing is delivered, not half of it either")
        os.unlink(full + "/ballast")
        a.sync(name="full: with room")
        equal((places(a), told(a)), (["Conflicts/mail/new"], numbers(a)), "full: then it is delivered")
        equal(os.listdir(a.store + "/Conflicts/mail/tmp"), [], "full: nothing is left of the first try")

# ---- several accounts ------------------------------------------------------------------------------
with Account(None, dav=(4, 2, 2, 4)) as a, DavAccount((4, 2, 2, 4)) as b:
    two = os.path.join(a.base, "two")
    with open(two, "w") as f:
        for which, name in ((a, "one"), (b, "two")):
            f.write(open(which.config).read().replace('"test"', f'"{name}"'))
    os.chmod(two, 0o600)
    a.server.append("INBOX", text_message("Message"), "S")
    for which in (a, b):
        which.sync(name="two accounts: first sync")
        c = Clash(which)
        c.there("There")
        c.here("Here")
    run = a.koc("sync", config=two)
    equal(run.status, 0, "two accounts: a sync of both")
    equal((places(a), places(b)), (["mail/INBOX/new"], ["Conflicts/mail/new"]), "two accounts: each is told of its own")
    for which, name in ((a, "one"), (b, "two")):
        (_, message, _), = notices(which)
        ok(f"koc conflicts -a {name} keep 2\n" in text_of(message), f"two accounts: what to type for {name}")
    run = a.koc("conflicts", "-a", "two", "keep", "2", config=two)
    equal((run.status, len(lost(b))), (0, 0), "two accounts: that works")
finish(at_least=45)
