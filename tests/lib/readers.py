"""The programs that people read and write calendars, tasks and contacts with, on the store of an account: khal,
todoman, khard, each with a configuration and caches of its own."""

import json
import os
import subprocess

KHAL = """\
[calendars]
[[all]]
path = {store}/calendars/*
type = discover
[locale]
local_timezone = UTC
default_timezone = UTC
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
[sqlite]
path = {base}/khal.db
"""

TODOMAN = """\
path = "{store}/tasks/*"
date_format = "%Y-%m-%d"
time_format = "%H:%M"
cache_path = "{base}/todoman.db"
"""

KHARD = """\
[addressbooks]
{books}
[general]
default_action = list
editor = /bin/true
merge_editor = /bin/true
[contact table]
display = first_name
show_uids = yes
[vcard]
preferred_version = 3.0
skip_unparsable = no
"""


class Reader:
    def __init__(self, account, program, path, text):
        self.base = os.path.join(account.base, "reader-" + program)
        self.program = "/usr/bin/" + program
        config = os.path.join(self.base, path)
        os.makedirs(os.path.dirname(config), exist_ok=True)
        with open(config, "w") as f:
            f.write(text.replace("{store}", account.store).replace("{base}", self.base))

    def run(self, *words, answer=""):
        """Its output; it must end with 0."""
        done = subprocess.run([self.program, *words], input=answer.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False,
                              env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": self.base,
                                   "XDG_CONFIG_HOME": self.base, "XDG_CACHE_HOME": self.base,
                                   "XDG_DATA_HOME": self.base, "TERM": "dumb", "TZ": "UTC"})
        if done.returncode:
            raise RuntimeError(f"{self.program} {words}: {done.returncode}\n{done.stderr.decode()}"
                               f"{done.stdout.decode()}")
        return done.stdout.decode()


class Khal(Reader):
    def __init__(self, account):
        super().__init__(account, "khal", "khal/config", KHAL)

    def calendars(self):
        return sorted(self.run("printcalendars").splitlines())

    def events(self, first, days):
        """{(calendar, UID, title, start)} of each occurrence; an event of several days is there on each."""
        lines = self.run("list", "--day-format", "", "--format", "{calendar}\t{uid}\t{title}\t{start-long-full}",
                         first, f"{days}d").splitlines()
        return {tuple(line.split("\t")[:4]) for line in lines if line.count("\t") >= 3}


class Todoman(Reader):
    def __init__(self, account):
        super().__init__(account, "todoman", "todoman/config.py", TODOMAN)

    def tasks(self):
        return json.loads(self.run("--porcelain", "list", "--status", "ANY"))


class Khard(Reader):
    def __init__(self, account):
        books = [f for f in account.vdir.folders() if f.startswith("contacts/")]
        super().__init__(account, "khard", "khard/khard.conf", KHARD.replace("{books}", "\n".join(
            f"[[book{n}]]\npath = {{store}}/{b}" for n, b in enumerate(books))))
        self.books = {f"book{n}": b for n, b in enumerate(books)}

    def contacts(self):
        """{(UID, name, book)}"""
        return {(*line.split("\t")[:2], self.books[line.split("\t")[2]])
                for line in self.run("list", "-p").splitlines() if line.count("\t") >= 2}

    def edit(self, uid, field, value):
        """Changes a field of its template, as in an editor."""
        template = os.path.join(self.base, "template")
        lines = self.run("show", "--format", "yaml", "uid:" + uid).splitlines()
        at = next(n for n, line in enumerate(lines) if line.split(":")[0].strip() == field)
        lines[at] = f"{field} : {value}"
        with open(template, "w") as f:
            f.write("\n".join(lines) + "\n")
        self.run("edit", "-i", template, "uid:" + uid, answer="y\n")
