#!/usr/bin/python3
"""koc beside other programs on the same servers: medians of alternating runs.  Mail here, with mbsync (and
offlineimap) on Dovecot; calendars and contacts in davbench.py, with vdirsyncer on Radicale and curl on Xandikos.

Every program has its own user with the same mail, its own store, and goes through its own relay, which
delays each direction by half the round trip, limits the rate, and counts bytes and turns (client data
after server data).  Before a run that follows changes there is a pause of 2.5 s for all of them: mbsync
would otherwise wait a second for the clock.

    --quick       a tenth of the mail and items, one run each: to see that it works, not to compare
    --row NAME    only this row (see --list)
    --runs N      runs of each program in each row, 3 or more to compare
    --peers A,B   for mail; default: mbsync
"""

import argparse
import os
import shutil
import sys
import time
from dataclasses import dataclass, field

import benchlib
from benchlib import PEAK, Relay
import corpus
import davbench
import harness
import peers
from harness import Account, Server, text_message

PAUSE = 2.5
# The peers know no Trash: then koc does not use it either.
FOLDERS = 'folder "mail/*" { mode = full delete = expunge }'


def koc(config):
    return [harness.KOC, "sync", "-c", config, "-q"]


PROGRAMS = {"koc": koc, "mbsync": peers.mbsync, "offlineimap": peers.offlineimap}


class Contender:
    """One program with its own user."""

    serial = 0

    def __init__(self, name, server, messages):
        self.name, self.samples = name, []
        Contender.serial += 1
        self.account = Account(messages, server=server, user=f"{name}{Contender.serial}",
                               folders=FOLDERS)

    def measure(self, rtt_ms, rate):
        """One run through a relay; what it cost."""
        a = self.account
        relay = None
        port = a.host.port()
        if rtt_ms or rate:
            relay = Relay(port, rtt_ms, rate)
            port = relay.port
        a.configure(url=f"imaps://127.0.0.1:{port}", folders=FOLDERS)
        run = benchlib.cost(PROGRAMS[self.name](a.config), a, self.name)
        counts = relay.stop() if relay else {}
        return {"seconds": run.seconds, "cpu": run.cpu, "peak": run.peak,
                "down": counts.get("down"), "up": counts.get("up"), "turns": counts.get("turns")}

    def forget(self):
        """A new store; the old one is moved aside, since removing it would slow what follows."""
        if os.path.exists(self.account.store):
            os.rename(self.account.store, f"{self.account.store}.{time.monotonic_ns()}")

    def median(self, what):
        return benchlib.median(self.samples, what)


def changes(contender):
    """100 new messages, 200 flag changes, 40 removals, half of each on each side."""
    a = contender.account
    Contender.serial += 1
    inbox, archive = "INBOX", "Archive"
    body = "A line of text that says little.\r\n" * 60
    for i in range(50):
        a.server.append(inbox, text_message(f"There {Contender.serial} {i}", body), "", (), 1700000000)
        a.mail.deliver(inbox, text_message(f"Here {Contender.serial} {i}", body), "S")
    uids = a.server.uids(archive)
    chosen = uids[Contender.serial % 7::7]
    a.server.store(archive, chosen[:100], "+", "F")
    a.server.expunge(inbox, a.server.uids(inbox)[:20])
    files = a.mail.files(archive)
    for path in files[Contender.serial % 5::5][:100]:
        letters = set(path.partition(":2,")[2])
        a.mail.flag(path, "".join(sorted(letters ^ {"R"})))
    gone = set(a.server.uids(inbox))
    for path in a.mail.files(inbox)[-20:]:
        os.unlink(path)
    assert gone
    a.disconnect()


@dataclass
class Row:
    what: str
    kind: str                    # idle, changes, pull
    mail: str                    # corpus profile, or tiny: 100,000 small ones
    rtt: int = 0                 # ms
    rate: int = 0                # bytes a second, 0 unlimited
    folders: int = 0             # made beyond those of the mail
    reach: float = None          # koc's time / mbsync's, at most
    most: dict = field(default_factory=dict)  # koc's turns, bytes down, CPU seconds, at most


