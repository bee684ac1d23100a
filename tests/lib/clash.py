"""Conflicts made on purpose, and what is seen of them: by the files, by `koc conflicts`."""

import email
import email.policy
import json
import os
import re

import vdir
from tap import equal, ok


class Clash:
    """One item of a calendar, task list, … with its two sides."""

    def __init__(self, account, kind="calendars", title="Home", nth=0):
        self.a, self.kind, self.title = account, kind, title
        self.path = account.vdir.folder(title, kind)
        self.folder = account.there.folder(title)
        self.file = account.vdir.files(self.path)[nth]
        self.uid = self.file.uid
        self.href = next(h for h, d in account.there.bodies(self.folder).items()
                         if vdir.uid_of(d) == self.uid)

    def there(self, text):
        self.a.there.put(self.href, vdir.summary(self.a.there.get(self.href), text))

    def here(self, text):
        self.a.vdir.replace(self.file.path, vdir.summary(self.file.data, text))

    def make(self, name=""):
        """Edited on both sides, and synchronised."""
        self.there(f"Edited there {name}")
        self.here(f"Edited here {name}")
        return self.a.sync(name=f"{name}: a conflict")

    def now_here(self):
        """What its files say, of all that have its UID."""
        return [vdir.summary_of(f.data) for f in self.a.vdir.files(self.path) if f.uid == self.uid]

    def now_there(self):
        return [vdir.summary_of(d) for d in self.a.there.bodies(self.folder).values()
                if vdir.uid_of(d) == self.uid]

    def both_are(self, texts, name):
        equal((self.now_here(), self.now_there()), (texts, texts), name)


def conflicts(account, *words, status=0):
    """`koc conflicts --json …`, and a test line about how it ended."""
    run = account.koc("conflicts", "--json", *words)
    ok(run.status == status, f"koc conflicts {' '.join(words)}: status {status}", run)
    return json.loads(run.out) if run.out else None


def numbers(account):
    return [c["number"] for c in conflicts(account)]


def lost(account):
    """All files in Conflicts: {path below it: bytes}, without notices."""
    root = os.path.join(account.store, "Conflicts")
    found = {}
    for at, _, files in os.walk(root):
        for name in files:
            path = os.path.join(at, name)
            with open(path, "rb") as f:
                data = f.read()
            if b"X-Koc-Notice:" not in data:
                found[os.path.relpath(path, root)] = data
    return found


def vault(account):
    """The bytes of all files in the vault."""
    found = []
    for at, _, files in os.walk(os.path.join(account.store, ".koc", "vault")):
        for name in files:
            with open(os.path.join(at, name), "rb") as f:
                found.append(f.read())
    return found


# ---- the messages that tell of them ----------------------------------------------------------

def notices(account, *places):
    """[(directory, parsed message, bytes)] of all of koc's own messages in the store, or in these directories."""
    found = []
    for at, _, files in os.walk(account.store):
        place = os.path.relpath(at, account.store)
        for name in sorted(files):
            if place.startswith(".koc") or (places and place not in places):
                continue
            with open(os.path.join(at, name), "rb") as f:
                data = f.read()
            if b"\nX-Koc-Notice:" in data.partition(b"\n\n")[0]:
                found.append((place, email.message_from_bytes(data, policy=email.policy.default), data))
    return found


def text_of(message):
    return next(p for p in message.walk() if p.get_content_type() == "text/plain").get_content()


def told(account):
    """The numbers of the conflicts that the messages tell of, sorted, each as often as it is told."""
    return sorted(int(n) for _, m, _ in notices(account)
                  for n in re.findall(r"(?m)^ +koc conflicts (?:keep|drop) (\d+)(?:$| )", text_of(m)))
