-- Private bodies of events held here that somebody hosted here, or behind this
-- node, is a reader of: derived from the records (every one is folded again,
-- FOLD_VERSION of store/upgrade.c). 0 = wanted, 1 = here, 2 = erased where it
-- was asked for. `node` recorded the event.
CREATE TABLE wanted_bodies (
    number INTEGER PRIMARY KEY,
    event BLOB NOT NULL UNIQUE,
    node INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX wanted_bodies_open ON wanted_bodies (number) WHERE state = 0;
