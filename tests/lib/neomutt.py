"""neomutt, driven by keys on a terminal of its own."""

import os
import pty
import select

SETTINGS = """set mbox_type=Maildir
set sort=date
set confirmappend=no
set delete=yes
set move=no
set quit=yes
set header_cache=
set wait_key=no
set mark_old=no
set confirmcreate=no
set maildir_trash=no
set trash=
set beep=no
"""


def neomutt(home, root, folder, keys, settings=""):
    """Opens a folder (its path) and types; the keys end with leaving neomutt.  Returns (status, what was on the
    screen)."""
    rc = os.path.join(home, "neomuttrc")
    with open(rc, "w") as f:
        f.write(f'set folder="{root}"\n{SETTINGS}{settings}')
    pid, screen = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", HOME=home, LANG="C.UTF-8")
        os.execvp("neomutt", ["neomutt", "-n", "-F", rc, "-f", folder, "-e", f'push "{keys}"'])
    seen = b""
    while True:
        ready, _, _ = select.select([screen], [], [], 60)
        try:
            block = os.read(screen, 65536) if ready else b""
        except OSError:
            block = b""
        if not block:
            break
        seen += block
    os.close(screen)
    if not ready:
        os.kill(pid, 9)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen
