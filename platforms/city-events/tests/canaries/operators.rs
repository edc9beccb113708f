//! What operators see.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::{
    caller::{Answer, Caller},
    canary::Canaries,
    house::{Addresses, House},
};

/// Looks at every page for operators of every service, and at the metrics that callers get. Returns what was told there, and how many pages there were.
pub(crate) async fn look_everywhere(
    caller: &Caller,
    house: &House,
    canaries: &Canaries,
) -> (Vec<String>, usize) {
    let (mut told, mut pages) = (Vec::new(), 0);
    for (name, at) in house.services() {
        for path in paths(caller, at).await {
            let answer = read(caller, at.admin, &path).await;
            let place = format!("{name} {path}");
            // What was not done yet is nowhere.
            let is_none = answer.status == 404 && path.ends_with("/job");
            assert!(answer.status == 200 || is_none, "{place}: {answer:?}");
            told.extend(match path.as_str() {
                "/config" => canaries.told_in_settings(&place, &answer.text),
                _ => canaries.told_in(&place, &answer.text),
            });
            pages += 1;
        }
        let metrics = caller.get(at.http, "/metrics").await;
        told.extend(canaries.told_in(&format!("{name} /metrics"), &metrics.text));
    }
    (told, pages)
}

/// All paths that can be read without knowing an identifier.
async fn paths(caller: &Caller, at: Addresses) -> Vec<String> {
    let index = caller.get(at.admin, "/").await.json();
    let endpoints = index["endpoints"].as_array().unwrap().clone();
    let reads = |endpoint: &Value| {
        let methods = endpoint["methods"].as_array().unwrap();
        methods.iter().any(|method| method == "GET")
    };
    let paths = endpoints.iter().filter(|endpoint| reads(endpoint));
    paths
        .filter_map(|endpoint| endpoint["path"].as_str())
        .filter(|path| !path.contains('{'))
        .map(str::to_owned)
        .collect()
}

/// Changes levels of lines, and holds a breaker, for reasons in which somebody is named.
pub(crate) async fn give_reasons(caller: &Caller, house: &House, who: &str) {
    let headers = [
        ("content-type", "application/json"),
        ("x-admin-request", "1"),
    ];
    let reason = format!("{who} asks");
    let change = json!({ "target": "nobody", "level": "debug", "reason": reason }).to_string();
    for (_, at) in house.services() {
        let answer = caller
            .send(at.admin, "PUT", "/log-level", &headers, &change)
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let bff = house.at("bff").admin;
    let hold = json!({ "reason": reason }).to_string();
    let path = "/breakers/join/hold-closed";
    let answer = caller.send(bff, "POST", path, &headers, &hold).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// The dead letters of the service that sends mail, as the list and as each one alone; without their payloads, which are shown to who asks for them.
pub(crate) async fn dead_letters(caller: &Caller, house: &House) -> Vec<String> {
    let at = house.at("email").admin;
    let letters = "/messaging/broker/dead-letters";
    let list = read(caller, at, letters).await;
    let mut shown = Vec::new();
    for letter in list.json().as_array().unwrap() {
        let id = letter["id"].as_str().unwrap();
        let path = format!("{letters}/letters/{id}");
        shown.push(read(caller, at, &path).await.text);
    }
    shown
}

/// Reads from an admin listener with the header that reading dead letters needs.
async fn read(caller: &Caller, admin: SocketAddr, path: &str) -> Answer {
    let headers = [("x-admin-request", "1")];
    caller.send(admin, "GET", path, &headers, "").await
}
