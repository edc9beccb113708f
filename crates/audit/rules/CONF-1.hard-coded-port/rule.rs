//! The listen port is hard-coded.

use crate::model::facts::Listener;
use crate::model::{Model, Resolution, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-1.hard-coded-port",
        title: "The listen port is hard-coded",
        severity: Severity::Info,
        category: Category::Configuration,
        meaning: "A listener of the service uses a literal port, and no setting overrides it.",
        why: "Two instances cannot run on one host, and a platform that assigns ports cannot run the service.",
        fix: &[(
            "any",
            "Read the port from a setting, with this value as the default.",
        )],
        references: &["https://12factor.net/port-binding"],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    service
        .facts
        .of::<Listener>()
        .deployed()
        .filter_map(|listener| match &listener.port {
            Resolution::Known(0) => None,
            // A file of settings, or the command of an image, is where a port belongs.
            Resolution::Known(port)
                if !model
                    .files
                    .get(&listener.at.path)
                    .is_some_and(|found| found.file.language.is_code()) =>
            {
                Some(Outcome::passed(
                    format!("the port {port} is a setting"),
                    Some(&listener.at),
                ))
            }
            Resolution::Known(port) => Some(
                Breach::new(
                    listener.at.clone(),
                    Confidence::High,
                    format!("the port {port} is a literal"),
                )
                .into(),
            ),
            Resolution::Unknown(_) => {
                Some(Outcome::passed("the port is a setting", Some(&listener.at)))
            }
            Resolution::Absent => None,
        })
        .collect()
}
