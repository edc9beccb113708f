-- From when on a worker removes an ended journey from the live store, which was not available.
ALTER TABLE journeys ADD COLUMN remove_live_at {timestamp};

CREATE INDEX journeys_remove_live ON journeys (remove_live_at);
