#!/usr/bin/python3
"""Mail programs show the text of a text form and what is missing from it, by name, size and type; and whatever
they make of it is still known to be one."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import glob, json, shutil, subprocess
from neomutt import neomutt
from private import TOP, scratch
from tap import equal, finish, ok, skip_all
sys.path.insert(0, os.path.join(TOP, "tests", "tools"))
import mimecorpus

TOOL = os.path.join(TOP, "build", "tools", "textform")
missing = [p for p in ("neomutt", "notmuch", "mu") if not shutil.which(p)]
if missing:
    skip_all("needs " + ", ".join(missing))

base = scratch("readers")
root = base + "/mail"
# What is expected of each: its text, and the labels of what is missing.
WANTED = {
    "everything": (["Grüße, this is the text.", "Another text."],
                   ["report.pdf (802 bytes, application/pdf)", "logo.png (201 bytes, image/png)"]),
    "html-attached": (["This is HTML."], ["report.pdf (802 bytes, application/pdf)"]),
    "pdf-alone": ([], ["report.pdf (802 bytes, application/pdf)"]),
    "name-2231": (["Two lines of it."], ["€ rates.pdf (3 bytes, application/pdf)"]),
    "name-hostile": (["Two lines of it."], ["../../etc/pass wd [31m (3 bytes, application/pdf)"]),
    "message-attached": (["Two lines of it."], ["inner.eml (1.5 KB, message/rfc822)"]),
    "digest": (["words"], ["first (", "second ("]),
}


def tool(*words):
    run = subprocess.run([TOOL, *words], capture_output=True, text=True)
    ok(run.returncode == 0 and not run.stderr, f"textform {words[0]}", run)
    return run.stdout


def program(*words, **options):
    run = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "HOME": base, "LANG": "C.UTF-8"},
                         **options)
    ok(run.returncode == 0, " ".join(words)[:100].replace(base, ""), run)
    return run.stdout


def fill():
    """A fresh store that holds the text forms; returns their paths by name."""
    shutil.rmtree(root, ignore_errors=True)
    paths = {}
    for folder in ("Box", "Other", "Drafts"):
        for sub in ("cur", "new", "tmp"):
            os.makedirs(f"{root}/{folder}/{sub}")
    for i, name in enumerate(WANTED):
        with open(f"{base}/out/{name}", "rb") as f:
            data = f.read()
        paths[name] = f"{root}/Box/cur/{1000 + i}.M1.test:2,S"
        with open(paths[name], "wb") as f:
            f.write(data.replace(b"\r\n", b"\n"))
    return paths


os.mkdir(base + "/in")
os.mkdir(base + "/out")
for case in mimecorpus.messages():
    if case.name in WANTED:
        with open(f"{base}/in/{case.name}", "wb") as f:
            f.write(case.data)
tool("--compose", base + "/out", *glob.glob(base + "/in/*"))
equal(sorted(os.listdir(base + "/out")), sorted(WANTED), "all have a text form")
paths = fill()

# ---- shown ------------------------------------------------------------------------------------

with open(base + "/pager", "w") as f:
    f.write(f'#!/bin/sh\ncat "$1" >> {base}/shown\n')
os.chmod(base + "/pager", 0o755)
for name, (texts, labels) in WANTED.items():
    open(base + "/shown", "w").close()
    status, seen = neomutt(base, root, root + "/Box", f"<limit>~i {name}@<enter><display-message><exit>",
                           f'set pager="{base}/pager"\nset prompt_after=no\n')
    with open(base + "/shown", errors="replace") as f:
        shown = f.read()
    # Only the preferred alternative is shown: what it lacks is in the list of attachments.
    inside = [l for l in labels if not l.startswith("logo.png")]
    ok(status == 0 and all(t in shown for t in texts + inside), f"neomutt shows {name}", shown + str(seen[-500:]))

config = base + "/notmuch-config"
with open(config, "w") as f:
    f.write(f"[database]\npath={root}\n[user]\nname=A\nprimary_email=a@example.com\n[new]\ntags=\n")
os.environ["NOTMUCH_CONFIG"] = config
program("notmuch", "new")
program("mu", "init", f"--maildir={root}", "--muhome", base + "/mu")
program("mu", "index", "--muhome", base + "/mu")
for name, (texts, labels) in WANTED.items():
    files = [label.replace("/", "-") for label in labels]
    shown = program("notmuch", "show", "--format=json", f"id:{name}@mime.example")
    ok(all(json.dumps(t, ensure_ascii=False)[1:-1] in shown for t in texts + files),
       f"notmuch shows {name}", shown)
    shown = program("mu", "view", paths[name]) + program("mu", "extract", paths[name])
    # mu puts other characters in the place of some.
    plain = "".join(c if c.isalnum() else "-" for c in shown)
    ok(all("".join(c if c.isalnum() else "-" for c in t) in plain for t in texts + files), f"mu shows {name}", shown)
for query, name in (("attachment:report", "everything"), ("Grüße", "everything"), ("mimetype:text/plain", "digest")):
    ok(f"{name}@mime.example" in program("notmuch", "search", "--output=messages", query), f"notmuch finds {query}")

# ---- and made anew ----------------------------------------------------------------------------

with open(base + "/editor", "w") as f:
    f.write('#!/bin/sh\nsed -i "s/^Subject: .*/Subject: edited/" "$1"\n')
os.chmod(base + "/editor", 0o755)
mark = tool("--find", paths["everything"]).split(" ", 1)[1]
ok(mark.startswith("test 1700000000 4711 "), "it is known", mark)
SENDING = (f'set editor="{base}/editor"\nset postponed="=Drafts"\nset edit_headers=yes\n'
           'set from=a@example.com\nset realname=A\nset abort_unmodified=no\nset send_charset=utf-8\n')
for what, keys, where, subject in (
        ("edited in place", "<limit>~i everything@<enter><edit><quit>", "Box", "edited"),
        ("sent again, as a draft", "<limit>~i everything@<enter><resend-message><postpone-message><quit>", "Drafts", "edited"),
        ("saved elsewhere", "<limit>~i everything@<enter><save-message>=Other<enter><quit>", "Other", "everything"),
        ("copied elsewhere", "<limit>~i everything@<enter><copy-message>=Other<enter><quit>", "Other", "everything")):
    before = set(fill().values())
    status, seen = neomutt(base, root, root + "/Box", keys, SENDING)
    new = [p for p in glob.glob(f"{root}/{where}/*/*") if p not in before]
    ok(status == 0 and len(new) == 1, f"neomutt: {what}", f"{new} {seen[-2000:]}")
    for path in new:
        with open(path, "rb") as f:
            data = f.read()
        ok(f"Subject: {subject}\n".encode() in data and data != open(f"{base}/out/everything", "rb").read(),
           f"{what}: it is written anew", data)
        equal(tool("--find", path).split(" ", 1)[1], mark, f"{what}: it is known for what it is")
finish(at_least=70)
