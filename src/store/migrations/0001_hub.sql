-- Sessions, their subscriptions and queues, retained messages.
-- Times are milliseconds since the epoch. `data` of a message is what msg_save writes.
CREATE TABLE session (
    id              INTEGER PRIMARY KEY,
    client_id       TEXT NOT NULL UNIQUE,
    principal       TEXT NOT NULL,          -- who made it: "cert:<id>", "user:<name>", ...
    created_at      INTEGER NOT NULL,
    disconnected_at INTEGER,                -- NULL while connected
    expiry_ms       INTEGER NOT NULL,       -- after disconnected_at; 0: never
    sent_seq        INTEGER NOT NULL DEFAULT 0 -- highest queue sequence sent, known at disconnection
) STRICT;

CREATE TABLE subscription (
    session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    filter  TEXT NOT NULL,
    qos     INTEGER NOT NULL,
    PRIMARY KEY (session, filter)
) STRICT, WITHOUT ROWID;

-- A message that sessions must keep, once for all of them.
CREATE TABLE message (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- Outgoing QoS 1 and 2. The packet identifier follows from seq. state: 0 to be acknowledged,
-- 1 PUBREC received (message is gone then).
CREATE TABLE queue (
    session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    message INTEGER,
    qos     INTEGER NOT NULL,
    retain  INTEGER NOT NULL,
    state   INTEGER NOT NULL,
    PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;

-- Incoming QoS 2 packet identifiers between PUBLISH and PUBREL; data until it was delivered onward. A
-- packet_id below zero: PUBREL has come, the message is still to be delivered. The rowid tells the order
-- in which they came. routed: sessions have had the message, a subscriber that decides late has not.
CREATE TABLE inbound (
    session   INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    packet_id INTEGER NOT NULL,
    data      BLOB,
    routed    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (session, packet_id)
) STRICT;

CREATE TABLE retained (
    topic TEXT PRIMARY KEY,
    data  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
