//! Finds credentials in text: provider shapes first, then passwords inside URLs, then values of
//! telling keys.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::{Captures, Regex};

use super::{Redacted, SecretClass, classify, shape};
use crate::source::Language;

/// The kind of a credential whose subject is the key.
pub(crate) const KEYED: &str = "value of a secret key";

/// A found credential and the span of its text.
#[derive(Debug, Clone)]
pub struct Detected {
    /// The kind.
    pub credential: Redacted,
    /// The key or the host that the credential belongs to.
    pub subject: String,
    /// The bytes of the value alone.
    pub span: Range<usize>,
}

const URL: &str = r#"\b[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://([^\s:/@"'<>`]{0,64}):([^\s@/"'<>`]{1,128})@([^\s/"'<>`?,)]{1,255})"#;
const KEY: &str = r"[A-Za-z0-9_.\-]{0,48}(?:passwd|password|passphrase|secret|token|api[_\-]?key|private[_\-]?key|access[_\-]?key|signing[_\-]?key|encryption[_\-]?key|credential)[A-Za-z0-9_\-]{0,32}";
/// `root:secret@tcp(db:3306)`, as Go names a MySQL server.
const MYSQL: &str = r#"(?m)(?:^|[\s"'`=])[A-Za-z0-9_.\-]{1,32}:([^\s:/@"'`]{1,64})@(?:tcp|unix)\(([^\s)"']{1,128})"#;
/// `host=db user=app password=secret`.
const PAIRS: &str = r#"(?i)\b(?:host|server|data source|user|uid|user id|dbname|database)=[^\n"']{0,160}?[\s;](?:password|pwd)=([^\s;"'&]{1,64})"#;
/// Key endings that describe a credential without containing one.
const DESCRIPTIVE_ENDINGS: &[&str] = &[
    "name",
    "file",
    "path",
    "url",
    "uri",
    "ref",
    "ttl",
    "expiry",
    "expires",
    "expiration",
    "expiresin",
    "length",
    "rounds",
    "type",
    "header",
    "field",
    "policy",
    "regex",
    "pattern",
    "endpoint",
    "_in",
    "duration",
    "lifetime",
    "algorithm",
    "version",
    "arn",
    "enabled",
    "required",
    "label",
    "hint",
    "placeholder",
    "text",
    "title",
    "message",
    "error",
    "_id",
    "tokenizer",
    "provider",
    "prefix",
    "count",
    "column",
    "limit",
    "cookie",
    "salt_rounds",
    "issuer",
    "audience",
    "class",
    "store",
    "keyid",
    "manager",
    "hash",
    "digest",
    "checksum",
    "signature",
    "format",
];

/// Word boundaries of ASCII: those of Unicode make the engine crawl through every text that is not
/// ASCII.
pub(super) fn ascii(expression: &str) -> String {
    expression.replace(r"\b", r"(?-u:\b)")
}

static MYSQL_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(MYSQL).ok());
static PAIRS_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&ascii(PAIRS)).ok());
static URL_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&ascii(URL)).ok());
/// The telling parts of a key, as in [`KEY`]: each key has one.
static KEY_WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build([
            "passw",
            "passphrase",
            "secret",
            "token",
            "key",
            "credential",
        ])
        .ok()
});
/// In code only a quoted value is a value.
static QUOTED_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r#"(?i)(?-u:\b)({KEY})["']?\]?\s*(?::=|=>|:|=)\s*["']([^"'\r\n]{{3,200}})["']"#
    ))
    .ok()
});
/// In YAML and JSON a bare value is a value too, also on the line after a colon.
static NESTED_REGEX: LazyLock<Option<Regex>> =
    LazyLock::new(|| bare(r"(?:[ \t]*[= ][ \t]*|\s*:\s*)"));
/// In other configuration a bare value ends with its line.
static LINE_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| bare(r"[ \t]*[:= ][ \t]*"));

