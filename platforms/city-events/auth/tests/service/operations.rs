//! The operation log.

use seaworthy::config::Profile;
use seaworthy_testkit::{database::EmptyDatabase, operation_log::only_entry};

use crate::app::{PASSWORD, open_with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setting_switches_the_operation_log_on_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let settings = [
        "operation_log.enabled=true",
        "operation_log.claim_node=true",
    ];
    let app = open_with(empty, Profile::Development, &settings).await;
    let user = app.register("ada@example.org");
    app.request_as(&user, "GET", "/auth/v1/me", &serde_json::Value::Null);
    let entry = only_entry(app.admin).unwrap();
    assert_eq!(entry["path"], "/auth/v1/register", "{entry}");
    assert_eq!(entry["result"], "ok", "{entry}");
    let content = entry["content"].as_str().unwrap();
    assert!(content.contains("email"), "{content}");
    for secret in ["ada@example.org", PASSWORD] {
        assert!(!content.contains(secret), "{content}");
    }
}
