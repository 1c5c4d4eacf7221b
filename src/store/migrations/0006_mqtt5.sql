-- What clients of MQTT 5 ask for. The session's first column of this name was never read: as configured holds.
ALTER TABLE session DROP COLUMN expiry_ms;
ALTER TABLE session ADD COLUMN expiry_ms INTEGER; -- as asked for; NULL: as configured, 0: ends with its connection
ALTER TABLE session ADD COLUMN will_delay_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN will_at INTEGER;   -- when the will of a client that is away goes out; NULL: it does not wait

-- What MQTT 5 adds to subscriptions: their options, and the identifier (0: none).
ALTER TABLE subscription ADD COLUMN no_local INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN retain_as_published INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN retain_handling INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN sub_id INTEGER NOT NULL DEFAULT 0;
