//! A process manager (systemd, pm2) does not keep what the service needs.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FileFacts, Model};
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};
use crate::source::Location;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-2.process-manager",
        title: "A process manager does not restart, isolate or stop the service well",
        severity: Severity::Medium,
        category: Category::Operations,
        meaning: "A systemd unit has no `Restart=`, no user, or kills the process without a signal to stop. A pm2 file waits for a message that no code sends (`wait_ready`), sends one that no code reads (`shutdown_with_message`), restarts at each change of a file (`watch: true`), sets a variable that no code reads, or kills after the default of 1.6 seconds. The findings have low confidence.",
        why: "The service stays down after a crash, has the rights of root, or loses its requests at each deployment.",
        fix: &[
            (
                "any",
                "Restart after a crash, run as a user of its own, and stop with a signal and enough time.",
            ),
            (
                "systemd",
                "Set `Restart=on-failure`, `User=` or `DynamicUser=yes`, and a `TimeoutStopSec=` above the drain time.",
            ),
            (
                "pm2",
                "Send `process.send('ready')` after the start, stop on SIGINT, and set `kill_timeout` above the drain time.",
            ),
        ],
        references: &[
            "https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html",
            "https://pm2.keymetrics.io/docs/usage/signals-clean-restart/",
        ],
    },
    check: Check::Repository(check),
};

/// An option of a pm2 file, and the code that it needs. The group `what` is its place.
struct Pm2Option {
    pattern: &'static str,
    /// The code of the repository must contain one of these texts.
    needs: &'static [&'static str],
    evidence: &'static str,
}

const OPTIONS: &[Pm2Option] = &[
    Pm2Option {
        pattern: r"\bwait_ready['\x22]?\s*:\s*true",
        needs: &[
            "process.send('ready')",
            "process.send(\"ready\")",
            "process.send?.('ready')",
            "process.send?.(\"ready\")",
        ],
        evidence: "pm2 waits for a message, and no code sends `ready`",
    },
    Pm2Option {
        pattern: r"\bshutdown_with_message['\x22]?\s*:\s*true",
        needs: &[
            "process.on('message'",
            "process.on(\"message\"",
            "process.once('message'",
        ],
        evidence: "pm2 stops the service by a message, and no code reads messages of the process",
    },
    Pm2Option {
        pattern: r"\bwatch['\x22]?\s*:\s*true",
        needs: &[],
        evidence: "pm2 restarts the service at each change of a file, also of a log",
    },
    Pm2Option {
        pattern: r"\bautorestart['\x22]?\s*:\s*false",
        needs: &[],
        evidence: "pm2 does not start the service again after a crash",
    },
];

static PATTERNS: LazyLock<Vec<(Option<Regex>, &Pm2Option)>> = LazyLock::new(|| {
    OPTIONS
        .iter()
        .map(|option| (Regex::new(option.pattern).ok(), option))
        .collect()
});
/// The variables of a pm2 file.
static VARIABLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^\s*['\x22]?(?P<name>[A-Z][A-Z0-9_]{3,})['\x22]?\s*:").ok());
/// Variables that the platform reads.
const OF_PLATFORM: &[&str] = &[
    "NODE_ENV",
    "NODE_OPTIONS",
    "PORT",
    "DEBUG",
    "UV_THREADPOOL_SIZE",
];

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for found in model
        .files
        .values()
        .filter(|found| found.file.role.is_deployed())
    {
        let name = found.file.name();
        let unit = name.ends_with(".service") && found.file.text.contains("[Service]");
        let pm2 = (name.starts_with("ecosystem.") || name.starts_with("pm2."))
            && found.file.text.contains("apps");
        if unit {
            outcomes.extend(systemd(found));
        } else if pm2 {
            outcomes.extend(ecosystem(model, found));
        }
    }
    outcomes
}

fn review(at: Location, evidence: impl Into<String>) -> Outcome {
    Breach::review(at, evidence).into()
}

