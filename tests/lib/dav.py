"""CalDAV and CardDAV by hand: what tests say to a server, and how they look at it.  Knows nothing of koc."""

import base64
import http.client
import re
import ssl
import urllib.parse
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

NS = {"D": "DAV:", "C": "urn:ietf:params:xml:ns:caldav", "R": "urn:ietf:params:xml:ns:carddav",
      "I": "http://apple.com/ns/ical/", "S": "http://calendarserver.org/ns/"}
XMLNS = " ".join(f'xmlns:{p}="{u}"' for p, u in NS.items())


def tag(name):
    prefix, _, local = name.partition(":")
    return f"{{{NS[prefix]}}}{local}"


class Snapshot:
    """What a connection's folders() and bodies() say, asked once."""

    def __init__(self, client):
        self.client, self.listed, self.read = client, None, {}

    def folders(self):
        if self.listed is None:
            self.listed = self.client.folders()
        return self.listed

    def bodies(self, folder):
        if folder.href not in self.read:
            self.read[folder.href] = self.client.bodies(folder)
        return self.read[folder.href]


class DavError(Exception):
    def __init__(self, method, path, status, body):
        super().__init__(f"{method} {path}: {status} {body[:300]!r}")
        self.status, self.body = status, body


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def etag(self):
        return self.headers.get("etag")


@dataclass
class Folder:
    """A calendar or address book on the server."""
    href: str
    kind: str                 # as koc calls it, by the components it takes
    title: str
    color: str
    components: set = field(default_factory=set)
    ctag: str = None


