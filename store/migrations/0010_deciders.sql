-- The unit asked to decide who has a petition that came back twice: derived;
-- every record is folded again (FOLD_VERSION of store/upgrade.c). 0 = none.
ALTER TABLE records ADD COLUMN decider INTEGER NOT NULL DEFAULT 0;
CREATE INDEX records_by_decider ON records (decider) WHERE decider <> 0;
