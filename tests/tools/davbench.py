"""The rows of tests/tools/bench.py for calendars and contacts.

koc beside vdirsyncer on the same Radicale, and beside curl on the same Xandikos: medians of alternating runs.

Every program has its own user with the same items, its own store, and with a round trip of 40 ms its own
relay, which counts bytes.  Requests are counted by the server.  vdirsyncer's `discover` is not timed; what koc
needs to find the collections is.

On Xandikos curl says the very requests that koc said before, recorded from the wire, those of a kind in
parallel: what any client would have to wait for.  The server and the store are put back for each run, so that
it is the same work."""

import os
import shutil
import subprocess
from dataclasses import dataclass

import benchlib
from benchlib import PEAK, Relay
import davcorpus
import harness
import peers
from davmodel import Model
from harness import DavAccount, DavServer
from recorder import Recorder, Replay


@dataclass
class Row:
    what: str
    server: str
    kind: str                # idle, changes, pull
    rtt: int = 0             # ms
    reach: float = None      # koc's time / the other's, at most
    requests: int = None     # koc's, at most


ROWS = {
    "dav-pull": Row("first pull of 3,500 items", "radicale", "pull", reach=1 / 8),
    "dav-idle": Row("nothing new, 40 ms, 3,500 items", "radicale", "idle", 40, 1 / 4, 2),
    "dav-idle-lan": Row("nothing new, LAN, 3,500 items", "radicale", "idle", 0, 1 / 6, 2),
    "dav-changes": Row("50 + 50 edited, 10 + 10 removed, 40 ms", "radicale", "changes", 40, .40),
    "xan-pull": Row("first pull of 350 items", "xandikos", "pull", reach=1.1),
    "xan-idle": Row("nothing new, 350 items", "xandikos", "idle", reach=1.1, requests=2),
    "xan-changes": Row("20 + 20 edited, 5 + 5 removed", "xandikos", "changes", reach=1.1),
}


def collections(scale):
    """A calendar of 2,000 events, a list of 500 tasks and an address book of 1,000 contacts, or a part of that."""
    whole = davcorpus.collections("large", (int(2000 * scale), int(500 * scale), 0, int(1000 * scale)))
    merged = {}
    for c in whole:
        if c.items:
            merged.setdefault(c.kind, davcorpus.Collection(c.kind, c.name, c.title, None, [], c.components))
            merged[c.kind].items += c.items
    return list(merged.values())


def koc(account):
    return [harness.KOC, "sync", "-c", account.config, "-q"]


def vdirsyncer(account):
    """Its `sync`; `discover` is done here."""
    discover, sync, _ = peers.vdirsyncer(account.config)
    subprocess.run(discover, input=b"y\n" * 40, stdout=subprocess.DEVNULL, check=True)
    return sync


class Contender:
    """One program with its own user of a Radicale and, with a round trip, its own relay."""

    def __init__(self, name, server, items, rtt):
        self.name, self.samples, self.rtt, self.words = name, [], rtt, None
        self.account = DavAccount(items, server=server, user=f"{name}{rtt}")
        self.port = 0
        if rtt:
            relay = Relay(server.port("http"), rtt)
            self.port = relay.port
            relay.stop()
            self.account.dav_url = f"http://127.0.0.1:{self.port}/"
            self.account.configure(folders="")

    def measure(self):
        a = self.account
        relay = Relay(a.dav.port("http"), self.rtt, port=self.port) if self.rtt else None
        try:
            if self.name == "koc":
                words = koc(a)
            else:
                # Discovered once for a store and an address.
                self.words = words = self.words or vdirsyncer(a)
            a.dav.mark()
            run = benchlib.cost(words, a, self.name)
            requests = len([r for r in a.dav.requests() if r.path != "/.ready"])
        finally:
            counts = relay.stop() if relay else {}
        return {"seconds": run.seconds, "cpu": run.cpu, "peak": run.peak, "requests": requests,
                "down": counts.get("down"), "up": counts.get("up")}

    def forget(self):
        if os.path.exists(self.account.store):
            os.rename(self.account.store, f"{self.account.store}.{len(self.samples)}")
        self.words = None


def changes(account, count, removals):
    """So many items edited and so many removed, on each side."""
    model = Model(account)
    for n in range(count):
        Model.serial += 1
        for edit, uid in zip((model.edit_there, model.edit_here),
                             model.take(2, "contacts" if n % 3 == 2 else "calendars")):
            edit(uid, f"Edited {Model.serial}")
    for n in range(removals):
        for remove, uid in zip((model.remove_there, model.remove_here),
                               model.take(2, "contacts" if n % 3 == 2 else "calendars")):
            remove(uid)
    account.disconnect()


