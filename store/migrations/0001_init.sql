-- What a node holds. Primary data first (bytes exactly as they came, never
-- derived), then what `rebuild` derives from it again.
-- An event's place: log << 40 | index; the spool is log 0 (index = number).

-- ---- primary ---------------------------------------------------------------

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    origin TEXT NOT NULL UNIQUE,
    node INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    is_dir INTEGER NOT NULL,
    mirrored INTEGER NOT NULL,         -- held from leaf 0
    key BLOB NOT NULL,
    size INTEGER NOT NULL DEFAULT 0,
    range BLOB NOT NULL,               -- compact range of [0, size)
    note BLOB NOT NULL DEFAULT x'',    -- newest checkpoint
    guarded INTEGER NOT NULL DEFAULT 0,
    cosigs INTEGER NOT NULL DEFAULT 0,
    frozen TEXT NOT NULL DEFAULT '',
    UNIQUE (node, is_dir, epoch)
) STRICT;

-- One verified batch; id = place of its first leaf.
CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    root BLOB NOT NULL,                -- at its end
    note BLOB NOT NULL,                -- the checkpoint there
    hashes BLOB NOT NULL,              -- count leaf hashes
    leaves_z BLOB NOT NULL,
    texts_z BLOB NOT NULL,
    privates BLOB NOT NULL,
    sealed BLOB NOT NULL,
    absent BLOB NOT NULL
) STRICT;

-- Hash of each complete block of 256 leaves (tlog.md section 3.7).
CREATE TABLE blocks (
    log INTEGER NOT NULL,
    block INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (log, block)
) STRICT, WITHOUT ROWID;

