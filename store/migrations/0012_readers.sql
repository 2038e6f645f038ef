-- Whom the events of a record that count are addressed to, 4 bytes each, as
-- `units`; NULL = nobody. Derived; every record is folded again (FOLD_VERSION
-- of store/upgrade.c). A wanted body that a log guarded here lacks (`guard`) is
-- wanted whoever reads it.
ALTER TABLE records ADD COLUMN readers BLOB;
ALTER TABLE wanted_bodies ADD COLUMN guard INTEGER NOT NULL DEFAULT 0;
