-- From version 4 to version 5, which finds all messages by their header.

DROP INDEX row_text_head;
CREATE INDEX row_head ON row (head) WHERE head IS NOT NULL;
PRAGMA user_version = 5;
