"""One scenario, run again and again, disturbed at another point each time."""

import os
import shutil

import davmodel
import davoracle
import harness
import tap
import vdir
from dav import Snapshot
from harness import corpus, davcorpus, text_message

MOST = int(os.environ.get("KOC_KILL_MOST", "1000"))  # steps; no scenario here has as many


def mail():
    """A dozen messages in four folders, two of them alike."""
    chosen = list(corpus.messages("demo", count=10, seed=7))
    twin = text_message("A twin")
    return chosen + [corpus.Message("INBOX", twin, "S", [], 1700000000),
                     corpus.Message("INBOX", twin, "S", [], 1700000000)]

def path(a, folder, subject):
    return next(m["path"] for m in a.mail.messages(folder) if subject.encode() in m["data"])

def changes(a):
    """Some of everything, on both sides."""
    for i in range(8):
        a.server.append("INBOX", text_message(f"Given {i}"), "S")
    a.server.create("Work/Plans")
    a.koc("sync")
    uid = {m["data"].split(b"Subject: ")[1].split(b"\r\n")[0]: m["uid"]
           for m in a.server.messages("INBOX")}
    a.mail.deliver("INBOX", text_message("New here"), date=1700000100)
    a.mail.deliver("INBOX", text_message("Second new here"), "FS", date=1700000100)
    a.server.append("INBOX", text_message("New there"), "F", ["todo"], 1700000200)
    a.mail.flag(path(a, "INBOX", "Given 0"), "FRS")
    a.server.store("INBOX", uid[b"Given 1"], "+", "F")
    os.unlink(path(a, "INBOX", "Given 2"))
    a.server.expunge("INBOX", uid[b"Given 3"])
    a.mail.move(path(a, "INBOX", "Given 4"), "Work/Plans")
    a.server.move("INBOX", uid[b"Given 5"], "Work/Plans")
    a.mail.copy(path(a, "INBOX", "Given 6"), "Work/Plans")
    a.mail.edit(path(a, "INBOX", "Given 7"))
    a.mail.make("Made here")
    a.mail.deliver("Made here", text_message("First in it"), "S", date=1700000300)
    a.server.create("Made there")
    a.server.append("Made there", text_message("First in that"), "S", (), 1700000300)

def contents(a):
    """{folder: sorted digests} on the server: what an undisturbed run leaves."""
    return {name: sorted(m["digest"] for m in a.server.messages(name))
            for name, attributes in a.server.folders().items() if "\\noselect" not in attributes}

class Scenario:
    """One server; each disturbed run has a fresh user of it with the same mail and changes."""

    at_least = 12  # items that the undisturbed run leaves

    def __init__(self, messages, change=None):
        self.messages, self.change = messages, change
        self.server = harness.Server(any_user=True, rawlog=False).start()
        self.wanted = None

    def __enter__(self):
        """Runs it undisturbed, to know what must come out."""
        with self.account("undisturbed") as a:
            run = a.koc("sync")
            tap.equal(run.status, 0, "the undisturbed run ends with 0")
            a.equal("undisturbed: both sides are equal", at_least=self.at_least)
            self.wanted = self.contents(a)
        return self

    def __exit__(self, *_):
        self.server.stop()

    def make(self, user):
        return harness.Account(self.messages, server=self.server, user=user)

    def account(self, user):
        a = self.make(user)
        if self.change:
            a.koc("sync")
            self.change(a)
        return a

    def contents(self, a):
        return contents(a)

    def lines(self, a):
        """What differs from what the undisturbed run left."""
        return a.differences()[0] + self.unlike(self.contents(a))

    def unlike(self, found):
        return [f"{f}: {len(found.get(f, []))} items, {len(self.wanted.get(f, []))} wanted"
                for f in sorted(set(found) | set(self.wanted)) if found.get(f) != self.wanted.get(f)]

    def recovers(self, a, name):
        """At most two more runs reach what the undisturbed run reached."""
        run, lines, more = None, ["not run"], 0
        while lines and more < 2:
            run = a.koc("sync")
            more += 1
            lines = self.lines(a)
            if run.status != 0:
                lines.append(str(run))
        tap.ok(not lines, f"{name}: whole after {more} more", "\n".join(lines[:20]))
        if not os.environ.get("KEEP"):
            shutil.rmtree(a.base)


