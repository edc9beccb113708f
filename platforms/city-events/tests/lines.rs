//! What the services of one process write, each under its own name.

use std::{collections::BTreeSet, path::Path};

use rustix::process::Signal;
use seaworthy_testkit::process::ServiceProcess;
use serde_json::Value;

const NAMES: [(&str, &str); 6] = [
    ("auth", "auth-service"),
    ("event", "event-service"),
    ("join", "join-service"),
    ("feed", "feed-service"),
    ("email", "email-service"),
    ("bff", "bff"),
];

#[test]
fn a_start_is_told_under_the_name_of_the_service_that_starts_obs_2() {
    let program = Path::new(env!("CARGO_BIN_EXE_city-events"));
    let place = tempfile::tempdir().unwrap();
    let data = place.path().display().to_string();
    let told = NAMES.map(|(name, _)| {
        [
            format!("{name}.log.level=info"),
            format!("{name}.log.targets.seaworthy_service=info"),
        ]
    });
    let mut arguments = vec!["--data", &data, "--free-ports", "--empty"];
    arguments.extend(
        told.iter()
            .flatten()
            .flat_map(|set| ["--set", set.as_str()]),
    );
    let mut process = ServiceProcess::start_as_is(program, &arguments, &[]).unwrap();
    process.line("Stop it with Ctrl-C").unwrap();
    process.signal(Signal::TERM).unwrap();
    let ended = process.ended().unwrap();
    let lines: Vec<Value> = ended
        .stdout
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    for message in ["alive", "ready", "service stopped"] {
        let tellers: BTreeSet<&str> = lines
            .iter()
            .filter(|line| line["message"] == message)
            .filter_map(|line| line["service"].as_str())
            .collect();
        let all: BTreeSet<&str> = NAMES.into_iter().map(|(_, name)| name).collect();
        assert_eq!(tellers, all, "{message}: {lines:#?}");
    }
}
