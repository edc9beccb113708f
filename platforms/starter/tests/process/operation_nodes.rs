//! Numeric IDs of entries of the operation log, and the nodes of replicas.

use std::{collections::BTreeSet, path::Path, thread};

use seaworthy::data::chrono::{DateTime, Utc};
use seaworthy_testkit::{database::EmptyDatabase, http::request, process::ServiceProcess};
use serde_json::{Value, json};

use crate::{
    app::{PASSWORD, Replica, assert_error, grant_admin, tokens},
    operations::entries,
    settings::ENVIRONMENT,
};

/// Returns the replica with this node.
fn with_node(database: &EmptyDatabase, node: u64) -> Replica {
    Replica::start_with(database, &[&format!("operation_log.node={node}")])
}

/// Returns the ID of an entry, which is a number.
fn number(entry: &Value) -> u64 {
    entry["id"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn numeric_ids_increase_and_name_their_replica_core_1(database: &EmptyDatabase) {
    let [first, second] = [1, 1023].map(|node| with_node(database, node));
    first.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&second.login("root_user", PASSWORD));
    first.login("root_user", "wrong4password");
    let listed = entries(&second, &admin, "");
    let ids: Vec<_> = listed.iter().map(number).collect();
    assert!(ids.is_sorted_by(|left, right| left < right), "{ids:?}");
    let nodes: Vec<_> = ids.iter().map(|id| id >> 12 & 0x3ff).collect();
    assert_eq!(nodes, [1, 1023, 1]);
    // The first 41 bits are the milliseconds since 2021.
    let created = listed[0]["created_at"].as_str().unwrap();
    let created: DateTime<Utc> = created.parse().unwrap();
    let generated = i64::try_from(ids[0] >> 22).unwrap() + 1_609_459_200_000;
    let apart = (created.timestamp_millis() - generated).abs();
    assert!(apart < 60_000, "{apart} ms");
}

pub(crate) fn node_of_two_replicas_loses_no_entry_core_1(database: &EmptyDatabase) {
    const CALLS: usize = 40;
    let replicas = [7, 7].map(|node| with_node(database, node));
    replicas[0].register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replicas[1].login("root_user", PASSWORD));
    let body = json!({ "captcha_id": "unknown", "captcha_code": "unknown" }).to_string();
    let json = [("content-type", "application/json")];
    thread::scope(|scope| {
        for http in replicas.each_ref().map(|replica| replica.http) {
            let body = &body;
            scope.spawn(move || {
                for _ in 0..CALLS {
                    let path = "/api/v1/auth/captcha/verify";
                    let refused = request(http, "POST", path, &json, body).unwrap();
                    assert_error(&refused, 400, "CAPTCHA_INVALID");
                }
            });
        }
    });
    let listed = entries(&replicas[0], &admin, "page_size=100");
    let ids: BTreeSet<_> = listed.iter().map(|entry| entry["id"].as_str()).collect();
    assert_eq!(ids.len(), 2 * CALLS + 2);
}

pub(crate) fn replicas_claim_different_nodes_core_1(database: &EmptyDatabase) {
    let claiming = || Replica::start_with(database, &["operation_log.claim_node=true"]);
    let replicas = [claiming(), claiming()];
    replicas[0].register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replicas[1].login("root_user", PASSWORD));
    // Makes calls until the entry of one has a number, and returns its node.
    let node_of = |replica: &Replica| loop {
        let refused = replica.post("/api/v1/auth/captcha/verify", &json!({}));
        assert_eq!(refused.status, 400, "{}", refused.body);
        let last = entries(replica, &admin, "page_size=1").pop().unwrap();
        if let Ok(number) = last["id"].as_str().unwrap().parse::<u64>() {
            break number >> 12 & 0x3ff;
        }
    };
    let nodes = replicas.each_ref().map(node_of);
    assert_ne!(nodes[0], nodes[1]);
    // The lease of a killed replica lasts, so the next process claims another node.
    let [first, second] = replicas;
    let restarted = node_of(&first.restart());
    assert!(!nodes.contains(&restarted), "{nodes:?} {restarted:?}");
    assert_eq!(node_of(&second), nodes[1]);
}

#[test]
fn node_out_of_range_stops_the_start_core_1() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!(
        "data.database.url=sqlite:{}",
        folder.path().join("starter.db").display()
    );
    let settings = [database.as_str(), "data.database.migrate_at_start=true"];
    let arguments: Vec<_> = settings.iter().flat_map(|set| ["--set", set]).collect();
    let node = [("STARTER__OPERATION_LOG__NODE", "1024")];
    let variables = [&ENVIRONMENT[..], &node].concat();
    let program = Path::new(env!("CARGO_BIN_EXE_starter"));
    let process = ServiceProcess::start(program, &arguments, &variables).unwrap();
    let ended = process.wait_with_output().unwrap();
    assert!(!ended.status.success(), "{ended:#?}");
    for part in ["operation_log.node", "at most 1023"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}
