use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use data_encoding::HEXLOWER;
use rand::RngExt as _;
use seaworthy_core::Secret;
use seaworthy_service::StartError;

/// The number of six-digit codes.
const CODES: u32 = 1_000_000;
/// Minimum length of a key, in bytes.
const MIN_KEY: usize = 32;

/// The key of six-digit codes. A database has their keyed hashes only.
///
/// [`OneTimeCodes`](crate::OneTimeCodes) stores codes and their limits. Use the key alone if your
/// service has its own table of codes.
///
/// ```
/// use seaworthy_account::CodeKey;
/// use seaworthy_core::Secret;
///
/// let secret = Secret::new("a secret of at least thirty-two bytes".to_owned());
/// let key = CodeKey::new(Some(&secret), "codes.pepper")?;
/// let (code, hash) = key.issue("login", "user-7");
/// assert!(key.matches("login", "user-7", &code, &hash));
/// assert!(!key.matches("login", "user-8", &code, &hash));
/// # Ok::<_, seaworthy_service::StartError>(())
/// ```
#[derive(Clone)]
pub struct CodeKey(hmac::Key);

impl fmt::Debug for CodeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CodeKey")
    }
}

impl CodeKey {
    /// Creates the key from the setting with this name.
    ///
    /// # Errors
    /// [`StartError`] if the key is missing or too short.
    pub fn new(key: Option<&Secret<String>>, setting: &str) -> Result<Self, StartError> {
        let key = key.map(|key| key.expose().as_bytes());
        let key = key.filter(|key| key.len() >= MIN_KEY).ok_or_else(|| {
            StartError::new(format!(
                "{setting} must be set, with at least {MIN_KEY} bytes"
            ))
        })?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, key)))
    }

    /// Returns a new code for a purpose and a subject, and its hash.
    #[must_use]
    pub fn issue(&self, purpose: &str, subject: &str) -> (String, String) {
        let code = format!("{:06}", rand::rng().random_range(0..CODES));
        let hash = self.hash(purpose, subject, &code);
        (code, hash)
    }

    /// Whether a code has this hash, in constant time.
    #[must_use]
    pub fn matches(&self, purpose: &str, subject: &str, code: &str, hash: &str) -> bool {
        let given = self.hash(purpose, subject, code);
        constant_time::verify_slices_are_equal(given.as_bytes(), hash.as_bytes()).is_ok()
    }

    fn hash(&self, purpose: &str, subject: &str, code: &str) -> String {
        let text = format!("{purpose}\0{subject}\0{code}");
        HEXLOWER.encode(hmac::sign(&self.0, text.as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_belongs_to_its_purpose_subject_and_key_sec_5() {
        let key = |text: &str| CodeKey::new(Some(&Secret::new(text.repeat(32))), "key").unwrap();
        let (first, second) = (key("a"), key("b"));
        let (code, hash) = first.issue("session", "1");
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
        assert!(first.matches("session", "1", &code, &hash));
        assert!(!first.matches("session", "2", &code, &hash));
        assert!(!first.matches("login", "1", &code, &hash));
        assert!(!second.matches("session", "1", &code, &hash));
        assert!(CodeKey::new(Some(&Secret::new("short".to_owned())), "key").is_err());
        assert!(CodeKey::new(None, "key").is_err());
    }
}
