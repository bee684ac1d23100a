"""What the benchmarks share: a relay that makes a server far and counts, and runs of a program with what they
cost."""

import os
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import harness

RELAY = os.path.join(harness.TOP, "build", "tools", "relay")
PEAK = 32 * 1024  # KB, of koc, in every row


def undisturbed():
    """Ahead of what else the machine does, where that is allowed; servers and programs inherit it."""
    try:
        os.nice(-18)
    except OSError:
        pass


class Relay:
    """A relay in front of a server's port; stop() returns its counts.  port: to listen on, 0 for a free one."""

    def __init__(self, to, rtt_ms=0, rate=0, port=0):
        self.process = subprocess.Popen(
            [RELAY, "--to", str(to), "--port", str(port), "--rtt", str(rtt_ms), "--with", str(os.getpid())] +
            (["--rate", str(rate)] if rate else []), stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        words = self.process.stdout.read().split()
        self.process.wait()
        return dict(zip(words[::2], map(int, words[1::2])))


def cost(words, account, name):
    """Runs a program for an account, to its end; it must end with 0."""
    costs = os.path.join(account.base, "costs")
    run = harness.end_program(*harness.start_program([harness.MEASURE, costs, *words],
                                                     account.environment(), account.base),
                              time.monotonic(), limit=1800)
    if run.status != 0:
        raise SystemExit(f"bench: {name} ended with {run}")
    return harness.measured(run, costs)


def median(samples, what):
    values = [s[what] for s in samples if s.get(what) is not None]
    return statistics.median(values) if values else None


def number(value, scale=1, digits=0):
    return "-" if value is None else f"{value / scale:.{digits}f}"


def line(what, name, samples, ours, counted):
    """A row of the table; `counted` is what stands in the column of turns or requests."""
    seconds = median(samples, "seconds")
    ratio = ours / seconds if name != "koc" else None
    print(f"{what:42} {name:12} {seconds:7.3f} {number(ratio, 1, 2):>6} "
          f"{number(median(samples, counted)):>5} {number(median(samples, 'down'), 1000, 1):>8} "
          f"{number(median(samples, 'up'), 1000, 1):>7} {number(median(samples, 'peak'), 1024, 1):>6} "
          f"{number(median(samples, 'cpu'), .001):>7}", flush=True)


def head(counted):
    print(f"{'':42} {'':12} {'s':>7} {'ratio':>6} {counted:>5} {'KB down':>8} {'KB up':>7} "
          f"{'MB RSS':>6} {'ms CPU':>7}")
