-- Static thing groups, for the policies that are attached to them. Times are milliseconds since the epoch.
CREATE TABLE thing_group (
    name        TEXT PRIMARY KEY,
    id          TEXT NOT NULL,
    parent      TEXT REFERENCES thing_group (name),
    description TEXT,
    attributes  TEXT NOT NULL DEFAULT '{}', -- JSON object of strings
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX thing_group_by_parent ON thing_group (parent, name) WHERE parent IS NOT NULL;

CREATE TABLE thing_group_member (
    thing_group TEXT NOT NULL REFERENCES thing_group (name),
    thing       TEXT NOT NULL REFERENCES thing (name) ON DELETE CASCADE,
    PRIMARY KEY (thing_group, thing)
) STRICT, WITHOUT ROWID;
CREATE INDEX thing_group_member_by_thing ON thing_group_member (thing, thing_group);
