-- Device shadows. Times are milliseconds since the epoch. A deleted shadow stays as a tombstone for 48
-- hours: one that is made again under its name goes on with its version.
CREATE TABLE shadow (
    thing      TEXT NOT NULL,    -- need not be registered
    name       TEXT NOT NULL,    -- '': the classic one
    version    INTEGER NOT NULL,
    deleted_at INTEGER,          -- NULL unless deleted
    doc        TEXT,             -- what shadow_doc_save writes; NULL when deleted
    PRIMARY KEY (thing, name)
) STRICT;
CREATE INDEX shadow_by_deletion ON shadow (deleted_at) WHERE deleted_at IS NOT NULL;
