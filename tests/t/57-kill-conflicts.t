#!/usr/bin/python3
"""Killed at every durable step of a run with conflicts of mail, calendars and contacts: at most two more runs reach
what an undisturbed run reaches; each local version is kept once, and each conflict told of once."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import harness, vdir
from clash import Clash, conflicts, lost, notices, told
from harness import text_message
from killing import MOST, Scenario, contents, path
from tap import equal, finish, ok


def clashes(a):
    """Of every kind one."""
    a.koc("sync")
    home, friends = a.vdir.folder("Home"), a.there.folder("Friends")
    both, edited, removed = (Clash(a, nth=n) for n in range(3))
    both.there("Edited there")
    both.here("Edited here")
    edited.here("Edited here, removed there")
    a.there.delete(edited.href)
    removed.there("Edited there, removed here")
    os.unlink(removed.file.path)
    a.there.add(a.there.folder("Home"), "made.ics", vdir.event("made@test", "Made there"))
    a.vdir.new(home, "made-here.ics", vdir.event("made@test", "Made here"))
    a.there.add(friends, "same.vcf", vdir.card("same@test", "The Same"))
    a.vdir.new(a.vdir.folder("Friends", "contacts"), "same.vcf", vdir.card("same@test", "The Same"))
    person = Clash(a, "contacts", "Friends")
    person.there("There Person")
    person.here("Here Person")
    uids = {m["data"].split(b"Subject: ")[1].split(b"\r\n")[0]: m["uid"] for m in a.server.messages("INBOX")}
    for i in range(2):
        a.mail.edit(path(a, "INBOX", f"Given {i}"), f"Words {i}\n".encode())
        a.server.expunge("INBOX", uids[f"Given {i}".encode()])
    a.mail.edit(path(a, "INBOX", "Given 2"), b"No conflict\n")


class Clashes(Scenario):
    """One mail and one DAV server; each disturbed run has a fresh user of both."""

    def __init__(self):
        super().__init__(None, clashes)
        self.dav = harness.DavServer(more_users=200, users="undisturbed").start()
        self.items = [c for c in harness.davcorpus.collections("small", (6, 0, 0, 3)) if c.title in ("Home", "Friends")]

    def __exit__(self, *_):
        super().__exit__()
        self.dav.stop()

    def __enter__(self):
        with self.account("undisturbed") as a:
            run = a.koc("sync")
            equal(run.status, 0, "the undisturbed run ends with 0")
            a.equal("undisturbed: mail is equal", at_least=3)
            a.dav_equal("undisturbed: the rest is equal", at_least=8)
            listed = conflicts(a)
            equal(sorted(c["why"] for c in listed), ["edited here, removed on the server"] * 3 +
                  ["edited on both sides"] * 2 + ["new on both sides",
                                                  "removed here, edited on the server"], "undisturbed: the conflicts")
            equal((len(lost(a)), len(notices(a))), (6, 1), "undisturbed: six local versions, one message")
            self.wanted = self.contents(a)
        return self

    def make(self, user):
        a = harness.Account(None, server=self.server, user=user, dav=self.items, dav_server=self.dav)
        for i in range(4):
            a.server.append("INBOX", text_message(f"Given {i}"), "S")
        return a

    def contents(self, a):
        return {**contents(a),
                **{f.title: sorted((vdir.uid_of(d), vdir.summary_of(d)) for d in a.there.bodies(f).values())
                   for f in a.there.folders()},
                "Conflicts": sorted(lost(a).values()),
                "koc conflicts": sorted((c["folder"], c["item"], c["why"], c["announced"]) for c in conflicts(a))}

    def lines(self, a):
        numbers = sorted(c["number"] for c in conflicts(a))
        return super().lines(a) + a.dav_differences()[0] + \
            ([] if told(a) == numbers else [f"told of {told(a)}, and there are {numbers}"])


with Clashes() as scenario:
    stopped = n = 0
    while n < MOST:
        n += 1
        with scenario.account(f"u{n}") as a:
            run = a.koc("sync", env={"KOC_TEST_KILL_AT": str(n)})
            if run.status == 0:
                break
            stopped += 1
            ok(run.status in (1, -9), f"step {n}: killed", run)
            scenario.recovers(a, f"step {n}")
    ok(stopped > 20, "there were more than 20 steps", stopped)
    ok(n < MOST, "and an end of them", n)
finish(at_least=50)
