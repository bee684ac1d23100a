#!/usr/bin/python3
"""Text forms of odd messages, judged by Python's parser: valid MIME, the header as it was, the texts as they
were, a stub for everything else; and recognised whatever other programs make of them."""
import os, re, subprocess, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import base64, email, email.mime.base, email.mime.message, email.mime.multipart, email.mime.text, hashlib
from private import TOP, scratch
from tap import equal, finish, ok
from textforms import OTHER_CONTENT, OTHER_PARTS, content, flaws, header_of, leaves, multiparts, sections
sys.path.insert(0, os.path.join(TOP, "tests", "tools"))
import corpus
import mimecorpus

TOOL = os.path.join(TOP, "build", "tools", "textform")
def tool(*words):
    run = subprocess.run([TOOL, *words], capture_output=True, text=True)
    if run.returncode or run.stderr:
        ok(False, f"textform {words[0]}", run)
    return dict(line.split(" ", 1) if " " in line else (line, "") for line in run.stdout.splitlines())


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

# ---- the parts that files tell of -------------------------------------------------------------


def parts(names, directory):
    """{name: [(here, section, type, size, file name, content)]}"""
    os.mkdir(directory)
    run = subprocess.run([TOOL, "--parts", directory, *names], capture_output=True, text=True)
    ok(run.returncode == 0 and not run.stderr, "textform --parts", run)
    told = {}
    for line in run.stdout.splitlines():
        name, place, *words = line.split(" ", 5)
        here = told.setdefault(name, [])
        data = open(f"{directory}/{name}.{len(here)}", "rb").read() if place == "here" else None
        here.append((place == "here", *words, data))
    return told


# Multiparts of no parts, or of more than are read.
NO_PARTS = {"no-such-boundary", "no-boundary", "empty-boundary", "too-deep", "too-many"} | {
    c.name for c in cases if c.name.startswith("corpus-broken-multipart")}
for ends, there in (("CRLF", "in"), ("LF", "lf")):
    if there == "lf":
        os.mkdir(f"{base}/lf")
        for case in cases:
            with open(f"{base}/lf/{case.name}", "wb") as f:
                f.write(case.data.replace(b"\r\n", b"\n"))
    told, wrong, checked = parts([f"{base}/{there}/{c.name}" for c in cases], f"{base}/parts-{there}"), [], 0
    for case in cases:
        if case.name in OTHER_PARTS | NO_PARTS:
            continue
        expected = sections(email.message_from_bytes(case.data))
        if [p[1] for p in told.get(case.name, [])] != list(expected):
            wrong.append(f"{case.name}: {[p[1] for p in told.get(case.name, [])]}, wanted {list(expected)}")
            continue
        for here, section, kind, size, name, data in told[case.name]:
            if OTHER_CONTENT.get(case.name) != section and \
                    data.replace(b"\r", b"") != content(expected[section]).replace(b"\r", b""):
                wrong.append(f"{case.name} {section}: {data[:100]}, wanted {content(expected[section])[:100]}")
            checked += 1
    ok(not wrong, f"whole messages with {ends}: their parts are what Python reads", "\n".join(wrong[:20]))
    ok(checked > 200, "as many parts", checked)
told = parts([f"{base}/out/{name}" for name in forms], base + "/parts-out")
wrong = []
for name, form in forms.items():
    message = email.message_from_bytes(form)
    stubs = [leaf["X-Koc-Part"].split()[3] for leaf in leaves(message) if leaf["X-Koc-Part"]]
    texts = [content(leaf).replace(b"\r", b"") for leaf in leaves(message) if not leaf["X-Koc-Part"]]
    if [p[1] for p in told[name] if not p[0]] != stubs or \
            [p[5].replace(b"\r", b"") for p in told[name] if p[0]] != texts:
        wrong.append(f"{name}: {told[name]}, wanted {stubs} {texts}")
ok(not wrong, "text forms tell what is on the server", "\n".join(wrong)[:3000])
equal([p[2:5] for p in told["name-2231"] if not p[0]], [("application/pdf", "3", "€ rates.pdf")], "by type, size and name")

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
