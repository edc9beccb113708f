//! The rules of a contract as keywords of JSON Schema.

use serde_json::{Map, Value, json};

use crate::rules::{FieldRules, Format, Ignore, Literal, Rule};

/// Returns the integers of a range that rules allow.
pub(super) fn bounds(rules: &FieldRules, low: i128, high: i128) -> (i128, i128) {
    rules
        .rules
        .iter()
        .fold((low, high), |(low, high), rule| match rule {
            Rule::GreaterThan(Literal::Integer(value)) => (low.max(value + 1), high),
            Rule::AtLeast(Literal::Integer(value)) => (low.max(*value), high),
            Rule::LessThan(Literal::Integer(value)) => (low, high.min(value - 1)),
            Rule::AtMost(Literal::Integer(value)) => (low, high.min(*value)),
            _ => (low, high),
        })
}

/// Adds the rules to the schema of a value.
pub(super) fn apply(schema: &mut Map<String, Value>, rules: &FieldRules) {
    for rule in &rules.rules {
        add_keyword(schema, rule);
    }
}

/// Adds the JSON Schema keyword of a rule. Returns `false` if there is none, so the description has
/// to state the rule.
fn add_keyword(schema: &mut Map<String, Value>, rule: &Rule) -> bool {
    let mut set = |name: &str, value: Value| {
        schema.insert(name.to_owned(), value);
    };
    match rule {
        Rule::Const(literal) => set("const", value(literal)),
        Rule::In(literals) => set("enum", literals.iter().map(value).collect()),
        Rule::NotIn(literals) => {
            let values: Value = literals.iter().map(value).collect();
            set("not", json!({ "enum": values }));
        }
        Rule::GreaterThan(Literal::Float(bound)) => set("exclusiveMinimum", json!(bound)),
        Rule::AtLeast(Literal::Float(bound)) => set("minimum", json!(bound)),
        Rule::LessThan(Literal::Float(bound)) => set("exclusiveMaximum", json!(bound)),
        Rule::AtMost(Literal::Float(bound)) => set("maximum", json!(bound)),
        // `bounds` gives the schema of an integer its range.
        Rule::GreaterThan(Literal::Integer(_))
        | Rule::AtLeast(Literal::Integer(_))
        | Rule::LessThan(Literal::Integer(_))
        | Rule::AtMost(Literal::Integer(_)) => {}
        Rule::Length(count) => {
            set("minLength", json!(count));
            set("maxLength", json!(count));
        }
        Rule::MinLength(count) => set("minLength", json!(count)),
        Rule::MaxLength(count) => set("maxLength", json!(count)),
        Rule::MinItems(count) => set("minItems", json!(count)),
        Rule::MaxItems(count) => set("maxItems", json!(count)),
        Rule::Unique => set("uniqueItems", json!(true)),
        Rule::MinPairs(count) => set("minProperties", json!(count)),
        Rule::MaxPairs(count) => set("maxProperties", json!(count)),
        Rule::Pattern(source) => pattern(schema, source),
        Rule::Prefix(Literal::Text(text)) => pattern(schema, &format!("^{}", regex::escape(text))),
        Rule::Suffix(Literal::Text(text)) => pattern(schema, &format!("{}$", regex::escape(text))),
        Rule::Contains(Literal::Text(text)) => pattern(schema, &regex::escape(text)),
        Rule::NotContains(Literal::Text(text)) => {
            set("not", json!({ "pattern": regex::escape(text) }));
        }
        Rule::Format(known) => return format(schema, *known),
        // The schemas of numbers and enums contain this already.
        Rule::Finite | Rule::DefinedOnly => {}
        Rule::Bytes(_)
        | Rule::MinBytes(_)
        | Rule::MaxBytes(_)
        | Rule::InThePast
        | Rule::InTheFuture
        | Rule::WithinNow(_)
        | Rule::GreaterThan(_)
        | Rule::AtLeast(_)
        | Rule::LessThan(_)
        | Rule::AtMost(_)
        | Rule::Prefix(_)
        | Rule::Suffix(_)
        | Rule::Contains(_)
        | Rule::NotContains(_) => return false,
    }
    true
}

/// Adds a pattern. A schema has one pattern, and further ones become conditions.
fn pattern(schema: &mut Map<String, Value>, source: &str) {
    if schema.contains_key("pattern") {
        let all = schema.entry("allOf").or_insert_with(|| json!([]));
        if let Some(all) = all.as_array_mut() {
            all.push(json!({ "pattern": source }));
        }
    } else {
        schema.insert("pattern".to_owned(), json!(source));
    }
}

