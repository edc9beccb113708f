//! Distinguishes credentials from placeholders by their value.

use super::SecretClass;

/// Marks of placeholders.
const PLACEHOLDERS: &[&str] = &[
    "${",
    "{{",
    "#{",
    "<",
    ">",
    "$(",
    "your",
    "example",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "changethis",
    "changeit",
    "change this",
    "change-this",
    "replace",
    "xxx",
    "***",
    "...",
    "…",
    "dummy",
    "insert",
    "todo",
    "redacted",
    "fake",
    "sample",
    "process.env",
    "os.environ",
    "getenv",
    "env:",
    "file:",
    "vault:",
    "secretsmanager",
    "/run/secrets",
    "not-a-real",
    "notreal",
    "undefined",
    "null",
    "none",
    "foobar",
    "lorem",
    "my-secret-",
    "some-",
    "enter-",
    "optional",
    "required",
    "mustache",
    "%s",
    "%v",
    "%d",
];
/// Values that attackers try first.
const WEAK: &[&str] = &[
    "password",
    "passw0rd",
    "pass",
    "secret",
    "admin",
    "root",
    "guest",
    "postgres",
    "mysql",
    "mongo",
    "redis",
    "rabbitmq",
    "minio",
    "minioadmin",
    "123456",
    "12345678",
    "1234567890",
    "qwerty",
    "letmein",
    "test",
    "user",
    "toor",
    "default",
    "supersecret",
    "secretkey",
    "secret-key",
    "secret_key",
    "mysecret",
    "mysecretkey",
    "jwtsecret",
    "jwt-secret",
    "jwt_secret",
    "dev",
    "dev-secret",
    "devsecret",
    "password123",
    "admin123",
    "keycloak",
    "elastic",
    "grafana",
    "kong",
    "app",
    "rootpassword",
    "postgrespassword",
];
/// Minimum length of a real credential. Shorter values cannot be distinguished from words.
const MIN_REAL_LENGTH: usize = 12;
/// Bits per character below which a value is words, not randomness. Only a tie-break: shape and key
/// decide first.
const MIN_ENTROPY: f64 = 3.0;

/// Classifies the value of a key that names a credential. `None` if the value is not a credential.
pub(super) fn keyed(value: &str) -> Option<SecretClass> {
    let lower = value.to_lowercase();
    if is_placeholder(&lower)
        || decoded(value).is_some_and(|inner| is_placeholder(&inner.to_lowercase()))
    {
        return None;
    }
    if WEAK.contains(&lower.as_str()) {
        return Some(SecretClass::Weak);
    }
    let letters = value.chars().any(|letter| letter.is_ascii_alphabetic());
    let digits = value.chars().any(|letter| letter.is_ascii_digit());
    let random =
        value.len() >= MIN_REAL_LENGTH && letters && digits && entropy(value) >= MIN_ENTROPY;
    let plain = value.chars().all(|letter| letter.is_ascii_graphic())
        && !value.contains(['(', ')', '[', ']', '{', '}', ' ', ',', ';']);
    let address = value.contains("://")
        || lower.starts_with("urn:")
        || value.starts_with(['/', '.', '$', '@', '*', '&'])
        || is_dotted_words(value);
    // `OAuth2AccessTokenSignature` names a credential.
    let name = value.chars().all(|letter| letter.is_ascii_alphanumeric())
        && value.chars().filter(char::is_ascii_digit).count() <= 2
        && ["token", "secret", "password", "signature", "credential"]
            .iter()
            .any(|word| lower.contains(word));
    (random && plain && !name && !address && !is_uuid(value) && !is_words(value))
        .then_some(SecretClass::Real)
}

/// Judges the password of a URL.
pub(crate) fn userinfo(password: &str, host: &str) -> Option<SecretClass> {
    let lower = password.to_lowercase();
    if is_placeholder(&lower)
        || host.contains("example.")
        || host.starts_with('<')
        || matches!(
            host.split([':', ')']).next(),
            Some("host" | "hostname" | "tcp(host" | "server")
        )
    {
        return None;
    }
    let known = WEAK.contains(&lower.as_str());
    let short = password.len() < MIN_REAL_LENGTH
        && !(password.chars().any(|letter| letter.is_ascii_digit()) && password.len() >= 8);
    if known || short || is_words(password) {
        Some(SecretClass::Weak)
    } else {
        Some(SecretClass::Real)
    }
}

/// Whether text in lower case is a placeholder.
#[must_use]
pub fn is_placeholder(lower: &str) -> bool {
    let mut letters = lower.chars();
    let first = letters.next();
    lower.is_empty()
        || letters.all(|letter| Some(letter) == first)
        || PLACEHOLDERS.iter().any(|mark| lower.contains(mark))
        || (lower.starts_with('$')
            && lower
                .chars()
                .skip(1)
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_'))
        || (lower.starts_with('%') && lower.ends_with('%'))
        || is_interpolation(lower)
}

/// `{settings.password}` in a string of Python, Rust or C#.
fn is_interpolation(lower: &str) -> bool {
    lower
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|name| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|letter| letter.is_alphanumeric() || "_.!:[]'\"()".contains(letter))
        })
}

/// Returns the decoded base64, if it is text.
fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut bits = 0_u32;
    let mut held = 0_u32;
    for letter in value.trim_end_matches('=').bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = (held << 6) | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| {
        text.chars()
            .all(|letter| letter.is_ascii_graphic() || letter == ' ')
    })
}

fn is_dotted_words(value: &str) -> bool {
    value.split('.').count() > 1
        && value.split('.').all(|word| {
            !word.is_empty()
                && word.starts_with(|letter: char| letter.is_ascii_lowercase())
                && word.chars().all(|letter| {
                    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
                })
                && word.chars().filter(char::is_ascii_digit).count() * 3 < word.len()
        })
}

/// `refresh_token_v2`: words and a version, not randomness.
fn is_words(value: &str) -> bool {
    value
        .split(['_', '-', '.', ':', '/'])
        .all(|word| word.len() <= 3 || word.chars().all(|letter| letter.is_ascii_alphabetic()))
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.chars().enumerate().all(|(at, letter)| {
            if [8, 13, 18, 23].contains(&at) {
                letter == '-'
            } else {
                letter.is_ascii_hexdigit()
            }
        })
}

/// Shannon entropy in bits per byte.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}
