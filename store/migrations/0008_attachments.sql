-- Files that events name by hash: derived from the records (who names them);
-- whether one is here is noted when it came whole. 0 missing, 1 held, 2 of a
-- type that is not taken.
CREATE TABLE attachments (
    number INTEGER PRIMARY KEY,
    file BLOB NOT NULL UNIQUE,
    node INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX attachments_missing ON attachments (number) WHERE state = 0;
