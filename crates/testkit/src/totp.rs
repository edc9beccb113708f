//! The authenticator application of a user.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;

/// The lifetime of one code in seconds (RFC 6238).
const STEP: u64 = 30;

/// Returns the code of a secret in base32, `later` steps after the current one.
///
/// # Panics
/// The secret is not base32.
#[must_use]
#[expect(clippy::panic, reason = "a test fails by a panic")]
pub fn code(secret: &str, later: u64) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let step = since.unwrap_or_default().as_secs() / STEP + later;
    let secret = BASE32_NOPAD.decode(secret.as_bytes());
    let secret = secret.unwrap_or_else(|error| panic!("the secret is not base32: {error}"));
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let number = tag.get(offset..offset + 4);
    let number = number.and_then(|bytes| bytes.try_into().ok());
    let number = number.map_or(0, u32::from_be_bytes) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}
