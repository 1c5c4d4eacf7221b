-- Things, certificates, policies, credentials, rules. Times are milliseconds since the epoch.
-- A principal is named by its label: "cert:<64 hex>", "key:<access key id>", "token:<id>", "user:<name>".
CREATE TABLE thing_type (
    name          TEXT PRIMARY KEY,
    id            TEXT NOT NULL,
    description   TEXT,
    searchable    TEXT NOT NULL DEFAULT '[]', -- JSON array of attribute names
    created_at    INTEGER NOT NULL,
    deprecated_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE thing (
    name       TEXT PRIMARY KEY,
    id         TEXT NOT NULL,
    type       TEXT REFERENCES thing_type (name),
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX thing_by_type ON thing (type, name) WHERE type IS NOT NULL;

CREATE TABLE thing_attr (
    thing TEXT NOT NULL REFERENCES thing (name) ON DELETE CASCADE,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (thing, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX thing_attr_by_value ON thing_attr (name, value, thing);

CREATE TABLE cert (
    id          TEXT PRIMARY KEY,
    pem         TEXT NOT NULL,
    status      TEXT NOT NULL, -- as AWS spells it: ACTIVE, INACTIVE, REVOKED, ...
    ca_id       TEXT,
    mode        TEXT NOT NULL DEFAULT 'DEFAULT',
    not_before  INTEGER NOT NULL,
    not_after   INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    modified_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX cert_by_age ON cert (created_at, id);

CREATE TABLE thing_principal (
    thing     TEXT NOT NULL REFERENCES thing (name),
    principal TEXT NOT NULL,
    exclusive INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (thing, principal)
) STRICT, WITHOUT ROWID;
CREATE INDEX thing_principal_by_principal ON thing_principal (principal, thing);

CREATE TABLE policy (
    name            TEXT PRIMARY KEY,
    default_version INTEGER NOT NULL,
    last_version    INTEGER NOT NULL, -- numbers are never used again
    created_at      INTEGER NOT NULL,
    modified_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE policy_version (
    policy     TEXT NOT NULL REFERENCES policy (name) ON DELETE CASCADE,
    version    INTEGER NOT NULL,
    document   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (policy, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE policy_target (
    policy TEXT NOT NULL REFERENCES policy (name),
    target TEXT NOT NULL, -- label of a principal
    PRIMARY KEY (policy, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_target_by_target ON policy_target (target, policy);

CREATE TABLE access_key (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    secret     BLOB NOT NULL, -- sealed under the master key, label "access-key/<id>"
    admin      INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    hash       TEXT NOT NULL UNIQUE, -- SHA-256 of the token, hex
    admin      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE user (
    name       TEXT PRIMARY KEY,
    hash       TEXT NOT NULL, -- Argon2id, PHC format
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rule (
    name       TEXT PRIMARY KEY,
    payload    TEXT NOT NULL, -- the TopicRulePayload as JSON
    disabled   INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
