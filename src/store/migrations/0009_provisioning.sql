-- Provisioning templates, claims and ownership tokens. Times are milliseconds since the epoch.
CREATE TABLE provisioning_template (
    name            TEXT PRIMARY KEY,
    type            TEXT NOT NULL,    -- FLEET_PROVISIONING, JITP
    description     TEXT,
    enabled         INTEGER NOT NULL,
    role_arn        TEXT NOT NULL,
    hook_arn        TEXT,             -- preProvisioningHook.targetArn
    hook_version    TEXT,
    default_version INTEGER NOT NULL,
    last_version    INTEGER NOT NULL, -- numbers are never used again
    created_at      INTEGER NOT NULL,
    modified_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE provisioning_template_version (
    template   TEXT NOT NULL REFERENCES provisioning_template (name) ON DELETE CASCADE,
    version    INTEGER NOT NULL,
    body       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (template, version)
) STRICT, WITHOUT ROWID;

-- Certificates of CreateProvisioningClaim: they end by themselves, and provision by their template only.
CREATE TABLE provisioning_claim (
    cert       TEXT PRIMARY KEY REFERENCES cert (id) ON DELETE CASCADE,
    template   TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who has the token may provision the certificate; not used in time, the certificate goes.
CREATE TABLE ownership_token (
    hash       TEXT PRIMARY KEY, -- SHA-256 of the token, hex
    cert       TEXT NOT NULL REFERENCES cert (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ownership_token_by_end ON ownership_token (expires_at);
CREATE INDEX ownership_token_by_cert ON ownership_token (cert);
