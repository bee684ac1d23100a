-- From version 3 to version 4, which finds rows whose local file is a text form, and conflicts by their file.

CREATE INDEX row_text ON row (folder, server_ref) WHERE marks & 4;
CREATE INDEX row_text_head ON row (head) WHERE marks & 4;
CREATE INDEX row_whole ON row (folder, date) WHERE date <> 0 AND NOT marks & 13;
CREATE INDEX conflict_name ON conflict (folder, name);
CREATE INDEX conflict_path ON conflict (path);
PRAGMA user_version = 4;
