use std::{net::TcpListener, path::Path};

use rustix::process::Signal;
use seaworthy_testkit::process::ServiceProcess;

fn start(arguments: &[&str]) -> ServiceProcess {
    let program = Path::new(env!("CARGO_BIN_EXE_city-events"));
    ServiceProcess::spawn(program, arguments, &[]).unwrap()
}

#[test]
fn signal_stops_services_in_order_life_4() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data").display().to_string();
    for start_number in 1..=2 {
        let log_levels = ["bff", "feed", "join", "event", "auth"]
            .map(|name| format!("{name}.log.targets.seaworthy_service=info"));
        let log_levels = log_levels.iter().flat_map(|set| ["--set", set]);
        let arguments: Vec<&str> = ["--data", &data, "--free-ports"]
            .into_iter()
            .chain(log_levels)
            .collect();
        let mut process = start(&arguments);
        let ready = process.line("Open       http://").unwrap();
        assert!(ready.contains("127.0.0.1"), "{ready}");
        process.line("Stop it with Ctrl-C").unwrap();
        process.signal(Signal::TERM).unwrap();
        let ended = process.wait_with_output().unwrap();
        assert!(ended.status.success(), "start {start_number}: {ended:#?}");
        let stopped: Vec<&String> = ended
            .stdout
            .iter()
            .filter(|line| line.contains("service stopped"))
            .collect();
        let order: Vec<_> = [
            "bff",
            "email-service",
            "feed-service",
            "join-service",
            "event-service",
            "auth-service",
        ]
        .iter()
        .map(|name| stopped.iter().position(|line| line.contains(name)))
        .collect();
        assert!(
            order.is_sorted() && order.iter().all(Option::is_some),
            "{order:?} {stopped:#?}"
        );
    }
    assert!(directory.path().join("data/seeded").exists());
}

#[test]
fn sample_events_have_covers_file_1() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data").display().to_string();
    let mut process = start(&["--data", &data, "--free-ports"]);
    process.line("Stop it with Ctrl-C").unwrap();
    process.signal(Signal::TERM).unwrap();
    let ended = process.wait_with_output().unwrap();
    let warnings = ended.stdout.iter().filter(|line| line.contains("WARN"));
    let warnings: Vec<_> = warnings.filter(|line| line.contains("::seed")).collect();
    assert!(warnings.is_empty(), "{warnings:#?}");
    assert!(directory.path().join("data/seeded").exists());
}

#[test]
fn port_in_use_fails_start_with_its_address_life_1() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().display().to_string();
    let set = format!("bff.server.http.addr={address}");
    let process = start(&["--data", &data, "--free-ports", "--empty", "--set", &set]);
    let ended = process.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert!(
        ended.stderr.contains(&address.to_string()) && ended.stderr.contains("bff"),
        "{ended:#?}"
    );
}

#[test]
fn unknown_setting_fails_start_conf_1() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().display().to_string();
    let process = start(&["--data", &data, "--free-ports", "--set", "join.colour=red"]);
    let ended = process.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
    assert!(ended.stderr.contains("colour"), "{ended:#?}");
}

const EXPOSED: &str = "bff.server.http.addr=0.0.0.0:0";

/// Starts the program on a folder, with the gateway exposed to other machines.
fn start_exposed(data: &str, environment: &[(&str, &str)]) -> ServiceProcess {
    let program = Path::new(env!("CARGO_BIN_EXE_city-events"));
    let arguments = ["--data", data, "--free-ports", "--set", EXPOSED];
    ServiceProcess::spawn(program, &arguments, environment).unwrap()
}

#[test]
fn exposed_program_without_profile_fails_start_conf_3() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data").display().to_string();
    let ended = start_exposed(&data, &[]).wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
    assert!(ended.stderr.contains("BFF__PROFILE"), "{ended:#?}");
}

#[test]
fn exposed_program_has_no_published_passwords_auth_2() {
    let development = [("BFF__PROFILE", "development")];
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data").display().to_string();
    let mut process = start_exposed(&data, &development);
    process.line("Stop it with Ctrl-C").unwrap();
    process.signal(Signal::TERM).unwrap();
    let ended = process.wait_with_output().unwrap();
    let text = ended.stdout.join("\n");
    assert!(!text.contains(city_events_auth::SEED_PASSWORD), "{text}");
    assert!(!directory.path().join("data/seeded").exists());

    // A start on loopback addresses seeds the accounts. The next start exposes them.
    let mut process = start(&["--data", &data, "--free-ports"]);
    process.line(city_events_auth::SEED_PASSWORD).unwrap();
    process.signal(Signal::TERM).unwrap();
    process.wait_with_output().unwrap();
    let ended = start_exposed(&data, &development)
        .wait_with_output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    for address in ["admin@example.com", "mira@example.com"] {
        assert!(ended.stderr.contains(address), "{ended:#?}");
    }
}
