INSERT INTO events (id, owner_id, title, description, city, category, start_time, end_time, capacity, status, published_at, canceled_at, created_at, updated_at, active_participants, city_norm, cover_image_ids) VALUES
    ('00000000-0000-4000-8000-000000000011', 'owner', 'A draft', 'Words', 'Berlin', 'music', now() + interval '1 day', now() + interval '2 days', 0, 'draft', NULL, NULL, now(), now(), 0, 'berlin', NULL),
    ('00000000-0000-4000-8000-000000000012', 'owner', 'A concert', 'Zither', 'Berlin', 'music', now() + interval '1 day', now() + interval '2 days', 10, 'published', now(), NULL, now(), now(), 2, 'berlin', '["a", "b"]'),
    ('00000000-0000-4000-8000-000000000013', 'owner', 'Canceled', 'Words', 'Paris', 'art', now() + interval '1 day', now() + interval '2 days', 5, 'canceled', now(), now(), now(), now(), 0, 'paris', 'null');

INSERT INTO event_outbox (message_id, routing_key, body, status, attempts, last_error) VALUES
    ('00000000-0000-4000-8000-000000000021', 'event.published', '{"version": 1, "producer": "event-service", "message_id": "00000000-0000-4000-8000-000000000021", "occurred_at": "2026-01-01T00:00:00Z", "payload": {"event_id": "00000000-0000-4000-8000-000000000013", "title": "Canceled"}}', 'pending', 0, NULL),
    ('00000000-0000-4000-8000-000000000022', 'event.canceled', '{"version": 1, "producer": "event-service", "message_id": "00000000-0000-4000-8000-000000000022", "occurred_at": "2026-01-02T00:00:00Z", "payload": {"event_id": "00000000-0000-4000-8000-000000000013"}}', 'failed', 2, 'no route'),
    ('00000000-0000-4000-8000-000000000023', 'event.unpublished', '{"version": 1, "payload": {"event_id": "00000000-0000-4000-8000-000000000011"}}', 'dead', 10, 'no route'),
    ('00000000-0000-4000-8000-000000000024', 'event.published', '{"version": 1, "payload": {"event_id": "00000000-0000-4000-8000-000000000012"}}', 'sent', 1, NULL);
