"""Are both sides equal?  Every collection's items, one to one: first by their very bytes, then, where the
server rewrote what it was given, by UID and content.  Nothing of koc's own normalisation is in it."""

import re
from collections import Counter

import vdir

# Servers and programs rewrite these on their own; none carries what a person wrote.
NOISE = {"PRODID", "DTSTAMP", "LAST-MODIFIED", "REV", "CALSCALE"}


def split(line):
    """(name, {parameter: sorted values}, value) of an unfolded line."""
    head, quoted = "", False
    for at, c in enumerate(line):
        quoted ^= c == '"'
        if c == ":" and not quoted:
            head = line[:at]
            break
    name, *parameters = re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', head)
    found = {}
    for p in parameters:
        key, _, value = p.partition("=")
        if not value:
            key, value = "TYPE", key
        for v in value.split(","):
            found.setdefault(key.upper(), set()).add(v.strip('"').lower())
    if found.get("VALUE") in ({"text"}, {"date-time"}):
        del found["VALUE"]
    return name.upper(), tuple(sorted((k, tuple(sorted(v))) for k, v in found.items())), line[len(head) + 1:]


def seconds(value):
    """PT1440M and P1D are the same duration; anything else as it is."""
    m = re.fullmatch(r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", value)
    if not m:
        return value
    w, d, h, mi, s = (int(x or 0) for x in m.groups()[1:])
    return f"{m[1].strip('+')}{((w * 7 + d) * 24 + h) * 3600 + mi * 60 + s}s"


def meaning(data):
    """Something that is equal for two items that say the same: nested multisets of properties."""
    text = vdir.unfold(data).decode(errors="replace").replace("\r\n", "\n")
    stack = [Counter()]
    for line in text.split("\n"):
        if not line.strip():
            continue
        name, parameters, value = split(line)
        if name == "BEGIN":
            stack.append(Counter())
        elif name == "END" and len(stack) > 1:
            done = stack.pop()
            stack[-1][(value.strip().upper(), tuple(sorted(map(repr, done.items()))))] += 1
        elif name not in NOISE:
            if name in ("RRULE", "EXRULE"):
                value = ";".join(sorted(value.upper().split(";")))
            elif name in ("TRIGGER", "DURATION"):
                value = seconds(value)
            elif name in ("CATEGORIES", "NICKNAME"):
                value = ",".join(sorted(value.split(",")))
            value = re.sub(r"\\([,;:\"])", r"\1", value).replace("\\N", "\\n").rstrip()
            if "PHOTO" in name or "ATTACH" in name:
                value = re.sub(r"\s", "", value)
            stack[-1][(name, parameters, value)] += 1
    return tuple(sorted(map(repr, stack[0].items())))


def match(titles, folders, mine):
    """Pairs (server folder, local path or None), and local paths without a partner.  By kind and title."""
    left = {}
    for path in mine:
        left.setdefault((path.partition("/")[0], titles[path]), []).append(path)
    pairs = []
    for f in folders:
        paths = left.get((f.kind, f.title), [])
        pairs.append((f, paths.pop(0) if paths else None))
    return pairs, sorted(p for paths in left.values() for p in paths)


def compare(server, here, exact=False, skip=(), kinds=vdir.KINDS):
    """Lines that say what differs; none when the sides are equal; and how many items were compared.
    exact: byte for byte what the server serves.  `server` is a Dav, `here` a Vdir; skip: titles."""
    lines, total = [], 0
    folders = [f for f in server.folders() if f.title not in skip and f.kind in kinds]
    mine = [p for p in here.folders() if p.partition("/")[0] in kinds]
    titles = {p: here.label(p, "displayname") or p.partition("/")[2] for p in mine}
    pairs, alone = match(titles, folders, [p for p in mine if titles[p] not in skip])
    lines += [f"{path}: only here" for path in alone]
    for folder, path in pairs:
        if path is None:
            lines.append(f"{folder.kind}/{folder.title} ({folder.href}): only on the server")
            continue
        color = (folder.color or "")[:7]
        if color and (here.label(path, "color") or "").lower() != color.lower():
            lines.append(f"{path}: color {here.label(path, 'color')}, on the server {folder.color}")
        theirs = server.bodies(folder)
        files = here.files(path)
        total += len(theirs)
        by_data = {}
        for f in files:
            by_data.setdefault(f.data, []).append(f)
        rest = {}
        for href, data in theirs.items():
            if by_data.get(data):
                by_data[data].pop()
            else:
                rest[href] = data
        unmatched = [f for left in by_data.values() for f in left]
        for href, data in rest.items():
            uid = vdir.uid_of(data)
            twin = next((f for f in unmatched if f.uid == uid), None)
            if twin is None:
                lines.append(f"{path}: only on the server: {href} (UID {uid})")
                continue
            unmatched.remove(twin)
            if exact:
                lines.append(f"{path}: {href}: not the same bytes as in {twin.path}")
            elif meaning(twin.data) != meaning(data):
                ours, other = set(meaning(twin.data)), set(meaning(data))
                lines.append(f"{path}: {href}: not equal to {twin.path}: here {sorted(ours - other)}, "
                             f"server {sorted(other - ours)}"[:600])
        lines += [f"{path}: only here: {f.path} (UID {f.uid})" for f in unmatched]
    return lines, total
