-- Which event names which file, and whether that is erased: derived from the
-- records. `erased`: 0 = lives, 1 = a word was given, but none that acts here,
-- 2 = acts here; `sealed`: the same for a file that is sealed. A file goes when
-- no event names it any more that lives.
CREATE TABLE attachment_refs (
    event BLOB NOT NULL,
    file BLOB NOT NULL,
    subject BLOB NOT NULL,
    node INTEGER NOT NULL,
    erased INTEGER NOT NULL,
    sealed INTEGER NOT NULL,
    by BLOB NOT NULL,                  -- the Erased, or empty
    PRIMARY KEY (event, file)
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_refs_by_file ON attachment_refs (file);
CREATE INDEX attachment_refs_by_subject ON attachment_refs (subject);
CREATE INDEX attachment_refs_waiting ON attachment_refs (file)
    WHERE erased = 1 OR sealed = 1;
-- Is its content sealed? Known once it is here. State 3: erased, to be
-- destroyed; 4: destroyed.
ALTER TABLE attachments ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX attachments_erased ON attachments (state) WHERE state >= 3;
