#!/usr/bin/python3
"""Text forms of odd messages, judged by Python's parser: valid MIME, the header as it was, the texts as they
were, a stub for everything else; and recognised whatever other programs make of them."""
import os, re, subprocess, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import base64, email, email.mime.base, email.mime.message, email.mime.multipart, email.mime.text, hashlib
from private import TOP, scratch
from tap import equal, finish, note, ok
sys.path.insert(0, os.path.join(TOP, "tests", "tools"))
import corpus
import mimecorpus

TOOL = os.path.join(TOP, "build", "tools", "textform")
CHANGED = {"content-type", "content-transfer-encoding", "content-disposition"}
# Python reads these originals differently: one boundary as another's beginning, or twice.
OTHER_PARTS = {"boundary-twice", "boundary-prefix"}


def tool(*words):
    run = subprocess.run([TOOL, *words], capture_output=True, text=True)
    if run.returncode or run.stderr:
        ok(False, f"textform {words[0]}", run)
    return dict(line.split(" ", 1) if " " in line else (line, "") for line in run.stdout.splitlines())


def header_of(data):
    """The header's bytes, with the end of its last line."""
    return data[:data.index(b"\r\n\r\n") + 2]


def fields(header):
    return re.findall(rb"[^\r\n].*?\r\n(?![ \t])", header, re.S)


def name_of(field):
    return field.split(b":")[0].strip().lower().decode(errors="replace")


def sections(part, number="", first=True):
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


def flaws(name, data, form, used):
    """All that is wrong with a text form."""
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
        if inner["X-Koc-Part"].split() != mark or mark[:3] != ["test", "1700000000", "4711"] or mark[4] != digest:
            found.append(f"a stub is marked {mark}")
        if not leaf.get_filename() or not leaf["Content-Description"] or not inner["Content-ID"]:
            found.append("a stub lacks name, description or identifier")
        if f";UIDVALIDITY=1700000000/;UID=4711/;SECTION={mark[3]}" not in leaf.get_param("URL"):
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


# ---- composing --------------------------------------------------------------------------------

base = scratch("textform")
os.mkdir(base + "/in")
os.mkdir(base + "/out")
cases = list(mimecorpus.messages())
cases += [mimecorpus.Case("corpus-" + m.name + f"-{i}", m.data, None) for i, m in
          enumerate(corpus.messages("small", 80)) if m.name != "zero-bytes"]
for case in cases:
    with open(f"{base}/in/{case.name}", "wb") as f:
        f.write(case.data)
told = tool("--compose", base + "/out", *(f"{base}/in/{c.name}" for c in cases))
forms = {}
for case in cases:
    used = told[case.name].split()
    if used[:1] == ["whole:"]:
        if case.whole is None:
            ok(b"multipart/" not in case.data or "broken" in case.name, f"{case.name}: fetched whole", told[case.name])
        else:
            ok(case.whole, f"{case.name}: fetched whole: {told[case.name]}")
        continue
    with open(f"{base}/out/{case.name}", "rb") as f:
        forms[case.name] = f.read()
    if case.whole is not None:
        equal((case.whole, sorted(used)), (False, sorted(case.texts + [h + "h" for h in case.html])),
              f"{case.name}: what is fetched")
    found = flaws(case.name, case.data, forms[case.name], used)
    ok(not found, f"{case.name}: its text form", "\n".join(found) + "\n" + forms[case.name][:3000].decode(errors="replace"))
ok(len(forms) > 80, "as many text forms", len(forms))

# ---- recognising ------------------------------------------------------------------------------


def rewritten(message):
    """As a program would that reads it and writes it anew."""
    for i, part in enumerate(multiparts(message)):
        part.set_boundary(f"another-{i}")
    message["X-Other"] = "yes"
    message["Lines"] = "7"
    del message["MIME-Version"]
    message["MIME-Version"] = "1.0 (other)"
    return message.as_bytes()


def reencoded(message):
    """Stubs without their own header fields, what they enclose in base64."""
    outer = email.mime.multipart.MIMEMultipart("mixed")
    for leaf in leaves(message):
        if leaf.get_content_type() == "text/plain":
            outer.attach(email.mime.text.MIMEText("text"))
            continue
        stub = email.mime.base.MIMEBase("message", "external-body")
        stub["Content-Transfer-Encoding"] = "base64"
        stub._payload = base64.encodebytes(leaf.get_payload(0).as_bytes()).decode()
        outer.attach(stub)
    return outer.as_bytes()


def forwarded(message):
    outer = email.mime.multipart.MIMEMultipart("mixed")
    outer.attach(email.mime.text.MIMEText("look"))
    outer.attach(email.mime.message.MIMEMessage(message))
    return outer.as_bytes()


ways = {
    "as it is": lambda data: data,
    "as it lies on disk": lambda data: data.replace(b"\r\n", b"\n"),
    "rewritten": lambda data: rewritten(email.message_from_bytes(data)),
    "reencoded": lambda data: reencoded(email.message_from_bytes(data)),
    "forwarded": lambda data: forwarded(email.message_from_bytes(data)),
    "cut in the middle of the last stub": lambda data: data[:data.rindex(b"X-Koc-Part")],
}
stubs_of = {name: form.count(b"X-Koc-Part") // 2 for name, form in forms.items()}
ok(all(stubs_of.values()), "every text form can be recognised", stubs_of)
for way, change in ways.items():
    os.mkdir(f"{base}/{way}")
    for name, form in forms.items():
        with open(f"{base}/{way}/{name}", "wb") as f:
            f.write(change(form))
    seen = tool("--find", *(f"{base}/{way}/{name}" for name in forms))
    wrong = []
    for name, form in forms.items():
        case = next(c for c in cases if c.name == name)
        digest = hashlib.sha256(header_of(case.data).replace(b"\r\n", b"\n")).hexdigest()
        want = rf"test 1700000000 4711 [\d.]+ {digest} stubs {stubs_of[name]}" + (" enclosed" if way == "forwarded" else "")
        if not re.fullmatch(want, seen[name]):
            wrong.append(f"{name}: {seen[name]}, wanted {want}")
    ok(not wrong, f"recognised {way}", "\n".join(wrong[:10]))
others = tool("--find", *(f"{base}/in/{c.name}" for c in cases))
equal({n: t for n, t in others.items() if t != "no text form"}, {}, "no whole message is taken for a text form")
mark = b"X-Koc-Part: test 1 2 3 " + b"a" * 64 + b"\r\n"
tricks = {
    "quoted": b"Subject: x\r\n\r\n" + mark,
    "header": mark + b"\r\ntext\r\n",
    "of-another-type": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n" + mark +
                       b"\r\n" + mark + b"\r\n--b--\r\n",
    "wrong-mark": b"Content-Type: message/external-body\r\nX-Koc-Part: test 1 2 3 " + b"g" * 64 + b"\r\n\r\n",
}
for name, data in tricks.items():
    with open(f"{base}/{name}", "wb") as f:
        f.write(data)
seen = tool("--find", *(f"{base}/{name}" for name in tricks))
equal(set(seen.values()), {"no text form"}, "what only looks like a stub is none")
finish(at_least=180)
