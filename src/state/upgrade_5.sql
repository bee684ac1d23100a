-- From version 5 to version 6, which knows what a server calls a message or a mailbox wherever it lies.

ALTER TABLE folder ADD COLUMN lasting TEXT;
ALTER TABLE row ADD COLUMN lasting TEXT;
PRAGMA user_version = 6;
