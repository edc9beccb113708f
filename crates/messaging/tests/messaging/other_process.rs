//! Another process that opens and closes the file of the embedded broker.

use std::{path::Path, process::Command};

use seaworthy_messaging::{
    BrokerUrl, Envelope, GroupName, MessagingConfig, SqliteBroker, Topic,
    transport::{Order, SubscriptionPlan, Transport as _},
};
use seaworthy_testkit::requirement::required;

/// Counts the messages in a process of its own, which is the last to close the file unless this
/// process holds its locks.
fn count(sqlite: &str, file: &Path) -> String {
    let counted = Command::new(sqlite)
        .arg(file)
        .arg("SELECT count(*) FROM broker_messages")
        .output()
        .unwrap();
    assert!(counted.status.success(), "{counted:?}");
    String::from_utf8(counted.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn other_process_leaves_log_of_two_open_brokers_msg_1() {
    let Some(sqlite) = required("SEAWORTHY_TEST_SQLITE") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broker.db");
    let config = MessagingConfig::new(BrokerUrl::sqlite(&file.display().to_string()));
    let first = SqliteBroker::open(&config).await.unwrap();
    let topic = Topic::new("things").unwrap();
    let plan = SubscriptionPlan {
        group: GroupName::new("readers").unwrap(),
        topics: vec![topic.clone()],
        prefetch: 1.try_into().unwrap(),
        is_required: false,
        order: Order::Member,
    };
    drop(first.open(plan).await.unwrap());
    // Checks the modes of files that this process has open.
    let _second = SqliteBroker::open(&config).await.unwrap();
    assert_eq!(count(&sqlite, &file), "0");
    let envelope = Envelope::new(topic, "Thing", "test", "a thing");
    first.publish(vec![envelope]).await.remove(0).unwrap();
    assert_eq!(count(&sqlite, &file), "1");
}
