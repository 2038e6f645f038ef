-- Copies of logs that were set back and are fetched again; kept when done, for
-- people. Primary: a restart goes on where it was.
CREATE TABLE recoveries (
    log INTEGER NOT NULL,
    lent INTEGER NOT NULL,             -- 1: a peer's copy, from ours
    reason INTEGER NOT NULL,
    source INTEGER NOT NULL,           -- the node at the other end
    since_s INTEGER NOT NULL,
    done_s INTEGER NOT NULL,           -- 0: not yet
    held INTEGER NOT NULL,             -- before
    until INTEGER NOT NULL,
    cosigs INTEGER NOT NULL,
    PRIMARY KEY (log, lent)
) STRICT, WITHOUT ROWID;
