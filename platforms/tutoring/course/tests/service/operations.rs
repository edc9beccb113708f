//! The operation log.

use seaworthy_testkit::{database::EmptyDatabase, operation_log::only_entry};
use serde_json::json;
use uuid::Uuid;

use crate::app::{open_with, student_token};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn operations_of_a_claimed_node_are_recorded_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let app = open_with(empty, &["operation_log.claim_node=true"]).await;
    let student = Uuid::from_u128(7);
    let body = json!({
        "kind": "video", "contentType": "video/mp4", "size": 7, "password": "hunter22",
    });
    let signed = app.call("POST", "/upload/sign", &student_token(student), &body);
    assert_eq!(signed.status, 200, "{}", signed.body);
    let entry = only_entry(app.admin).unwrap();
    let target = entry["target"].as_str().unwrap();
    assert!(target.ends_with("/upload/sign"), "{entry}");
    assert_eq!(entry["user_id"], student.to_string(), "{entry}");
    let content = entry["content"].as_str().unwrap();
    assert!(content.contains("video/mp4"), "{content}");
    assert!(!content.contains("hunter22"), "{content}");
}
