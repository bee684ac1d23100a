"""One scenario, run again and again, disturbed at another point each time."""

import os
import shutil

import harness
import tap
from harness import corpus, text_message

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

    def __init__(self, messages, change=None):
        self.messages, self.change = messages, change
        self.server = harness.Server(any_user=True, rawlog=False).start()
        self.wanted = None

    def __enter__(self):
        """Runs it undisturbed, to know what must come out."""
        with self.account("undisturbed") as a:
            run = a.koc("sync")
            tap.equal(run.status, 0, "the undisturbed run ends with 0")
            a.equal("undisturbed: both sides are equal", at_least=12)
            self.wanted = contents(a)
        return self

    def __exit__(self, *_):
        self.server.stop()

    def account(self, user):
        a = harness.Account(self.messages, server=self.server, user=user)
        if self.change:
            a.koc("sync")
            self.change(a)
        return a

    def recovers(self, a, name):
        """At most two more runs reach what the undisturbed run reached."""
        run, lines, more = None, ["not run"], 0
        while lines and more < 2:
            run = a.koc("sync")
            more += 1
            lines = a.differences()[0]
            lines += [f"{f}: {len(c)} messages, {len(self.wanted.get(f, []))} wanted"
                      for f, c in contents(a).items() if c != self.wanted.get(f)]
            if run.status != 0:
                lines.append(str(run))
        tap.ok(not lines, f"{name}: whole after {more} more", "\n".join(lines[:20]))
        if not os.environ.get("KEEP"):
            shutil.rmtree(a.base)

def at_every_step(messages, change, at_least):
    """Stopped at the n-th durable step, for each n until a run is not stopped any more."""
    with Scenario(messages, change) as scenario:
        stopped = 0
        for n in range(1, MOST):
            with scenario.account(f"u{n}") as a:
                run = a.koc("sync", env={"KOC_TEST_KILL_AT": str(n)})
                if run.status == 0:
                    break
                stopped += 1
                if run.status != -9:
                    tap.ok(False, f"step {n}: killed", run)
                scenario.recovers(a, f"step {n}")
        tap.ok(stopped > at_least, f"there were more than {at_least} steps", stopped)
        tap.ok(stopped < MOST - 1, "and an end of them", stopped)
