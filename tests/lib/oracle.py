"""Are both sides equal?  Every folder's messages as multisets of (content, flags, keywords): a
message twice here and once there is a difference."""

import hashlib
from collections import Counter

import maildir


def key(message, dates, keywords, ignore_noise):
    digest = message["digest"]
    if ignore_noise:
        digest = hashlib.sha256(maildir.drop_noise(message["data"])).hexdigest()
    k = [digest, message["flags"]]
    k.append(message["keywords"] if keywords else ())
    k.append(message["date"] if dates else 0)
    return tuple(k)


def describe(k, message):
    subject = next((l[8:].strip().decode(errors="replace") for l in message["data"].splitlines()
                    if l.lower().startswith(b"subject:")), "(no subject)")
    where = f"UID {message['uid']}" if "uid" in message else message["path"].rpartition("/")[2]
    return (f"{where} {k[0][:12]} flags={k[1] or '-'} keywords={','.join(k[2]) or '-'}" +
            (f" date={k[3]}" if k[3] else "") + f" “{subject}”")


def map_name(name, prefix, separator):
    """koc's path of a server folder, below mail/."""
    if name.upper() == "INBOX":
        return "INBOX"
    return name.removeprefix(prefix).replace(separator, "/")


def compare(server, mail, prefix="", separator="/", dates=False, keywords=True,
            ignore_noise=False, skip=()):
    """Lines that say what differs; none when the sides are equal.  `server` is an Imap, `mail` a
    maildir.Mail."""
    lines, total = [], 0
    theirs = {map_name(name, prefix, separator): name
              for name, attributes in server.folders().items()
              if not attributes & {"\\noselect", "\\nonexistent"}}
    ours = mail.folders()
    for path in sorted(set(theirs) | set(ours)):
        if path in skip:
            continue
        if path not in theirs:
            lines.append(f"{path}: only here")
            continue
        if path not in ours:
            lines.append(f"{path}: only on the server")
            continue
        sides = []
        for messages in (server.messages(theirs[path]), mail.messages(path)):
            by_key = {}
            for m in messages:
                by_key.setdefault(key(m, dates, keywords, ignore_noise), []).append(m)
            sides.append(by_key)
        counts = [Counter({k: len(v) for k, v in side.items()}) for side in sides]
        total += sum(counts[0].values())
        for i, where in enumerate(("only on the server", "only here")):
            for k, n in (counts[i] - counts[1 - i]).items():
                lines.append(f"{path}: {where}: {describe(k, sides[i][k][0])}" +
                             (f" ({n} times)" if n > 1 else ""))
    return lines, total
