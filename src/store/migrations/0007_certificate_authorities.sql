-- Certificate authorities of the owner, their revocation lists, and what the hub keeps one of.
-- Times are milliseconds since the epoch.
CREATE TABLE setting (
    name  TEXT PRIMARY KEY, -- "registration-code"
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ca_cert (
    id                TEXT PRIMARY KEY,          -- SHA-256 of the DER
    pem               TEXT NOT NULL,
    subject_id        TEXT NOT NULL,             -- x509_name.id of its subject: the issuer of what it signs
    status            TEXT NOT NULL,             -- ACTIVE, INACTIVE
    auto_registration INTEGER NOT NULL,
    mode              TEXT NOT NULL,             -- DEFAULT, SNI_ONLY
    template_body     TEXT,                      -- registrationConfig
    template_name     TEXT,
    role_arn          TEXT,
    version           INTEGER NOT NULL DEFAULT 1, -- customerVersion: rises with each change
    not_before        INTEGER NOT NULL,
    not_after         INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    modified_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ca_cert_by_subject ON ca_cert (subject_id);
CREATE INDEX ca_cert_by_age ON ca_cert (created_at, id);

-- The last list of each authority.
CREATE TABLE crl (
    ca          TEXT PRIMARY KEY REFERENCES ca_cert (id) ON DELETE CASCADE,
    number      TEXT,               -- CRLNumber, hexadecimal; NULL: it has none
    this_update INTEGER NOT NULL,
    next_update INTEGER,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE crl_entry (
    ca         TEXT NOT NULL REFERENCES ca_cert (id) ON DELETE CASCADE,
    serial     TEXT NOT NULL,       -- as x509_info.serial
    revoked_at INTEGER NOT NULL,
    PRIMARY KEY (ca, serial)
) STRICT, WITHOUT ROWID;

ALTER TABLE cert ADD COLUMN serial TEXT;        -- NULL: registered before there were lists
ALTER TABLE cert ADD COLUMN version INTEGER NOT NULL DEFAULT 1; -- customerVersion
CREATE INDEX cert_by_ca ON cert (ca_id, created_at, id) WHERE ca_id IS NOT NULL;
CREATE INDEX cert_by_end ON cert (not_after);

-- What can be deactivated: ACTIVE or INACTIVE.
ALTER TABLE access_key ADD COLUMN status TEXT NOT NULL DEFAULT 'ACTIVE';
ALTER TABLE token ADD COLUMN status TEXT NOT NULL DEFAULT 'ACTIVE';
ALTER TABLE user ADD COLUMN status TEXT NOT NULL DEFAULT 'ACTIVE';
-- By chance, another with each password; it stays when the same password is hashed anew. user.hash may be of
-- the formats of crypto/password_format.c since then.
ALTER TABLE user ADD COLUMN password_id INTEGER NOT NULL DEFAULT 0;
