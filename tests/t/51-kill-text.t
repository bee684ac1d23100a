#!/usr/bin/python3
"""Killed at every durable step of a run that takes over what was done to text forms: at most two more runs reach
what an undisturbed run reaches, and the server has each message whole, as often as it was put there."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import harness
from killing import Scenario, contents, kill_everywhere
from tap import finish
from textforms import attached, is_text, subject_of


def path(a, folder, i):
    return next(m["path"] for m in a.mail.messages(folder) if subject_of(m["data"]) == f"Message {i}")


def rewrite(a, i, to, what=b"Subject:", by=b"X-Added: 1\nSubject:"):
    """As a program that writes what it moves anew."""
    old = path(a, "INBOX", i)
    with open(old, "rb") as f:
        a.mail.deliver(to, f.read().replace(what, by, 1), "S")
    os.unlink(old)


def changes(a):
    """Copied, moved, written anew, edited, removed, and flagged."""
    a.mail.copy(path(a, "INBOX", 0), "Work")
    a.mail.copy(path(a, "INBOX", 1), "INBOX")
    a.mail.copy(path(a, "INBOX", 2), "Work")
    rewrite(a, 2, "Archive")
    a.mail.move(path(a, "INBOX", 3), "Work")
    rewrite(a, 4, "Archive", b"Some text.", b"Another text.")
    a.mail.edit(path(a, "INBOX", 5))
    os.unlink(path(a, "INBOX", 6))
    a.mail.flag(path(a, "INBOX", 7), "FS")
    uids = a.server.uids("INBOX")
    a.server.move("INBOX", uids[8], "Work")
    a.server.expunge("INBOX", uids[9])
    a.server.append("Work", attached("Message 10"))


def shelf(a):
    """Subjects of what is in Conflicts."""
    directory, found = f"{a.store}/Conflicts/mail/cur", []
    for name in os.listdir(directory) if os.path.exists(directory) else []:
        with open(f"{directory}/{name}", "rb") as f:
            found.append(subject_of(f.read()))
    return sorted(found)


class Texts(Scenario):
    def make(self, user):
        a = harness.Account(None, server=self.server, user=user, folders='folder "mail/*" { mode = text }')
        a.server.create("Work")
        for i in range(10):
            a.server.append("INBOX", attached(f"Message {i}"), "S")
        a.koc("sync")
        return a

    def contents(self, a):
        return {**contents(a), "text forms": [m["uid"] for f in a.server.folders() for m in a.server.messages(f) if is_text(m["data"])],
                "Conflicts": shelf(a)}

    def lines(self, a):
        sides = [sorted((f, subject_of(m["data"]), m["flags"]) for f in side.folders() for m in side.messages(f))
                 for side in (a.server, a.mail)]
        return self.unlike(self.contents(a)) + ([] if sides[0] == sides[1] else [f"there {sides[0]}", f"here {sides[1]}"])

    def __enter__(self):
        with self.account("undisturbed") as a:
            a.sync(name="the undisturbed run")
            self.wanted = self.contents(a)
        return self


kill_everywhere(Texts(None, changes), at_least=20)
finish(at_least=25)
