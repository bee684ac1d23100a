#!/usr/bin/python3
"""Sample calendars, task lists, notes and address books, the same for the same seed: written into the data
directory of a server not yet started.

    davcorpus.py [--profile demo|small|large] [--counts E,T,N,C] [--seed S] [--server radicale|xandikos]
                 [--user U] DIRECTORY

demo    30 events, 8 tasks, 4 notes and 20 contacts that a person could have
small   80 events, 20 tasks, 10 notes and 40 contacts, with one of each odd thing
large   2,000 events, 500 tasks, 100 notes and 1,000 contacts

As a module: collections(profile, counts, seed) makes them, fill(directory, server, user, them) writes them.
"""

import argparse
import base64
import datetime
import json
import os
import random
import sys
from dataclasses import dataclass, field

PROFILES = {"demo": (30, 8, 4, 20), "small": (80, 20, 10, 40), "large": (2000, 500, 100, 1000)}

# kind, last part of the path, displayname, color, share of the kind's items
COLLECTIONS = [
    ("calendars", "home", "Home", "#E67C73", 5),
    ("calendars", "work", "Work", "#3F51B5FF", 4),
    ("calendars", "csalad", "Család & Freunde ✈", None, 1),
    ("tasks", "todo", "To do", "#33B679", 4),
    ("tasks", "garden", "Garden", None, 1),
    ("notes", "notes", "Notes", None, 1),
    ("contacts", "friends", "Friends", None, 3),
    ("contacts", "company", "Firma Österreich", None, 2),
]
COMPONENT = {"calendars": "VEVENT", "tasks": "VTODO", "notes": "VJOURNAL"}

PEOPLE = [("Jane", "Miller"), ("Tomás", "Novák"), ("Ingrid", "Sørensen"), ("花子", "佐藤"),
          ("Sean", "O'Hara"), ("Else", "Müller"), ("Иван", "Петров"), ("Ayşe", "Yılmaz"),
          ("Łukasz", "Żak"), ("Maria", "da Silva, Costa"), ("נועה", "כהן"), ("José", "Muñoz; Ruiz")]
EVENTS = ["Minutes of the Tuesday meeting", "Dentist", "Lunch with Jane", "Grüße aus Graz", "会議",
          "Flight to Oslo", "Choir", "Parents' evening", "Budget, second draft; final?", "Yoga",
          "Návštěva u babičky", "Release {n}", "Interview {n}", "Concert 🎵", "Rent is due"]
TASKS = ["Buy bread", "Call the plumber", "Rasen mähen", "Write report {n}", "Renew the passport",
         "買い物", "Fix the gate", "Prepare slides, then send them"]
NOTES = ["Recipe for gulyás", "Wi-Fi in the cottage", "Books to read", "Ideas {n}", "旅行メモ"]
PLACES = ["Room 4", "Café Central, Wien", "Online; link follows", "東京駅", "Hlavní nádraží"]
WORDS = """the plan of our garden and water morning train ticket price market paper window table Straße
Übung žluťoučký kůň 日本語 naïve café jalapeño smörgåsbord please bring your own and do not be late""".split()

EPOCH = datetime.datetime(2026, 11, 2, 9, 0)  # a Monday; most events are within a year of it

ZONES = {
    "Europe/Prague": """\
BEGIN:VTIMEZONE
TZID:Europe/Prague
X-LIC-LOCATION:Europe/Prague
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE""",
    "America/New_York": """\
BEGIN:VTIMEZONE
TZID:America/New_York
BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
TZNAME:EDT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
TZNAME:EST
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE""",
}


@dataclass
class Item:
    name: str                    # last part of the href
    uid: str
    data: bytes                  # as a client would send it: CRLF, folded
    what: str = "plain"          # what it is, for tests that look for one


@dataclass
class Collection:
    kind: str                    # calendars tasks notes contacts
    name: str                    # last part of the path
    title: str
    color: str
    items: list = field(default_factory=list)
    components: str = ""         # "VEVENT", or several with commas; of calendars of whatever kind


# ---- raw material ---------------------------------------------------------------------------

def fold(line):
    """RFC 5545 3.1: at most 75 octets a line, no character cut."""
    octets, out, room = line.encode(), [], 75
    while len(octets) > room:
        cut = room
        while octets[cut] & 0xC0 == 0x80:
            cut -= 1
        out.append(octets[:cut])
        octets, room = octets[cut:], 74
    return b"\r\n ".join([*out, octets])


