use std::time::SystemTime;

use aws_lc_rs::hmac;

const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Returns the TOTP code of a later 30-second step (RFC 6238), independent of the framework.
pub(crate) fn totp_code(secret: &str, steps_ahead: u64) -> String {
    let bits: String = secret
        .chars()
        .map(|letter| format!("{:05b}", BASE32.find(letter).unwrap()))
        .collect();
    let key: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let step = now.unwrap().as_secs() / 30 + steps_ahead;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}
