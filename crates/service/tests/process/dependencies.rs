use std::net::{SocketAddr, TcpListener};

use seaworthy_testkit::http::get;

use super::{trial, until};

/// A reserved address without a listener.
fn silent() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

#[test]
fn service_is_live_while_dependencies_are_down_life_2_life_8() {
    let address = silent();
    let mut service = trial(&["--set", &format!("needed={address}")]);
    let (public, admin) = service.addresses().unwrap();
    service.line("waiting for a dependency").unwrap();
    assert_eq!(get(public, "/livez").unwrap().status, 200);
    assert_eq!(get(admin, "/livez").unwrap().status, 200);
    assert_eq!(get(public, "/startupz").unwrap().status, 503);
    let ready = get(admin, "/readyz").unwrap();
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("needed"), "{}", ready.body);
    let refused = get(public, "/").unwrap();
    assert_eq!(refused.status, 503, "{}", refused.body);
}

#[test]
fn recovered_dependency_sets_readiness_before_backoff_life_2() {
    let address = silent();
    // The backoff outlasts the test, so only the probe detects the return.
    let mut service = trial(&[
        "--set",
        &format!("needed={address}"),
        "--set",
        "connect.initial_backoff=2h",
        "--set",
        "connect.max_backoff=2h",
        "--set",
        "connect.total_timeout=300s",
    ]);
    let (public, _) = service.addresses().unwrap();
    service.line("waiting for a dependency").unwrap();
    let _returned = TcpListener::bind(address).unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    assert_eq!(get(public, "/readyz").unwrap().status, 200);
}

#[test]
fn unreachable_dependency_fails_start_with_its_name_life_2() {
    let address = silent();
    let ended = trial(&[
        "--set",
        &format!("needed={address}"),
        "--set",
        "connect.total_timeout=700ms",
    ])
    .wait_with_output()
    .unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended
            .stderr
            .contains("needed did not accept a connection within"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("refused"), "{}", ended.stderr);
}

#[test]
fn unreachable_optional_dependency_fails_only_its_use_life_7() {
    let address = silent();
    let mut service = trial(&[
        "--set",
        &format!("wanted={address}"),
        "--set",
        "health.interval=100ms",
        "--set",
        "connect.initial_backoff=100ms",
        "--set",
        "connect.max_backoff=100ms",
    ]);
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let ready = get(admin, "/readyz").unwrap();
    assert_eq!(ready.status, 200);
    assert!(ready.body.contains("degraded"), "{}", ready.body);
    let refused = get(public, "/wanted").unwrap();
    assert_eq!(refused.status, 503);
    assert!(
        refused.body.contains("DEPENDENCY_UNAVAILABLE"),
        "{}",
        refused.body
    );
    let returned = TcpListener::bind(address).unwrap();
    service.line("\"message\":\"connected\"").unwrap();
    // The line is written just before the value is set.
    until("the use of the dependency", || {
        get(public, "/wanted").unwrap().status == 200
    });
    until("its health", || {
        !get(admin, "/readyz").unwrap().body.contains("degraded")
    });
    drop(returned);
    until("its loss", || {
        get(admin, "/readyz").unwrap().body.contains("degraded")
    });
    assert_eq!(get(public, "/readyz").unwrap().status, 200);
}

#[test]
fn lost_dependency_turns_readiness_off_until_return_hlth_2() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let needed = format!("needed={address}");
    let quick = ["health.interval=100ms", "health.check_timeout=100ms"];
    let mut service = trial(&["--set", &needed, "--set", quick[0], "--set", quick[1]]);
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    assert_eq!(get(public, "/readyz").unwrap().status, 200);
    drop(listener);
    until("the loss", || get(public, "/readyz").unwrap().status == 503);
    assert_eq!(get(public, "/livez").unwrap().status, 200);
    let metrics = get(admin, "/metrics").unwrap().body;
    assert!(
        metrics.contains("health_check_failures_total{check=\"needed\"}"),
        "{metrics}"
    );
    let _returned = TcpListener::bind(address).unwrap();
    until("the return", || {
        get(public, "/readyz").unwrap().status == 200
    });
}
