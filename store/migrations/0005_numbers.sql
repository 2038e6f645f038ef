-- Records by a small number of this store instead of their random id: tables
-- that grow at their end, one index by id instead of five. Derived.
ALTER TABLE events ADD COLUMN record INTEGER NOT NULL DEFAULT 0; -- 0 = none
CREATE TABLE numbers_now (
    place INTEGER PRIMARY KEY,
    record INTEGER NOT NULL
) STRICT;
INSERT INTO numbers_now (place, record)
SELECT place, dense_rank() OVER (ORDER BY subject) FROM events e
WHERE length(e.subject) = 16
AND NOT EXISTS (SELECT 1 FROM logs l WHERE l.id = e.place >> 40
                AND l.is_dir = 1)
AND NOT EXISTS (SELECT 1 FROM spool s WHERE s.number = e.place
                AND s.is_dir = 1);
UPDATE events SET record = coalesce(
    (SELECT n.record FROM numbers_now n WHERE n.place = events.place), 0);
DROP TABLE numbers_now;
DROP INDEX events_by_subject;
CREATE INDEX events_by_record ON events (record);

-- Numbers of subjects whose opening event is not held.
CREATE TABLE awaited (
    subject BLOB PRIMARY KEY,
    record INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO awaited (subject, record)
SELECT DISTINCT subject, record FROM events e WHERE record <> 0
AND NOT EXISTS (SELECT 1 FROM events o WHERE o.event = e.subject
                AND o.subject = e.subject AND o.record <> 0);

CREATE TABLE records_now (
    number INTEGER PRIMARY KEY,
    subject BLOB NOT NULL,
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
) STRICT;
INSERT INTO records_now SELECT e.record, r.subject, r.kind, r.unit, r.holder,
    r.state, r.opened_day, r.year, r.wake_day, r.dialogue, r.units, r.bytes
FROM records r CROSS JOIN events e ON e.event = r.subject
    AND e.subject = r.subject AND e.record <> 0
WHERE true ON CONFLICT DO NOTHING;

CREATE TABLE record_units_now (
    unit INTEGER NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (unit, record)
) STRICT, WITHOUT ROWID;
INSERT INTO record_units_now SELECT u.unit, e.record
FROM record_units u CROSS JOIN events e ON e.event = u.subject
    AND e.subject = u.subject AND e.record <> 0
WHERE true ON CONFLICT DO NOTHING;

CREATE TABLE dirty_records_now (
    record INTEGER PRIMARY KEY
) STRICT;
INSERT INTO dirty_records_now SELECT DISTINCT record FROM events
WHERE record <> 0 AND subject IN (SELECT subject FROM dirty_records);

DROP TABLE records;
DROP TABLE record_units;
DROP TABLE dirty_records;
ALTER TABLE records_now RENAME TO records;
ALTER TABLE record_units_now RENAME TO record_units;
ALTER TABLE dirty_records_now RENAME TO dirty_records;
CREATE INDEX records_by_day ON records (opened_day, number);
CREATE INDEX records_by_dialogue ON records (dialogue)
    WHERE dialogue IS NOT NULL;
CREATE INDEX records_by_wake ON records (wake_day) WHERE wake_day <> 0;