class Dav:
    """One user's connection.  Every change raises DavError when the server refuses it."""

    def __init__(self, url, user="alice", password="secret", ca=None, homes=None):
        """homes: paths of the home sets."""
        self.url = urllib.parse.urlsplit(url)
        self.user, self.password, self.ca = user, password, ca
        self.login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.homes = homes or [f"/{user}/"]
        self.connection = None

    def connect(self):
        if self.url.scheme == "https":
            return http.client.HTTPSConnection(self.url.netloc, timeout=120,
                                               context=ssl.create_default_context(cafile=self.ca))
        return http.client.HTTPConnection(self.url.netloc, timeout=120)

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def request(self, method, path, body=b"", headers=None, fresh=False):
        """Any request, any answer.  `path` is sent as it is."""
        body = body.encode() if isinstance(body, str) else body
        connection = self.connect() if fresh else self.connection or self.connect()
        for last in (False, True):
            try:
                connection.request(method, path, body, {
                    "Authorization": self.login, "Content-Length": str(len(body)), **(headers or {})})
                answer = connection.getresponse()
                data = answer.read()
                break
            except (http.client.RemoteDisconnected, ConnectionError, http.client.CannotSendRequest):
                connection.close()
                if last:
                    raise
        if fresh:
            connection.close()
        else:
            self.connection = connection
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, data)

    def must(self, method, path, body=b"", headers=None):
        answer = self.request(method, path, body, headers)
        inner = []
        # Xandikos says no inside a 207.
        if answer.status == 207 and method not in ("PROPFIND", "REPORT"):
            inner = [s for s in re.findall(rb"HTTP/1\.1 (\d+)", answer.body) if s[:1] != b"2"]
        if not 200 <= answer.status < 300 or inner:
            raise DavError(method, path, answer.status, answer.body)
        return answer

    # ---- looking --------------------------------------------------------------------------

    def multistatus(self, method, path, body, depth):
        """[(href as listed, status of the whole response or None, {property: element})]"""
        answer = self.must(method, path, f'<?xml version="1.0" encoding="utf-8"?>{body}',
                           {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"})
        # A parser would turn CR LF into LF; as a reference the CR stays.
        root = ET.fromstring(answer.body.replace(b"\r", b"&#13;"))
        found = []
        for response in root.findall(tag("D:response")):
            status = response.find(tag("D:status"))
            props = {}
            for propstat in response.findall(tag("D:propstat")):
                if " 200 " in propstat.findtext(tag("D:status")) + " ":
                    props.update({p.tag: p for p in propstat.find(tag("D:prop"))})
            found.append((response.findtext(tag("D:href")),
                          None if status is None else int(status.text.split()[1]), props))
        return found

    def propfind(self, path, names, depth="0"):
        props = "".join(f"<{n}/>" for n in names)
        return self.multistatus("PROPFIND", path,
                                f"<D:propfind {XMLNS}><D:prop>{props}</D:prop></D:propfind>", depth)

    def discover(self):
        """Finds the home sets from the URL."""
        def href(path, *names):
            for _, _, p in self.propfind(path, names):
                return [e.findtext(tag("D:href")) for e in (p.get(tag(n)) for n in names) if e is not None]
        principal, = href(self.url.path, "D:current-user-principal")
        self.homes = list(dict.fromkeys(href(principal, "C:calendar-home-set", "R:addressbook-home-set")))
        return self

    def folders(self):
        """All calendars and address books in the home sets, sorted by href."""
        found = []
        for home in self.homes:
            for href, _, p in self.propfind(home, [
                    "D:resourcetype", "D:displayname", "I:calendar-color", "S:getctag",
                    "C:supported-calendar-component-set"], "1"):
                kinds = p.get(tag("D:resourcetype"), [])
                is_book = any(k.tag == tag("R:addressbook") for k in kinds)
                if not is_book and not any(k.tag == tag("C:calendar") for k in kinds):
                    continue
                comps = {c.get("name") for c in p.get(tag("C:supported-calendar-component-set"), [])}
                kind = "contacts" if is_book else "calendars"
                if comps == {"VTODO"} and not is_book:
                    kind = "tasks"
                elif comps == {"VJOURNAL"} and not is_book:
                    kind = "notes"
                value = {n: (p[tag(n)].text or "").strip() for n in
                         ("D:displayname", "I:calendar-color", "S:getctag") if tag(n) in p}
                path = urllib.parse.urlsplit(href).path
                found.append(Folder(path, kind, value.get("D:displayname") or
                                    urllib.parse.unquote(path.strip("/").rpartition("/")[2]),
                                    value.get("I:calendar-color"), comps, value.get("S:getctag")))
        return sorted(found, key=lambda f: f.href)

    def folder(self, title):
        """The one with this displayname."""
        return next(f for f in self.folders() if f.title == title)

    def items(self, folder):
        """{href: ETag}"""
        path = folder.href if isinstance(folder, Folder) else folder
        return {href: p[tag("D:getetag")].text
                for href, _, p in self.propfind(path, ["D:getetag", "D:resourcetype"], "1")
                if tag("D:getetag") in p and len(p.get(tag("D:resourcetype"), ())) == 0}

    def bodies(self, folder):
        """{href: the bytes the server serves}"""
        what, data, hrefs = "C:calendar", "C:calendar-data", list(self.items(folder))
        if folder.kind == "contacts":
            what, data = "R:addressbook", "R:address-data"
        want = f'<{data} content-type="text/vcard" version="4.0"/>' if folder.kind == "contacts" \
            else f"<{data}/>"
        found = {}
        for at in range(0, len(hrefs), 500):
            listed = "".join(f"<D:href>{escape(h)}</D:href>" for h in hrefs[at:at + 500])
            for href, _, p in self.multistatus(
                    "REPORT", folder.href, f"<{what}-multiget {XMLNS}><D:prop><D:getetag/>{want}</D:prop>"
                    f"{listed}</{what}-multiget>", "1"):
                if tag(data) in p:
                    found[href] = p[tag(data)].text.encode()
        return found

    def get(self, href):
        return self.must("GET", href).body

    # ---- changing -------------------------------------------------------------------------

    def put(self, href, data, etag=None, new=False):
        """Writes an item; returns its ETag."""
        card = b"BEGIN:VCARD" in data
        headers = {"Content-Type": "text/vcard; charset=utf-8" if card else "text/calendar; charset=utf-8"}
        if etag:
            headers["If-Match"] = etag
        if new:
            headers["If-None-Match"] = "*"
        return self.must("PUT", href, data, headers).etag

    def add(self, folder, name, data):
        """A new item of this name, as it stands in a file system; returns its href."""
        href = folder.href + urllib.parse.quote(name)
        self.put(href, data, new=True)
        return href

    def delete(self, href):
        self.must("DELETE", href)

    def move(self, href, folder):
        """To another folder; by copy and delete where the server knows no MOVE."""
        to = folder.href + href.rpartition("/")[2]
        try:
            self.must("MOVE", href, headers={
                "Destination": f"{self.url.scheme}://{self.url.netloc}{to}", "Overwrite": "F"})
        except DavError as e:
            if e.status not in (405, 501):
                raise
            self.put(to, self.get(href), new=True)
            self.delete(href)
        # Radicale takes the name in Destination as it stands, so that "a%20b" becomes "a%2520b".
        listed = self.items(folder)
        return next(h for h in (to, folder.href + urllib.parse.quote(to.rpartition("/")[2])) if h in listed)

    def make(self, kind, name, title, color=None):
        """A new calendar, task list, … in the home set for it; returns its Folder."""
        card = kind == "contacts"
        home = self.homes[-1 if card else 0]
        components = {"calendars": ["VEVENT"], "tasks": ["VTODO"], "notes": ["VJOURNAL"]}.get(kind, [])
        props = f"<D:displayname>{escape(title)}</D:displayname>"
        if color:
            props += f"<I:calendar-color>{color}</I:calendar-color>"
        if not card:
            props += "<C:supported-calendar-component-set>" + "".join(
                f'<C:comp name="{c}"/>' for c in components) + "</C:supported-calendar-component-set>"
        kinds = "<D:collection/>" + ("<R:addressbook/>" if card else "<C:calendar/>")
        path = home + urllib.parse.quote(name) + "/"
        self.must("MKCOL", path, f"<D:mkcol {XMLNS}><D:set><D:prop><D:resourcetype>{kinds}</D:resourcetype>"
                  f"{props}</D:prop></D:set></D:mkcol>", {"Content-Type": "application/xml; charset=utf-8"})
        return next(f for f in self.folders() if f.href == path)

    def label(self, folder, title=None, color=None):
        props = f"<D:displayname>{escape(title)}</D:displayname>" if title else ""
        props += f"<I:calendar-color>{color}</I:calendar-color>" if color else ""
        self.must("PROPPATCH", folder.href, f"<D:propertyupdate {XMLNS}><D:set><D:prop>{props}</D:prop>"
                  "</D:set></D:propertyupdate>", {"Content-Type": "application/xml; charset=utf-8"})

    def drop(self, folder):
        self.must("DELETE", folder.href)

    def many(self, requests):
        """[(method, path, body, headers)] on several connections; all must succeed."""
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda r: self.request(*r, fresh=True), requests))
        for r, a in zip(requests, answers):
            if not 200 <= a.status < 300:
                raise DavError(r[0], r[1], a.status, a.body)
        return answers
