-- The client can complete an interrupted upload again. Otherwise it expires.
INSERT INTO uploads (id, owner_id, purpose, status, reserved_bytes, received_bytes, has_object, results, failure_reason, failure_text,
        attempts, claimed_until_us, created_us, changed_us)
    SELECT id, CAST(owner_id AS text), purpose,
        CASE status WHEN 'READY' THEN 'ready' WHEN 'FAILED' THEN 'failed' ELSE 'pending' END,
        0, 0, TRUE,
        CASE WHEN status = 'READY' THEN CAST(jsonb_build_array(
            'derived/' || purpose || '/' || id || CASE purpose WHEN 'avatar' THEN '_256.jpg' ELSE '_800.jpg' END,
            'derived/' || purpose || '/' || id || CASE purpose WHEN 'avatar' THEN '_512.jpg' ELSE '_1600.jpg' END) AS text) END,
        CASE WHEN status = 'FAILED' THEN 'LEGACY_FAILURE' END,
        CASE WHEN status = 'FAILED' THEN coalesce(error_message, 'the picture could not be processed') END,
        0, 0,
        CAST(extract(epoch FROM created_at) * 1000000 AS bigint), CAST(extract(epoch FROM updated_at) * 1000000 AS bigint)
    FROM {legacy}media_uploads;
