//! The commands of the runbooks, run as an operator runs them.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    process::Command,
    thread,
    time::Duration,
};

use seaworthy_deploy::{Overlay, render};
use seaworthy_testkit::server::free_address;

use crate::sample::{complete, join, repository};

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// Returns the commands of a page for the service join at this admin port.
fn commands(page: &str, port: u16) -> String {
    let mut facts = join();
    for listener in &mut facts.listeners {
        if listener.name == "admin" {
            listener.port = port;
        }
    }
    let files = render(&[facts], &Overlay::default()).unwrap();
    let (_, commands) = files[page].split_once("```sh\n").unwrap();
    commands.split_once("```").unwrap().0.to_owned()
}

/// Runs the commands, and returns whether all succeed, with their output.
fn run(commands: &str) -> (bool, String) {
    run_with("#!/bin/sh\nexit 0\n", commands)
}

/// Runs the commands with this program as kubectl.
fn run_with(program: &str, commands: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let kubectl = folder.path().join("kubectl");
    fs::write(&kubectl, program).unwrap();
    fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("bash")
        .args(["-euc", commands])
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .env("ADMIN_TOKEN", "token")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn triage_waits_for_the_forwarded_port_ship_4() {
    // No other process of a test gets this port.
    let address = free_address().unwrap();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        let listener = TcpListener::bind(address).unwrap();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(&stream).lines();
            let header = lines.take_while(|line| line.as_ref().is_ok_and(|it| !it.is_empty()));
            assert!(header.count() > 1);
            stream.write_all(RESPONSE).unwrap();
        }
    });
    let (succeeded, text) = run(&commands("runbooks/outbox-old.md", address.port()));
    assert!(succeeded, "{text}");
}

#[test]
fn triage_shows_a_refused_connection_ship_4() {
    // No program listens on this port.
    let commands = commands("runbooks/outbox-old.md", 9);
    let request = commands.lines().rfind(|line| line.starts_with("curl"));
    let (succeeded, text) = run(request.unwrap());
    assert!(!succeeded && text.contains("connect"), "{text:?}");
}

/// A container that has ended accepts neither commands nor connections.
const CRASHED: &str = r#"#!/bin/sh
case "$1" in
    exec | port-forward) echo "error: cannot $1: container not running" >&2; exit 1 ;;
esac
echo "$*"
"#;

#[test]
fn runbooks_of_crashes_need_no_running_pod_ship_4() {
    for page in ["service-down", "restart-loop"] {
        // No program listens on this port.
        let commands = commands(&format!("runbooks/{page}.md"), 9);
        let (succeeded, text) = run_with(CRASHED, &commands);
        assert!(succeeded, "{page}: {text}");
        let pods = "--selector app.kubernetes.io/name=join-service";
        for command in [
            format!("describe pods {pods}"),
            format!("logs {pods} --previous"),
        ] {
            assert!(text.contains(&command), "{page}: {command}: {text}");
        }
    }
}

#[test]
fn runbooks_read_the_token_from_the_secret_ship_4() {
    let page = |change: fn(&mut seaworthy_facts::Facts), alert: &str| {
        let mut facts = join();
        change(&mut facts);
        let files = render(&[facts], &Overlay::default()).unwrap();
        files[&format!("runbooks/{alert}.md")].clone()
    };
    let text = page(|_| (), "outbox-old");
    let pods = "kubectl get pods --selector app.kubernetes.io/name=join-service";
    let logs = "kubectl logs --selector app.kubernetes.io/name=join-service";
    let token = "export ADMIN_TOKEN=$(kubectl get secret join-service-secrets --output jsonpath='{.data.admin-token}' | base64 --decode)\n";
    for command in [pods, logs, token] {
        assert!(text.contains(command), "{command}: {text}");
    }
    assert!(!page(|_| (), "health-check-failing").is_empty());
    // No step of this runbook needs the token.
    assert!(!page(|_| (), "consumer-disconnected").contains("ADMIN_TOKEN"));
    let without = page(|it| drop(it.values.remove("admin.token")), "outbox-old");
    assert!(!without.contains("ADMIN_TOKEN"), "{without}");
}

#[test]
fn runbooks_explain_only_labels_of_their_alert_ship_4() {
    let files = render(&[complete()], &Overlay::default()).unwrap();
    for (page, expected) in [
        ("not-ready", true),
        ("breaker-open", true),
        ("health-check-failing", true),
        ("database-pool-exhausted", true),
        ("outbox-old", false),
        ("worker-stalled", false),
        ("certificate-expiring", false),
        ("error-budget-burn-fast", false),
    ] {
        let text = &files[&format!("runbooks/{page}.md")];
        assert_eq!(text.contains("The label `instance`"), expected, "{page}");
    }
}

/// The tests that cause the fault of an alert, below the platforms.
const FAULTS: [&str; 7] = [
    "city-events/join/tests/service/platform/alerts/dependencies.rs",
    "city-events/join/tests/service/platform/alerts/mod.rs",
    "city-events/join/tests/service/platform/alerts/overload.rs",
    "city-events/join/tests/service/platform/alerts/process.rs",
    "starter/tests/plugins/alerts.rs",
    "starter/tests/process/alerts.rs",
    "starter/tests/process/store_alerts.rs",
];

#[test]
fn every_alert_has_a_test_with_its_fault_obs_9_ship_4() {
    let read = |path: String| fs::read_to_string(repository().join(path)).unwrap();
    let tests = FAULTS
        .map(|file| read(format!("platforms/{file}")))
        .concat();
    let page = read("docs/operate/incidents.md".to_owned());
    let files = render(&[complete()], &Overlay::default()).unwrap();
    let rules = &files["prometheus/join-service.rules.yaml"];
    let alerts = rules.split("alert: ").skip(1);
    let alerts: Vec<_> = alerts
        .map(|rest| rest.lines().next().unwrap().trim())
        .collect();
    assert!(alerts.len() > 25, "{alerts:?}");
    for alert in alerts {
        let names = ["\"", "("].map(|end| format!("\"{alert}{end}"));
        let counts = names
            .iter()
            .map(|name| tests.matches(name.as_str()).count());
        // A test names it where it fires, and where it resolves.
        assert!(counts.sum::<usize>() >= 2, "{alert}");
        assert!(page.contains(&format!("`{alert}`")), "{alert}");
    }
}
