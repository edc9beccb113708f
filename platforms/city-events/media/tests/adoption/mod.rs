//! Adoption of a database that the legacy service made, by the program.

use seaworthy_testkit::http::request;

city_events_contract::adoption_tests! {
    program: env!("CARGO_BIN_EXE_city-events-media"),
    secrets: ["jwt.secret"],
    settings: [
        concat!("raw.url=file:", env!("CARGO_TARGET_TMPDIR"), "/raw"),
        concat!("public.url=file:", env!("CARGO_TARGET_TMPDIR"), "/public"),
    ],
    add: "ALTER TABLE media_uploads ADD COLUMN further text",
    drop: "ALTER TABLE media_uploads DROP COLUMN further",
    unknown: "media_uploads.further is unknown",
    changes: [
        "UPDATE media_uploads SET purpose = 'video' WHERE status = 'READY'",
        "UPDATE media_uploads SET status = 'LOST' WHERE status = 'FAILED'",
    ],
    problems: [
        "media_uploads.purpose is not avatar or event_cover in 1 rows: 00000000-0000-4000-8000-000000000021",
        "media_uploads.status is not a status of the legacy service in 1 rows: 00000000-0000-4000-8000-000000000022",
    ],
    counts: [
        ("SELECT count(*) FROM uploads", 4),
        (
            "SELECT count(*) FROM uploads WHERE status = 'ready' AND owner_id = '00000000-0000-4000-8000-000000000001' AND results::jsonb @> '[\"derived/avatar/00000000-0000-4000-8000-000000000021_512.jpg\"]'",
            1,
        ),
        (
            "SELECT count(*) FROM uploads WHERE status = 'failed' AND failure_text = 'not a picture'",
            1,
        ),
        (
            "SELECT count(*) FROM uploads WHERE status = 'pending' AND created_us > 0 AND results IS NULL",
            2,
        ),
    ],
}

/// The status route and the consumer that deletes pictures read adopted rows.
#[tokio::test(flavor = "multi_thread")]
async fn adopted_uploads_have_a_status_data_2() {
    let Some(service) = legacy().await else {
        return;
    };
    service.succeed(&["migrate", "adopt"]);
    let mut process = service.start(&["serve"]);
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    let path = "/media/v1/status/00000000-0000-4000-8000-000000000021";
    let response = request(http, "GET", path, &[], "").unwrap();
    let status: serde_json::Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(status["status"], "READY", "{status}");
    let picture = status["derived_urls"]["512"].as_str().unwrap();
    let path = "/derived/avatar/00000000-0000-4000-8000-000000000021_512.jpg";
    assert!(picture.ends_with(path), "{status}");
}
