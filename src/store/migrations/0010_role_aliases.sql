-- Role aliases, and the temporary keys that devices get by them. Times are milliseconds since the epoch.
CREATE TABLE role_alias (
    name        TEXT PRIMARY KEY,
    role_arn    TEXT NOT NULL,
    duration_s  INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    modified_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE temporary_key (
    id         TEXT PRIMARY KEY, -- "ASIA..."
    secret     BLOB NOT NULL,    -- sealed under the master key, label "temporary-key/<id>"
    token_hash TEXT NOT NULL,    -- SHA-256 of the session token, hex
    role       TEXT NOT NULL,    -- name of the role, whose policies it has
    role_alias TEXT NOT NULL,
    cert       TEXT NOT NULL,    -- to whom it was given: valid while that is ACTIVE
    thing      TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX temporary_key_by_end ON temporary_key (expires_at);
CREATE INDEX temporary_key_by_cert ON temporary_key (cert, created_at, id);
CREATE INDEX temporary_key_by_role ON temporary_key (role);
CREATE INDEX temporary_key_by_alias ON temporary_key (role_alias);
