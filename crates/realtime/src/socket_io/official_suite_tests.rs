//! The protocol suites of `socketio/engine.io-protocol` and `socketio/socket.io-protocol`, which
//! `./test` downloads.

use std::{fs, os::unix::fs::symlink, path::Path};

use axum::routing::any;
use seaworthy_http::{Access, RouteOptions, Routes};
use seaworthy_testkit::requirement::optional;
use serde_json::Value;
use tokio::process::Command;

use super::{
    engine::tests::{echo, handle},
    tests::suite,
};
use crate::test_server::Server;

/// The server in the suites.
const SUITE_URL: &str = "http://localhost:3000";

/// Runs a suite of this number of tests, all of which must pass.
async fn run_suite(name: &str, tests: u64, path: &'static str, routes: Routes) {
    // Optional in CI too: no registry has it.
    let Some(folder) = optional("SEAWORTHY_TEST_SOCKETIO_SUITES") else {
        return;
    };
    let folder = Path::new(&folder);
    let server = Server::start_service(path, routes).await;
    let suite = fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(suite.matches(SUITE_URL).count(), 1);
    let suite = suite.replace(SUITE_URL, &format!("http://{}", server.address));
    let copy = tempfile::tempdir().unwrap();
    fs::write(copy.path().join("suite.mjs"), suite).unwrap();
    let imports = "node-imports.js";
    symlink(folder.join(imports), copy.path().join(imports)).unwrap();
    let mut mocha = Command::new("node");
    mocha.arg(folder.join("node_modules/mocha/bin/mocha"));
    mocha.args(["--exit", "--reporter", "json", "suite.mjs"]);
    let ended = mocha.current_dir(copy.path()).output().await.unwrap();
    let output = String::from_utf8_lossy(&ended.stdout);
    let report: Value = serde_json::from_str(&output).unwrap_or_else(|error| {
        let errors = String::from_utf8_lossy(&ended.stderr);
        panic!("{name} has no report: {error}: {output}{errors}")
    });
    let failures = report["failures"].as_array().unwrap().iter();
    let failures: Vec<_> = failures
        .map(|failure| format!("{}: {}", failure["fullTitle"], failure["err"]["message"]))
        .collect();
    assert_eq!(failures, [""; 0]);
    assert_eq!(report["stats"]["passes"], tests);
}

// One thread serves, because some tests rely on the order of requests on several connections.
#[tokio::test]
async fn engine_io_passes_the_official_suite() {
    let options = RouteOptions::new().access(Access::Public);
    let routes = Routes::new().route_with("/engine.io/", any(handle), options);
    run_suite("engine.io.js", 24, "/engine.io/", routes.with_state(echo())).await;
}

#[tokio::test]
async fn socket_io_passes_the_official_suite() {
    let routes = suite().routes("/socket.io");
    run_suite("socket.io.js", 32, "/socket.io/", routes).await;
}