fn bare(separator: &str) -> Option<Regex> {
    Regex::new(&format!(r#"(?im)^[\s\-"']*(?:export\s+|ENV\s+|ARG\s+)?({KEY})["']?{separator}["']?([^\s"'\r\n]{{3,200}})["']?"#)).ok()
}

/// Finds credentials, in order and without overlap. Linear in the length of the text.
#[must_use]
pub fn detect(text: &str, language: Language) -> Vec<Detected> {
    let mut found = Vec::new();
    shape::find(text, |kind, captures| {
        add(&mut found, captures, 0, 1, kind, None, |value| {
            // Documents count upwards where a real token is random.
            let counted =
                value.contains("1234567890") || value.to_lowercase().contains("abcdefghij");
            (!counted && !classify::is_placeholder(&value.to_lowercase()))
                .then_some(SecretClass::Real)
        });
    });
    if let Some(url) = URL_REGEX.as_ref() {
        for line in lines_with_user(text) {
            let part = text.get(line.clone()).unwrap_or_default();
            for captures in url.captures_iter(part) {
                let host = captures.get(3).map_or("", |host| host.as_str()).to_owned();
                add(
                    &mut found,
                    &captures,
                    line.start,
                    2,
                    "password in a URL",
                    Some(host.clone()),
                    |value| classify::userinfo(value, &host),
                );
            }
        }
    }
    if language.is_configuration() {
        connections(text, &mut found);
    }
    let keyed = match language {
        Language::Yaml | Language::Json => &*NESTED_REGEX,
        _ if language.is_configuration() => &*LINE_REGEX,
        _ => &*QUOTED_REGEX,
    };
    if let Some(keyed) = keyed {
        for window in windows(text) {
            let part = text.get(window.clone()).unwrap_or_default();
            for captures in keyed.captures_iter(part) {
                let key = captures.get(1).map_or("", |key| key.as_str()).to_owned();
                if !describes_credential(&key) {
                    add(
                        &mut found,
                        &captures,
                        window.start,
                        2,
                        KEYED,
                        Some(key),
                        // The key of the next line of YAML is not a value.
                        |value| classify::keyed(value).filter(|_| !value.ends_with(':')),
                    );
                }
            }
        }
    }
    found.sort_by_key(|detected| detected.span.start);
    let mut end = 0;
    found.retain(|detected| {
        let apart = detected.span.start >= end;
        if apart {
            end = detected.span.end;
        }
        apart
    });
    found
}

/// Passwords in the addresses of databases that are not URLs.
fn connections(text: &str, found: &mut Vec<Detected>) {
    if text.contains("@tcp(") || text.contains("@unix(") {
        for captures in MYSQL_REGEX
            .iter()
            .flat_map(|regex| regex.captures_iter(text))
        {
            let host = captures.get(2).map_or("", |host| host.as_str()).to_owned();
            add(
                found,
                &captures,
                0,
                1,
                "password in a data source",
                Some(host.clone()),
                |value| classify::userinfo(value, &host),
            );
        }
    }
    if text.contains("assword=") || text.contains("wd=") {
        for captures in PAIRS_REGEX
            .iter()
            .flat_map(|regex| regex.captures_iter(text))
        {
            add(
                found,
                &captures,
                0,
                1,
                "password in a data source",
                Some("the data source".to_owned()),
                |value| classify::userinfo(value, "db"),
            );
        }
    }
}

/// Returns the lines that may contain an address with a user. No part of such an address contains a
/// space.
fn lines_with_user(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let span = start..start + line.len();
        start = span.end;
        (line.contains("://") && line.contains('@')).then_some(span)
    })
}

