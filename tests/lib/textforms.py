"""Text forms, judged by Python's own parser: a second opinion, nothing of koc in it."""

import email
import hashlib
import re

CHANGED = {"content-type", "content-transfer-encoding", "content-disposition"}
# Python reads these originals differently: one boundary as another's beginning, or twice.
OTHER_PARTS = {"boundary-twice", "boundary-prefix"}
# Python makes something else of these parts: a list of headers, bytes of uuencode, a header that ends at a
# control character.
OTHER_CONTENT = {"report": "2", "html-alone-unknown": "1", "name-hostile": "2"}


def header_of(data):
    """The header's bytes, with the end of its last line."""
    return data[:data.index(b"\r\n\r\n") + 2]


def fields(header):
    return re.findall(rb"[^\r\n].*?\r\n(?![ \t])", header, re.S)


def name_of(field):
    return field.split(b":")[0].strip().lower().decode(errors="replace")


def sections(part, number=""):
    """{section: leaf} of a message, attached messages as leaves."""
    if part.get_content_maintype() != "multipart" or not part.is_multipart():
        return {number or "1": part}
    found = {}
    for i, inner in enumerate(part.get_payload()):
        found.update(sections(inner, f"{number}.{i + 1}" if number else f"{i + 1}"))
    return found


def raw(part):
    """The bytes of a leaf's body."""
    return part._payload.encode("ascii", "surrogateescape")


def content(leaf):
    """A part's decoded bytes, lines as they end on disk."""
    data = leaf.get_payload(decode=True)
    if data is None:
        data = b"".join(m.as_bytes() for m in leaf.get_payload())
    encoded = str(leaf.get("Content-Transfer-Encoding", "")).strip().lower() == "base64"
    return data if encoded else data.replace(b"\r\n", b"\n")


def leaves(part):
    if part.get_content_type() == "message/external-body" or not part.is_multipart():
        return [part]
    return [leaf for inner in part.get_payload() for leaf in leaves(inner)]


def multiparts(part):
    if part.get_content_maintype() != "multipart":
        return []
    return [part] + [m for inner in part.get_payload() for m in multiparts(inner)]


def has_text(part):
    return any(leaf.get_content_type() == "text/plain" for leaf in leaves(part))


