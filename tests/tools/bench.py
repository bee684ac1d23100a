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

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import corpus
import harness
import peers
from harness import Account, Server, text_message

RELAY = os.path.join(harness.TOP, "build", "tools", "relay")
PAUSE = 2.5


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
        self.account = Account(messages, server=server, user=f"{name}{Contender.serial}")

    def measure(self, rtt_ms, rate):
        """One run through a relay; what it cost."""
        a = self.account
        relay = None
        port = a.host.port()
        if rtt_ms or rate:
            relay = Relay(port, rtt_ms, rate)
            port = relay.port
        a.configure(url=f"imaps://127.0.0.1:{port}")
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


ROWS = {
    # name: (what, messages, folders beyond, rtt ms, bytes/s, kind, reach of koc/mbsync)
    "idle": ("nothing new, 40 ms, 10,000 messages", "large", 0, 40, 0, "idle", 1 / 7),
    "idle-lan": ("nothing new, LAN", "large", 0, 0, 0, "idle", None),
    "idle-200": ("nothing new, 40 ms, 200 folders", "demo", 190, 40, 0, "idle", 1 / 7),
    "changes": ("100 new, 200 flags, 40 removals, 40 ms", "large", 0, 40, 0, "changes", .30),
    "changes-lan": ("100 new, 200 flags, 40 removals, LAN", "large", 0, 0, 0, "changes", None),
    "pull": ("first pull of 10,000, 257 MB, LAN", "large", 0, 0, 0, "pull", .45),
    "pull-100k": ("first pull of 100,000 small ones, LAN", "tiny", 0, 0, 0, "pull", None),
    "idle-100k": ("nothing new, 40 ms, 100,000 messages", "tiny", 0, 40, 0, "idle", 1 / 7),
    "pull-slow": ("first pull of 10,000, 10 MB/s, 40 ms", "large", 0, 40, 10_000_000, "pull", .95),
}


def mail(profile, quick):
    """The messages of a row, each time the same."""
    if profile == "tiny":
        return [corpus.Message("INBOX", text_message(f"Message {i}", message_id=f"{i}@bench"), "S",
                               [], 1700000000 + i) for i in range(1000 if quick else 100000)]
    return corpus.messages(profile, 1000 if quick and profile == "large" else None)


def run_row(name, server, options, cache):
    what, profile, folders, rtt, rate, kind, reach = ROWS[name]
    contenders = []
    for program in ["koc", *options.peers]:
        key = (program, profile, folders)
        if key not in cache:
            c = cache[key] = Contender(program, server, mail(profile, options.quick))
            for i in range(folders):
                c.account.server.create(f"Folder {i}")
            c.account.disconnect()
        c = cache[key]
        c.samples = []
        if kind != "pull":
            c.measure(0, 0)  # up to date; not counted
            c.measure(0, 0)
            time.sleep(PAUSE)
        contenders.append(c)
    for _ in range(options.runs):
        for c in contenders:
            if kind == "pull":
                c.forget()
            elif kind == "changes":
                changes(c)
                time.sleep(PAUSE)
            c.samples.append(c.measure(rtt, rate))
    return what, reach, contenders


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
            print(f"{name:12} {row[0]}")
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
            what, reach, contenders = run_row(name, server, options, cache)
            ours = contenders[0].median("seconds")
            for c in contenders:
                ratio = ours / c.median("seconds") if c.name != "koc" else None
                verdict = ""
                if c.name == "mbsync" and reach and not options.quick:
                    good = ratio <= reach
                    missed += not good
                    verdict = f"  reach {reach:.2f}: {'yes' if good else 'NO'}"
                print(f"{what if c.name == 'koc' else '':42} {c.name:12} "
                      f"{c.median('seconds'):7.3f} {number(ratio, 1, 2):>6} "
                      f"{number(c.median('turns')):>5} {number(c.median('down'), 1000, 1):>8} "
                      f"{number(c.median('up'), 1000, 1):>7} "
                      f"{c.median('peak') / 1024:6.1f} {c.median('cpu') * 1000:7.0f}{verdict}")
                sys.stdout.flush()
    finally:
        server.stop()
    print("bench: " + (f"{missed} rows missed" if missed else "all that was to be reached is reached"
                       if not options.quick else "done"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