/// Returns each line with a matching key together with the next line, which may contain the value.
/// Most text has no such line, and the expressions for keys are slow.
fn windows(text: &str) -> Vec<Range<usize>> {
    let mut windows: Vec<Range<usize>> = Vec::new();
    let Some(words) = KEY_WORDS.as_ref() else {
        return windows;
    };
    for word in words.find_iter(text) {
        if windows.last().is_some_and(|last| last.end >= word.end()) {
            continue;
        }
        let before = text.get(..word.start()).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let after = |from: usize| {
            text.get(from..)
                .and_then(|rest| rest.find('\n'))
                .map_or(text.len(), |at| from + at + 1)
        };
        let end = after(after(word.end()));
        match windows.last_mut() {
            Some(last) if last.end >= start => last.end = end,
            _ => windows.push(start..end),
        }
    }
    windows
}

fn add(
    found: &mut Vec<Detected>,
    captures: &Captures<'_>,
    offset: usize,
    group: usize,
    kind: &'static str,
    subject: Option<String>,
    classify: impl Fn(&str) -> Option<SecretClass>,
) {
    let Some(value) = captures.get(group) else {
        return;
    };
    if let Some(class) = classify(value.as_str()) {
        let credential = Redacted::describe(kind, class, value.as_str());
        found.push(Detected {
            credential,
            subject: subject.unwrap_or_else(|| kind.to_owned()),
            span: offset + value.start()..offset + value.end(),
        });
    }
}

pub(super) fn describes_credential(key: &str) -> bool {
    let lower = key.to_lowercase();
    DESCRIPTIVE_ENDINGS
        .iter()
        .any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::{
        KEY_WORDS, LINE_REGEX, MYSQL_REGEX, NESTED_REGEX, PAIRS_REGEX, QUOTED_REGEX, URL_REGEX,
        detect,
    };
    use crate::source::Language;

    #[test]
    fn every_expression_compiles() {
        assert!(KEY_WORDS.is_some());
        assert!(MYSQL_REGEX.is_some() && PAIRS_REGEX.is_some());
        assert!(URL_REGEX.is_some() && QUOTED_REGEX.is_some());
        assert!(LINE_REGEX.is_some() && NESTED_REGEX.is_some());
    }

    #[test]
    fn value_on_next_line_is_found_at_its_place() {
        let text = format!("one\ntwo\npassword =\n  \"{}\"\nthree", "Zx9kQ2vT7mN4bL8");
        let found = detect(&text, Language::Python);
        assert_eq!(found.len(), 1);
        assert_eq!(&text[found[0].span.clone()], "Zx9kQ2vT7mN4bL8");
    }

    #[test]
    fn line_after_an_empty_value_is_not_its_value() {
        for (text, language) in [
            ("REDIS_PASSWORD=\nREDIS_DATABASE=0\n", Language::Dotenv),
            ("REDIS_PASSWORD= \r\nREDIS_DATABASE=0\r\n", Language::Dotenv),
            (
                "ENV REDIS_PASSWORD=\nENV_NUMBER=42\n",
                Language::Containerfile,
            ),
            ("redis.password=\nredis.database1=0\n", Language::Properties),
            (
                "data: |\n  REDIS_PASSWORD=\n  REDIS_DATABASE=0\n",
                Language::Yaml,
            ),
            ("REDIS_PASSWORD:\nREDIS_DATABASE_2: 0\n", Language::Yaml),
        ] {
            assert!(detect(text, language).is_empty(), "{text}");
        }
        let nested = format!("password:\n  {}\n", "Zx9kQ2vT7mN4bL8");
        assert_eq!(detect(&nested, Language::Yaml).len(), 1);
        let filled = format!("A_TOKEN=\nB_TOKEN={}\n", "Zx9kQ2vT7mN4bL8");
        assert_eq!(detect(&filled, Language::Dotenv)[0].subject, "B_TOKEN");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_and_spans_lie_inside_it_in_order(text in "(password|secret_key|[:=@/\"' \n]|postgres://|AKIA|[a-zA-Z0-9]{1,20}){0,30}") {
            for language in [Language::Text, Language::Dotenv] {
                let mut end = 0;
                for found in detect(&text, language) {
                    proptest::prop_assert!(found.span.start >= end && text.get(found.span.clone()).is_some());
                    end = found.span.end;
                }
            }
        }
    }
}
