#!/usr/bin/python3
"""koc beside mbsync (and offlineimap) on the same Dovecot: medians of alternating runs.

Every program has its own user with the same mail, its own store, and goes through its own relay, which
delays each direction by half the round trip, limits the rate, and counts bytes and turns (client data
after server data).  Before a run that follows changes there is a pause of 2.5 s for all of them: mbsync
would otherwise wait a second for the clock.

    --quick       1,000 messages instead of 10,000, one run each: to see that it works, not to compare
    --row NAME    only this row (see --list)
    --runs N      runs of each program in each row, 3 or more to compare
    --peers A,B   default: mbsync
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import corpus
import harness
import peers
from harness import Account, Server, text_message

RELAY = os.path.join(harness.TOP, "build", "tools", "relay")
PAUSE = 2.5
# The peers know no Trash: then koc does not use it either.
FOLDERS = 'folder "mail/*" { mode = full delete = expunge }'


class Relay:
    """A relay in front of a server's port; stop() returns its counts."""

    def __init__(self, port, rtt_ms=0, rate=0):
        self.process = subprocess.Popen(
            [RELAY, "--to", str(port), "--rtt", str(rtt_ms)] + (["--rate", str(rate)] if rate else []),
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        words = self.process.stdout.read().split()
        self.process.wait()
        return dict(zip(words[::2], map(int, words[1::2])))


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
        costs = os.path.join(a.base, "costs")
        words = [harness.MEASURE, costs, *PROGRAMS[self.name](a.config)]
        run = harness.end_program(*harness.start_program(words, a.environment(), a.base),
                                  time.monotonic(), limit=1800)
        counts = relay.stop() if relay else {}
        if run.status != 0:
            raise SystemExit(f"bench: {self.name} ended with {run}")
        harness.measured(run, costs)
        return {"seconds": run.seconds, "cpu": run.cpu, "peak": run.peak,
                "down": counts.get("down"), "up": counts.get("up"), "turns": counts.get("turns")}

    def forget(self):
        """A new store; the old one is moved aside, since removing it would slow what follows."""
        if os.path.exists(self.account.store):
            os.rename(self.account.store, f"{self.account.store}.{time.monotonic_ns()}")

    def median(self, what):
        values = [s[what] for s in self.samples if s[what] is not None]
        return statistics.median(values) if values else None


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


PEAK = 32 * 1024  # KB, of koc, in every row
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


def number(value, scale=1, digits=0):
    return "-" if value is None else f"{value / scale:.{digits}f}"


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--quick", action="store_true")
    p.add_argument("--row", action="append", choices=list(ROWS))
    p.add_argument("--list", action="store_true")
    p.add_argument("--runs", type=int)
    p.add_argument("--peers", default="mbsync")
    options = p.parse_args()
    if options.list:
        for name, row in ROWS.items():
            print(f"{name:12} {row.what}")
        return 0
    options.peers = [x for x in options.peers.split(",") if shutil.which(x)]
    options.runs = options.runs or (1 if options.quick else 3)
    server = Server(any_user=True, rawlog=False).start()
    missed, cache = 0, {}
    print(f"medians of {options.runs} alternating runs; time ratio: koc / peer")
    print(f"{'':42} {'':12} {'s':>7} {'ratio':>6} {'turns':>5} {'KB down':>8} {'KB up':>7} "
          f"{'MB RSS':>6} {'ms CPU':>7}")
    try:
        for name in options.row or ROWS:
            row = ROWS[name]
            contenders = run_row(row, server, options, cache)
            ours = contenders[0].median("seconds")
            for c in contenders:
                ratio = ours / c.median("seconds") if c.name != "koc" else None
                print(f"{row.what if c.name == 'koc' else '':42} {c.name:12} "
                      f"{c.median('seconds'):7.3f} {number(ratio, 1, 2):>6} "
                      f"{number(c.median('turns')):>5} {number(c.median('down'), 1000, 1):>8} "
                      f"{number(c.median('up'), 1000, 1):>7} "
                      f"{c.median('peak') / 1024:6.1f} {c.median('cpu') * 1000:7.0f}")
            if not options.quick:
                for miss in misses(row, contenders):
                    missed += 1
                    print(f"{'':42} NOT REACHED: {miss}")
            sys.stdout.flush()
    finally:
        server.stop()
    print("bench: " + (f"{missed} limits missed" if missed else "all that was to be reached is reached"
                       if not options.quick else "done"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
