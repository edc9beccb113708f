//! Feature flags: files of Seaworthy and flagd, and calls of OpenFeature.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{Pack, Reader};
use crate::document::{Yaml, YamlNode};
use crate::model::FactSink;
use crate::model::facts::{FlagDefinition, FlagSetup, FlagUse, Split};
use crate::source::SourceFile;

pub(super) const PACKS: &[Pack] = &[
    Pack {
        name: "feature flags in YAML",
        reader: Reader::Yaml(yaml),
    },
    Pack {
        name: "feature flags",
        reader: Reader::Text(text),
    },
];

/// Suffixes of paths, a call with the group `key` that ends after the key, and the number of
/// arguments from which one is a context.
const USES: &[(&[&str], &str, usize)] = &[
    (
        &[".go"],
        r#"\.(?:Boolean|String|Int|Float|Object)(?:Value)?(?:Details)?\(\s*[\w.()]+\s*,\s*"(?P<key>[^"\n]+)""#,
        3,
    ),
    (
        &[".ts", ".tsx", ".js", ".mjs", ".jsx"],
        r#"\.get(?:Boolean|String|Number|Object)(?:Value|Details)\(\s*["'`](?P<key>[^"'`\n]+)["'`]"#,
        3,
    ),
    (
        &[".java", ".kt"],
        r#"\.get(?:Boolean|String|Integer|Double|Object)(?:Value|Details)\(\s*"(?P<key>[^"\n]+)""#,
        3,
    ),
    (
        &[".py"],
        r#"\.get_(?:boolean|string|integer|float|object)_(?:value|details)\(\s*(?:flag_key\s*=\s*)?["'](?P<key>[^"'\n]+)["']"#,
        3,
    ),
];
/// A flag that Rust code declares with its default.
const DECLARED: &str =
    r#"\bFlag::(?:boolean|integer|float|text|object)\(\s*"(?P<key>[^"\n]+)"(?P<rest>[^;]{0,400})"#;
const EXPIRES: &str = r#"\.expires\(\s*"(?P<day>\d{4}-\d{2}-\d{2})""#;
/// Calls that set a context for more than one evaluation, and clients that always have one.
const CONTEXT: &str = r"(?i)\b(?:set_?(?:evaluation_?|transaction_?)?context|add_?hooks?|bind_?context|with_?transaction_?context)\s*\(|@openfeature/(?:web|react|angular)-sdk";
/// Services that manage flags.
const PROVIDERS: &str = r"(?i)launch-?darkly|unleash|configcat|flagsmith|go-?feature-?flag|growthbook|devcycle|posthog|statsig|harness|confidence-|splitio|optimizely";

struct Patterns {
    uses: Vec<(&'static [&'static str], Regex, usize)>,
    others: Option<[Regex; 4]>,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let compile = |pattern| Regex::new(pattern).ok();
    let others = || {
        Some([
            compile(DECLARED)?,
            compile(EXPIRES)?,
            compile(CONTEXT)?,
            compile(PROVIDERS)?,
        ])
    };
    Patterns {
        uses: USES
            .iter()
            .filter_map(|(files, pattern, from)| Some((*files, compile(pattern)?, *from)))
            .collect(),
        others: others(),
    }
});

/// Facts of one request and the time.
const CHANGING: &[&str] = &[
    "requestid",
    "request_id",
    "traceid",
    "trace_id",
    "random",
    "timestamp",
    "$flagd.timestamp",
];

