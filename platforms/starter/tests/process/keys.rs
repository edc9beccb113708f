use std::{process::Command, thread, time::Duration};

use seaworthy_testkit::database::EmptyDatabase;
use serde_json::Value;

use crate::app::{PASSWORD, Replica, SECRETS};

/// Short times, so that replicas use a new key soon.
const TIMES: [&str; 2] = ["kms.refresh_interval=50ms", "kms.delete_after=100ms"];

/// Runs a subcommand of `encryption`, and returns its answer.
fn encryption(url: &str, subcommand: &str) -> Value {
    let url = format!("data.database.url={url}");
    let settings = SECRETS.iter().chain(&TIMES);
    let ran = Command::new(env!("CARGO_BIN_EXE_starter"))
        .args(["encryption", subcommand, "--format", "json", "--set", &url])
        .args(settings.flat_map(|setting| ["--set", setting]))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// Returns the statuses of all data keys.
fn statuses(url: &str) -> Vec<String> {
    let status = encryption(url, "status");
    let keys = status["keys"].as_array().unwrap();
    let text = |key: &Value| key["status"].as_str().unwrap().to_owned();
    keys.iter().map(text).collect()
}

pub(crate) fn rotation_keeps_values_while_a_replica_writes_sec_5(database: &EmptyDatabase) {
    let writer = Replica::start_with(database, &TIMES);
    let reader = Replica::start_with(database, &TIMES);
    let url = database.url();
    let mut users = 0;
    thread::scope(|scope| {
        let rotating = scope.spawn(|| {
            for _ in 0..2 {
                assert_eq!(encryption(url, "rotate")["rotated"], true);
            }
        });
        while !rotating.is_finished() || users < 4 {
            let answer = writer.register(&format!("user{users}"));
            assert_eq!(answer.status, 200, "{}", answer.body);
            users += 1;
        }
        rotating.join().unwrap();
    });
    assert_eq!(statuses(url), ["inactive", "inactive", "active"]);
    // A replica that wrote before uses the newest key by now.
    thread::sleep(Duration::from_millis(50));

    encryption(url, "rewrap");
    encryption(url, "delete-unused");
    thread::sleep(Duration::from_millis(100));
    let deleted = encryption(url, "delete-unused");
    for key in deleted.as_array().unwrap() {
        assert_eq!((&key["values"], &key["deleted"]), (&0.into(), &true.into()));
    }
    assert_eq!(statuses(url), ["active"]);

    let restarted = writer.restart();
    for replica in [&reader, &restarted] {
        for user in [0, users - 1] {
            let answer = replica.login(&format!("user{user}"), PASSWORD);
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    }
}