# ---- calendars and contacts ------------------------------------------------------------------

def dav_changes(a):
    """Some of everything, on both sides; nothing that can be a conflict."""
    davmodel.Model.serial = 0  # each time the same
    model = davmodel.Model(a)
    e = model.take(8, "calendars", "Home")
    model.new_there("Home")
    model.new_here("Home")
    model.new_here("Friends")
    model.edit_there(e[0], "Edited there")
    model.edit_here(e[1], "Edited here")
    model.edit_here(e[2], "Edited here in place", in_place=True)
    model.remove_there(e[3])
    model.remove_here(e[4])
    model.move_there(e[5], "Work")
    model.move_here(e[6], "Work")
    model.edit_here(e[7], "Moved and edited here")
    model.move_here(e[7], "Work")
    card, = model.take(1, "contacts", "Friends")
    model.edit_here(card, "Edited Person")
    kind = model.folders["To do"].kind
    a.vdir.make(f"{kind}/Made here")
    a.vdir.new(f"{kind}/Made here", "first.ics", vdir.task("first@made-here", "First in it"))
    made = a.there.make("contacts", "made-there", "Made there")
    a.there.add(made, "first.vcf", vdir.card("first@made-there", "First InThat"))
    a.there.label(model.folders["Work"], "Work renamed")
    a.vdir.make(model.path("Friends"), "Friends renamed")


class DavScenario(Scenario):
    """The same with calendars and contacts; nothing may be in conflict, or sent or kept twice."""

    at_least = 15
    titles = ("Home", "Work", "To do", "Friends")

    def __init__(self, change=None, program="radicale"):
        self.change, self.program, self.wanted = change, program, None
        self.items = [c for c in davcorpus.collections("small", (20, 3, 0, 5)) if c.title in self.titles]
        # A Xandikos has few users; each run has one of its own.
        self.server = None
        if program == "radicale":
            self.server = harness.DavServer(more_users=400, users="undisturbed").start()

    def __exit__(self, *_):
        if self.server:
            self.server.stop()

    def make(self, user):
        server = self.server or harness.DavServer(self.program, users=user)
        a = harness.DavAccount(self.items, server=server, user=user)
        a.own_dav = self.server is None
        return a

    def contents(self, a):
        """{title: sorted (UID, what it says)} on the server."""
        return self.contents_of(Snapshot(a.there))

    def contents_of(self, there):
        return {f.title: sorted((vdir.uid_of(d), vdir.summary_of(d)) for d in there.bodies(f).values())
                for f in there.folders()}

    def lines(self, a):
        there = Snapshot(a.there)
        return davoracle.compare(there, a.vdir)[0] + self.unlike(self.contents_of(there)) + \
            [f"in Conflicts: {c}" for c in a.conflicts()]


# ---- disturbances ----------------------------------------------------------------------------

def kill_everywhere(scenario, at_least, stride=1):
    """Stopped at the n-th durable step, for each n (or each so many) until a run is not stopped any more."""
    with scenario:
        stopped, n = 0, 1
        while n < MOST:
            with scenario.account(f"u{n}") as a:
                run = a.koc("sync", env={"KOC_TEST_KILL_AT": str(n)})
                if run.status == 0:
                    break
                stopped += 1
                if run.status != -9:
                    tap.ok(False, f"step {n}: killed", run)
                scenario.recovers(a, f"step {n}")
            n += stride
        tap.ok(stopped > at_least, f"there were more than {at_least} steps", stopped)
        tap.ok(n < MOST - 1, "and an end of them", stopped)


def at_every_step(messages, change, at_least):
    kill_everywhere(Scenario(messages, change), at_least)
