//! Log lines of services in one process.

use std::{collections::BTreeSet, path::Path};

use rustix::process::Signal;
use seaworthy_testkit::process::ServiceProcess;
use serde_json::Value;

/// The prefix of the settings and the name of each service.
const SERVICES: [(&str, &str); 8] = [
    ("auth", "auth-service"),
    ("event", "event-service"),
    ("join", "join-service"),
    ("feed", "feed-service"),
    ("email", "email-service"),
    ("media", "media-service"),
    ("media-worker", "media-worker"),
    ("bff", "bff"),
];

#[test]
fn lines_have_the_name_of_their_service_obs_2() {
    let program = Path::new(env!("CARGO_BIN_EXE_city-events"));
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().display().to_string();
    let settings = SERVICES.map(|(prefix, _)| {
        [
            format!("{prefix}.log.level=info"),
            format!("{prefix}.log.targets.seaworthy_service=info"),
        ]
    });
    let settings = settings.iter().flatten();
    let mut arguments = vec!["--data", &data, "--free-ports", "--empty"];
    arguments.extend(settings.flat_map(|setting| ["--set", setting.as_str()]));
    let mut process = ServiceProcess::spawn(program, &arguments, &[]).unwrap();
    process.line("Stop it with Ctrl-C").unwrap();
    process.signal(Signal::TERM).unwrap();
    let ended = process.wait_with_output().unwrap();
    let lines: Vec<Value> = ended
        .stdout
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let all: BTreeSet<&str> = SERVICES.into_iter().map(|(_, name)| name).collect();
    for message in ["alive", "ready", "service stopped"] {
        let lines = lines.iter().filter(|line| line["message"] == message);
        let services: BTreeSet<&str> = lines.filter_map(|line| line["service"].as_str()).collect();
        assert_eq!(services, all, "{message}: {ended:#?}");
    }
}
