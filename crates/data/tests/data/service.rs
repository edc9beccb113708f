//! A database as a component of a service.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use seaworthy_testkit::{
    http,
    postgres::PostgresServer,
    process::{ProcessOutput, ServiceProcess, example},
    requirement::required,
};

fn command(arguments: &[&str]) -> ProcessOutput {
    let program = example("shelves");
    ServiceProcess::spawn(&program, arguments, &[])
        .unwrap()
        .wait_with_output()
        .unwrap()
}

fn wait_for(address: SocketAddr, path: &str, status: u16) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let answered = http::get(address, path).unwrap();
        if answered.status == status {
            return;
        }
        assert!(Instant::now() < end, "{path} is {}", answered.status);
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn service_starts_only_after_its_migrations_data_2() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!(
        "database.url=sqlite:{}",
        folder.path().join("a/b.db").display()
    );
    let with = |arguments: &[&'static str]| {
        let mut all = vec!["--profile", "test", "--set", url.as_str()];
        all.extend(arguments);
        command(&all)
    };
    let refused = with(&[
        "serve",
        "--set",
        "server.http.addr=127.0.0.1:0",
        "--set",
        "admin.addr=127.0.0.1:0",
    ]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(refused.stderr.contains("migrate up"), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("1 shelves is not applied"),
        "{}",
        refused.stderr
    );
    let planned = with(&["migrate", "up", "--dry-run"]);
    assert!(
        planned.stdout.join("\n").contains("CREATE TABLE shelves"),
        "{planned:?}"
    );
    assert_eq!(with(&["migrate", "verify"]).status.code(), Some(1));
    let applied = with(&["migrate", "up"]);
    assert_eq!(applied.stdout, ["applied 1 shelves"], "{applied:?}");
    assert_eq!(with(&["migrate", "verify"]).status.code(), Some(0));
    assert_eq!(
        with(&["migrate", "status"]).stdout,
        ["applied    1 shelves"]
    );
    assert_eq!(with(&["migrate", "down"]).stdout, ["undone 1 shelves"]);
    assert_eq!(
        with(&["migrate", "status"]).stdout,
        ["pending    1 shelves"]
    );
}

#[test]
fn readiness_follows_database_without_showing_password_life_2() {
    let Some(programs) = required("SEAWORTHY_TEST_POSTGRES") else {
        return;
    };
    let mut server = PostgresServer::start(programs).unwrap();
    let url = server.database("shelves").unwrap();
    let (_, rest) = url.split_once("seaworthy:").unwrap();
    let (password, _) = rest.split_once('@').unwrap();
    let set = format!("database.url={url}");
    let mut service = ServiceProcess::start(
        &example("shelves"),
        &[
            "--set",
            &set,
            "--set",
            "database.migrate_at_start=true",
            "--set",
            "health.interval=200ms",
        ],
        &[],
    )
    .unwrap();
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    wait_for(admin, "/readyz", 200);
    assert_eq!(http::get(public, "/count").unwrap().status, 200);
    server.kill();
    wait_for(admin, "/readyz", 503);
    let failed = http::get(public, "/count").unwrap();
    assert_eq!(failed.status, 503, "{}", failed.body);
    server.restart().unwrap();
    wait_for(admin, "/readyz", 200);
    wait_for(public, "/count", 200);
    let metrics = http::get(admin, "/metrics").unwrap().body;
    for metric in [
        "database_pool_open",
        "database_pool_wait_seconds_bucket",
        "database_statements_total",
        "circuit_breaker_state",
    ] {
        assert!(metrics.contains(metric), "{metric}: {metrics}");
    }
    let settings = http::get(admin, "/config").unwrap().body;
    assert!(settings.contains("database"), "{settings}");
    service.signal(rustix::process::Signal::TERM).unwrap();
    let ended = service.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    for text in [
        &settings,
        &failed.body,
        &metrics,
        &ended.stdout.join("\n"),
        &ended.stderr,
    ] {
        assert!(!text.contains(password), "a password is shown: {text}");
    }
}

#[test]
fn optional_database_may_be_unavailable_at_start_and_later_life_7() {
    let Some(programs) = required("SEAWORTHY_TEST_POSTGRES") else {
        return;
    };
    let mut server = PostgresServer::start(programs).unwrap();
    let url = format!("database.url={}", server.database("shelves").unwrap());
    server.kill();
    let mut service = ServiceProcess::start(
        &example("shelves"),
        &[
            "--set",
            &url,
            "--set",
            "optional=true",
            "--set",
            "database.migrate_at_start=true",
            "--set",
            "health.interval=200ms",
        ],
        &[],
    )
    .unwrap();
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let is_degraded = || {
        let ready = http::get(admin, "/readyz").unwrap();
        assert_eq!(ready.status, 200, "{}", ready.body);
        ready.body.contains("degraded")
    };
    let becomes = |degraded: bool| {
        let end = Instant::now() + Duration::from_secs(20);
        while is_degraded() != degraded {
            assert!(Instant::now() < end, "degraded is not {degraded}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    becomes(true);
    let refused = http::get(public, "/count").unwrap();
    assert_eq!(refused.status, 503);
    assert!(
        refused.body.contains("DEPENDENCY_UNAVAILABLE"),
        "{}",
        refused.body
    );
    for _ in 0..2 {
        server.restart().unwrap();
        wait_for(public, "/count", 200);
        becomes(false);
        server.kill();
        becomes(true);
        wait_for(public, "/count", 503);
        // The breaker opens, and further requests do not wait two seconds each.
        let begun = Instant::now();
        for _ in 0..10 {
            assert_eq!(http::get(public, "/count").unwrap().status, 503);
        }
        assert!(begun.elapsed() < Duration::from_secs(15));
    }
    service.signal(rustix::process::Signal::TERM).unwrap();
    let ended = service.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}
