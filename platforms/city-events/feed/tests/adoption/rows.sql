INSERT INTO event_index (event_id, title, city, tags, start_time, status, owner_id, cover_image_ids) VALUES
    ('00000000-0000-4000-8000-000000000012', 'A concert', 'Berlin', '{music,live}', now() + interval '1 day', 'published', 'owner', '{a,b}'),
    ('00000000-0000-4000-8000-000000000013', 'Without', NULL, NULL, now() + interval '1 day', 'draft', NULL, NULL);

INSERT INTO user_events (actor_key, event_type, event_id, occurred_at, bucket_date) VALUES
    ('u:00000000-0000-4000-8000-000000000001', 'join', '00000000-0000-4000-8000-000000000012', now() - interval '1 hour', '2026-06-01'),
    ('u:00000000-0000-4000-8000-000000000001', 'view', '00000000-0000-4000-8000-000000000012', now() - interval '1 hour', '2026-06-01'),
    ('a:00000000-0000-4000-8000-000000000007', 'impression', '00000000-0000-4000-8000-000000000012', now() - interval '1 hour', '2026-06-01');

INSERT INTO track_outbox (actor_key, event_type, event_id, bucket_date, processed_at) VALUES
    ('a:00000000-0000-4000-8000-000000000008', 'view', '00000000-0000-4000-8000-000000000012', '2026-06-01', NULL),
    ('a:00000000-0000-4000-8000-000000000009', 'view', '00000000-0000-4000-8000-000000000012', '2026-06-01', now());

INSERT INTO event_trend_stats (event_id, city) VALUES ('00000000-0000-4000-8000-000000000012', 'Berlin');