fn text(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.path.ends_with(".json") {
        if let Ok(document) = serde_json::from_str::<Value>(&file.text) {
            json(file, &document, facts);
        }
        return;
    }
    let Some([declared, expires, context, providers]) = &PATTERNS.others else {
        return;
    };
    if !file.role.is_deployed() {
        return;
    }
    if file.path.ends_with(".rs") {
        for captures in declared.captures_iter(&file.text) {
            let (Some(key), Some(rest)) = (captures.name("key"), captures.name("rest")) else {
                continue;
            };
            let before = file.text.get(..key.start()).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
            if line.starts_with("//") || before.contains("#[cfg(test)]") {
                continue;
            }
            let day = expires.captures(rest.as_str());
            let found = FlagUse {
                key: key.as_str().to_owned(),
                declares: true,
                has_context: true,
                expires: day.map(|day| day["day"].to_owned()),
            };
            facts.add(found, key.range());
        }
        return;
    }
    let lower = file.text.to_lowercase();
    let knows = lower.contains("openfeature") || lower.contains("open-feature");
    if !knows && !lower.contains("open_feature") {
        return;
    }
    if let Some(found) = context.find(&file.text) {
        facts.add(FlagSetup::Context, found.range());
    }
    if let Some(found) = providers.find(&file.text) {
        facts.add(FlagSetup::Provider, found.range());
    }
    let path = file.path.to_lowercase();
    for (ends, pattern, from) in &PATTERNS.uses {
        if !ends.iter().any(|end| path.ends_with(end)) {
            continue;
        }
        for captures in pattern.captures_iter(&file.text) {
            let (Some(key), Some(call)) = (captures.name("key"), captures.get(0)) else {
                continue;
            };
            let rest = arguments(file.text.get(call.end()..).unwrap_or_default());
            // The context of Go is always there, and may be empty.
            let has_context = rest.len() + 1 >= *from && !rest.iter().any(|text| is_empty(text));
            let found = FlagUse {
                key: key.as_str().to_owned(),
                declares: false,
                has_context: has_context
                    || rest.iter().any(|text| text.contains("evaluation_context")),
                expires: None,
            };
            facts.add(found, key.range());
        }
    }
}

fn is_empty(argument: &str) -> bool {
    let argument = argument.replace(char::is_whitespace, "");
    ["EvaluationContext{}", "EvaluationContext()", "{}"]
        .iter()
        .any(|empty| argument.ends_with(empty))
}

/// Returns the arguments after the key, up to the end of the call.
fn arguments(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0_usize, None, Vec::new());
    for (at, letter) in text.char_indices().take(1_000) {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ')' => {
                found.extend(start.and_then(|start| text.get(start..at)));
                break;
            }
            ',' if depth == 0 => {
                found.extend(start.and_then(|start| text.get(start..at)));
                start = Some(at + 1);
            }
            _ => {}
        }
    }
    found.retain(|argument| !argument.trim().is_empty());
    found
}

/// Adds a definition. `rule` is the text of its rule as JSON.
fn define(
    file: &SourceFile,
    key: &str,
    rule: Option<&Value>,
    expires: Option<&str>,
    at: std::ops::Range<usize>,
    facts: &mut FactSink<'_>,
) {
    let named = file.text.match_indices(key).take(2).count();
    let definition = FlagDefinition {
        key: key.to_owned(),
        split: rule.map_or(Split::Stable, split),
        expires: expires.map(ToOwned::to_owned),
        is_named_again: named > 1,
    };
    facts.add(definition, at);
}

/// Returns what the percentages of a rule depend on.
fn split(rule: &Value) -> Split {
    match rule {
        Value::Object(operations) => operations
            .iter()
            .map(|(name, arguments)| match name.as_str() {
                "fractional" => bucketed(arguments),
                _ => split(arguments),
            })
            .fold(Split::Stable, worse),
        Value::Array(items) => items.iter().map(split).fold(Split::Stable, worse),
        _ => Split::Stable,
    }
}

fn bucketed(arguments: &Value) -> Split {
    let Some(first) = arguments.as_array().and_then(|arguments| arguments.first()) else {
        return Split::Stable;
    };
    if first.is_array() {
        return Split::TargetingKey;
    }
    let text = first.to_string().to_lowercase();
    let changes = CHANGING
        .iter()
        .any(|name| text.contains(&format!("\"{name}\"")));
    match (changes, text.contains("targetingkey")) {
        (true, _) => Split::Changing,
        (false, true) => Split::TargetingKey,
        (false, false) => Split::Stable,
    }
}

fn worse(left: Split, right: Split) -> Split {
    match (left, right) {
        (Split::Changing, _) | (_, Split::Changing) => Split::Changing,
        (Split::TargetingKey, _) | (_, Split::TargetingKey) => Split::TargetingKey,
        _ => Split::Stable,
    }
}

