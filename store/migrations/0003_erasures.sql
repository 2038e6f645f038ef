-- Bodies that an effective Erased names: derived from the records, so that a
-- body listed as absent can be told from one that was lost. `acts`: its word
-- was given here too, and nothing of the body is held any more.
CREATE TABLE erasures (
    event BLOB NOT NULL,
    audience INTEGER NOT NULL,
    subject BLOB NOT NULL,
    erased BLOB NOT NULL,              -- the Erased
    acts INTEGER NOT NULL,
    PRIMARY KEY (event, audience)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasures_by_subject ON erasures (subject);
