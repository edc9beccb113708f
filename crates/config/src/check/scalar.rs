use serde_json::{Number, Value as Json};
use url::Url;

use crate::{
    nearest::nearest,
    shape::{Kinds, ScalarShape},
    tree::{Node, Scalar, Value},
};

/// The text that replaces a secret.
pub(crate) const MASK: &str = "***";

/// The maximum length of a string in a message, in characters.
const MAX_SHOWN_LENGTH: usize = 60;

/// Returns the typed value of a scalar, or an error text.
pub(super) fn check(shape: &ScalarShape, scalar: &Scalar) -> Result<Json, String> {
    let json = typed(shape.kinds, scalar).ok_or_else(|| mistyped(shape, scalar))?;
    if !shape.names.is_empty() && !shape.names.contains(&json) {
        return Err(if shown(scalar).is_some() {
            not_among(&json, &shape.texts())
        } else {
            format!("expected {}", expected(shape))
        });
    }
    super::bounds::check(shape, &json)?;
    Ok(json)
}

/// Returns the value in the first accepted type that fits its text.
fn typed(kinds: Kinds, scalar: &Scalar) -> Option<Json> {
    match scalar {
        Scalar::Typed(json) => Some(json.clone()),
        Scalar::Yaml { text, plain: true } => {
            let json = resolve(text);
            let fits = match &json {
                Json::Bool(_) => kinds.boolean,
                Json::Number(number) if number.is_f64() => kinds.number,
                Json::Number(_) => kinds.integer || kinds.number,
                Json::String(_) => kinds.text,
                _ => false,
            };
            fits.then_some(json)
        }
        Scalar::Yaml { text, plain: false }
        | Scalar::Expanded {
            text, typed: false, ..
        } => kinds.text.then(|| Json::String(text.clone())),
        Scalar::Literal(text)
        | Scalar::Expanded {
            text, typed: true, ..
        } => {
            let json = resolve(text.trim());
            match &json {
                Json::Bool(_) if kinds.boolean => Some(json),
                Json::Number(number) if kinds.number || (kinds.integer && !number.is_f64()) => {
                    Some(json)
                }
                _ => kinds.text.then(|| Json::String(text.clone())),
            }
        }
        Scalar::Broken(_) => None,
    }
}

/// Resolves a plain scalar by the core schema of YAML 1.2. Infinity and NaN are text.
fn resolve(text: &str) -> Json {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Json::Null,
        "true" | "True" | "TRUE" => return Json::Bool(true),
        "false" | "False" | "FALSE" => return Json::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Json::String(text.to_owned()), Json::Number)
}

fn number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(Number::from);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().map(Number::from);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let begins = unsigned.strip_prefix('.').unwrap_or(unsigned);
    if !begins.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let text = text.strip_prefix('+').unwrap_or(text);
        if let Ok(integer) = text.parse::<u64>() {
            return Some(integer.into());
        }
        if let Ok(integer) = text.parse::<i64>() {
            return Some(integer.into());
        }
    }
    text.parse().ok().and_then(Number::from_f64)
}

fn mistyped(shape: &ScalarShape, scalar: &Scalar) -> String {
    let expected = expected(shape);
    match scalar {
        Scalar::Yaml { text, plain: true } if text.is_empty() => {
            format!("expected {expected}, found nothing")
        }
        Scalar::Yaml { text, plain: true } if shape.kinds.text && shape.format.is_none() => {
            format!(
                "expected {expected}, found {}: quote it if it is a string",
                describe(text)
            )
        }
        scalar => format!("expected {expected}, found {}", found_scalar(scalar)),
    }
}

fn describe(text: &str) -> String {
    match resolve(text) {
        Json::Null => "nothing".to_owned(),
        Json::Bool(value) => format!("the boolean {value}"),
        Json::Number(_) => format!("the number {}", show_text(text)),
        _ => format!("the string {:?}", show_text(text)),
    }
}

/// Returns the text that a message may repeat: only text of files. The value of a variable or
/// argument may be a misplaced secret.
fn shown(scalar: &Scalar) -> Option<&str> {
    match scalar {
        Scalar::Yaml { text, .. }
        | Scalar::Expanded {
            text,
            from_variable: false,
            ..
        } => Some(text),
        _ => None,
    }
}

