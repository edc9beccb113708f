//! Lifetimes of tokens, computed from the expressions of each language: `time.Hour * 72`, `'1d'`,
//! `timedelta(minutes=1440)`, `1000 * 60 * 60 * 24`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::model::{FileFacts, Model, Service};
use crate::repository::Role;
use crate::rule::{Breach, Outcome};
use crate::source::Location;

/// Minimum lifetime that is reported, in seconds.
const MIN_LIFETIME: f64 = 2.0 * 3600.0;
/// Maximum number of seconds that is read as a lifetime: a hundred years.
const MAX_LIFETIME: f64 = 100.0 * 365.0 * 86_400.0;

struct Patterns {
    context: Regex,
    other: Regex,
    text: Regex,
    go: Regex,
    date: Regex,
    python: Regex,
    jvm: Regex,
    product: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        context: Regex::new(
            r#"(?i)expiresIn|ExpiresAt|["']exp["']|\bexp\s*[:=]|expires_delta|(?:access|jwt|auth|bearer)\w*[._-]?(?:token)?\w*[._-]?(?:exp|ttl|lifetime|duration|max_?age|validity)\w*|token\w*[._-]?(?:exp|ttl|lifetime|duration|validity)\w*|expir\w*[._-]?(?:at|time|in|date|ation)\w*|exp\w*_?token\b|setExpiration|withExpiresAt|exp\("#,
        )
        .ok()?,
        other: Regex::new(
            r"(?i)refresh|reset|verif|otp|invite|confirm|cookie|cache|redis|lock|order|coupon|voucher|booking|reservation|subscription|upload|presign|csrf|idempot|message|queue",
        )
        .ok()?,
        text: Regex::new(
            r#"["'`=:]\s*(?P<count>\d+)\s*(?P<unit>d|days?|h|hours?|hrs?|w|weeks?|y|years?|m|min|minutes?)\b"#,
        )
        .ok()?,
        go: Regex::new(
            r"(?P<left>(?:\b(?:time\.Duration\()?\d+\)?\s*\*\s*)*)\btime\.(?P<unit>Hour|Minute|Second)(?P<right>(?:\s*\*\s*(?:time\.Duration\()?\d+\)?)*)",
        )
        .ok()?,
        date: Regex::new(r"AddDate\((?P<years>\d+), ?(?P<months>\d+), ?(?P<days>\d+)\)").ok()?,
        python: Regex::new(r"timedelta\(\s*(?P<unit>days|hours|minutes|seconds|weeks)\s*=\s*(?P<count>\d+(?:\s*\*\s*\d+)*)\s*\)")
            .ok()?,
        jvm: Regex::new(
            r"(?:plus|of|Duration\.of)(?P<unit>Days|Hours|Minutes|Seconds|Millis|Weeks|Months)\(\s*(?P<count>\d+)L?\s*\)",
        )
        .ok()?,
        product: Regex::new(r"(?P<product>\b\d[\d_]*L?(?:\s*\*\s*\d[\d_]*L?)*)\b").ok()?,
    })
});

/// Words of code that revokes tokens, in lower case.
const REVOKES: &[&str] = &[
    "revoke",
    "blacklist",
    "blocklist",
    "denylist",
    "token_version",
    "tokenversion",
    "jti",
];

/// Whether a file is a dashboard or has alert rules, whose numbers are panels and thresholds.
fn is_monitoring(text: &str) -> bool {
    text.contains("\"panels\"") || text.contains("alert: ") && text.contains("expr: ")
}

/// Tokens of a service that are valid for hours or days, while no code can revoke them. One finding
/// for each file.
pub(super) fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some(patterns) = PATTERNS.as_ref() else {
        return Vec::new();
    };
    let files: Vec<&FileFacts> = model
        .files_of(service)
        .filter(|found| found.file.role == Role::Production && !found.file.path.ends_with(".html"))
        .filter(|found| found.file.language.is_code() || !is_monitoring(&found.file.text))
        .collect();
    let (mut signs, mut revokes) = (false, false);
    for found in files.iter().filter(|found| found.file.language.is_code()) {
        let text = found.file.text.to_lowercase();
        signs |= text.contains("jwt") || text.contains("jsonwebtoken");
        revokes |= REVOKES.iter().any(|word| text.contains(word));
    }
    if !signs || revokes {
        return Vec::new();
    }
    let mut by_file: BTreeMap<&str, (String, Vec<Location>)> = BTreeMap::new();
    for found in files {
        for (at, length, seconds) in lifetimes(patterns, &found.file.text) {
            let place = found.file.location(at..at + length, None);
            let evidence = format!(
                "a token is valid for {}, and no code of the service can revoke it",
                format_duration(seconds)
            );
            by_file
                .entry(&found.file.path)
                .or_insert_with(|| (evidence, Vec::new()))
                .1
                .push(place);
        }
    }
    by_file
        .into_values()
        .filter_map(|(evidence, places)| {
            let first = places.first()?.clone();
            let others = places.into_iter().skip(1);
            Some(Breach::review(first, evidence).related(others).into())
        })
        .collect()
}

