//! A settings file points to this machine.

use crate::model::Model;
use crate::model::facts::Setting;
use crate::rule::{
    Breach, Category, Chart, Check, Confidence, Metadata, Outcome, Rule, Severity, charts,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-7.localhost-setting",
        title: "A settings file points to this machine",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "A setting of a base file (low confidence) or of a production file (medium severity) is an address of `localhost` or `127.0.0.1`. Addresses to listen on and CORS origins are excluded. Values of a Helm chart count if a template uses them. The rule reports one finding per settings file.",
        why: "In a container the address is the container itself, so the service does not find its dependency.",
        fix: &[(
            "any",
            "Set the address per environment, and make startup fail if it is missing.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Repository(check),
};

const LISTENS: &[&str] = &[
    "listen",
    "bind",
    "server",
    "cors",
    "origin",
    "http.addr",
    "grpc.addr",
    "host_ip",
    "management",
    "allowed",
];

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for found in model
        .files
        .values()
        .filter(|found| found.file.role.is_deployed())
    {
        let settings = found.facts.of::<Setting>();
        let local: Vec<_> = settings
            .items
            .iter()
            .filter(|setting| {
                let key = setting.key.to_lowercase();
                let value = setting.text.known().map_or("", String::as_str);
                let here = value.contains("localhost") || value.contains("127.0.0.1");
                // Brokers that a client calls, and not a listener.
                let key = key
                    .replace("bootstrap-servers", "")
                    .replace("bootstrap_servers", "");
                here && !value.contains("${") && !LISTENS.iter().any(|word| key.contains(word))
            })
            .collect();
        let profile = settings
            .items
            .first()
            .and_then(|setting| setting.profile.as_deref());
        match (local.first(), profile) {
            (Some(_), Some("development" | "dev" | "test" | "local")) => {}
            (Some(first), profile) => {
                let production = matches!(profile, Some("production" | "prod"));
                let evidence = format!("`{}` is an address of this machine", first.key);
                let confidence = if production {
                    Confidence::High
                } else {
                    Confidence::Low
                };
                let breach = Breach::new(first.at.clone(), confidence, evidence)
                    .related(local.iter().map(|setting| setting.at.clone()));
                outcomes.push(if production {
                    breach.severity(Severity::Medium).into()
                } else {
                    breach.into()
                });
            }
            (None, _) if !settings.items.is_empty() => outcomes.push(Outcome::passed(
                format!("`{}` does not point to this machine", found.file.path),
                None,
            )),
            (None, _) => {}
        }
    }
    outcomes.extend(charts(model).iter().flat_map(in_values));
    outcomes
}

/// Values of a chart that a template uses.
fn in_values(chart: &Chart<'_>) -> Vec<Outcome> {
    chart
        .values
        .iter()
        .filter(|value| {
            let key = value.path.to_lowercase();
            value.is_leaf
                && [
                    "://localhost",
                    "://127.0.0.1",
                    "localhost:",
                    "127.0.0.1:",
                    "@localhost",
                ]
                .iter()
                .any(|host| value.text.contains(host))
                && !LISTENS.iter().any(|word| key.contains(word))
                && chart.uses(&value.path)
        })
        .map(|value| {
            let evidence = format!("`{}` is an address of the pod itself", value.path);
            Breach::review(value.at.clone(), evidence).into()
        })
        .collect()
}