/// The value of the last line with a key, and its place.
fn setting<'f>(found: &'f FileFacts, key: &str) -> Option<(&'f str, Location)> {
    let mut at = 0;
    let mut last = None;
    for line in found.file.text.split_inclusive('\n') {
        if let Some((own, value)) = line.split_once('=')
            && own.trim() == key
        {
            let end = at + line.trim_end().len();
            last = Some((value.trim(), found.file.location(at..end, None)));
        }
        at += line.len();
    }
    last
}

fn systemd(found: &FileFacts) -> Vec<Outcome> {
    let start = found.file.text.find("[Service]").unwrap_or_default();
    let at = || found.file.location(start..start + "[Service]".len(), None);
    let value = |key| setting(found, key).map(|(value, _)| value);
    // A oneshot task is expected to end.
    let task = value("Type").is_some_and(|kind| kind.starts_with("oneshot"));
    let mut outcomes = Vec::new();
    match setting(found, "Restart") {
        _ if task => {}
        Some(("no", at)) => outcomes.push(review(at, "systemd does not start the service again")),
        None => outcomes.push(review(
            at(),
            "the unit has no `Restart`, so the service stays down after a crash",
        )),
        Some((_, at)) => outcomes.push(Outcome::passed(
            "systemd starts the service again after a crash",
            Some(&at),
        )),
    }
    let user = value("User").is_some_and(|user| user != "root")
        || value("DynamicUser").is_some_and(|dynamic| matches!(dynamic, "yes" | "true"));
    if !user && !task {
        let place = setting(found, "User").map_or_else(at, |(_, at)| at);
        outcomes.push(review(place, "the unit runs as root"));
    }
    let kills = [
        ("KillMode", "none"),
        ("KillSignal", "SIGKILL"),
        ("TimeoutStopSec", "0"),
    ];
    for (key, bad) in kills {
        if let Some((value, at)) = setting(found, key)
            && value == bad
        {
            outcomes.push(review(
                at,
                format!("`{key}={bad}` ends the service without a stop"),
            ));
        }
    }
    outcomes
}

fn ecosystem(model: &Model, found: &FileFacts) -> Vec<Outcome> {
    let text = &found.file.text;
    let code = |needle: &str| {
        model
            .files
            .values()
            .filter(|other| other.file.language.is_code() && other.file.path != found.file.path)
            .any(|other| other.file.text.contains(needle))
    };
    let mut outcomes = Vec::new();
    for (pattern, option) in PATTERNS.iter() {
        let Some(pattern) = pattern else {
            continue;
        };
        let mut places = pattern
            .find_iter(text)
            .map(|place| found.file.location(place.range(), None));
        let Some(first) = places.next() else {
            continue;
        };
        if option.needs.iter().any(|needle| code(needle)) {
            outcomes.push(Outcome::passed(
                "the code supports the option of the pm2 file",
                Some(&first),
            ));
        } else {
            outcomes.push(
                Breach::review(first, option.evidence)
                    .related(places)
                    .into(),
            );
        }
    }
    let start = text.find("apps").unwrap_or_default();
    let at = found.file.location(start..start + "apps".len(), None);
    if text.contains("kill_timeout") {
        outcomes.push(Outcome::passed("the stop has a time limit", Some(&at)));
    } else {
        let evidence = "pm2 kills the service 1.6 seconds after the signal to stop";
        outcomes.push(Breach::review(at, evidence).severity(Severity::Low).into());
    }
    let Some(variable) = VARIABLE.as_ref() else {
        return outcomes;
    };
    for captures in variable.captures_iter(text) {
        let Some(name) = captures.name("name") else {
            continue;
        };
        if !OF_PLATFORM.contains(&name.as_str()) && !code(name.as_str()) {
            let evidence = format!("pm2 sets `{}`, and no code reads it", name.as_str());
            outcomes.push(review(found.file.location(name.range(), None), evidence));
        }
    }
    outcomes
}
