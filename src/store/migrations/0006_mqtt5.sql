-- What MQTT 5 adds to subscriptions: their options, and the identifier (0: none).
ALTER TABLE subscription ADD COLUMN no_local INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN retain_as_published INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN retain_handling INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN sub_id INTEGER NOT NULL DEFAULT 0;
