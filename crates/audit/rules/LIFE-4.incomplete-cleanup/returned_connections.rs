//! Connections that a function of the service opens for its caller, and that no code closes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FileFacts, Model, Service};
use crate::repository::Role;
use crate::rule::{Breach, Outcome};

/// Types of Go whose objects hold a connection.
const TYPES: &str = r"(?:amqp091?|amqp)\.(?:Connection|Channel)|sql\.DB|sqlx\.DB|redis\.Client|kafka\.(?:Writer|Reader|Producer|Consumer)|mongo\.Client|grpc\.ClientConn|nats\.Conn|pgxpool\.Pool|pgx\.Conn|sarama\.(?:SyncProducer|AsyncProducer|ConsumerGroup|Client)|bun\.DB|clickhouse\.Conn|websocket\.Conn";

struct Patterns {
    maker: Regex,
    bound: Regex,
    closed: Regex,
    field: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        maker: Regex::new(&format!(
            r"(?m)^func (?:\([^)\n]*\) )?(?P<name>[A-Z]\w*)\([^\n]*\)\s*\(?\s*\*?(?P<type>{TYPES})\b"
        ))
        .ok()?,
        bound: Regex::new(
            r"(?m)^[ \t]+(?:var )?(?P<to>[A-Za-z]\w*)(?:, \w+)?\s*:?=\s*(?:[a-z]\w*\.)?(?P<call>[A-Z]\w*)\(",
        )
        .ok()?,
        closed: Regex::new(
            r"\b(?P<of>[A-Za-z]\w*)(?:\.\w+\(\))?\.(?:Close|Shutdown|Disconnect|Drain|Stop|GracefulStop|CloseClient)\b",
        )
        .ok()?,
        field: Regex::new(&format!(r"(?m)^[ \t]+(?P<name>\w+)\s+\*?(?P<type>{TYPES})\b")).ok()?,
    })
});

/// The connections of a service of Go that functions of the service open, and that no code closes.
pub(super) fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some(patterns) = PATTERNS.as_ref() else {
        return Vec::new();
    };
    let code: Vec<&FileFacts> = model
        .files_of(service)
        .filter(|found| found.file.path.ends_with(".go") && found.file.role == Role::Production)
        .collect();
    let mut makers: BTreeMap<&str, &str> = BTreeMap::new();
    let mut closed = BTreeSet::new();
    let mut fields: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for found in &code {
        let text = &found.file.text;
        for captures in patterns.maker.captures_iter(text) {
            if let (Some(name), Some(kind)) = (captures.name("name"), captures.name("type")) {
                makers.insert(name.as_str(), kind.as_str());
            }
        }
        let names = patterns.closed.captures_iter(text);
        closed.extend(names.filter_map(|captures| Some(captures.name("of")?.as_str())));
        for captures in patterns.field.captures_iter(text) {
            if let (Some(name), Some(kind)) = (captures.name("name"), captures.name("type")) {
                fields.entry(kind.as_str()).or_default().push(name.as_str());
            }
        }
    }
    if makers.is_empty() {
        return Vec::new();
    }
    let mut outcomes = Vec::new();
    for found in &code {
        let text = &found.file.text;
        for captures in patterns.bound.captures_iter(text) {
            let (Some(to), Some(call)) = (captures.name("to"), captures.name("call")) else {
                continue;
            };
            let Some(kind) = makers.get(call.as_str()) else {
                continue;
            };
            let name = to.as_str();
            let returned = text.contains(&format!("return {name}"));
            let held = fields
                .get(kind)
                .is_some_and(|names| names.iter().any(|name| closed.contains(name)));
            if closed.contains(name) || returned || held || name == "_" || name == "err" {
                continue;
            }
            let evidence = format!(
                "`{}` opens a connection (`{kind}`), and no code closes `{name}`",
                call.as_str()
            );
            let at = found.file.location(to.range(), None);
            outcomes.push(Breach::review(at, evidence).into());
        }
    }
    outcomes
}