fn found_scalar(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Yaml { text, plain: true } => describe(text),
        Scalar::Yaml { text, plain: false } => format!("the string {:?}", show_text(text)),
        Scalar::Expanded {
            text,
            from_variable: false,
            ..
        } => describe(text),
        Scalar::Expanded { text, .. } | Scalar::Literal(text) if text.is_empty() => {
            "an empty string".to_owned()
        }
        Scalar::Expanded { .. } => "another value in the variable".to_owned(),
        Scalar::Literal(_) => "another value (not shown)".to_owned(),
        Scalar::Typed(json) => format!("the default {json}"),
        Scalar::Broken(_) => "an invalid placeholder".to_owned(),
    }
}

/// Describes a value in a message.
pub(super) fn found(node: &Node) -> String {
    match &node.value {
        Value::Mapping(_) => "a section".to_owned(),
        Value::Sequence(_) => "a list".to_owned(),
        Value::Scalar(scalar) => found_scalar(scalar),
    }
}

/// Describes the expected value in a message.
pub(super) fn expected(shape: &ScalarShape) -> String {
    if !shape.names.is_empty() {
        let names: Vec<String> = shape.names.iter().map(plain).collect();
        return format!("one of {}", names.join(", "));
    }
    let format = match shape.format.as_deref() {
        Some("duration-text") => Some("a duration such as 250ms, 5s, 2m or 1h"),
        Some("byte-size") => Some("a size such as 512B, 64KiB, 2MiB or 1GiB"),
        Some("uri" | "url") => Some("a URL"),
        _ => None,
    };
    if let Some(format) = format {
        return format.to_owned();
    }
    let Kinds {
        text,
        integer,
        number,
        boolean,
    } = shape.kinds;
    let kinds = [
        (boolean, "true or false"),
        (integer && !number, "a whole number"),
        (number, "a number"),
        (text, "a string"),
    ];
    let kinds: Vec<&str> = kinds
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, name)| *name)
        .collect();
    kinds.join(" or ")
}

/// Describes a name that is not in the list.
pub(super) fn unknown_name(node: &Node, names: &[&str]) -> String {
    match &node.value {
        Value::Scalar(scalar) => match shown(scalar) {
            Some(text) => not_among(&Json::String(text.to_owned()), names),
            None => format!("expected one of {}", names.join(", ")),
        },
        _ => format!(
            "expected one of {}, found {}",
            names.join(", "),
            found(node)
        ),
    }
}

fn not_among(json: &Json, names: &[&str]) -> String {
    let written = plain(json);
    let hint = nearest(&written, names.iter().copied())
        .map(|near| format!(": did you mean `{near}`?"))
        .unwrap_or_default();
    format!(
        "`{}` is not one of {}{hint}",
        show_text(&written),
        names.join(", ")
    )
}

fn plain(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Shortens a string for a message, and masks the password of a URL.
fn show_text(text: &str) -> String {
    let text = without_password(text).unwrap_or_else(|| text.to_owned());
    match text.char_indices().nth(MAX_SHOWN_LENGTH) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Masks the password of a URL, or of a DSN of Go: `user:password@tcp(host)/name`.
fn without_password(text: &str) -> Option<String> {
    if let Some((account, address)) = text.rsplit_once("@tcp(") {
        let (user, _) = account.split_once(':')?;
        return Some(format!("{user}:{MASK}@tcp({address}"));
    }
    let mut url = Url::parse(text).ok()?;
    url.password()?;
    url.set_password(Some(MASK)).ok()?;
    Some(url.into())
}

/// Masks the passwords of URLs in a value that is not marked as a secret.
pub(super) fn redact(json: &Json) -> Json {
    match json {
        Json::String(text) => Json::String(without_password(text).unwrap_or_else(|| text.clone())),
        Json::Array(items) => Json::Array(items.iter().map(redact).collect()),
        Json::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), redact(member)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// Returns the value of a node of one layer, with masks.
pub(crate) fn shown_untyped(node: &Node) -> Json {
    redact(&untyped(node))
}

/// Returns the value of a node without a schema.
pub(super) fn untyped(node: &Node) -> Json {
    match &node.value {
        Value::Scalar(Scalar::Typed(json)) => json.clone(),
        Value::Scalar(Scalar::Yaml { text, plain: true }) => resolve(text),
        Value::Scalar(
            Scalar::Yaml { text, .. } | Scalar::Literal(text) | Scalar::Expanded { text, .. },
        ) => Json::String(text.clone()),
        Value::Scalar(Scalar::Broken(_)) => Json::Null,
        Value::Sequence(items) => Json::Array(items.iter().map(untyped).collect()),
        Value::Mapping(entries) => entries
            .iter()
            .map(|(name, entry)| (name.clone(), untyped(&entry.node)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}
