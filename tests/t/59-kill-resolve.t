#!/usr/bin/python3
"""koc conflicts keep, both and drop, killed at every durable step: done again, they come to the same end, and no version
is lost on the way."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import vdir
from clash import Clash, conflicts, lost, numbers, vault
from harness import Account, text_message
from killing import MOST
from tap import equal, finish, ok


def saved(a, words):
    """Is there a file here that has these words, in a folder, in Conflicts or in the vault?"""
    for at, _, files in os.walk(a.store):
        for name in files:
            if not name.endswith((".db", "-wal", "-shm")):
                with open(os.path.join(at, name), "rb") as f:
                    data = f.read()
                if words in data and b"X-Koc-Notice" not in data:
                    return True
    return False


def event(a, n):
    """A conflict of an event: its number, what was written here, a function that tells both sides."""
    c = Clash(a, nth=0)
    there, here = f"There {n}", f"Here {n}"
    c.there(there)
    c.here(here)

    def sides():
        return (sorted(vdir.summary_of(f.data) for f in a.vdir.files(c.path)
                       if vdir.summary_of(f.data) in (there, here)),
                sorted(vdir.summary_of(d) for d in a.there.bodies(c.folder).values()
                       if vdir.summary_of(d) in (there, here)))
    return there, here, sides


def message(a, n):
    """The same of a message, which is gone on the server."""
    subject, words = f"Message {n}", f"Words {n}."
    a.server.append("INBOX", text_message(subject), "S")
    a.sync(name=f"{subject}: there")
    path = next(m["path"] for m in a.mail.messages("INBOX") if f"Subject: {subject}\r\n".encode() in m["data"])
    a.mail.edit(path, words.encode() + b"\n")
    a.server.expunge("INBOX", next(m["uid"] for m in a.server.messages("INBOX")
                                   if f"Subject: {subject}\r\n".encode() in m["data"]))

    def sides():
        return tuple([words for m in found if words.encode() in m["data"]]
                     for found in (a.mail.messages("INBOX"), a.server.messages("INBOX")))
    return None, words, sides


# What both sides have in the end: of the server's version and of the local one.
WANTED = {"keep": (False, True), "both": (True, True), "drop": (True, False)}

with Account(None, dav=(6, 2, 2, 4), config="notice = none") as a:
    a.server.append("INBOX", text_message("Message"), "S")
    a.sync(name="first sync")
    serial = 0
    for make in (event, message):
        for act, (theirs, ours) in WANTED.items():
            stopped = n = 0
            while n < MOST:
                n += 1
                serial += 1
                there, here, sides = make(a, serial)
                name = f"{make.__name__}, {act}, step {n}"
                a.sync(name=f"{name}: a conflict")
                number, = map(str, numbers(a))
                run = a.koc("conflicts", act, number, env={"KOC_TEST_KILL_AT": str(n)})
                ok(saved(a, here.encode()), f"{name}: the local version is here")
                again = [] if run.status == 0 else list(map(str, numbers(a)))
                if run.status == 0:
                    equal(numbers(a), [], f"{name}: closed")
                else:
                    stopped += 1
                    equal(run.status, -9, f"{name}: killed")
                if again:
                    conflicts(a, act, *again)
                a.sync(name=f"{name}: a sync")
                want = sorted([there] * (theirs and there is not None) + [here] * ours)
                equal(sides(), (want, want), f"{name}: both sides")
                equal((numbers(a), lost(a)), ([], {}), f"{name}: nothing is open")
                if act == "drop":
                    ok(any(here.encode() in d for d in vault(a)), f"{name}: it is in the vault")
                if there and act == "both":  # one of them is enough for the next time
                    second, = [f for f in a.vdir.files(a.vdir.folder("Home")) if vdir.summary_of(f.data) == here]
                    os.unlink(second.path)
                    a.sync(name=f"{name}: tidied up")
                if run.status == 0:
                    break
            ok(stopped >= 3, f"{make.__name__}, {act}: there were some steps", stopped)
    a.equal("mail: equal", at_least=3)
    a.dav_equal("calendars: equal", at_least=8)
finish(at_least=120)