/// Adds the keyword of a format. Returns `false` if there is none.
fn format(schema: &mut Map<String, Value>, known: Format) -> bool {
    let name = match known {
        Format::Email => "email",
        Format::Hostname => "hostname",
        Format::Ipv4 => "ipv4",
        Format::Ipv6 => "ipv6",
        Format::Uri => "uri",
        Format::UriReference => "uri-reference",
        Format::Uuid => "uuid",
        Format::TrimmedUuid => {
            pattern(schema, "^[0-9a-fA-F]{32}$");
            return true;
        }
        Format::Ulid => {
            pattern(schema, "^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$");
            return true;
        }
        Format::Ip
        | Format::Address
        | Format::HostAndPort
        | Format::IpWithPrefix
        | Format::Ipv4WithPrefix
        | Format::Ipv6WithPrefix
        | Format::IpPrefix
        | Format::Ipv4Prefix
        | Format::Ipv6Prefix
        | Format::HeaderName
        | Format::HeaderValue
        | Format::IpBytes
        | Format::Ipv4Bytes
        | Format::Ipv6Bytes
        | Format::UuidBytes => return false,
    };
    schema.insert("format".to_owned(), json!(name));
    true
}

/// Returns the rules without a JSON Schema keyword, as a sentence.
pub(super) fn rules_without_keyword(rules: &FieldRules) -> Option<String> {
    let sentences: Vec<String> = rules
        .rules
        .iter()
        .filter(|rule| !add_keyword(&mut Map::new(), rule))
        .map(|rule| format!("It {rule}."))
        .collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn value(literal: &Literal) -> Value {
    match literal {
        Literal::Integer(value) => match i64::try_from(*value) {
            Ok(value) => json!(value),
            Err(_) => json!(u64::try_from(*value).unwrap_or_default()),
        },
        Literal::Float(value) => json!(value),
        Literal::Boolean(value) => json!(value),
        Literal::Text(value) => json!(value),
        other => json!(other.to_string()),
    }
}

/// Whether a field without presence is required, because its default breaks a rule.
pub(super) fn rejects_default(rules: &FieldRules) -> bool {
    match rules.ignore {
        Ignore::Always => false,
        Ignore::IfZero => rules.required,
        Ignore::Never => rules.required || rules.rules.iter().any(rule_rejects_default),
    }
}

fn rule_rejects_default(rule: &Rule) -> bool {
    match rule {
        Rule::Const(literal) => !is_zero(literal),
        Rule::In(literals) => !literals.iter().any(is_zero),
        Rule::NotIn(literals) => literals.iter().any(is_zero),
        Rule::GreaterThan(literal) => sign(literal) >= 0.0,
        Rule::AtLeast(literal) => sign(literal) > 0.0,
        Rule::LessThan(literal) => sign(literal) <= 0.0,
        Rule::AtMost(literal) => sign(literal) < 0.0,
        Rule::Length(count)
        | Rule::MinLength(count)
        | Rule::Bytes(count)
        | Rule::MinBytes(count)
        | Rule::MinItems(count)
        | Rule::MinPairs(count) => *count > 0,
        Rule::Pattern(pattern) => regex::Regex::new(pattern).is_ok_and(|p| !p.is_match("")),
        Rule::Prefix(literal) | Rule::Suffix(literal) | Rule::Contains(literal) => {
            !is_zero(literal)
        }
        Rule::Format(format) => !matches!(format, Format::HeaderValue | Format::UriReference),
        _ => false,
    }
}

fn is_zero(literal: &Literal) -> bool {
    match literal {
        Literal::Integer(value) => *value == 0,
        Literal::Float(value) => *value == 0.0,
        Literal::Boolean(value) => !value,
        Literal::Text(value) => value.is_empty(),
        Literal::Bytes(value) => value.is_empty(),
        // Messages have presence.
        Literal::Duration(_) | Literal::Timestamp(_) => true,
    }
}

fn sign(literal: &Literal) -> f64 {
    match literal {
        Literal::Integer(value) => *value as f64,
        Literal::Float(value) => *value,
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_without_keyword_are_described_api_4() {
        let bytes = || Literal::Bytes(vec![1]);
        for rule in [
            Rule::Prefix(bytes()),
            Rule::Suffix(bytes()),
            Rule::Contains(bytes()),
            Rule::NotContains(bytes()),
            Rule::Format(Format::Ip),
            Rule::Format(Format::IpBytes),
            Rule::Format(Format::UuidBytes),
            Rule::AtMost(Literal::Duration(1)),
            Rule::MaxBytes(1),
        ] {
            let rules = FieldRules {
                rules: vec![rule.clone()],
                ..FieldRules::default()
            };
            assert_eq!(rules_without_keyword(&rules), Some(format!("It {rule}.")));
        }
        let rules = FieldRules {
            rules: vec![Rule::MaxLength(1), Rule::Format(Format::Uuid)],
            ..FieldRules::default()
        };
        assert_eq!(rules_without_keyword(&rules), None);
    }
}
