//! Values that a report must not quote, whether or not they look like a credential.
//!
//! [`super::detect`] decides which values become findings, and may misjudge a weak password. A
//! report that quotes the line must not take that risk.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Match, Regex};

use super::detect::describes_credential;
use crate::source::Language;

const KEY: &str = r"[A-Za-z0-9_.\-]{0,48}(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_\-]?key|private[_\-]?key|access[_\-]?key|signing[_\-]?key|encryption[_\-]?key|(?:internal|header|auth|master|shared|jwt|hmac)[_\-]?key|credential|requirepass|_pass\b|-pass\b|\bpass\b)[A-Za-z0-9_\-]{0,32}";

/// A key and what is assigned to it, bare or quoted.
static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r#"(?i)({KEY})["']?\s*[:=]\s*(?:"([^"]*)"|'([^']*)'|([^\s"'#,;]+))"#
    ))
    .ok()
});
/// A key and the next word: an option of a command, an instruction of a Dockerfile, a line of
/// two words.
static SPACED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r#"(?i)(?:\s--?|\bENV\s+|\bARG\s+|^\s*)({KEY})\s+["']?([^\s"'#,;]+)["']?(?:\s*$|\s)"#
    ))
    .ok()
});
/// A key and the next quoted text: assigned, as a default, or as the type's value.
static QUOTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r#"(?i)({KEY})["'`]?\]?\)?\s*(?::\s*[\w<>&'\[\]]+\s*=|string\s*=|:=|=>|==|\?\?|\|\||:|=|,|\()\s*(?:"([^"]*)"|'([^']*)'|`([^`]*)`)"#
    ))
    .ok()
});
/// The call of a function that takes a user and a password: `PlainCredentials("shop", "secret")`.
static CONSTRUCTOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:\w*credentials?|\w*basic_?auth|plain_?auth|login|hmac\d+)\s*\(").ok()
});
static STRING: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#""([^"]*)"|'([^']*)'|`([^`]*)`"#).ok());
static USER_INFORMATION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"://[^\s:/@]*:([^\s@/]+)@").ok());
/// `name: DB_PASSWORD`, followed by a line with `value:`.
static NAMED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r#"(?i)\b(?:name|key)["']?\s*[:=]\s*["']?({KEY})"#)).ok());
static VALUE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)\bvalue["']?\s*[:=]\s*["']?([^"'\s]+)"#).ok());

/// The spans of a line that must not be quoted. `before` is the line before it.
pub(crate) fn named_values(line: &str, before: &str, language: Language) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let expression = if language.is_code() {
        &*QUOTED
    } else {
        &*ASSIGNED
    };
    for captures in expression
        .iter()
        .flat_map(|regex| regex.captures_iter(line))
    {
        let key = captures.get(1).map_or("", |key| key.as_str());
        if !describes_credential(key) {
            spans.extend((2..=4).find_map(|group| captures.get(group)));
        }
    }
    if !language.is_code() {
        for captures in SPACED.iter().flat_map(|regex| regex.captures_iter(line)) {
            let key = captures.get(1).map_or("", |key| key.as_str());
            if !describes_credential(key) {
                spans.extend(captures.get(2));
            }
        }
    }
    if language.is_code() || language.is_text_code() {
        spans.extend(constructor_strings(line));
    }
    spans.extend(
        USER_INFORMATION
            .iter()
            .flat_map(|regex| regex.captures_iter(line))
            .filter_map(|captures| captures.get(1)),
    );
    let named = NAMED
        .as_ref()
        .and_then(|regex| regex.captures(before))
        .and_then(|captures| captures.get(1))
        .is_some_and(|key| !describes_credential(key.as_str()));
    if named {
        spans.extend(
            VALUE
                .iter()
                .flat_map(|regex| regex.captures_iter(line))
                .filter_map(|captures| captures.get(1)),
        );
    }
    spans
        .into_iter()
        .filter(|value| is_literal(value.as_str()))
        .map(|value| value.range())
        .collect()
}

/// The strings after the first call of a line that takes a user and a password.
fn constructor_strings(line: &str) -> Vec<Match<'_>> {
    let Some(call) = CONSTRUCTOR.as_ref().and_then(|regex| regex.find(line)) else {
        return Vec::new();
    };
    STRING
        .iter()
        .flat_map(|regex| regex.captures_iter(line))
        .filter_map(|captures| (1..=3).find_map(|group| captures.get(group)))
        .filter(|text| text.start() >= call.end())
        .collect()
}

/// Whether a value is a literal, and not a reference, a template expression, a switch or a sign of
/// YAML.
fn is_literal(value: &str) -> bool {
    let value = value.trim();
    !value.is_empty()
        && !value.starts_with(['$', '{', '}', '<', '%', '&', '*', '|', '>', '(', '['])
        && !value.contains("${")
        && !value.contains('(')
        && !["true", "false", "null", "none", "nil"].contains(&value.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::named_values;
    use crate::source::Language;

    fn hidden(line: &str, language: Language) -> Vec<&str> {
        named_values(line, "", language)
            .into_iter()
            .map(|span| &line[span])
            .collect()
    }

    #[test]
    fn a_weak_password_is_hidden_as_well_as_a_strong_one() {
        for (line, language) in [
            ("  POSTGRES_PASSWORD: canary", Language::Yaml),
            ("DB_PWD=canary # why", Language::Dotenv),
            ("command: redis-server --requirepass canary", Language::Yaml),
            ("url: amqp://guest:canary@mq/", Language::Yaml),
            ("  \"apiKey\": \"canary\",", Language::Json),
            ("  InternalKey: canary", Language::Yaml),
            ("ENV ADMIN_PASS canary", Language::Containerfile),
            ("os.Setenv(\"DB_PASSWORD\", \"canary\")", Language::Go),
            ("const password: string = 'canary'", Language::TypeScript),
            ("secret := \"canary\"", Language::Go),
            ("process.env.JWT_SECRET || 'canary'", Language::JavaScript),
            ("connect(\"mysql://root:canary@db\")", Language::Python),
        ] {
            assert_eq!(hidden(line, language), ["canary"], "{line}");
        }
        assert_eq!(
            named_values("  value: canary", "- name: DB_PASSWORD", Language::Yaml).len(),
            1
        );
    }

    #[test]
    fn every_string_of_a_credential_constructor_is_hidden_sec_7() {
        for (line, language) in [
            ("c = pika.PlainCredentials('can', 'ary'))", Language::Python),
            ("request.SetBasicAuth(\"can\", \"ary\")", Language::Go),
            ("new NetworkCredential(\"can\", \"ary\"),", Language::CSharp),
            ("server.login(\"can\", \"ary\")", Language::Python),
        ] {
            let found = hidden(line, language);
            for text in ["can", "ary"] {
                assert!(found.contains(&text), "{line}: {found:?}");
            }
        }
    }

    #[test]
    fn references_and_names_stay() {
        for (line, language) in [
            ("password: ${DB_PASSWORD}", Language::Yaml),
            ("password: {{ .Values.password }}", Language::Yaml),
            ("password: string;", Language::TypeScript),
            ("token := read()", Language::Go),
            ("secretName: database", Language::Yaml),
        ] {
            assert!(hidden(line, language).is_empty(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_and_spans_lie_inside_it(line in "\\PC{0,80}|[a-z =:\"'`,/@$-]{0,80}", before in "\\PC{0,40}") {
            for language in [Language::Yaml, Language::Go, Language::Text] {
                for span in named_values(&line, &before, language) {
                    prop_assert!(line.get(span).is_some());
                }
            }
        }
    }
}
