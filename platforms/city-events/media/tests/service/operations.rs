//! The operation log.

use std::path::Path;

use seaworthy_testkit::{app::TestApp, hs256_token, http::request, operation_log::only_entry};
use serde_json::json;

const SECRET: &str = "a secret of the tests that is long enough";
const USER: &str = "00000000-0000-4000-8000-000000000007";

#[test]
fn setting_switches_the_operation_log_on_obs_11() {
    let builder = TestApp::builder(Path::new(env!("CARGO_BIN_EXE_city-events-media"))).unwrap();
    let file = |name: &str| builder.directory().join(name).display().to_string();
    let settings = [
        "operation_log.enabled=true".to_owned(),
        "operation_log.claim_node=true".to_owned(),
        format!("database.url=sqlite:{}", file("media.db")),
        format!("broker.url=sqlite:{}", file("broker.db")),
        format!("raw.url=file:{}", file("raw")),
        format!("public.url=file:{}", file("public")),
        format!("raw.signing_key={SECRET}"),
        format!("jwt.secret={SECRET}"),
    ];
    let app = builder.settings(settings).start().unwrap();
    let claims = json!({ "sub": USER, "uid": USER, "username": "ada", "role": "user" });
    let bearer = format!("Bearer {}", hs256_token(SECRET, claims));
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let body = r#"{"purpose":"avatar","token":"hunter22"}"#;
    let signed = request(app.http, "POST", "/media/v1/request-upload", &headers, body);
    let signed = signed.unwrap();
    assert_eq!(signed.status, 200, "{}", signed.body);
    let entry = only_entry(app.admin).unwrap();
    assert_eq!(entry["target"], "/media/v1/request-upload", "{entry}");
    assert_eq!(entry["result"], "ok", "{entry}");
    assert_eq!(entry["user_id"], USER, "{entry}");
    let content = entry["content"].as_str().unwrap();
    assert!(content.contains("avatar"), "{content}");
    assert!(!content.contains("hunter22"), "{content}");
}
