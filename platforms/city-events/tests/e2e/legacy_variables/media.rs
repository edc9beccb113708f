use serde_json::json;

use super::{
    Effect::{Accepts, Fails, Sets},
    POSTGRES, Row, check, common, rabbit, rows,
};

/// The variables that both services treat alike.
fn shared() -> Vec<Row> {
    vec![
        (
            "DATABASE_URL",
            POSTGRES,
            Sets("database.url", json!(POSTGRES)),
        ),
        ("S3_ENDPOINT", "http://s3.example:9000", Fails("raw.url")),
        ("S3_RAW_BUCKET", "raw", Fails("raw.url")),
        ("S3_PUBLIC_BUCKET", "public", Fails("public.url")),
        ("S3_REGION", "us-east-1", Fails("raw.region")),
        ("S3_ACCESS_KEY_ID", "city", Fails("raw.access_key")),
        ("S3_SECRET_ACCESS_KEY", "secret", Fails("raw.secret_key")),
        ("S3_USE_PATH_STYLE", "true", Accepts("false", "remove it")),
        ("MAX_UPLOAD_SIZE", "10485760", Fails("uploads.max_size")),
        ("MAX_IMAGE_HEIGHT", "8000", Fails("images.max_side")),
    ]
}

#[tokio::test]
async fn media_reads_or_rejects_legacy_variables_conf_1() {
    let own = vec![
        (
            "HTTP_ADDR",
            ":8085",
            Sets("server.http.addr", json!(":8085")),
        ),
        (
            "CDN_BASE_URL",
            "https://cdn.example",
            Sets("pictures_url", json!("https://cdn.example")),
        ),
        ("PRESIGN_TTL", "6m", Sets("uploads.url_ttl", json!("6m"))),
        (
            "S3_EXTERNAL_ENDPOINT",
            "https://s3.example",
            Fails("raw.public_url"),
        ),
        ("MAX_IMAGE_WIDTH", "8000", Fails("images.max_side")),
        ("RABBIT_QUEUE", "media-worker.q", Fails("city-events.media")),
    ];
    check::<city_events_media::MediaConfig>(
        city_events_media::service(),
        "media-service",
        rows([common(), rabbit(), shared(), own]),
    )
    .await;
}

#[tokio::test]
async fn worker_reads_or_rejects_legacy_variables_conf_1() {
    let own = vec![
        ("HTTP_ADDR", ":8085", Fails("server.http.addr")),
        ("CDN_BASE_URL", "https://cdn.example", Fails("pictures_url")),
        ("PRESIGN_TTL", "6m", Fails("uploads.url_ttl")),
        (
            "S3_EXTERNAL_ENDPOINT",
            "https://s3.example",
            Fails("raw.public_url"),
        ),
        (
            "MAX_IMAGE_WIDTH",
            "7000",
            Sets("images.max_side", json!(7_000)),
        ),
        (
            "RABBIT_QUEUE",
            "media-worker.q",
            Fails("city-events.media-worker"),
        ),
    ];
    check::<city_events_media_worker::MediaWorkerConfig>(
        city_events_media_worker::service(),
        "media-worker",
        rows([common(), rabbit(), shared(), own]),
    )
    .await;
}
