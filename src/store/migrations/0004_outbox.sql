-- Action runs of rules that were promised with the message's acknowledgement and are not yet done.
-- A row says all that a run needs, so it does not ask whether the rule is still what it was.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY,
    rule       TEXT NOT NULL,    -- its name
    action     INTEGER NOT NULL, -- index in the rule's actions; -1: its error action
    kind       TEXT NOT NULL,    -- name of the action: "file"
    params     TEXT NOT NULL,    -- JSON object of its parameters, templates rendered
    payload    BLOB NOT NULL,    -- what the statement made of the message
    message    BLOB NOT NULL,    -- the message (msg_save), for the error action
    created_at INTEGER NOT NULL  -- ms since the epoch
) STRICT;
