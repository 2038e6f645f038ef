-- Where the actor of an event has no right: 1 in the record of a denunciation,
-- 2 in any other (LACKS_* of protocol/event/types.h). Derived.
ALTER TABLE events ADD COLUMN lacks INTEGER NOT NULL DEFAULT 0;
