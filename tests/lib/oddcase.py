"""Rounds of changes on both sides of an odd server: what a run may do to them, and what it must have done once the
server is well again.

    with OddCase() as case:
        case.round("truncated REPORT", status=1, says="cut")
"""

import os
import re

import davoracle
import tap
import vdir
from harness import DavAccount
from odd import OddServer

# kind, title, path on the server, suffix, how an item is made
PLACES = [("calendars", "Home", "/calendars/alice/home/", "ics", vdir.event),
          ("contacts", "Friends", "/contacts/alice/friends/", "vcf", vdir.card)]


def number(uid):
    return int(re.findall(r"\d+", uid)[0])


class OddCase(DavAccount):
    """An account in step with an odd server: a calendar and an address book to change, others beside."""

    EACH, LEAST = 12, 40

    def __init__(self, *oddities, first=0, **options):
        """In step after a first run that ends with the status `first`; None: without one."""
        super().__init__((16, 4, 2, 6), server=OddServer(), **options)
        self.rounds = 0
        for kind, _, at, end, make in PLACES:
            for n in range(self.EACH):
                name = f"odd-{n}.{end}" if n % 2 else f"odd%20{n}%40%C5%BE+.{end}"
                self.there.put(at + name, make(f"odd-{n}@{kind}", f"Item {n}"))
        self.dav.be(*oddities)
        if "no-principal" in oddities:  # then the user has to know the homes
            self.dav_url = '", "'.join(self.dav.url + at.split("/", 1)[1] for at in list(self.dav.homes())[:2])
            self.configure()
        if first is not None:
            name = ", ".join(oddities) or "an account"
            self.sync(status=first, name=f"{name}: the first run")
            self.dav_equal(f"{name}: both sides are equal", at_least=self.LEAST)

    # ---- looking

    def snapshot(self):
        """What both sides hold: {(kind, title, uid): content} each; and how many items, twins counted."""
        there, here, count = {}, {}, [0, 0]
        for folder in self.there.folders():
            for data in self.there.bodies(folder).values():
                there[folder.kind, folder.title, vdir.uid_of(data)] = davoracle.meaning(data)
                count[0] += 1
        for path in self.vdir.folders():
            kind, _, name = path.partition("/")
            for f in self.vdir.files(path):
                here[kind, self.vdir.label(path, "displayname") or name, f.uid] = davoracle.meaning(f.data)
                count[1] += 1
        return there, here, count

    # ---- changes

    def change(self):
        """Of each kind and on each side: one new, one edited, one removed.  Returns the UIDs removed there and
        here."""
        self.rounds += 1
        n = self.rounds
        gone_there, gone_here = set(), set()
        for kind, title, at, end, make in PLACES:
            here = self.vdir.folder(title, kind)
            files = {f.uid: f for f in self.vdir.files(here)}
            hrefs = {vdir.uid_of(d): h for h, d in self.there.bodies(self.there.folder(title)).items()}
            both = sorted((u for u in files if u in hrefs and u.startswith("odd-")), key=number)
            edit_there, edit_here, *_, drop_here, drop_there = both
            self.there.put(f"{at}there-{n}.{end}", make(f"odd-{1000 + n}@{kind}", f"New there {n}"))
            self.there.put(hrefs[edit_there], make(edit_there, f"Edited there {n}"))
            self.there.delete(hrefs[drop_there])
            self.vdir.new(here, f"here-{n}.{end}", make(f"odd-{2000 + n}@{kind}", f"New here {n}"))
            self.vdir.replace(files[edit_here].path, make(edit_here, f"Edited here {n}"))
            os.unlink(files[drop_here].path)
            gone_there.add(drop_there)
            gone_here.add(drop_here)
        return gone_there, gone_here

    # ---- rounds

    def harmless(self, before, after, gone, name):
        """No item vanished but what the other side had removed; none is there twice; none holds what was on
        neither side before."""
        wrong = []
        known = set(before[0].values()) | set(before[1].values())
        for at, side in enumerate(("there", "here")):
            left = {key[2] for key in after[at]}  # wherever: it may have been moved
            wrong += [f"{side}: {key} is gone" for key in before[at] if key[2] not in left | gone[1 - at]]
            wrong += [f"{side}: {key} holds what nobody wrote" for key, text in after[at].items() if text not in known]
            if after[2][at] != len(after[at]):
                wrong.append(f"{side}: {after[2][at] - len(after[at])} items are there twice")
        if len(before[0]) < self.LEAST:
            wrong.append("there was not much to lose")
        return tap.ok(not wrong, f"{name}: nothing is lost", "\n".join(wrong[:20]))

    def round(self, *oddities, status=0, says="", name=None, quiet=False):
        """Changes on both sides, a run against the odd server that must end so and say so, then one against
        the healed server, after which both sides are equal.  Returns the odd run."""
        name = name or ", ".join(oddities)
        gone = self.change()
        before = self.snapshot()
        self.dav.be(*oddities)
        run = self.koc("sync")
        after = self.snapshot()
        good = (run.status == status or run.status in (status if isinstance(status, tuple) else ())) and (re.search(says, run.err) if says else not run.err)
        tap.ok(good, f"{name}: status {status}" + (f", says {says}" if says else ", says nothing"), run)
        self.harmless(before, after, gone, name)
        if run.status == 0:
            self.dav_equal(f"{name}: equal at once", at_least=self.LEAST)
        self.dav.heal()
        self.later()
        healed = self.koc("sync")
        tap.ok(healed.status == 0, f"{name}: the healed server: status 0", healed)
        self.dav_equal(f"{name}: the healed server: equal", at_least=self.LEAST)
        return run
