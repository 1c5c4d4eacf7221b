-- Queues in pages: the messages of a commit stand together in rows, each once for all who wait for it;
-- a session's queue is a run of pages that point into them.
ALTER TABLE session ADD COLUMN will BLOB; -- what msg_save writes; NULL: none, or it has been sent

-- Messages one behind the other, each after its length (4 bytes, big-endian).
CREATE TABLE message_row (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- How many places in queues point into the row. Apart, so that counting does not write the row anew.
CREATE TABLE message_ref (
    id   INTEGER PRIMARY KEY,
    refs INTEGER NOT NULL
) STRICT;

-- Outgoing QoS 1 and 2 by sequence number; the packet identifier follows from it. `data` is what
-- queue_page_put writes, `bytes` the memory that the messages of the page take.
CREATE TABLE queue_page (
    session   INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    data      BLOB NOT NULL,
    PRIMARY KEY (session, first_seq)
) STRICT, WITHOUT ROWID;

-- What of a queue is gone, and how far it was sent: all below `head` is gone; of what lies below
-- `flight_end` the sequence number head + i is gone where bit i of `done` is set, and waits for PUBCOMP
-- where bit i of `released` is; what lies between flight_end and `unsent` is gone too. What is below
-- `maybe_sent`, a hub that has died may have sent: nobody knows, so it goes out with DUP.
CREATE TABLE queue_state (
    session    INTEGER PRIMARY KEY,
    head       INTEGER NOT NULL,
    flight_end INTEGER NOT NULL,
    unsent     INTEGER NOT NULL,
    maybe_sent INTEGER NOT NULL DEFAULT 0,
    done       BLOB,
    released   BLOB
) STRICT;

INSERT INTO message_row (id, data) SELECT id, CAST(be32(length(data)) || data AS BLOB) FROM message;
INSERT INTO message_ref (id, refs)
    SELECT message, count(*) FROM queue
    WHERE state = 0 AND message IN (SELECT id FROM message) GROUP BY message;
DELETE FROM message_row WHERE id NOT IN (SELECT id FROM message_ref);
-- one page for each: qos, 4: retain, 8: PUBREC has come; then the row (doubled), and where in it
INSERT INTO queue_page (session, first_seq, last_seq, count, bytes, data)
    SELECT session, seq, seq, 1, coalesce((SELECT length(data) FROM message WHERE id = message), 0),
           CAST(varint(qos + 4 * retain + 8 * state) || varint(0) ||
                varint(CASE state WHEN 0 THEN 2 * message ELSE 0 END) || varint(0) AS BLOB)
    FROM queue WHERE state = 1 OR message IN (SELECT id FROM message);
INSERT INTO queue_state (session, head, flight_end, unsent)
    SELECT id, coalesce((SELECT min(seq) FROM queue WHERE session = id), sent_seq + 1), sent_seq + 1,
           sent_seq + 1
    FROM session;
DROP TABLE queue;
DROP TABLE message;
ALTER TABLE session DROP COLUMN sent_seq;
