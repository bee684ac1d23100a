#!/usr/bin/python3
"""Random changes on both sides, round after round; most runs of koc are killed at a random step.

What must come out is known exactly: this program keeps a model of every message's folder, flags and
version.  Within a round a message is moved, edited or removed on one side only, flags may change on both
(different ones), so nothing is a conflict and nothing is up to koc."""

import argparse
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from harness import Account, text_message

FOLDERS = ["INBOX", "Archive", "Work/Plans", "日本語"]
REMOVALS = 6  # in a folder, a round and a side: below the brake


class Model:
    """{token: [folder, flags, version]} of every message alive; a token is its subject."""

    def __init__(self, rng, account):
        self.rng, self.account, self.alive, self.serial = rng, account, {}, 0
        self.now_there, self.now_here = {}, {}

    def body(self, token, version):
        lines = "".join(f"Line {i} of {token}.\r\n" for i in range(self.rng.randrange(30)))
        return text_message(token, lines + f"version {version}\r\n", message_id=f"{token}@torture")

    def look(self):
        """Where each message is now, on both sides: {token: (folder, uid or path, flags, version)}."""
        sides = []
        for source, name in ((self.account.server, "uid"), (self.account.mail, "path")):
            found = {}
            for folder in [*FOLDERS, "Trash"]:
                for m in source.messages(folder):
                    token = m["data"].split(b"Subject: ")[1].split(b"\r\n")[0].decode()
                    version = int(m["data"].rpartition(b"version ")[2].split()[0])
                    found.setdefault(token, []).append((folder, m[name], m["flags"], version))
            sides.append(found)
        return sides

    def differences(self):
        lines = []
        for side, found in zip(("server", "here"), self.look()):
            for token in sorted(set(self.alive) | set(found)):
                want = self.alive.get(token)
                got = [(f, flags, v) for f, _, flags, v in found.get(token, [])]
                if got != ([tuple(want)] if want else []):
                    lines.append(f"{side}: {token}: {got}, wanted {want}")
        return lines

    def change(self):
        """One round of changes."""
        rng, a = self.rng, self.account
        there, here = ({t: v[0] for t, v in side.items()} for side in self.look())
        tokens = [t for t in sorted(self.alive) if t in there and t in here]
        rng.shuffle(tokens)
        removed = {}
        for _ in range(rng.randrange(1, 12)):
            self.serial += 1
            token, folder = f"token-{self.serial}", rng.choice(FOLDERS)
            flags = "".join(f for f in "FRS" if rng.random() < .4)
            if rng.random() < .5:
                a.server.append(folder, self.body(token, 0), flags, (), 1700000000 + self.serial)
            else:
                a.mail.deliver(folder, self.body(token, 0), flags)
            self.alive[token] = [folder, flags, 0]
        for token in tokens[:rng.randrange(25)]:
            side, what = rng.choice(("there", "here")), rng.random()
            folder, flags, version = self.alive[token]
            uid, path = there[token][1], here[token][1]
            if what < .4:
                # One flag on each side; different ones.
                one, two = rng.sample("FRS", 2)
                a.server.store(folder, uid, "-" if one in flags else "+", one)
                flags = set(flags) ^ {one}
                letters = set(os.path.basename(path).partition(":2,")[2]) ^ {two}
                a.mail.flag(path, "".join(sorted(letters)))
                self.alive[token][1] = "".join(sorted(flags ^ {two}))
            elif what < .65:
                to = rng.choice([f for f in FOLDERS if f != folder])
                if side == "there":
                    a.server.move(folder, uid, to)
                else:
                    a.mail.move(path, to)
                self.alive[token][0] = to
            elif what < .8 and folder != "Trash":
                a.mail.edit(path, b"version %d\n" % (version + 1))
                self.alive[token][2] += 1
            elif removed.get((side, folder), 0) < REMOVALS:
                removed[side, folder] = removed.get((side, folder), 0) + 1
                if side == "there":
                    a.server.expunge(folder, uid)
                    del self.alive[token]
                else:
                    os.unlink(path)
                    if folder == "Trash":
                        del self.alive[token]
                    else:
                        self.alive[token][0] = "Trash"


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--rounds", type=int, default=200)
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("--capability", help="as for tests/servers/dovecot")
    o = p.parse_args()
    rng = random.Random(o.seed)
    killed = most = 0
    options = {"capability": o.capability} if o.capability else {}
    print(f"torture: seed {o.seed}, {o.rounds} rounds")
    with Account(None, rawlog=False, **options) as a:
        for folder in FOLDERS[2:]:
            a.server.create(folder)
        model = Model(rng, a)
        a.koc("sync")
        for n in range(o.rounds):
            model.change()
            at = rng.randrange(1, 60)
            runs = [a.koc("sync", env={"KOC_TEST_KILL_AT": str(at)})]
            if runs[0].status == -9:
                killed += 1
                # One in three is killed again at once.
                if rng.random() < .33:
                    a.koc("sync", env={"KOC_TEST_KILL_AT": str(rng.randrange(1, 30))})
            while len(runs) < 3 and (runs[-1].status != 0 or model.differences()):
                runs.append(a.koc("sync"))
            lines = model.differences()
            if lines or runs[-1].status != 0:
                print(f"round {n}, killed at {at}, {len(runs)} runs: NOT EQUAL")
                print("\n".join(lines[:40]))
                print(runs[-1])
                os.environ["KEEP"] = "1"
                print(f"the store is {a.store}, the server {a.host.directory}")
                return 1
            most = max(most, len(runs))
        print(f"torture: {o.rounds} rounds, {killed} killed, {len(model.alive)} messages alive, "
              f"at most {most} runs a round: PASSED")
        if o.rounds >= 20 and killed < o.rounds // 10:
            print("torture: too few runs were killed for this to mean something")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
