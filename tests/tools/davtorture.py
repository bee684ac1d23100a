#!/usr/bin/python3
"""Random changes of events, tasks, notes and contacts on both sides, round after round; most runs of koc are killed at
a random step, some have their line cut.

What must come out is known exactly (davmodel.py): within a round an item is changed on one side only, so
nothing is a conflict and nothing is up to koc."""

import argparse
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from cutter import Cutter
from davmodel import Model
from harness import DavAccount
import vdir

REMOVALS = 5  # in a folder, a round and a side: below the brake


def change(model, rng):
    """One round of changes; every item that is touched is touched once."""
    model.look()
    titles = sorted(model.folders)
    removed = {}
    for _ in range(rng.randrange(1, 10)):
        rng.choice((model.new_there, model.new_here))(rng.choice(titles))
    fresh = list(model.fresh)
    rng.shuffle(fresh)
    for uid in fresh[:rng.randrange(30)]:
        side, what, title = rng.choice(("there", "here")), rng.random(), model.where[uid]
        kin = [t for t in titles if t != title and model.folders[t].kind == model.folders[title].kind]
        if what < .5:
            text = f"Edited {rng.randrange(10 ** 6)}"
            if side == "there":
                model.edit_there(uid, text)
            else:
                model.edit_here(uid, text, in_place=rng.random() < .5)
                if rng.random() < .3:
                    path = model.here[uid].path
                    os.rename(path, os.path.join(os.path.dirname(path), f"renamed {rng.randrange(10 ** 6)}" +
                                                 os.path.splitext(path)[1]))
        elif what < .75 and kin:
            (model.move_there if side == "there" else model.move_here)(uid, rng.choice(kin))
            if side == "here" and rng.random() < .3:
                moved = os.path.join(model.account.store, model.path(model.where[uid]),
                                     os.path.basename(model.here[uid].path))
                text = f"Moved and edited {rng.randrange(10 ** 6)}"
                model.says[uid] = text
                model.account.vdir.replace(moved, vdir.summary(model.here[uid].data, text))
        elif removed.get((side, title), 0) < REMOVALS:
            removed[side, title] = removed.get((side, title), 0) + 1
            (model.remove_there if side == "there" else model.remove_here)(uid)
            model.says.pop(uid, None)


def differences(a, model):
    return model.lines() + a.dav_differences()[0] + [f"in Conflicts: {c}" for c in a.conflicts()]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--rounds", type=int, default=100)
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("--server", default="radicale", choices=["radicale", "xandikos"])
    o = p.parse_args()
    rng = random.Random(o.seed)
    disturbed = most = 0
    print(f"davtorture: {o.server}, seed {o.seed}, {o.rounds} rounds", flush=True)
    with DavAccount((30, 12, 6, 20), server=o.server) as a:
        cutter = Cutter(a.dav.port("http"))
        a.dav_url = f"http://127.0.0.1:{cutter.port}/"
        a.configure(folders="")
        a.koc("sync")
        model = Model(a)
        for n in range(o.rounds):
            change(model, rng)
            if rng.random() < .25:
                how = f"cut after {rng.randrange(20000)} bytes"
                cutter.mend(int(how.split()[2]))
                runs = [a.koc("sync")]
                cutter.mend()
            else:
                how = f"killed at {rng.randrange(1, 80)}"
                runs = [a.koc("sync", env={"KOC_TEST_KILL_AT": how.split()[2]})]
            if runs[0].status != 0:
                disturbed += 1
            while len(runs) < 3 and (runs[-1].status != 0 or differences(a, model)):
                runs.append(a.koc("sync"))
            lines = differences(a, model)
            if lines or runs[-1].status != 0:
                print(f"round {n}, {how}, {len(runs)} runs: NOT EQUAL")
                print("\n".join(lines[:40]))
                for run in runs:
                    print(run)
                os.environ["KEEP"] = "1"
                print(f"the store is {a.store}, the server {a.dav.directory}")
                return 1
            most = max(most, len(runs))
        print(f"davtorture: {o.rounds} rounds, {disturbed} disturbed, {len(model.where)} items alive, "
              f"at most {most} runs a round: PASSED")
        if o.rounds >= 20 and disturbed < o.rounds // 10:
            print("davtorture: too few runs were disturbed for this to mean something")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