const DAYS: [&str; 5] = [
    "expires",
    "expiresAt",
    "expiry",
    "removalDate",
    "removal_date",
];

/// Reads flagd's format.
fn json(file: &SourceFile, document: &Value, facts: &mut FactSink<'_>) {
    let Some(flags) = document.get("flags").and_then(Value::as_object) else {
        return;
    };
    let mut from = file.text.find("\"flags\"").unwrap_or_default();
    for (key, flag) in flags {
        if flag.get("variants").is_none() || flag.get("state").is_none() {
            continue;
        }
        let quoted = format!("\"{key}\"");
        let found = file.text.get(from..).and_then(|rest| rest.find(&quoted));
        let at = from + found.unwrap_or_default();
        from = at;
        let metadata = flag.get("metadata");
        let mut days = DAYS.iter().filter_map(|name| metadata?.get(name)?.as_str());
        let rule = flag.get("targeting");
        define(file, key, rule, days.next(), at..at + quoted.len(), facts);
    }
}

/// Reads flagd's format in YAML, and the short form in `features.yaml`.
fn yaml(file: &SourceFile, yaml: &Yaml, facts: &mut FactSink<'_>) {
    let name = file.name().to_lowercase();
    let is_short = name.starts_with("features.") || name.starts_with("features-");
    for document in yaml.documents() {
        let of_flagd = document.get("flags").filter(|flags| flags.is_mapping());
        for (key, flag) in of_flagd.iter().flat_map(|flags| flags.pairs()) {
            if flag.get("variants").is_some() && flag.get("state").is_some() {
                let rule = flag.get("targeting").map(value);
                let day = day(flag);
                define(file, key, rule.as_ref(), day, flag.span(), facts);
            }
        }
        if !is_short || of_flagd.is_some() {
            continue;
        }
        let nested = document
            .at(&["spec", "features"])
            .or_else(|| document.get("features").filter(|flags| flags.is_mapping()));
        for (key, flag) in nested.unwrap_or(document).pairs() {
            let is_switch = matches!(flag.scalar(), Some("true" | "false"));
            if !is_switch && flag.get("enabled").is_none() && flag.get("variants").is_none() {
                continue;
            }
            let sticky = |flag: YamlNode<'_>| {
                let by = flag.get("sticky_by")?.scalar()?.to_lowercase();
                CHANGING.contains(&by.as_str()).then_some(())
            };
            let changes = sticky(flag).or_else(|| sticky(flag.get("rules")?));
            let rule = match changes {
                Some(()) => Some(serde_json::json!({"fractional": [{"var": "timestamp"}]})),
                None => flag.get("targeting").map(value),
            };
            define(file, key, rule.as_ref(), day(flag), flag.span(), facts);
        }
    }
}

fn day<'y>(flag: YamlNode<'y>) -> Option<&'y str> {
    let parts = [Some(flag), flag.get("metadata"), flag.get("deprecation")];
    let mut days = parts
        .into_iter()
        .flatten()
        .flat_map(|part| DAYS.iter().filter_map(move |name| part.get(name)?.scalar()));
    days.next()
}

fn value(node: YamlNode<'_>) -> Value {
    if let Some(text) = node.scalar() {
        return text.into();
    }
    if node.is_mapping() {
        let pairs = node.pairs();
        return Value::Object(
            pairs
                .map(|(key, node)| (key.to_owned(), value(node)))
                .collect(),
        );
    }
    node.items().map(value).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(PATTERNS.uses.len(), USES.len());
        assert!(PATTERNS.others.is_some());
    }

    #[test]
    fn arguments_end_with_the_call() {
        assert_eq!(
            arguments(", f(1, 2), {a: 1}); g(3)"),
            [" f(1, 2)", " {a: 1}"]
        );
        assert_eq!(arguments(")"), Vec::<&str>::new());
    }

    #[test]
    fn split_follows_its_first_argument() {
        let of = |first| split(&json!({"if": [true, {"fractional": [first, ["b", 1]]}]}));
        assert_eq!(of(json!(["a", 1])), Split::TargetingKey);
        assert_eq!(of(json!({"var": "email"})), Split::Stable);
        assert_eq!(of(json!({"var": "$flagd.timestamp"})), Split::Changing);
    }
}
