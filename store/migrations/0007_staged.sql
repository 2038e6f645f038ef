-- Events that a bundle brought and no log holds yet, in the order in which
-- they came (primary), and the one note that says what follows a log's size.
-- Their rows stand at place log << 40 | 1 << 39 | number: behind the log.
CREATE TABLE staged (
    number INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused
    log INTEGER NOT NULL,
    event BLOB NOT NULL UNIQUE,
    came_s INTEGER NOT NULL,
    round INTEGER NOT NULL,            -- of the newest bundle that had it
    leaf BLOB NOT NULL,
    bodies BLOB NOT NULL
) STRICT;
CREATE INDEX staged_by_log ON staged (log, number);

CREATE TABLE staging_notes (
    log INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    ids BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;

-- When bundles passed between two nodes, and what the newest said.
CREATE TABLE bundles (
    peer INTEGER PRIMARY KEY,
    made_s INTEGER NOT NULL,           -- newest that we made for it
    taken_s INTEGER NOT NULL,          -- newest that we took from it
    round INTEGER NOT NULL,            -- time of making of that one, ms
    token_ok INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,       -- it holds up to this one
    heads BLOB NOT NULL                -- (u32 node, u32 epoch, u8 dir,
                                       -- u64 size, u64 cosigs)*
) STRICT;
