//! What the commands of the services' own programs tell operators, over what a platform keeps.

use std::path::Path;

use seaworthy_testkit::process::{Ended, ServiceProcess};
use serde_json::Value;

use crate::{canary::Canaries, programs::program};

/// The services that write down who did what.
const AUDITED: [&str; 3] = ["auth", "event", "join"];
/// The services that hear messages or tell them.
const HEARING: [&str; 5] = ["auth", "event", "join", "feed", "email"];

/// Runs a command of a service with everything that it tells of itself, over the files of a platform that was stopped.
fn run(place: &Path, service: &str, command: &[&str]) -> Ended {
    let at = |name: &str| place.join(name).display().to_string();
    let mut settings = vec![
        format!("database.url=sqlite:{}", at(&format!("{service}.db"))),
        format!("broker.url=sqlite:{}", at("broker.db")),
        "log.level=debug".to_owned(),
    ];
    if AUDITED.contains(&service) {
        settings.push(format!("audit_log.key=file:{}", at("secrets/audit_log")));
        settings.push(format!("jwt.secret=file:{}", at("secrets/jwt")));
    }
    let mut arguments = command.to_vec();
    arguments.extend(settings.iter().flat_map(|set| ["--set", set.as_str()]));
    let program = program(&format!("city-events-{service}"));
    let process = ServiceProcess::start_as_is(&program, &arguments, &[]).unwrap();
    let ended = process.ended().unwrap();
    assert!(ended.status.success(), "{service} {command:?}: {ended:#?}");
    ended
}

/// What was told by the log of who did what: its records, in which people may be named, and the look at its chain. Returns the records of auth too.
pub(crate) fn audit_logs(place: &Path, canaries: &Canaries) -> (Vec<String>, String) {
    let (mut told, mut of_auth) = (Vec::new(), String::new());
    for service in AUDITED {
        for format in ["text", "json"] {
            let export = run(place, service, &["audit-log", "export", "--format", format]);
            let of = format!("audit-log export of {service}");
            let records = export.stdout.join("\n");
            assert!(!records.is_empty(), "nobody did anything at {service}");
            told.extend(canaries.secrets_told_in(&of, &records));
            told.extend(canaries.told_in(&of, &export.stderr));
            let verify = run(place, service, &["audit-log", "verify", "--format", format]);
            let of = format!("audit-log verify of {service}");
            told.extend(canaries.told_in(&of, &verify.stdout.join("\n")));
            told.extend(canaries.told_in(&of, &verify.stderr));
            if service == "auth" {
                of_auth.push_str(&records);
            }
        }
    }
    (told, of_auth)
}

/// What was told by lists of dead letters and by each letter, and how many letters there were.
pub(crate) fn dead_letters(place: &Path, canaries: &Canaries) -> (Vec<String>, usize) {
    let (mut told, mut count) = (Vec::new(), 0);
    for service in HEARING {
        let mut look = |command: &[&str]| {
            let ended = run(place, service, command);
            let stdout = ended.stdout.join("\n");
            let of = format!("{} of {service}", command.join(" "));
            told.extend(canaries.told_in(&of, &stdout));
            told.extend(canaries.told_in(&of, &ended.stderr));
            stdout
        };
        look(&["dead-letters", "list"]);
        look(&["dead-letters", "groups"]);
        let list = look(&["dead-letters", "list", "--format", "json"]);
        let letters: Value = serde_json::from_str(&list).unwrap();
        for letter in letters.as_array().unwrap() {
            let id = letter["id"].as_str().unwrap();
            look(&["dead-letters", "show", id]);
            look(&["dead-letters", "show", id, "--format", "json"]);
            count += 1;
            // It would be found: it is in what is shown to who asks for it.
            let shown = run(place, service, &["dead-letters", "show", id, "--payload"]);
            let payload = canaries.told_in("a payload", &shown.stdout.join("\n"));
            assert!(!payload.is_empty(), "{shown:#?}");
        }
    }
    (told, count)
}
