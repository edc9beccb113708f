//! The output of commands of the services, on the data of a stopped platform.

use std::path::Path;

use seaworthy_testkit::process::{ProcessOutput, ServiceProcess};
use serde_json::Value;

use super::canary::Canaries;
use crate::programs::program;

/// The services with an audit log.
const AUDITED: [&str; 3] = ["auth", "event", "join"];
/// The services with a broker.
const MESSAGING: [&str; 5] = ["auth", "event", "join", "feed", "email"];

/// Runs a command of a service with debug logs.
fn run(directory: &Path, service: &str, command: &[&str]) -> ProcessOutput {
    let path = |name: &str| directory.join(name).display().to_string();
    let mut settings = vec![
        format!("database.url=sqlite:{}", path(&format!("{service}.db"))),
        format!("broker.url=sqlite:{}", path("broker.db")),
        "log.level=debug".to_owned(),
    ];
    if AUDITED.contains(&service) {
        settings.push(format!("audit_log.key=file:{}", path("secrets/audit_log")));
        settings.push(format!("jwt.secret=file:{}", path("secrets/jwt")));
    }
    let mut arguments = command.to_vec();
    arguments.extend(settings.iter().flat_map(|set| ["--set", set.as_str()]));
    let program = program(&format!("city-events-{service}"));
    let process = ServiceProcess::spawn(&program, &arguments, &[]).unwrap();
    let ended = process.wait_with_output().unwrap();
    assert!(ended.status.success(), "{service} {command:?}: {ended:#?}");
    ended
}

/// Exports and verifies all audit logs. Records may contain personal data. Returns the leaks and
/// the records of auth.
pub(super) fn leaks_in_audit_logs(directory: &Path, canaries: &Canaries) -> (Vec<String>, String) {
    let (mut leaks, mut records_of_auth) = (Vec::new(), String::new());
    for service in AUDITED {
        for format in ["text", "json"] {
            let export = run(
                directory,
                service,
                &["audit-log", "export", "--format", format],
            );
            let place = format!("audit-log export of {service}");
            let records = export.stdout.join("\n");
            assert!(!records.is_empty(), "{service} has no records");
            leaks.extend(canaries.secret_leaks_in(&place, &records));
            leaks.extend(canaries.leaks_in(&place, &export.stderr));
            let verify = run(
                directory,
                service,
                &["audit-log", "verify", "--format", format],
            );
            let place = format!("audit-log verify of {service}");
            leaks.extend(canaries.leaks_in(&place, &verify.stdout.join("\n")));
            leaks.extend(canaries.leaks_in(&place, &verify.stderr));
            if service == "auth" {
                records_of_auth.push_str(&records);
            }
        }
    }
    (leaks, records_of_auth)
}

/// Lists and shows all dead letters. Returns the leaks and the number of dead letters.
pub(super) fn leaks_in_dead_letters(directory: &Path, canaries: &Canaries) -> (Vec<String>, usize) {
    let (mut leaks, mut count) = (Vec::new(), 0);
    for service in MESSAGING {
        let mut search = |command: &[&str]| {
            let ended = run(directory, service, command);
            let stdout = ended.stdout.join("\n");
            let place = format!("{} of {service}", command.join(" "));
            leaks.extend(canaries.leaks_in(&place, &stdout));
            leaks.extend(canaries.leaks_in(&place, &ended.stderr));
            stdout
        };
        search(&["dead-letters", "list"]);
        search(&["dead-letters", "groups"]);
        let list = search(&["dead-letters", "list", "--format", "json"]);
        let letters: Value = serde_json::from_str(&list).unwrap();
        for letter in letters.as_array().unwrap() {
            let id = letter["id"].as_str().unwrap();
            search(&["dead-letters", "show", id]);
            search(&["dead-letters", "show", id, "--format", "json"]);
            count += 1;
            // The search finds canaries in the payload, which is shown only on request.
            let shown = run(
                directory,
                service,
                &["dead-letters", "show", id, "--payload"],
            );
            let payload = canaries.leaks_in("a payload", &shown.stdout.join("\n"));
            assert!(!payload.is_empty(), "{shown:#?}");
        }
    }
    (leaks, count)
}