def flaws(name, data, form, used, account="test", validity=1700000000, uid=4711):
    """All that is wrong with a text form of the message `data`; `used`: the sections it was made of, those of HTML
    with an "h" behind."""
    found = []
    original, composed = email.message_from_bytes(data), email.message_from_bytes(form)
    for part in composed.walk():
        found += [f"{part.get_content_type()}: {d!r}" for d in part.defects]
    if original.is_multipart() and original.get_content_maintype() == "multipart":
        if header_of(form) != header_of(data):
            found.append("the header is another")
    else:
        if composed.get_content_type() != "multipart/mixed":
            found.append(f"it is {composed.get_content_type()}")
        before, after = ([f for f in fields(header_of(d)) if name_of(f) not in CHANGED] for d in (data, form))
        if before != after:
            found.append(f"other fields: {before} {after}")
    digest = hashlib.sha256(header_of(data).replace(b"\r\n", b"\n")).hexdigest()
    there = sections(original)
    kept = [there.get(u) for u in used if not u.endswith("h")]
    stubs, texts, made = {}, [], []
    for leaf in leaves(composed):
        if leaf.get_content_type() == "text/plain":
            (made if "made from the HTML" in str(leaf["Content-Description"]) else texts).append(leaf)
            continue
        inner = leaf.get_payload(0)
        mark = leaf["X-Koc-Part"].split()
        if leaf.get_content_type() != "message/external-body" or leaf.get_param("access-type") != "URL":
            found.append(f"a part is {leaf.get_content_type()}")
        if inner["X-Koc-Part"].split() != mark or mark[:3] != [account, str(validity), str(uid)] or mark[4] != digest:
            found.append(f"a stub is marked {mark}")
        if not leaf.get_filename() or not leaf["Content-Description"] or not inner["Content-ID"]:
            found.append("a stub lacks name, description or identifier")
        if f";UIDVALIDITY={validity}/;UID={uid}/;SECTION={mark[3]}" not in leaf.get_param("URL"):
            found.append(f"a URL is {leaf.get_param('URL')}")
        if int(leaf.get_param("size")) > len(data):
            found.append(f"a size is {leaf.get_param('size')}")
        stubs[mark[3]] = inner
    if name not in OTHER_PARTS:
        if [(t.items(), raw(t)) for t in texts] != [(k.items(), raw(k)) for k in kept] and \
                sorted((str(t.items()), raw(t)) for t in texts) != sorted((str(k.items()), raw(k)) for k in kept):
            found.append("the texts are others")
        wanted = set(there) - {u for u in used if not u.endswith("h")}
        if set(stubs) != wanted:
            found.append(f"stubs for {sorted(stubs)}, wanted {sorted(wanted)}")
        for section, stub in stubs.items():
            if section in there and stub.get_content_type() != there[section].get_content_type():
                found.append(f"a stub of {there[section].get_content_type()} is of {stub.get_content_type()}")
        shape = [(m.get_content_type(), len(m.get_payload())) for m in multiparts(original)]
        if not made and shape and sorted(shape) != sorted((m.get_content_type(), len(m.get_payload()))
                                                          for m in multiparts(composed)):
            found.append(f"the nesting is another: {shape}")
    if len(made) != sum(u.endswith("h") for u in used):
        found.append(f"{len(made)} texts were made")
    for text in made:
        if text.get_param("format") != "fixed" or not text.get_payload(decode=True).decode("utf-8").strip():
            found.append("a text that was made is none")
    for alternative in multiparts(composed):
        if alternative.get_content_subtype() == "alternative":
            order = [has_text(p) for p in alternative.get_payload()]
            if order != sorted(order):
                found.append("a stub is preferred to a text")
    if max(map(len, form.split(b"\r\n"))) > max(998, *map(len, data.split(b"\r\n"))):
        found.append("a line is too long")
    if b"\n" in form.replace(b"\r\n", b"") and b"\n" not in data.replace(b"\r\n", b""):
        found.append("a bare line end")
    return found


def attached(subject, size=3000, text="Some text.\r\n"):
    """A message with a text and an attachment."""
    body = "\r\n".join(["QUJD" * 15] * (size // 62))
    return (f"From: jane@example.com\r\nTo: alice@example.com\r\nSubject: {subject}\r\n"
            f"Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{subject.replace(' ', '.')}@test>\r\n"
            'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_b"\r\n\r\n'
            f"--=_b\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n{text}"
            "\r\n--=_b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n"
            f"Content-Disposition: attachment; filename=a.pdf\r\n\r\n{body}\r\n--=_b--\r\n").encode()


def subject_of(data):
    return re.search(rb"^Subject: ([^\r\n]*)", data, re.M).group(1).decode()


def is_text(data):
    return b"X-Koc-Part:" in data


def differences(server, mail):
    """Lines that say what differs where text forms stand for their messages: by subject, flags and keywords."""
    theirs = {f for f, attributes in server.folders().items() if not attributes & {"\\noselect", "\\nonexistent"}}
    ours = mail.folders()
    lines = [f"{f}: only on one side" for f in set(theirs) ^ set(ours)]
    for folder in sorted(set(theirs) & set(ours)):
        sides = [sorted((subject_of(m["data"]), m["flags"], m["keywords"]) for m in side)
                 for side in (server.messages(folder), mail.messages(folder))]
        if sides[0] != sides[1]:
            lines.append(f"{folder}: {[m for m in sides[0] if m not in sides[1]][:5]} on the server, "
                         f"{[m for m in sides[1] if m not in sides[0]][:5]} here")
        lines += [f"{folder}: a text form on the server" for m in server.messages(folder) if is_text(m["data"])]
    return lines