def escape(text):
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def text(lines):
    return b"".join(fold(line) + b"\r\n" for line in lines)


def stamp(when):
    return when.strftime("%Y%m%dT%H%M%S")


def day(when):
    return when.strftime("%Y%m%d")


def calendar(lines, zones=()):
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//koc//davcorpus//EN", "CALSCALE:GREGORIAN"]
    for zone in zones:
        whole += ZONES[zone].split("\n")
    return text([*whole, *lines, "END:VCALENDAR"])


class Maker:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.serial = 0

    def uid(self):
        self.serial += 1
        style = self.serial % 4
        token = f"{self.rng.getrandbits(128):032x}"
        if style == 0:
            return f"{token[:8]}-{token[8:12]}-{token[12:16]}-{token[16:20]}-{token[20:]}"
        return f"{token[:12]}.{self.serial}@example.com" if style < 3 else token.upper()

    def prose(self, words):
        return " ".join(self.rng.choices(WORDS, k=words))

    def head(self, component, uid, summary):
        when = EPOCH - datetime.timedelta(minutes=self.rng.randrange(500000))
        return [f"BEGIN:{component}", f"UID:{uid}", f"DTSTAMP:{stamp(when)}Z",
                f"CREATED:{stamp(when)}Z", f"LAST-MODIFIED:{stamp(when)}Z",
                f"SUMMARY:{escape(summary.format(n=self.serial))}"]

    def common(self):
        """What any component may have."""
        rng, lines = self.rng, []
        if rng.random() < .35:
            lines.append("DESCRIPTION:" + escape(self.prose(rng.randrange(5, 80)) + "\n" +
                                                 self.prose(rng.randrange(1, 20))))
        if rng.random() < .2:
            lines.append("CATEGORIES:" + ",".join(rng.sample(["Family", "Travel", "Šport", "Money"], 2)))
        if rng.random() < .1:
            lines.append("X-KOC-EXTRA;X-PARAM=\"a;b:c\":" + self.prose(3))
        if rng.random() < .1:
            lines.append("URL:https://example.com/a/" + "long-path/" * rng.randrange(1, 15))
        return lines

    def alarm(self, action="DISPLAY"):
        lines = ["BEGIN:VALARM", f"ACTION:{action}",
                 "TRIGGER:" + self.rng.choice(["-PT15M", "-PT1H", "-P1D", "PT0S"])]
        return [*lines, "DESCRIPTION:Reminder", "END:VALARM"]

    def start(self):
        return EPOCH + datetime.timedelta(days=self.rng.randrange(-200, 200),
                                          minutes=15 * self.rng.randrange(-4, 36))

    # ---- events

    def event(self, kind=None):
        rng = self.rng
        uid, summary, at = self.uid(), rng.choice(EVENTS), self.start()
        length = datetime.timedelta(minutes=rng.choice([15, 30, 60, 90, 240]))
        kind = kind or rng.choices(
            ["utc", "zone", "all-day", "override", "weekly", "yearly", "floating", "invited"],
            [30, 20, 12, 10, 10, 5, 5, 8])[0]
        lines, zones, more = self.head("VEVENT", uid, summary), [], []
        if kind == "utc":
            lines += [f"DTSTART:{stamp(at)}Z", f"DTEND:{stamp(at + length)}Z"]
        elif kind == "floating":
            lines += [f"DTSTART:{stamp(at)}", "DURATION:PT45M"]
        elif kind == "all-day":
            lines += [f"DTSTART;VALUE=DATE:{day(at)}",
                      f"DTEND;VALUE=DATE:{day(at + datetime.timedelta(days=rng.randrange(1, 9)))}",
                      "TRANSP:TRANSPARENT"]
        elif kind == "yearly":
            lines += [f"DTSTART;VALUE=DATE:19{rng.randrange(40, 99)}{at:%m}{min(at.day, 28):02}",
                      "DURATION:P1D", "RRULE:FREQ=YEARLY"]
        else:
            zone = rng.choice(list(ZONES))
            zones = [zone]
            lines += [f"DTSTART;TZID={zone}:{stamp(at)}", f"DTEND;TZID={zone}:{stamp(at + length)}"]
        week = datetime.timedelta(days=7)
        if kind == "weekly":
            weekday = "MO TU WE TH FR SA SU".split()[at.weekday()]
            lines += [f"RRULE:FREQ=WEEKLY;BYDAY={weekday};COUNT={rng.randrange(3, 40)}",
                      f"EXDATE;TZID={zone}:{stamp(at + week)}"]
        elif kind == "override":
            lines.append(f"RRULE:FREQ=WEEKLY;INTERVAL=1;UNTIL={stamp(at + 20 * week)}Z")
            for n in range(1, rng.randrange(2, 5)):
                moved = at + n * week + datetime.timedelta(hours=2)
                more += [*self.head("VEVENT", uid, summary + " (moved)"),
                         f"RECURRENCE-ID;TZID={zone}:{stamp(at + n * week)}",
                         f"DTSTART;TZID={zone}:{stamp(moved)}",
                         f"DTEND;TZID={zone}:{stamp(moved + length)}", "SEQUENCE:1", "END:VEVENT"]
        elif kind == "invited":
            given, family = rng.choice(PEOPLE)
            lines.append('ORGANIZER;CN="Alice Example":mailto:alice@example.com')
            for n in range(rng.randrange(1, 6)):
                given, family = rng.choice(PEOPLE)
                lines.append(f'ATTENDEE;CN="{given} {family}";ROLE=REQ-PARTICIPANT;'
                             f"PARTSTAT={rng.choice(['ACCEPTED', 'NEEDS-ACTION', 'DECLINED'])};RSVP=TRUE:"
                             f"mailto:guest{n}.{self.serial}@example.org")
        lines += self.common()
        if rng.random() < .3:
            lines.append("LOCATION:" + escape(rng.choice(PLACES)))
        if rng.random() < .2:
            lines += self.alarm()
        return Item(uid.replace("@", "-") + ".ics", uid,
                    calendar([*lines, "END:VEVENT", *more], zones), kind)

    def odd_events(self):
        """One of each."""
        def one(what, *lines, uid=None, name=None, zones=()):
            token = uid or f"{what}@odd.example.com"
            head = self.head("VEVENT", token, what)
            return Item(name or what + ".ics", token, calendar([*head, *lines, "END:VEVENT"], zones), what)

        at = ("DTSTART:20261201T100000Z", "DTEND:20261201T110000Z")
        yield one("escapes", *at, "DESCRIPTION:a\\, b\\; c\\\\ d\\n e \"quoted\" &amp; <b> ]]> 'x'")
        yield one("emoji", *at, "DESCRIPTION:" + "👩‍👩‍👧‍👦🇨🇿" * 20)
        yield one("right-to-left", *at, "LOCATION:שלום עולם / مرحبا")
        yield one("long-description", *at, "DESCRIPTION:" + self.prose(4000))
        yield one("no-end", "DTSTART:20261202T100000Z")
        yield one("spaces in the name", *at, name="a name with spaces+and;more@x.ics")
        yield one("percent", *at, name="100%41 žluťoučký.ics")
        yield one("uid-with-slashes", *at, uid="https://example.com/a/b?c=d&e#f", name="slashes.ics")
        yield one("uid-long", *at, uid="long-" + "0123456789" * 30, name="uid-long.ics")
        yield one("uid-dots", *at, uid="..", name="uid-dots.ics")
        yield one("attachment", *at, "ATTACH;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=image/png:" +
                  base64.b64encode(self.rng.randbytes(20000)).decode())
        yield one("alarms", *at, *self.alarm(), *self.alarm())
        yield one("monthly", "DTSTART;TZID=Europe/Prague:20250131T183000", "DURATION:PT2H",
                  "RRULE:FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=-1", zones=["Europe/Prague"])
        yield one("two-zones", "DTSTART;TZID=America/New_York:20261203T100000",
                  "DTEND;TZID=Europe/Prague:20261203T180000", zones=list(ZONES))
        yield one("cancelled", *at, "STATUS:CANCELLED", "SEQUENCE:3")

    # ---- tasks and notes

    def task(self, kind=None):
        rng = self.rng
        uid, at = self.uid(), self.start()
        kind = kind or rng.choices(["open", "due", "done", "started", "all-day"], [3, 3, 2, 1, 1])[0]
        lines = self.head("VTODO", uid, rng.choice(TASKS))
        if kind in ("due", "started"):
            lines.append(f"DUE:{stamp(at + datetime.timedelta(days=300))}Z")
        if kind == "all-day":
            lines.append(f"DUE;VALUE=DATE:{day(at)}")
        if kind == "done":
            lines += [f"COMPLETED:{stamp(at)}Z", "PERCENT-COMPLETE:100", "STATUS:COMPLETED"]
        if kind == "started":
            lines += [f"DTSTART:{stamp(at)}Z", "PERCENT-COMPLETE:40", "STATUS:IN-PROCESS"]
        if rng.random() < .4:
            lines.append(f"PRIORITY:{rng.randrange(1, 10)}")
        return Item(uid.replace("@", "-") + ".ics", uid,
                    calendar([*lines, *self.common(), "END:VTODO"]), kind)

    def note(self):
        uid = self.uid()
        lines = self.head("VJOURNAL", uid, self.rng.choice(NOTES))
        if self.rng.random() < .5:
            lines.append(f"DTSTART;VALUE=DATE:{day(self.start())}")
        lines.append("DESCRIPTION:" + escape("\n\n".join(self.prose(self.rng.randrange(5, 120))
                                                           for _ in range(3))))
        return Item(uid.replace("@", "-") + ".ics", uid, calendar([*lines, "END:VJOURNAL"]), "note")

    # ---- contacts

    def contact(self, kind=None):
        rng = self.rng
        uid = self.uid()
        given, family = rng.choice(PEOPLE)
        given = f"{given} {self.serial}"
        kind = kind or rng.choices(["3", "4", "3-photo", "4-photo"], [50, 30, 12, 8])[0]
        four = kind.startswith("4")
        lines = ["BEGIN:VCARD", f"VERSION:{'4.0' if four else '3.0'}", f"UID:{uid}",
                 f"FN:{escape(given + ' ' + family)}", f"N:{escape(family)};{escape(given)};;;",
                 f"EMAIL;TYPE={'home' if four else 'HOME'}:person{self.serial}@example.org"]
        if rng.random() < .5:
            lines.append("EMAIL;TYPE=work;PREF=1:" if four else "EMAIL;TYPE=WORK,PREF:")
            lines[-1] += f"p{self.serial}@company.example"
        if rng.random() < .7:
            number = f"+43 1 {rng.randrange(10 ** 6, 10 ** 7)}"
            lines.append(f"TEL;VALUE=uri;TYPE=cell:tel:{number.replace(' ', '-')}" if four
                         else f"TEL;TYPE=CELL:{number}")
        if rng.random() < .4:
            lines.append(f"ADR;TYPE={'home' if four else 'HOME'}:;;Straße {rng.randrange(99)};Wien;;"
                         f"{rng.randrange(1000, 9999)};Österreich")
        if rng.random() < .4:
            lines.append("BDAY:" + f"19{rng.randrange(40, 99)}-{rng.randrange(1, 13):02}-"
                         f"{rng.randrange(1, 28):02}")
        if rng.random() < .4:
            lines.append("ORG:" + escape(rng.choice(["Kern & Söhne", "Acme, Inc.", "株式会社"])) + ";R&D")
        if rng.random() < .3:
            lines.append("NOTE:" + escape(self.prose(rng.randrange(3, 60)) + "\n" + self.prose(4)))
        if rng.random() < .1:
            lines += [f"item1.URL:https://example.com/{self.serial}", "item1.X-ABLabel:_$!<HomePage>!$_"]
        if "photo" in kind:
            data = base64.b64encode(b"\xff\xd8\xff\xe0" + rng.randbytes(rng.randrange(500, 12000))).decode()
            lines.append(f"PHOTO:data:image/jpeg;base64,{data}" if four
                         else f"PHOTO;ENCODING=b;TYPE=JPEG:{data}")
        stem = f"{uid.replace('@', '-')}.vcf"
        return Item(stem, uid, text([*lines, f"REV:{stamp(self.start())}Z", "END:VCARD"]), kind)

    def group(self, members):
        uid = self.uid()
        if self.serial % 2:
            lines = ["BEGIN:VCARD", "VERSION:4.0", f"UID:{uid}", "KIND:group", f"FN:Group {self.serial}",
                     *[f"MEMBER:urn:uuid:{m}" for m in members]]
        else:
            lines = ["BEGIN:VCARD", "VERSION:3.0", f"UID:{uid}", f"FN:Group {self.serial}",
                     f"N:Group {self.serial};;;;", "X-ADDRESSBOOKSERVER-KIND:group",
                     *[f"X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{m}" for m in members]]
        return Item(f"{uid.replace('@', '-')}.vcf", uid, text([*lines, "END:VCARD"]), "group")

    def contacts(self, count):
        groups = max(1, count // 50) if count > 1 else 0
        cards = [self.contact() for _ in range(count - groups)]
        return cards + [self.group([c.uid for c in self.rng.sample(cards, min(5, len(cards)))])
                        for _ in range(groups)]


def collections(profile="small", counts=None, seed=1):
    """The collections of a profile, each with its share of the items; counts: events, tasks, notes, contacts."""
    maker = Maker(seed)
    counts = dict(zip(("calendars", "tasks", "notes", "contacts"), counts or PROFILES[profile]))
    made = {"calendars": [], "tasks": [], "notes": []}
    if profile != "demo" and counts["calendars"] >= 40:
        made["calendars"] = list(maker.odd_events())
    makers = {"calendars": maker.event, "tasks": maker.task, "notes": maker.note}
    for kind, make in makers.items():
        made[kind] += [make() for _ in range(counts[kind] - len(made[kind]))]
    made["contacts"] = maker.contacts(counts["contacts"])
    found = []
    for kind, name, title, color, share in COLLECTIONS:
        found.append(Collection(kind, name, title, color, [], COMPONENT.get(kind, "")))
    for kind, items in made.items():
        slots = [c for c, row in zip(found, COLLECTIONS) if c.kind == kind
                 for _ in range(row[4])]
        for n, item in enumerate(items):
            slots[n % len(slots)].items.append(item)
    return found


# ---- writing --------------------------------------------------------------------------------

def fill_radicale(data, user, chosen):
    """Radicale's file system: a directory a collection, properties in .Radicale.props."""
    for c in chosen:
        at = os.path.join(data, "collection-root", user, c.name)
        os.makedirs(at)
        card = c.kind == "contacts"
        props = {"tag": "VADDRESSBOOK" if card else "VCALENDAR", "D:displayname": c.title}
        if not card:
            props["C:supported-calendar-component-set"] = c.components
        if c.color:
            props["ICAL:calendar-color"] = c.color
        with open(os.path.join(at, ".Radicale.props"), "w") as f:
            json.dump(props, f)
        for item in c.items:
            with open(os.path.join(at, item.name), "wb") as f:
                f.write(item.data)


def fill_xandikos(data, user, chosen):
    """A git repository a collection, properties in .xandikos."""
    import dulwich.repo  # Xandikos brings it

    for c in chosen:
        home = os.path.join(data, user, "contacts" if c.kind == "contacts" else "calendars")
        at = os.path.join(home, c.name)
        os.makedirs(at)
        repo = dulwich.repo.Repo.init(at)
        names = [".xandikos"]
        with open(os.path.join(at, ".xandikos"), "w") as f:
            f.write("[DEFAULT]\ntype = " + ("addressbook" if c.kind == "contacts" else "calendar") +
                    f"\ndisplayname = {c.title.replace('%', '%%')}\n" +
                    (f"color = {c.color}\n" if c.color else ""))
        for item in c.items:
            with open(os.path.join(at, item.name), "wb") as f:
                f.write(item.data)
            names.append(item.name)
        repo.stage(names)
        repo.do_commit(b"All", committer=b"koc <koc@localhost>")
        repo.close()


def fill(directory, server, user, chosen):
    """Writes them into the data directory of a server that is not running."""
    {"radicale": fill_radicale, "xandikos": fill_xandikos}[server](directory, user, chosen)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("directory")
    p.add_argument("--profile", default="small", choices=list(PROFILES))
    p.add_argument("--counts", help="events,tasks,notes,contacts")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--server", default="radicale", choices=["radicale", "xandikos"])
    p.add_argument("--user", default="alice")
    a = p.parse_args()
    counts = [int(n) for n in a.counts.split(",")] if a.counts else None
    chosen = collections(a.profile, counts, a.seed)
    fill(a.directory, a.server, a.user, chosen)
    for c in chosen:
        print(f"{len(c.items):5}  {c.kind}/{c.title}, "
              f"{sum(len(i.data) for i in c.items) / 1e3:.0f} KB")


if __name__ == "__main__":
    main()
