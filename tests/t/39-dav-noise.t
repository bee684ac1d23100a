#!/usr/bin/python3
"""What servers and programs change without a meaning is no edit: against a real edit on the other side it is no conflict,
and none against itself."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import re
from harness import DavAccount
from odd import OddServer
from tap import equal, finish, ok
import vdir

ZONE = (b"BEGIN:VTIMEZONE\r\nTZID:Europe/Prague\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n"
        b"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
        b"BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
        b"TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n")
ALARMS = tuple(f"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT{n}M\r\nEND:VALARM\r\n".encode()
               for n in (5, 15))


def event(uid):
    data = vdir.event(uid, "Lunch", start="20261201T100000", extra="CATEGORIES:Food,Fun\r\nTRANSP:OPAQUE\r\n"
                      "RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=TU\r\nDESCRIPTION:bread\\, butter\r\nPRIORITY:5\r\n"
                      "ATTENDEE;CN=Ann;ROLE=CHAIR:mailto:ann@example.com\r\n" + (ALARMS[0] + ALARMS[1]).decode())
    data = data.replace(b"DTSTART:", b"DTSTART;TZID=Europe/Prague:")
    return data.replace(b"BEGIN:VEVENT", ZONE + b"BEGIN:VEVENT", 1)


def card(uid):
    return vdir.card(uid, "Jane Doe", extra="TEL;TYPE=HOME,VOICE:1\r\nitem1.URL:http://example.com/\r\nitem1.X-ABLabel:Blog\r\n"
                     "CATEGORIES:a,b\r\nREV:20260101T000000Z\r\nNOTE:long " + "note " * 30 + "\r\n")


def change(old, new):
    def changed(data):
        assert re.search(old, data), (old, data)
        return re.sub(old, new, data, count=1)
    return changed


def refold(data):
    return re.sub(rb"(?m)^(SUMMARY|DESCRIPTION|FN|NOTE|ATTENDEE)([^\r\n]{4})", b"\\1\\2\r\n ", vdir.unfold(data))


def reorder(data):
    """The properties of each component backwards."""
    out, run = [], []
    for line in vdir.unfold(data).split(b"\r\n"):
        if line.startswith((b"BEGIN:", b"END:", b"VERSION")) or not line:
            out, run = out + run[::-1] + [line], []
        else:
            run.append(line)
    return b"\r\n".join(out)


def add(line):
    return change(rb"(END:VEVENT|END:VCARD)", line + b"\r\n\\1")


EVENTS = {
    "DTSTAMP": change(rb"DTSTAMP:\d+", b"DTSTAMP:20270101"),
    "LAST-MODIFIED": change(rb"DTSTAMP:", b"LAST-MODIFIED:20270101T000000Z\r\nDTSTAMP:"),
    "SEQUENCE": change(rb"DTSTAMP:", b"SEQUENCE:4\r\nDTSTAMP:"),
    "PRODID": change(rb"PRODID:[^\r]*", b"PRODID:-//other//EN"),
    "X-RADICALE-NAME": change(rb"DTSTAMP:", b"X-RADICALE-NAME:other.ics\r\nDTSTAMP:"),
    "order": reorder,
    "folding": refold,
    "names": change(rb"SUMMARY:", b"summary:"),
    "parameters": change(rb"ATTENDEE;CN=Ann;ROLE=CHAIR", b'ATTENDEE;ROLE="CHAIR";CN="Ann"'),
    "scheme": change(rb"mailto:", b"MAILTO:"),
    "values that are the default": change(rb"TRANSP:OPAQUE", b"CLASS:PUBLIC"),
    "escapes": change(rb"bread\\,", b"bread,"),
    "lists": change(rb"CATEGORIES:Food,Fun", b"CATEGORIES:Fun\r\nCATEGORIES:Food"),
    "durations": change(rb"DURATION:PT1H", b"DURATION:PT60M"),
    "rules": change(rb"FREQ=WEEKLY;COUNT=5;BYDAY=TU", b"FREQ=WEEKLY;BYDAY=TU;INTERVAL=1;COUNT=5"),
    "known zones": change(re.escape(ZONE), b""),
    "alarms": change(re.escape(ALARMS[0] + ALARMS[1]), ALARMS[1] + ALARMS[0]),
    "numbers": change(rb"PRIORITY:5", b"PRIORITY:05"),
}
CARDS = {
    "REV": change(rb"REV:\d+", b"REV:20270101"),
    "PRODID": change(rb"UID:", b"PRODID:-//other//EN\r\nUID:"),
    "order": reorder,
    "folding": refold,
    "names": change(rb"FN:", b"fn:"),
    "types": change(rb"TYPE=HOME,VOICE", b"TYPE=voice;TYPE=home"),
    "groups": lambda data: data.replace(b"item1.", b"item4."),
    "empty ends": change(rb"N:Doe;Jane;;;", b"N:Doe;Jane"),
    "lists": change(rb"CATEGORIES:a,b", b"CATEGORIES:b\r\nCATEGORIES:a"),
    "line ends": None, # on disk only
}


class Kind:
    def __init__(self, a, title, suffix, make, rows, edit, want):
        self.a, self.title, self.suffix, self.rows, self.make = a, title, suffix, rows, make
        self.edit, self.want = edit, want
        self.path, self.folder = a.vdir.folder(title), a.there.folder(title)

    def name(self, number, letter):
        return f"noise-{number}-{letter}"

    def begin(self):
        for number, _ in enumerate(self.rows):
            for letter in "abc":
                uid = self.name(number, letter)
                self.a.vdir.new(self.path, uid + self.suffix, self.make(uid))

    def here(self, uid, changed):
        file = os.path.join(self.a.store, self.path, uid + self.suffix)
        with open(file, "rb") as f:
            data = f.read()
        self.a.vdir.replace(file, changed(data))

    def disturb(self):
        """a: noise there, an edit here; b: the other way round; c: noise on both sides."""
        bodies = {vdir.uid_of(d): (h, d) for h, d in self.a.there.bodies(self.folder).items()}
        for number, changed in enumerate(self.rows.values()):
            def local(data):
                return changed(self.make(vdir.uid_of(data))) if changed else data.replace(b"\r\n", b"\n")
            for letter in "abc":
                uid = self.name(number, letter)
                href, data = bodies[uid]
                if letter == "b":
                    self.a.there.put(href, self.edit(data))
                elif changed: # as a server does it: of what was sent
                    self.a.there.put(href, changed(self.make(uid)))
                self.here(uid, self.edit if letter == "a" else local)

    def end(self):
        """What differs in form only is no matter of the comparison to come."""
        for href, data in self.a.there.bodies(self.folder).items():
            if re.search(r"noise-\d+-c", vdir.uid_of(data)):
                self.a.there.delete(href)

    def check(self, name):
        there = {vdir.uid_of(d): d for d in self.a.there.bodies(self.folder).values()}
        here = {f.uid: f.data for f in self.a.vdir.files(self.path)}
        for number, row in enumerate(self.rows):
            wrong = [(letter, side) for letter, edited in (("a", True), ("b", True), ("c", False))
                     for side, all in (("there", there), ("here", here))
                     if (self.want in vdir.unfold(all[self.name(number, letter)])) != edited]
            ok(not wrong, f"{name}: {self.title}: {row}", wrong)


def noise(name, server, odd=None):
    with DavAccount((2, 0, 0, 2), server=server) as a:
        if odd:
            a.dav.be(odd)
        a.sync(name=f"{name}: first sync")
        # QUIRK(radicale): of "bread, butter" it keeps the bread.
        events = {row: e for row, e in EVENTS.items() if (server, row) != ("radicale", "escapes")}
        kinds = [Kind(a, "Home", ".ics", event, events, change(rb"SUMMARY:Lunch", b"SUMMARY:Dinner"), b"SUMMARY:Dinner"),
                 Kind(a, "Friends", ".vcf", card, CARDS, change(rb"FN:Jane Doe", b"FN:Jane Roe"), b"FN:Jane Roe")]
        for kind in kinds:
            kind.begin()
        a.sync(name=f"{name}: sent")
        a.sync(name=f"{name}: looked at")
        for kind in kinds:
            kind.disturb()
        a.sync(name=f"{name}: disturbed")
        a.no_conflict(f"{name}: no conflict")
        for kind in kinds:
            kind.check(name)
        a.silent(f"{name}: after that")
        for kind in kinds:
            kind.end()
        a.sync("--allow-removals", "*", name=f"{name}: some removed")
        a.dav_equal(f"{name}: both sides are equal")


noise("a server that keeps what it gets", OddServer())
noise("a server that rewrites", OddServer(), "rewrites")
noise("radicale", "radicale")
noise("xandikos", "xandikos")
finish(at_least=120)
