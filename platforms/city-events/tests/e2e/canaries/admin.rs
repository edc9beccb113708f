//! The pages of the admin listeners.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{
    caller::{Caller, Response},
    canary::Canaries,
    process::{Addresses, PlatformProcess},
};

/// Reads all admin pages and all public metrics. Returns the leaks and the number of pages.
pub(super) async fn leaks_in_pages(
    caller: &Caller,
    platform: &PlatformProcess,
    canaries: &Canaries,
) -> (Vec<String>, usize) {
    let (mut leaks, mut pages) = (Vec::new(), 0);
    for (name, addresses) in platform.services() {
        for path in paths(caller, addresses).await {
            let response = read(caller, addresses.admin, &path).await;
            let place = format!("{name} {path}");
            // A job that never ran does not exist.
            let is_missing = response.status == 404 && path.ends_with("/job");
            assert!(
                response.status == 200 || is_missing,
                "{place}: {response:?}"
            );
            leaks.extend(match path.as_str() {
                "/config" => canaries.leaks_in_settings(&place, &response.text),
                _ => canaries.leaks_in(&place, &response.text),
            });
            pages += 1;
        }
        let metrics = caller.get(addresses.http, "/metrics").await;
        leaks.extend(canaries.leaks_in(&format!("{name} /metrics"), &metrics.text));
    }
    (leaks, pages)
}

/// Returns the paths of all admin pages whose path has no parameter.
async fn paths(caller: &Caller, addresses: Addresses) -> Vec<String> {
    let index = caller.get(addresses.admin, "/").await.json();
    let endpoints = index["endpoints"].as_array().unwrap().clone();
    let is_page = |endpoint: &&Value| {
        let methods = endpoint["methods"].as_array().unwrap();
        methods.iter().any(|method| method == "GET")
    };
    endpoints
        .iter()
        .filter(is_page)
        .filter_map(|endpoint| endpoint["path"].as_str())
        .filter(|path| !path.contains('{'))
        .map(str::to_owned)
        .collect()
}

/// Changes log levels and holds a breaker, with personal data in the reason.
pub(super) async fn change_with_reason(caller: &Caller, platform: &PlatformProcess, email: &str) {
    let headers = [
        ("content-type", "application/json"),
        ("x-admin-request", "1"),
    ];
    let reason = format!("{email} asks");
    let level = json!({ "target": "unknown", "level": "debug", "reason": reason }).to_string();
    for (_, addresses) in platform.services() {
        let response = caller
            .send(addresses.admin, "PUT", "/log-level", &headers, &level)
            .await;
        assert_eq!(response.status, 200, "{response:?}");
    }
    let bff = platform.service("bff").admin;
    let hold = json!({ "reason": reason }).to_string();
    let path = "/breakers/join/hold-closed";
    let response = caller.send(bff, "POST", path, &headers, &hold).await;
    assert_eq!(response.status, 200, "{response:?}");
}

/// Returns the pages of all dead letters of the e-mail service. Pages show payloads only on
/// request.
pub(super) async fn dead_letters(caller: &Caller, platform: &PlatformProcess) -> Vec<String> {
    let admin = platform.service("email").admin;
    let letters = "/messaging/broker/dead-letters";
    let list = read(caller, admin, letters).await;
    let mut pages = Vec::new();
    for letter in list.json().as_array().unwrap() {
        let id = letter["id"].as_str().unwrap();
        let path = format!("{letters}/letters/{id}");
        pages.push(read(caller, admin, &path).await.text);
    }
    pages
}

/// Reads an admin page with the header that dead letters require.
async fn read(caller: &Caller, admin: SocketAddr, path: &str) -> Response {
    let headers = [("x-admin-request", "1")];
    caller.send(admin, "GET", path, &headers, "").await
}
