-- The events of each import, so that its organizer can undo it.
CREATE TABLE imported_events (
    event_id {uuid} NOT NULL PRIMARY KEY,
    import_id {uuid} NOT NULL
);

CREATE INDEX imported_events_import ON imported_events (import_id);
