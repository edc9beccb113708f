use seaworthy_config::Mark;

use crate::preflight::{Facts, Violation};

/// Minimum length of a key, in bytes: the size of the HS256 hash (RFC 7518, section 3.2).
const MIN_KEY_LENGTH: usize = 32;

/// Prefixes of the secrets in tutorials and templates, in lower case.
const SAMPLES: [&str; 14] = [
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "your-",
    "your_",
    "my-secret",
    "mysecret",
    "supersecret",
    "super-secret",
    "example",
    "default",
    "development",
    "0123456789",
];

/// Returns whether a secret is a well-known sample or one repeated character.
pub(crate) fn is_known_sample(secret: &str) -> bool {
    let lower = secret.trim().to_ascii_lowercase();
    let repeated = lower
        .chars()
        .next()
        .is_none_or(|first| lower.chars().all(|other| other == first));
    repeated || SAMPLES.iter().any(|sample| lower.starts_with(sample))
}

/// Minimum kinds of characters in a random key: lower case, upper case, digits, symbols.
const MIN_KINDS: usize = 3;
/// The length of 32 random bytes in hexadecimal, which has two kinds of characters.
const HEX_KEY_LENGTH: usize = 64;

/// Returns whether a secret is a word or a number rather than random bytes in a text form.
pub(crate) fn is_simple(secret: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if secret.len() >= HEX_KEY_LENGTH && is_hex(secret) {
        return false;
    }
    let has = |kind: fn(char) -> bool| usize::from(secret.chars().any(kind));
    let kinds = has(|letter| letter.is_lowercase())
        + has(|letter| letter.is_uppercase())
        + has(|letter| letter.is_numeric())
        + has(|letter| !letter.is_alphanumeric());
    kinds < MIN_KINDS
}

const SAMPLE_KEY: &str = "the key is a well-known sample, so anyone can sign with it";
const SIMPLE_KEY: &str =
    "the key is not random: it has fewer than three of lower case, upper case, digits and symbols";

/// Returns why a key can be guessed independently of its length, or `None` if it looks random.
///
/// Preflight reports such keys as errors in staging and production. A service that rejects them in
/// each profile calls this function.
///
/// ```
/// use seaworthy_service::preflight::weak_key_reason;
///
/// assert!(weak_key_reason("changeme-changeme-changeme").is_some());
/// assert!(weak_key_reason("Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e").is_none());
/// // 32 bytes in hexadecimal.
/// assert!(weak_key_reason(&"7c9e3f1a".repeat(8)).is_none());
/// ```
#[must_use]
pub fn weak_key_reason(key: &str) -> Option<&'static str> {
    if is_known_sample(key) {
        Some(SAMPLE_KEY)
    } else if is_simple(key) {
        Some(SIMPLE_KEY)
    } else {
        None
    }
}

/// Rejects secrets that can be guessed (CONF-5). An attacker who guesses a signing key can forge
/// any token or signature (AUTH-1).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    facts
        .secrets()
        .filter_map(|(key, shape)| {
            let is_key = shape.marks.has(Mark::SigningKey);
            let why = match shape {
                shape if is_key && shape.length == 0 => {
                    "the key is empty, so anyone can forge signatures".to_owned()
                }
                shape if is_key && shape.is_known_sample => {
                    SAMPLE_KEY.to_owned()
                }
                shape if is_key && shape.length < MIN_KEY_LENGTH => {
                    format!("the key has {} bytes and can be guessed", shape.length)
                }
                shape if is_key && shape.is_simple => SIMPLE_KEY.to_owned(),
                // An empty secret is unused.
                shape if shape.is_known_sample && shape.length > 0 => {
                    "the secret is a well-known sample, so anyone can guess it".to_owned()
                }
                _ => return None,
            };
            let fix = format!(
                "use at least {MIN_KEY_LENGTH} random bytes, for example from `openssl rand -base64 48`"
            );
            Some(Violation {
                id: if is_key { "AUTH-1" } else { "CONF-5" }.into(),
                key: key.to_owned(),
                origin: facts.origin(key),
                why,
                fix,
            })
        })
        .collect()
}