def on_radicale(row, server, options, cache):
    """{name: samples}"""
    contenders = []
    for name in ("koc", "vdirsyncer"):
        key = (name, row.rtt)
        if key not in cache:
            cache[key] = Contender(name, server, collections(.1 if options.quick else 1), row.rtt)
        c = cache[key]
        c.samples = []
        for _ in range(2):
            c.measure()  # up to date, and the server has parsed all; not counted
        contenders.append(c)
    for _ in range(options.runs):
        for c in contenders:
            if row.kind == "pull":
                c.forget()
            elif row.kind == "changes":
                changes(c.account, 50, 10)
            c.samples.append(c.measure())
            if row.kind == "changes":
                c.measure()
    return {c.name: c.samples for c in contenders}


class Stage:
    """A Xandikos and a store that can be put back to a moment."""

    def __init__(self, kind, items):
        self.account = DavAccount(items, server="xandikos")
        a = self.account
        # All goes through one address: koc knows what it found at another no more.
        relay = Relay(a.dav.port("http"))
        self.port = relay.port
        a.dav_url = f"http://127.0.0.1:{self.port}/"
        a.configure(folders="")
        if kind != "pull":
            a.koc("sync")
            a.koc("sync")
        relay.stop()
        if kind == "changes":
            changes(a, 20, 5)
        a.disconnect()
        self.saved = os.path.join(a.base, "saved")
        a.dav.stop()
        os.mkdir(self.saved)
        for name, path in self.parts():
            if os.path.exists(path):
                shutil.copytree(path, os.path.join(self.saved, name), symlinks=True)

    def parts(self):
        return (("data", os.path.join(self.account.dav.directory, "data")), ("store", self.account.store))

    def reset(self):
        a = self.account
        a.dav.stop()
        for name, path in self.parts():
            shutil.rmtree(path, ignore_errors=True)
            if os.path.exists(os.path.join(self.saved, name)):
                shutil.copytree(os.path.join(self.saved, name), path, symlinks=True)
        a.dav.start()
        # It reads its repositories at the first request of each.
        client = a.there
        for f in client.folders():
            client.items(f)
        a.disconnect()
        a.dav.mark()

    def record(self):
        """What koc says."""
        self.reset()
        recorder = Recorder(self.account.dav.port("http"), self.port)
        run = self.account.koc("sync")
        recorder.close()
        if run.status:
            raise SystemExit(f"bench: koc ended with {run}")
        return recorder.said

    def measure(self, name, words):
        self.reset()
        relay = Relay(self.account.dav.port("http"), port=self.port)
        run = benchlib.cost(words, self.account, name)
        counts = relay.stop()
        return {"seconds": run.seconds, "cpu": run.cpu, "peak": run.peak, "down": counts["down"],
                "up": counts["up"], "requests": len(self.account.dav.requests())}


def on_xandikos(row, options):
    stage = Stage(row.kind, collections(.02 if options.quick else .1))
    a = stage.account
    replay = Replay(stage.record(), os.path.join(a.base, "replay"))
    curl = replay.script(a.dav_url.rstrip("/"))
    samples = {"koc": [], "curl": []}
    for _ in range(options.runs):
        samples["koc"].append(stage.measure("koc", koc(a)))
        samples["curl"].append(stage.measure("curl", curl))
    a.dav.stop()
    return samples


def misses(row, samples):
    """What of the row is not reached, in words."""
    found = []
    ours = samples["koc"]
    for name, theirs in samples.items():
        if name != "koc":
            ratio = benchlib.median(ours, "seconds") / benchlib.median(theirs, "seconds")
            if ratio > row.reach:
                found.append(f"{ratio:.2f} of {name}'s time, {row.reach:.2f} to reach")
    for what, most in (("peak", PEAK), ("requests", row.requests)):
        if most is not None and benchlib.median(ours, what) > most:
            found.append(f"{what} {benchlib.median(ours, what):g}, {most:g} at most")
    return found


def run(names, options):
    """Prints the table of these rows; returns how many limits were missed."""
    server, missed, cache = None, 0, {}
    benchlib.head("reqs")
    try:
        for name in names:
            row = ROWS[name]
            if row.server == "radicale":
                if server is None:
                    server = DavServer(users="koc0,koc40,vdirsyncer0,vdirsyncer40").start()
                samples = on_radicale(row, server, options, cache)
            else:
                samples = on_xandikos(row, options)
            ours = benchlib.median(samples["koc"], "seconds")
            for n, (program, values) in enumerate(samples.items()):
                benchlib.line("" if n else f"{row.what}, {row.server.title()}", program, values, ours, "requests")
            if not options.quick:
                for miss in misses(row, samples):
                    missed += 1
                    print(f"{'':42} NOT REACHED: {miss}")
    finally:
        if server:
            server.stop()
    return missed