-- Guard cosignatures, as numbered by the guard.
CREATE TABLE cosigs (
    log INTEGER NOT NULL,
    number INTEGER NOT NULL,
    size INTEGER NOT NULL,
    time_s INTEGER NOT NULL,
    root BLOB NOT NULL,
    line BLOB NOT NULL,                -- 76 bytes
    request BLOB,                      -- not null: a repeat that was asked for
    PRIMARY KEY (log, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX cosigs_by_size ON cosigs (log, size, number);
CREATE INDEX cosigs_by_time ON cosigs (log, time_s);
CREATE INDEX cosigs_heard ON cosigs (log, number) WHERE request IS NOT NULL;

-- Newest cosignature of other nodes: display.
CREATE TABLE held (
    log INTEGER NOT NULL,
    node INTEGER NOT NULL,
    size INTEGER NOT NULL,
    time_s INTEGER NOT NULL,
    root BLOB NOT NULL,
    line BLOB NOT NULL,
    PRIMARY KEY (log, node)
) STRICT, WITHOUT ROWID;

CREATE TABLE spool (
    number INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused
    is_dir INTEGER NOT NULL,
    event BLOB NOT NULL UNIQUE,
    recorded_ms INTEGER NOT NULL,
    leaf BLOB NOT NULL,
    bodies BLOB NOT NULL
) STRICT;
CREATE INDEX spool_by_queue ON spool (is_dir, number);

-- Events of logs that are not mirrored here, with what proved them.
CREATE TABLE delivered (
    place INTEGER PRIMARY KEY,
    leaf BLOB NOT NULL,
    bodies BLOB NOT NULL,
    proof BLOB NOT NULL
) STRICT;

CREATE TABLE book (
    book INTEGER NOT NULL,
    name BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (book, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    peer INTEGER PRIMARY KEY,
    current BLOB NOT NULL,
    previous BLOB NOT NULL,
    seen INTEGER NOT NULL
) STRICT;

CREATE TABLE peers (
    node INTEGER PRIMARY KEY,
    contact_s INTEGER NOT NULL,
    skew_ms INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    refusal TEXT NOT NULL,
    refusal_s INTEGER NOT NULL,
    todo TEXT NOT NULL
) STRICT;

-- Cumulative acknowledgements: of children (outgoing), from the parent.
CREATE TABLE delivery_acks (
    peer INTEGER NOT NULL,
    incoming INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (peer, incoming)
) STRICT, WITHOUT ROWID;

-- One byte an event: 0 key not known, 1 good, 2 bad. A pure function of the
-- leaves, kept over a rebuild because it is dear.
CREATE TABLE verdicts (
    id INTEGER PRIMARY KEY,            -- of the segment
    marks BLOB NOT NULL
) STRICT;

-- ---- derived ----------------------------------------------------------------

-- How far each log went: leaves into event rows, guard cosignatures into
-- brackets, texts into the search index.
CREATE TABLE cursors (
    log INTEGER PRIMARY KEY,
    events INTEGER NOT NULL DEFAULT 0,
    cosigs INTEGER NOT NULL DEFAULT 0,
    search INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE events (
    place INTEGER PRIMARY KEY,
    event BLOB NOT NULL,
    subject BLOB NOT NULL,
    standing INTEGER NOT NULL,         -- before the fold
    signature INTEGER NOT NULL,        -- 0 key not known, 1 good, 2 bad
    lower_s INTEGER NOT NULL,
    upper_s INTEGER NOT NULL,
    leaf BLOB NOT NULL
) STRICT;
CREATE INDEX events_by_event ON events (event);
CREATE INDEX events_by_subject ON events (subject);
CREATE INDEX events_aside ON events (standing, place) WHERE standing <> 0;

-- Quoted cosignatures that are not held yet.
CREATE TABLE quotes (
    hash BLOB NOT NULL,                -- 8 bytes
    place INTEGER NOT NULL,
    PRIMARY KEY (hash, place)
) STRICT, WITHOUT ROWID;

-- Public keys by id, of certificates held.
CREATE TABLE keys (
    id BLOB PRIMARY KEY,
    key BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Effective certificates and revocations of actors, in the node's own order:
-- rank = epoch << 40 | index, the spool after all epochs.
CREATE TABLE actors (
    node INTEGER NOT NULL,
    key_id BLOB NOT NULL,
    rank INTEGER NOT NULL,
    place INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    rights INTEGER NOT NULL,
    revoked INTEGER NOT NULL,
    PRIMARY KEY (node, key_id, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE records (
    subject BLOB PRIMARY KEY,
    kind INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    holder INTEGER NOT NULL,
    state INTEGER NOT NULL,
    opened_day INTEGER NOT NULL,
    year INTEGER NOT NULL,
    wake_day INTEGER NOT NULL,         -- next day on which an act may count
    dialogue BLOB,
    units BLOB NOT NULL,               -- u32 big-endian, ascending
    bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX records_by_day ON records (opened_day, subject);
CREATE INDEX records_by_dialogue ON records (dialogue)
    WHERE dialogue IS NOT NULL;
CREATE INDEX records_by_wake ON records (wake_day) WHERE wake_day <> 0;

CREATE TABLE record_units (
    unit INTEGER NOT NULL,
    subject BLOB NOT NULL,
    PRIMARY KEY (unit, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE cells (
    unit INTEGER NOT NULL,
    duty BLOB NOT NULL,                -- 4 bytes, zero-padded
    year INTEGER NOT NULL,
    month INTEGER NOT NULL,
    territory INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    n INTEGER NOT NULL,
    d INTEGER NOT NULL,
    detail BLOB NOT NULL,
    PRIMARY KEY (unit, duty, year, month)
) STRICT, WITHOUT ROWID;
CREATE INDEX cells_by_year ON cells (year, territory, unit);

-- Events that parties of a record are owed, one queue a child.
CREATE TABLE deliveries (
    child INTEGER NOT NULL,
    number INTEGER NOT NULL,
    event BLOB NOT NULL,
    PRIMARY KEY (child, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX deliveries_by_event ON deliveries (event, child);

-- Work noted and not yet done.
CREATE TABLE dirty_records (
    subject BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE dirty_units (
    unit INTEGER PRIMARY KEY
) STRICT;
-- First later day on which a passing date alone can change a cell.
CREATE TABLE unit_wakes (
    unit INTEGER PRIMARY KEY,
    day INTEGER NOT NULL
) STRICT;
-- Places from which standings are judged again, to the end of that log;
-- log 0: whatever does not count, in every log.
CREATE TABLE rejudge (
    log INTEGER PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT;

-- Texts and document numbers, folded; rowid = place. Never a private body.
CREATE VIRTUAL TABLE search USING fts5 (
    text, content = '', tokenize = 'unicode61', prefix = '2 3'
);