ROWS = {
    "idle": Row("nothing new, 40 ms, 10,000 messages", "idle", "large", 40, reach=1 / 7,
                most={"turns": 4, "down": 5000 + 150 * 15, "cpu": .020}),
    "idle-lan": Row("nothing new, LAN", "idle", "large"),
    "idle-200": Row("nothing new, 40 ms, 200 folders", "idle", "demo", 40, folders=190, reach=1 / 7,
                    most={"turns": 4, "down": 5000 + 150 * 200}),
    "changes": Row("100 new, 200 flags, 40 removals, 40 ms", "changes", "large", 40, reach=.30,
                   most={"turns": 8}),
    "changes-lan": Row("100 new, 200 flags, 40 removals, LAN", "changes", "large"),
    "pull": Row("first pull of 10,000, 257 MB, LAN", "pull", "large", reach=.45),
    "pull-100k": Row("first pull of 100,000 small ones, LAN", "pull", "tiny"),
    "idle-100k": Row("nothing new, 40 ms, 100,000 messages", "idle", "tiny", 40, reach=1 / 7,
                     most={"turns": 4, "down": 5000 + 150 * 15}),
    "pull-slow": Row("first pull of 10,000, 10 MB/s, 40 ms", "pull", "large", 40, 10_000_000,
                     reach=.95),
}


def mail(profile, quick):
    """The messages of a row, each time the same."""
    if profile == "tiny":
        return [corpus.Message("INBOX", text_message(f"Message {i}", message_id=f"{i}@bench"), "S",
                               [], 1700000000 + i) for i in range(1000 if quick else 100000)]
    return corpus.messages(profile, 1000 if quick and profile == "large" else None)


def run_row(row, server, options, cache):
    """The contenders, with a row's samples."""
    contenders = []
    for program in ["koc", *options.peers]:
        key = (program, row.mail, row.folders)
        if key not in cache:
            c = cache[key] = Contender(program, server, mail(row.mail, options.quick))
            for i in range(row.folders):
                c.account.server.create(f"Folder {i}")
            c.account.disconnect()
        c = cache[key]
        c.samples = []
        if row.kind != "pull":
            c.measure(0, 0)  # up to date; not counted
            c.measure(0, 0)
            time.sleep(PAUSE)
        contenders.append(c)
    for _ in range(options.runs):
        for c in contenders:
            if row.kind == "pull":
                c.forget()
            elif row.kind == "changes":
                changes(c)
                time.sleep(PAUSE)
            c.samples.append(c.measure(row.rtt, row.rate))
    return contenders


def misses(row, contenders):
    """What of the row is not reached, in words."""
    koc, found = contenders[0], []
    for c in contenders[1:]:
        if c.name == "mbsync" and row.reach:
            ratio = koc.median("seconds") / c.median("seconds")
            if ratio > row.reach:
                found.append(f"{ratio:.2f} of mbsync's time, {row.reach:.2f} to reach")
    for what, most in [("peak", PEAK), *row.most.items()]:
        if koc.median(what) > most:
            found.append(f"{what} {koc.median(what):g}, {most:g} at most")
    return found


def mail_rows(names, options):
    """Prints the table of these rows; returns how many limits were missed."""
    server = Server(any_user=True, rawlog=False).start()
    missed, cache = 0, {}
    benchlib.head("turns")
    try:
        for name in names:
            row = ROWS[name]
            contenders = run_row(row, server, options, cache)
            ours = contenders[0].median("seconds")
            for c in contenders:
                benchlib.line(row.what if c.name == "koc" else "", c.name, c.samples, ours, "turns")
            if not options.quick:
                for miss in misses(row, contenders):
                    missed += 1
                    print(f"{'':42} NOT REACHED: {miss}")
    finally:
        server.stop()
    return missed


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--quick", action="store_true")
    p.add_argument("--row", action="append", choices=[*ROWS, *davbench.ROWS])
    p.add_argument("--list", action="store_true")
    p.add_argument("--runs", type=int)
    p.add_argument("--peers", default="mbsync")
    options = p.parse_args()
    if options.list:
        for name, row in [*ROWS.items(), *davbench.ROWS.items()]:
            print(f"{name:12} {row.what}")
        return 0
    options.peers = [x for x in options.peers.split(",") if shutil.which(x)]
    options.runs = options.runs or (1 if options.quick else 3)
    benchlib.undisturbed()
    print(f"medians of {options.runs} alternating runs; time ratio: koc / the other")
    missed = 0
    for rows, run in ((ROWS, mail_rows), (davbench.ROWS, davbench.run)):
        names = [n for n in options.row or rows if n in rows]
        if names:
            missed += run(names, options)
    print("bench: " + (f"{missed} limits missed" if missed else "all that was to be reached is reached"
                       if not options.quick else "done"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
