//! Finds credentials in text: provider shapes first, then passwords inside URLs, then values of telling keys.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Redacted, SecretClass, classify};
use crate::source::Language;

/// A found credential and where its text stands.
#[derive(Debug, Clone)]
pub struct Detected {
    /// What it is.
    pub credential: Redacted,
    /// The key or the host that says what it opens.
    pub subject: String,
    /// The bytes of the value alone.
    pub span: Range<usize>,
}

/// Shapes that providers give their credentials: kind, and an expression whose first group is the secret.
const SHAPES: &[(&str, &str)] = &[
    (
        "AWS access key",
        r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b",
    ),
    (
        "GitHub token",
        r"\b(gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{82})\b",
    ),
    ("GitLab token", r"\b(glpat-[A-Za-z0-9_\-]{20,})"),
    ("Slack token", r"\b(xox[abeoprs]-[A-Za-z0-9\-]{10,250})\b"),
    (
        "Slack webhook",
        r"(https://hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,})",
    ),
    ("Stripe live key", r"\b((?:sk|rk)_live_[A-Za-z0-9]{16,})\b"),
    ("Google API key", r"\b(AIza[A-Za-z0-9_\-]{35})\b"),
    (
        "SendGrid key",
        r"\b(SG\.[A-Za-z0-9_\-]{22}\.[A-Za-z0-9_\-]{43})",
    ),
    (
        "OpenAI key",
        r"\b(sk-(?:proj-|svcacct-)?[A-Za-z0-9_\-]{20,}T3BlbkFJ[A-Za-z0-9_\-]{20,})",
    ),
    ("Anthropic key", r"\b(sk-ant-[a-z0-9]+-[A-Za-z0-9_\-]{80,})"),
    ("npm token", r"\b(npm_[A-Za-z0-9]{36})\b"),
    ("PyPI token", r"\b(pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_\-]{50,})"),
    (
        "Telegram bot token",
        r"\b([0-9]{8,10}:AA[A-Za-z0-9_\-]{33})\b",
    ),
    ("DigitalOcean token", r"\b(do[opr]_v1_[a-f0-9]{64})\b"),
    ("Vault token", r"\b(hv[sb]\.[A-Za-z0-9_\-]{24,})"),
    ("Twilio key", r"\b(SK[0-9a-f]{32})\b"),
    (
        "private key",
        r"(-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\]{60,})",
    ),
];
const URL: &str = r#"\b[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://([^\s:/@"'<>`]{0,64}):([^\s@/"'<>`]{1,128})@([^\s/"'<>`?,)]{1,255})"#;
const KEY: &str = r"[A-Za-z0-9_.\-]{0,48}(?:passwd|password|passphrase|secret|token|api[_\-]?key|private[_\-]?key|access[_\-]?key|signing[_\-]?key|encryption[_\-]?key|credential)[A-Za-z0-9_\-]{0,32}";
/// Key endings that speak about a credential instead of holding one.
const TALKING_ABOUT: &[&str] = &[
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

/// The expressions above are tried together first; the set is larger than the default bound on compiled size, in bytes.
const MAX_COMPILED_BYTES: usize = 64 * 1024 * 1024;

/// Word boundaries of ASCII: those of Unicode make the engine crawl through every text that is not ASCII.
fn ascii(expression: &str) -> String {
    expression.replace(r"\b", r"(?-u:\b)")
}

static SHAPE_REGEXES: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    SHAPES
        .iter()
        .filter_map(|(kind, shape)| Some((*kind, Regex::new(&ascii(shape)).ok()?)))
        .collect()
});
static ANY_SHAPE: LazyLock<Option<regex::RegexSet>> = LazyLock::new(|| {
    regex::RegexSetBuilder::new(SHAPES.iter().map(|(_, shape)| ascii(shape)))
        .size_limit(MAX_COMPILED_BYTES)
        .build()
        .ok()
});
static URL_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&ascii(URL)).ok());
/// In code only a quoted value is a value.
static QUOTED_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r#"(?i)(?-u:\b)({KEY})["']?\]?\s*(?::=|=>|:|=)\s*["']([^"'\r\n]{{3,200}})["']"#
    ))
    .ok()
});
/// In configuration a bare value is a value too.
static BARE_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(r#"(?im)^[\s\-"']*(?:export\s+|ENV\s+|ARG\s+)?({KEY})["']?\s*[:= ]\s*["']?([^\s"'\r\n]{{3,200}})["']?"#)).ok()
});

/// Finds credentials, in order and without overlap. Linear in the length of the text.
#[must_use]
pub fn detect(text: &str, language: Language) -> Vec<Detected> {
    let mut found = Vec::new();
    let matching: Vec<usize> = ANY_SHAPE
        .as_ref()
        .map(|set| set.matches(text).into_iter().collect())
        .unwrap_or_default();
    for (kind, shape) in matching.into_iter().filter_map(|at| SHAPE_REGEXES.get(at)) {
        for captures in shape.captures_iter(text) {
            add(&mut found, &captures, 1, kind, None, |value| {
                // Documents count upwards where a real token is random.
                let counted =
                    value.contains("1234567890") || value.to_lowercase().contains("abcdefghij");
                (!counted && !classify::is_placeholder(&value.to_lowercase()))
                    .then_some(SecretClass::Real)
            });
        }
    }
    if let Some(url) = URL_REGEX.as_ref().filter(|_| text.contains("://")) {
        for captures in url.captures_iter(text) {
            let host = captures.get(3).map_or("", |host| host.as_str()).to_owned();
            add(
                &mut found,
                &captures,
                2,
                "password in a URL",
                Some(host.clone()),
                |value| classify::userinfo(value, &host),
            );
        }
    }
    let keyed = if language.is_configuration() {
        &*BARE_REGEX
    } else {
        &*QUOTED_REGEX
    };
    if let Some(keyed) = keyed {
        for captures in keyed.captures_iter(text) {
            let key = captures.get(1).map_or("", |key| key.as_str()).to_owned();
            if !speaks_about(&key) {
                add(
                    &mut found,
                    &captures,
                    2,
                    "value of a secret key",
                    Some(key),
                    classify::keyed,
                );
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

fn add(
    found: &mut Vec<Detected>,
    captures: &Captures<'_>,
    group: usize,
    kind: &'static str,
    subject: Option<String>,
    judge: impl Fn(&str) -> Option<SecretClass>,
) {
    let Some(value) = captures.get(group) else {
        return;
    };
    if let Some(class) = judge(value.as_str()) {
        let credential = Redacted::describe(kind, class, value.as_str());
        found.push(Detected {
            credential,
            subject: subject.unwrap_or_else(|| kind.to_owned()),
            span: value.range(),
        });
    }
}

pub(super) fn speaks_about(key: &str) -> bool {
    let lower = key.to_lowercase();
    TALKING_ABOUT.iter().any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::{ANY_SHAPE, BARE_REGEX, QUOTED_REGEX, SHAPE_REGEXES, SHAPES, URL_REGEX, detect};
    use crate::source::Language;

    #[test]
    fn every_expression_compiles() {
        assert_eq!(SHAPE_REGEXES.len(), SHAPES.len());
        assert!(
            ANY_SHAPE.is_some()
                && URL_REGEX.is_some()
                && QUOTED_REGEX.is_some()
                && BARE_REGEX.is_some()
        );
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
