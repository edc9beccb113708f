INSERT INTO event_capacity (event_id, capacity, active_count, waitlist_count) VALUES
    -- The counts drifted, as they do in the legacy service.
    ('00000000-0000-4000-8000-000000000012', 1, 7, 0),
    ('00000000-0000-4000-8000-000000000013', -1, 0, 0);

INSERT INTO joins (event_id, user_id, status, activated_at) VALUES
    ('00000000-0000-4000-8000-000000000012', '00000000-0000-4000-8000-000000000001', 'active', now()),
    ('00000000-0000-4000-8000-000000000012', '00000000-0000-4000-8000-000000000002', 'waitlisted', NULL);

INSERT INTO joins (event_id, user_id, status, canceled_at, canceled_reason) VALUES
    ('00000000-0000-4000-8000-000000000012', '00000000-0000-4000-8000-000000000003', 'canceled', now(), 'no time');

INSERT INTO joins (event_id, user_id, status, expired_at, expired_reason) VALUES
    ('00000000-0000-4000-8000-000000000013', '00000000-0000-4000-8000-000000000001', 'expired', now(), 'event_canceled');

INSERT INTO joins (event_id, user_id, status, rejected_at, rejected_by, rejected_reason) VALUES
    ('00000000-0000-4000-8000-000000000013', '00000000-0000-4000-8000-000000000002', 'rejected', now(), '00000000-0000-4000-8000-000000000009', 'kicked');

INSERT INTO event_bans (event_id, user_id, actor_id, reason) VALUES
    ('00000000-0000-4000-8000-000000000013', '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000009', 'loud');

INSERT INTO idempotency_keys (key, user_id, event_id, action) VALUES
    ('a key', '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000012', 'join');

INSERT INTO idempotency_keys (key, user_id, event_id, action, expires_at) VALUES
    ('an expired key', '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000012', 'join', now() - interval '1 hour');

INSERT INTO outbox (trace_id, routing_key, payload, status, message_id) VALUES
    ('t1', 'join.created', '{"event_id": "00000000-0000-4000-8000-000000000012", "user_id": "00000000-0000-4000-8000-000000000001", "status": "active"}', 'pending', '00000000-0000-4000-8000-000000000031'),
    ('t2', 'join.created', '{"event_id": "00000000-0000-4000-8000-000000000012", "user_id": "00000000-0000-4000-8000-000000000002", "status": "waitlisted"}', 'processing', '00000000-0000-4000-8000-000000000032'),
    ('t3', 'join.kicked', '{"event_id": "00000000-0000-4000-8000-000000000013", "user_id": "00000000-0000-4000-8000-000000000002"}', 'dead', '00000000-0000-4000-8000-000000000033'),
    ('t4', 'join.canceled', '{"event_id": "00000000-0000-4000-8000-000000000012", "user_id": "00000000-0000-4000-8000-000000000003"}', 'sent', '00000000-0000-4000-8000-000000000034');

INSERT INTO processed_messages (message_id, handler_name) VALUES
    ('00000000-0000-4000-8000-000000000021', 'event.published'),
    ('hash:0123', 'event.published'),
    ('hash:0123', 'event.canceled');
