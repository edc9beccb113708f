use prost_reflect::Kind;

use super::Scope;
use crate::{
    names,
    rules::{Format, Literal, Rule},
};

/// Generates the checks of rules of one value.
pub(super) fn rule_checks(scope: &Scope<'_>, rules: &[Rule], kind: &Kind) -> String {
    rules
        .iter()
        .map(|rule| {
            let (before, holds) = condition(scope, rule, kind);
            let description = rule.to_string();
            format!("{{ {before} if !({holds}) {{ violations.add_rule({description:?}); }} }}")
        })
        .collect()
}

/// Returns statements, and an expression that is true for a valid `value`.
fn condition(scope: &Scope<'_>, rule: &Rule, kind: &Kind) -> (String, String) {
    let runtime = scope.runtime();
    let mut before = String::new();
    let holds = match rule {
        Rule::Const(literal) => compare(scope, literal, "==", kind),
        Rule::LessThan(literal) => compare(scope, literal, "<", kind),
        Rule::AtMost(literal) => compare(scope, literal, "<=", kind),
        Rule::GreaterThan(literal) => compare(scope, literal, ">", kind),
        Rule::AtLeast(literal) => compare(scope, literal, ">=", kind),
        Rule::In(literals) => any(scope, literals, kind),
        Rule::NotIn(literals) => format!("!({})", any(scope, literals, kind)),
        Rule::Finite => "value.is_finite()".to_owned(),
        Rule::Length(count) => format!("{runtime}::rule::length(value) == {count}"),
        Rule::MinLength(count) => format!("{runtime}::rule::length(value) >= {count}"),
        Rule::MaxLength(count) => format!("{runtime}::rule::length(value) <= {count}"),
        Rule::Bytes(count) => format!("value.len() == {count}"),
        Rule::MinBytes(count) => format!("value.len() >= {count}"),
        Rule::MaxBytes(count) => format!("value.len() <= {count}"),
        Rule::Pattern(pattern) => {
            before = format!(
                "static PATTERN: {runtime}::rule::Pattern = {runtime}::rule::Pattern::new({pattern:?});"
            );
            "PATTERN.matches(value)".to_owned()
        }
        Rule::Prefix(literal) => text_or_bytes("starts_with", literal),
        Rule::Suffix(literal) => text_or_bytes("ends_with", literal),
        Rule::Contains(literal) => contains(runtime, literal),
        Rule::NotContains(literal) => format!("!{}", contains(runtime, literal)),
        Rule::Format(format) => format!("{runtime}::rule::format::is_{}(value)", function(*format)),
        Rule::DefinedOnly => match kind {
            Kind::Enum(definition) => format!(
                "<{} as {runtime}::json::kind::JsonEnum>::name(*value).is_some()",
                names::enum_path(definition, scope.package)
            ),
            _ => "true".to_owned(),
        },
        Rule::MinItems(count) | Rule::MinPairs(count) => format!("value.len() >= {count}"),
        Rule::MaxItems(count) | Rule::MaxPairs(count) => format!("value.len() <= {count}"),
        Rule::Unique => format!("{runtime}::rule::is_unique(value)"),
        Rule::InThePast => format!("{runtime}::rule::time::is_past(value)"),
        Rule::InTheFuture => format!("{runtime}::rule::time::is_future(value)"),
        Rule::WithinNow(nanos) => format!("{runtime}::rule::time::is_within(value, {nanos})"),
    };
    (before, holds)
}

fn compare(scope: &Scope<'_>, literal: &Literal, operator: &str, kind: &Kind) -> String {
    let runtime = scope.runtime();
    match literal {
        // Always true for unsigned values, and a warning in Rust.
        Literal::Integer(0) if operator == ">=" && is_unsigned(kind) => "true".to_owned(),
        Literal::Integer(value) => format!("*value {operator} {value}"),
        Literal::Float(value) if value.is_finite() => format!("*value {operator} {value:?}"),
        Literal::Float(value) if value.is_nan() => "value.is_nan()".to_owned(),
        Literal::Float(value) => {
            let sign = if *value > 0.0 { "" } else { "NEG_" };
            let float = if matches!(kind, Kind::Float) {
                "f32"
            } else {
                "f64"
            };
            format!("*value {operator} {float}::{sign}INFINITY")
        }
        Literal::Boolean(value) => format!("*value == {value}"),
        Literal::Text(value) => format!("value.as_str() == {value:?}"),
        Literal::Bytes(value) => format!("value.as_slice() == {}", bytes(value)),
        Literal::Duration(nanos) => {
            format!("{runtime}::rule::time::duration_nanos(value) {operator} {nanos}")
        }
        Literal::Timestamp(nanos) => {
            format!("{runtime}::rule::time::timestamp_nanos(value) {operator} {nanos}")
        }
    }
}

fn is_unsigned(kind: &Kind) -> bool {
    match kind {
        Kind::Uint32 | Kind::Uint64 | Kind::Fixed32 | Kind::Fixed64 => true,
        Kind::Message(message) => matches!(
            message.full_name(),
            "google.protobuf.UInt32Value" | "google.protobuf.UInt64Value"
        ),
        _ => false,
    }
}

fn any(scope: &Scope<'_>, literals: &[Literal], kind: &Kind) -> String {
    let parts: Vec<String> = literals
        .iter()
        .map(|literal| format!("({})", compare(scope, literal, "==", kind)))
        .collect();
    parts.join(" || ")
}

fn text_or_bytes(method: &str, literal: &Literal) -> String {
    match literal {
        Literal::Bytes(value) => format!("value.{method}({})", bytes(value)),
        Literal::Text(value) => format!("value.{method}({value:?})"),
        _ => "true".to_owned(),
    }
}

fn contains(runtime: &str, literal: &Literal) -> String {
    match literal {
        Literal::Bytes(value) => {
            format!("{runtime}::rule::contains_bytes(value, {})", bytes(value))
        }
        Literal::Text(value) => format!("value.contains({value:?})"),
        _ => "true".to_owned(),
    }
}

fn bytes(value: &[u8]) -> String {
    let numbers: Vec<String> = value.iter().map(|byte| format!("{byte}u8")).collect();
    format!("&[{}][..]", numbers.join(", "))
}

fn function(format: Format) -> &'static str {
    match format {
        Format::Email => "email",
        Format::Hostname => "hostname",
        Format::Ip => "ip",
        Format::Ipv4 => "ipv4",
        Format::Ipv6 => "ipv6",
        Format::Uri => "uri",
        Format::UriReference => "uri_reference",
        Format::Address => "address",
        Format::Uuid => "uuid",
        Format::TrimmedUuid => "trimmed_uuid",
        Format::Ulid => "ulid",
        Format::HostAndPort => "host_and_port",
        Format::IpWithPrefix => "ip_with_prefix",
        Format::Ipv4WithPrefix => "ipv4_with_prefix",
        Format::Ipv6WithPrefix => "ipv6_with_prefix",
        Format::IpPrefix => "ip_prefix",
        Format::Ipv4Prefix => "ipv4_prefix",
        Format::Ipv6Prefix => "ipv6_prefix",
        Format::HeaderName => "header_name",
        Format::HeaderValue => "header_value",
        Format::IpBytes => "ip_bytes",
        Format::Ipv4Bytes => "ipv4_bytes",
        Format::Ipv6Bytes => "ipv6_bytes",
        Format::UuidBytes => "uuid_bytes",
    }
}
