//! The operation log.

use std::fs;

use seaworthy_testkit::operation_log::only_entry;

use crate::limits::{CHEAP_HASHES, post, start};

#[test]
fn setting_switches_the_operation_log_on_obs_11() {
    let config = tempfile::tempdir().unwrap();
    let settings = "operation_log: { enabled: true }\n";
    fs::write(config.path().join("config.yaml"), settings).unwrap();
    let app = start(config.path(), &CHEAP_HASHES);
    let body = "{\"email\":\"asha@example.org\",\"password\":\"Boat4Harbour\"}";
    let created = post(&app, "/register", body);
    assert_eq!(created.status, 201, "{}", created.body);
    let entry = only_entry(app.admin).unwrap();
    assert_eq!(entry["target"], "/api/v1/students/auth/register", "{entry}");
    assert_eq!(entry["result"], "ok", "{entry}");
    let content = entry["content"].as_str().unwrap();
    assert!(content.contains("email"), "{content}");
    for secret in ["asha@example.org", "Boat4Harbour"] {
        assert!(!content.contains(secret), "{content}");
    }
}
