/// Parts of names whose values are never written.
const SENSITIVE: [&str; 16] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "cookie",
    "credential",
    "api_key",
    "apikey",
    "api-key",
    "private_key",
    "privatekey",
    "session_id",
    "otp",
    "cvv",
];

/// Whether a field of this name holds something that must not be written, such as `password` or `x-api-key`.
#[must_use]
pub fn is_sensitive_name(name: &str) -> bool {
    SENSITIVE
        .iter()
        .any(|part| contains_ignoring_case(name.as_bytes(), part.as_bytes()))
}

fn contains_ignoring_case(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len())
        .any(|window| window.eq_ignore_ascii_case(part))
}
