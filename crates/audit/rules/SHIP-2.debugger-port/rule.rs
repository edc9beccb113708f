//! A debugger or management console is published.

use crate::model::facts::{is_store_image, runs_stores_only};
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-2.debugger-port",
        title: "A debugger or management console is published",
        severity: Severity::High,
        category: Category::Operations,
        meaning: "A compose service publishes the port of an enabled debugger or of a console on all interfaces. High for a debugger (Delve, JDWP, Node inspector, debugpy), medium for a console of a broker or database. Development files are excluded.",
        why: "A debugger lets any client run code. A console shows and deletes all messages or rows.",
        fix: &[(
            "any",
            "Move debuggers to the development override, bound to 127.0.0.1. Require authentication for consoles, and do not publish them on public interfaces.",
        )],
        references: &[
            "https://nodejs.org/en/learn/getting-started/debugging#security-implications",
        ],
    },
    check: Check::Service(check),
};

/// Marks of a debugger that listens, with its usual port.
const DEBUGGERS: &[(&str, u16)] = &[
    ("dlv", 2345),
    ("--headless", 2345),
    ("jdwp", 5005),
    ("--inspect", 9229),
    ("debugpy", 5678),
];
/// Consoles by a part of their image, with their port.
const CONSOLES: &[(&str, u16)] = &[
    ("kafka-ui", 8080),
    ("akhq", 8080),
    ("kafdrop", 9000),
    ("redis-commander", 8081),
    ("redisinsight", 5540),
    ("adminer", 8080),
    ("phpmyadmin", 80),
    ("pgadmin", 80),
    ("mongo-express", 8081),
    ("asynqmon", 8080),
    ("datalust/seq", 80),
    ("kibana", 5601),
    ("portainer", 9000),
    ("maildev", 80),
    ("maildev", 1080),
    ("mailhog", 8025),
    ("consul", 8500),
    ("rq-dashboard", 9181),
];
/// Consoles that a command starts.
const STARTED: &[&str] = &["flower", "rq-dashboard", "bull-board", "celery-exporter"];
/// Words in the name of an entry that shows the inside of a system.
const INSIDE: &[&str] = &[
    "dashboard",
    "monitoring",
    "turbine",
    "hystrix",
    "registry",
    "eureka",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for entry in service
        .compose
        .iter()
        .filter(|entry| entry.at.role.is_deployed() && entry.profiles.is_empty())
    {
        let started = entry.command.join(" ")
            + " "
            + &entry
                .environment
                .iter()
                .filter_map(|variable| variable.value.known().cloned())
                .collect::<Vec<_>>()
                .join(" ");
        let image = entry.image.as_deref().unwrap_or_default();
        for port in entry.ports.iter().filter(|port| !port.is_loopback()) {
            let Some(number) = port.container_port else {
                continue;
            };
            let Some(at) = model.location(&entry.at.path, port.span.clone(), Some(&entry.name))
            else {
                continue;
            };
            if DEBUGGERS
                .iter()
                .any(|(mark, own)| *own == number && started.contains(mark))
            {
                outcomes.push(
                    Breach::new(
                        at,
                        Confidence::High,
                        format!(
                            "`{}` starts a debugger, and its port {number} is published",
                            entry.name
                        ),
                    )
                    .into(),
                );
            } else if let Some((console, _)) = CONSOLES
                .iter()
                .find(|(console, own)| *own == number && image.contains(console))
            {
                outcomes.push(
                    Breach::new(
                        at,
                        Confidence::Medium,
                        format!(
                            "`{}` publishes the console {console} on all interfaces",
                            entry.name
                        ),
                    )
                    .severity(
                        if model
                            .files
                            .get(&entry.at.path)
                            .is_some_and(runs_stores_only)
                        {
                            Severity::Low
                        } else {
                            Severity::Medium
                        },
                    )
                    .into(),
                );
            } else if let Some(console) = STARTED
                .iter()
                .find(|console| entry.command.iter().any(|word| word == *console))
            {
                outcomes.push(
                    Breach::new(
                        at,
                        Confidence::Medium,
                        format!(
                            "`{}` publishes the console {console} on all interfaces",
                            entry.name
                        ),
                    )
                    .into(),
                );
            } else if !is_store_image(image)
                && INSIDE
                    .iter()
                    .any(|word| entry.name.to_lowercase().contains(word))
            {
                outcomes.push(
                    Breach::review(
                        at,
                        format!(
                            "`{}` publishes port {number}, and its name says that it shows the inside of the system",
                            entry.name
                        ),
                    )
                    .into(),
                );
            } else {
                outcomes.push(Outcome::passed(
                    format!("port {number} of `{}` is not a debugger port", entry.name),
                    Some(&at),
                ));
            }
        }
    }
    outcomes
}
