use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use data_encoding::HEXLOWER;
use rand::RngExt as _;
use seaworthy::prelude::*;

/// The number of six-digit codes.
const CODES: u32 = 1_000_000;
/// Minimum length of the key, in bytes.
const MIN_KEY: usize = 32;

/// The codes of session days. The database has their keyed hashes only.
#[derive(Clone)]
pub(crate) struct SessionCodes(hmac::Key);

impl fmt::Debug for SessionCodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionCodes")
    }
}

impl SessionCodes {
    /// # Errors
    /// The key is missing or too short.
    pub(crate) fn new(key: Option<&Secret<String>>) -> Result<Self, StartError> {
        let key = key.map(|key| key.expose().as_bytes());
        let key = key.filter(|key| key.len() >= MIN_KEY).ok_or_else(|| {
            StartError::new(format!(
                "session_code_key must be set, with at least {MIN_KEY} bytes"
            ))
        })?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, key)))
    }

    /// Returns a new code and its hash.
    pub(crate) fn issue(&self, session: Uuid) -> (String, String) {
        let code = format!("{:06}", rand::rng().random_range(0..CODES));
        let hash = self.hash(session, &code);
        (code, hash)
    }

    /// Whether a code has this hash, in constant time.
    pub(crate) fn matches(&self, session: Uuid, code: &str, hash: &str) -> bool {
        let given = self.hash(session, code);
        constant_time::verify_slices_are_equal(given.as_bytes(), hash.as_bytes()).is_ok()
    }

    fn hash(&self, session: Uuid, code: &str) -> String {
        let text = format!("session\0{session}\0{code}");
        HEXLOWER.encode(hmac::sign(&self.0, text.as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_belongs_to_its_session_and_key_sec_5() {
        let codes = |text: &str| SessionCodes::new(Some(&Secret::new(text.repeat(32)))).unwrap();
        let (first, second) = (codes("a"), codes("b"));
        let session = Uuid::from_u128(1);
        let (code, hash) = first.issue(session);
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
        assert!(first.matches(session, &code, &hash));
        assert!(!first.matches(Uuid::from_u128(2), &code, &hash));
        assert!(!second.matches(session, &code, &hash));
        assert!(SessionCodes::new(Some(&Secret::new("short".to_owned()))).is_err());
        assert!(SessionCodes::new(None).is_err());
    }
}