/// The long lifetimes of a text: offset, length and seconds.
fn lifetimes(patterns: &Patterns, text: &str) -> Vec<(usize, usize, f64)> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let comment = line.trim_start().starts_with(['/', '#', '*']);
        if comment || !patterns.context.is_match(line) || patterns.other.is_match(line) {
            continue;
        }
        if let Some((at, seconds)) = seconds(patterns, line)
            && (MIN_LIFETIME..=MAX_LIFETIME).contains(&seconds)
        {
            found.push((
                start + at,
                line.trim_end().len().saturating_sub(at),
                seconds,
            ));
        }
    }
    found
}

/// The duration of a line in seconds, with its offset.
fn seconds(patterns: &Patterns, line: &str) -> Option<(usize, f64)> {
    let start = |captures: &Captures<'_>| captures.get(0).map_or(0, |whole| whole.start());
    let number = |captures: &Captures<'_>, group: &str| {
        captures.name(group).map(|part| product(part.as_str()))
    };
    if let Some(captures) = patterns.go.captures(line) {
        let unit = match captures.name("unit")?.as_str() {
            "Hour" => 3600.0,
            "Minute" => 60.0,
            _ => 1.0,
        };
        let factor = number(&captures, "left")? * number(&captures, "right")?;
        return Some((start(&captures), unit * factor));
    }
    if let Some(captures) = patterns.date.captures(line) {
        let days = number(&captures, "years")? * 365.0
            + number(&captures, "months")? * 30.0
            + number(&captures, "days")?;
        return Some((start(&captures), days * 86_400.0));
    }
    for pattern in [&patterns.python, &patterns.jvm] {
        if let Some(captures) = pattern.captures(line) {
            let unit = unit(&captures.name("unit")?.as_str().to_lowercase());
            return Some((start(&captures), unit * number(&captures, "count")?));
        }
    }
    if let Some(captures) = patterns.text.captures(line) {
        let unit = unit(captures.name("unit")?.as_str());
        return Some((start(&captures), unit * number(&captures, "count")?));
    }
    // A number without a unit: the name of the setting or its size decides.
    let (_, value) = line.split_once(['=', ':', '('])?;
    let captures = patterns.product.captures(value)?;
    let count = number(&captures, "product")?;
    let lower = line.to_lowercase();
    let unit = if lower.contains("minute") || lower.contains("_min") {
        60.0
    } else if lower.contains("hour") {
        3600.0
    } else if lower.contains("day") {
        86_400.0
    } else if lower.contains("ms") || lower.contains("milli") || count >= 3_600_000.0 {
        0.001
    } else {
        1.0
    };
    let at = line.len() - value.len() + start(&captures);
    Some((at, unit * count))
}

/// The seconds of a unit.
fn unit(name: &str) -> f64 {
    match name {
        "w" | "week" | "weeks" => 7.0 * 86_400.0,
        "d" | "day" | "days" => 86_400.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "months" => 30.0 * 86_400.0,
        "y" | "year" | "years" => 365.0 * 86_400.0,
        "millis" => 0.001,
        _ => 1.0,
    }
}

/// The product of all numbers of a text.
fn product(text: &str) -> f64 {
    text.split(|letter: char| !(letter.is_ascii_digit() || letter == '_'))
        .filter_map(|part| part.replace('_', "").parse::<f64>().ok())
        .product()
}

/// Returns a duration in hours or days.
fn format_duration(seconds: f64) -> String {
    let hours = seconds / 3600.0;
    if hours < 48.0 {
        format!("{hours:.0} hours")
    } else {
        format!("{:.0} days", hours / 24.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{PATTERNS, lifetimes};

    fn hours(line: &str) -> Vec<u64> {
        let patterns = PATTERNS.as_ref().unwrap();
        let found = lifetimes(patterns, line);
        found
            .into_iter()
            .map(|(_, _, seconds)| (seconds / 3600.0).round() as u64)
            .collect()
    }

    #[test]
    fn durations_of_each_language_are_computed_auth_1() {
        assert_eq!(
            hours("\"exp\": time.Now().Add(time.Hour * 72).Unix(),"),
            [72]
        );
        assert_eq!(hours("ExpiresAt: now.Add(24 * 7 * time.Hour),"), [168]);
        assert_eq!(hours("signOptions: { expiresIn: '1d' },"), [24]);
        assert_eq!(
            hours("access_token_expires = timedelta(minutes=1440)"),
            [24]
        );
        assert_eq!(hours("JWT_EXPIRATION=86400000"), [24]);
        assert_eq!(
            hours("ACCESS_TOKEN_EXPIRE_MINUTES: int = 60 * 24 * 8"),
            [192]
        );
        assert_eq!(
            hours(".setExpiration(new Date(now + 1000 * 60 * 60 * 10))"),
            [10]
        );
        assert_eq!(hours("tokenExpiresAt = now.plusHours(12);"), [12]);
    }

    #[test]
    fn short_lifetimes_and_other_durations_are_left_out_auth_1() {
        assert!(hours("expiresIn: '15m'").is_empty());
        assert!(hours("refreshExpiresIn: '7d'").is_empty());
        assert!(hours("timeout := 24 * time.Hour").is_empty());
        assert!(hours("// expiresIn: '7d'").is_empty());
    }
}
