use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};

/// The length of a step, in seconds. All applications support 30 s, six digits and HMAC-SHA-1.
pub(super) const STEP_SECONDS: u64 = 30;
const DIGITS: u32 = 6;
/// Accepted steps before and after the current one, for clock skew and slow typing (RFC 6238,
/// section 5.2).
const TOLERATED_STEPS: u64 = 1;

/// Returns the code of a step (RFC 4226, section 5.3).
pub(super) fn code_of(secret: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let number = tag
        .get(offset..offset + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_be_bytes)
        & 0x7fff_ffff;
    let digits = usize::try_from(DIGITS).unwrap_or_default();
    format!("{:0digits$}", number % 10_u32.pow(DIGITS))
}

/// Returns the step of a code if it is after `last`. It compares in constant time, and ignores the
/// spaces around a copied code.
pub(super) fn step_of(secret: &[u8], code: &str, now_seconds: u64, last: u64) -> Option<u64> {
    let code = code.trim();
    let now = now_seconds / STEP_SECONDS;
    (now.saturating_sub(TOLERATED_STEPS)..=now + TOLERATED_STEPS)
        .filter(|step| *step > last)
        .find(|step| {
            verify_slices_are_equal(code_of(secret, *step).as_bytes(), code.as_bytes()).is_ok()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_match_the_vectors_of_rfc_6238_auth_4() {
        // RFC 6238, appendix B: the last six of the eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_of(SECRET, seconds / STEP_SECONDS), code);
            assert_eq!(
                step_of(SECRET, code, seconds, 0),
                Some(seconds / STEP_SECONDS)
            );
        }
    }

    #[test]
    fn code_is_valid_once_within_one_step_auth_4() {
        let (now, step) = (1_111_111_109, 37_037_036);
        let code = code_of(SECRET, step);
        assert_eq!(step_of(SECRET, &code, now + 30, 0), Some(step));
        assert_eq!(step_of(SECRET, &format!(" {code}\n"), now, 0), Some(step));
        assert_eq!(step_of(SECRET, &code, now + 60, 0), None);
        assert_eq!(step_of(SECRET, &code, now, step), None);
        assert_eq!(step_of(SECRET, "", now, 0), None);
    }
}
