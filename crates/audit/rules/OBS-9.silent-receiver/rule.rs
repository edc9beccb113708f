//! Alerts go to a receiver without a notification.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::Model;
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};
use crate::source::Language;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-9.silent-receiver",
        title: "Alerts go to a receiver without a notification",
        severity: Severity::Medium,
        category: Category::Observability,
        meaning: "Alertmanager: a route names a receiver that has no `*_configs`. Receivers whose name says so (`null`, `blackhole`, `devnull`) are excluded, unless the default route names them. The finding has low confidence.",
        why: "The alert fires, and no operator is notified.",
        fix: &[(
            "any",
            "Give the receiver a `webhook_configs`, `email_configs` or another integration.",
        )],
        references: &["https://prometheus.io/docs/alerting/latest/configuration/#receiver"],
    },
    check: Check::Repository(check),
};

/// A receiver up to the next one, or up to the next key of the file.
const RECEIVER: &str = r#"(?m)^(?P<indent>[ \t]*)-[ \t]*name:[ \t]*["']?(?P<name>[\w.-]+)["']?[^\n]*\n(?P<rest>(?:[ \t]+[^-\s][^\n]*\n|[ \t]+-[ \t]+(?:[^n]|n[^a])[^\n]*\n|[ \t]*(?:#[^\n]*)?\n)*)"#;

static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(RECEIVER).ok());

fn check(model: &Model) -> Vec<Outcome> {
    let Some(pattern) = PATTERN.as_ref() else {
        return Vec::new();
    };
    let mut outcomes = Vec::new();
    for found in model
        .files
        .values()
        .filter(|found| found.file.language == Language::Yaml && found.file.role.is_deployed())
    {
        // A template or a last line without an end must not change what is read.
        let text = format!("{}\n", found.file.text);
        let Some(start) = text.find("\nreceivers:") else {
            continue;
        };
        let Some(route) = text.find("route:") else {
            continue;
        };
        let default = text
            .get(route..)
            .and_then(|route| route.split_once("receiver:"))
            .and_then(|(_, rest)| rest.lines().next())
            .map(|name| name.trim().trim_matches(['"', '\'']));
        for captures in pattern.captures_iter(text.get(start..).unwrap_or_default()) {
            let (Some(name), Some(rest)) = (captures.name("name"), captures.name("rest")) else {
                continue;
            };
            let at = found
                .file
                .location(start + name.start()..start + name.end(), None);
            let own = name.as_str();
            let meant = ["null", "blackhole", "devnull", "none"].contains(&own);
            let routed = text.contains(&format!("receiver: {own}"))
                || text.contains(&format!("receiver: \"{own}\""))
                || text.contains(&format!("receiver: '{own}'"));
            let integrated = rest
                .as_str()
                .lines()
                .any(|line| line.contains("_configs:") && !line.trim_start().starts_with('#'));
            if integrated {
                outcomes.push(Outcome::passed(
                    format!("`{own}` has an integration"),
                    Some(&at),
                ));
            } else if routed && (!meant || default == Some(own)) {
                let evidence = format!("the receiver `{own}` has no integration");
                outcomes.push(Breach::review(at, evidence).into());
            }
        }
    }
    outcomes
}
