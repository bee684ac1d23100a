"""A koc store's calendars, tasks, notes and contacts, read and changed as programs do it: plain files, no state
of koc's."""

import os
import re
import tempfile
from dataclasses import dataclass

KINDS = ("calendars", "tasks", "notes", "contacts")


def unfold(data):
    return re.sub(rb"\r?\n[ \t]", b"", data)


def uid_of(data):
    """The first UID in an item; None if it has none."""
    m = re.search(rb"(?m)^UID[^:\r\n]*:([^\r\n]*)", unfold(data))
    return m[1].decode(errors="replace").strip() if m else None


def summary_of(data):
    """What a component or card says it is."""
    m = re.search(rb"(?m)^(?:SUMMARY|FN)[^:\r\n]*:([^\r\n]*)", unfold(data))
    return m[1].decode(errors="replace") if m else None


@dataclass
class File:
    path: str
    data: bytes

    @property
    def uid(self):
        return uid_of(self.data)


class Vdir:
    """<store>/calendars and its like."""

    def __init__(self, store):
        self.store = store

    def folders(self):
        """Paths of all collections, "calendars/Home", sorted."""
        found = []
        for kind in KINDS:
            root = os.path.join(self.store, kind)
            if os.path.isdir(root):
                found += [f"{kind}/{name}" for name in os.listdir(root)
                          if os.path.isdir(os.path.join(root, name))]
        return sorted(found)

    def label(self, folder, name):
        """What its file `displayname` or `color` says; None if there is none."""
        try:
            with open(os.path.join(self.store, folder, name)) as f:
                return f.read().strip()
        except FileNotFoundError:
            return None

    def folder(self, title, kind=None):
        """The one with this displayname."""
        return next(f for f in self.folders() if self.label(f, "displayname") == title and
                    (kind is None or f.startswith(kind + "/")))

    def files(self, folder):
        """Its items, sorted by name."""
        directory = os.path.join(self.store, folder)
        found = []
        for name in sorted(os.listdir(directory)):
            path = os.path.join(directory, name)
            if name.endswith((".ics", ".vcf")) and not name.startswith(".") and os.path.isfile(path):
                with open(path, "rb") as f:
                    found.append(File(path, f.read()))
        return found

    def file(self, folder, uid):
        return next(f for f in self.files(folder) if f.uid == uid)

    # ---- changes, as programs make them ---------------------------------------------------

    def make(self, folder, title=None, color=None):
        os.makedirs(os.path.join(self.store, folder), exist_ok=True)
        for name, value in (("displayname", title), ("color", color)):
            if value:
                with open(os.path.join(self.store, folder, name), "w") as f:
                    f.write(value)

    def new(self, folder, name, data):
        """A new file, by a temporary one and link: as vdirsyncer, khal and todoman do."""
        return self.replace(os.path.join(self.store, folder, name), data)

    def replace(self, path, data):
        """Atomic: a temporary file, renamed over the old one."""
        fd, aside = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".tmp", suffix=".tmp")
        with os.fdopen(fd, "wb") as f:
            f.write(data)
        os.rename(aside, path)
        return path

    def overwrite(self, path, data):
        """In place, as editors set so do."""
        with open(path, "r+b") as f:
            f.write(data)
            f.truncate()
        return path

    def edit(self, path, old, new, in_place=False):
        """Replaces text in an item; it must be there."""
        with open(path, "rb") as f:
            data = f.read()
        assert old in data, f"{path}: no {old!r}"
        return (self.overwrite if in_place else self.replace)(path, data.replace(old, new))

    def move(self, path, folder):
        to = os.path.join(self.store, folder, os.path.basename(path))
        os.rename(path, to)
        return to


def summary(data, text):
    """The same item with another SUMMARY or FN (of the first component that has one)."""
    if b"BEGIN:VCARD" in data:
        return re.sub(rb"(?m)^FN[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*", b"FN:" + text.encode(), data, count=1)
    return re.sub(rb"(?m)^SUMMARY[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*", b"SUMMARY:" + text.encode(), data,
                  count=1)


def event(uid, text="An event", start="20261201T100000Z", extra=""):
    """A small event, as a program would write it."""
    return (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n"
            f"DTSTAMP:20261122T120000Z\r\nDTSTART:{start}\r\nDURATION:PT1H\r\nSUMMARY:{text}\r\n{extra}"
            "END:VEVENT\r\nEND:VCALENDAR\r\n").encode()


def task(uid, text="A task", extra=""):
    return (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VTODO\r\nUID:{uid}\r\n"
            f"DTSTAMP:20261122T120000Z\r\nSUMMARY:{text}\r\n{extra}END:VTODO\r\nEND:VCALENDAR\r\n").encode()


def note(uid, text="A note", extra=""):
    return task(uid, text, extra).replace(b"VTODO", b"VJOURNAL")


def card(uid, text="A Person", extra=""):
    given, _, family = text.rpartition(" ")
    return (f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{text}\r\nN:{family};{given};;;\r\n{extra}"
            "END:VCARD\r\n").encode()
