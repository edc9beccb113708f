use std::time::Duration;

use http::{HeaderMap, HeaderName};

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// Maximum number of digits of a timeout in the protocol.
const MAX_DIGITS: usize = 8;

/// Returns the timeout of the client: `TimeoutValue TimeoutUnit` of the protocol (gRPC over HTTP/2,
/// "Requests"). Ignores a malformed value.
pub fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty()
        || digits.len() > MAX_DIGITS
        || !digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(value * 3_600)),
        "M" => Some(Duration::from_secs(value * 60)),
        "S" => Some(Duration::from_secs(value)),
        "m" => Some(Duration::from_millis(value)),
        "u" => Some(Duration::from_micros(value)),
        "n" => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(GRPC_TIMEOUT, HeaderValue::from_str(text).unwrap());
        grpc_timeout(&headers)
    }

    #[test]
    fn every_unit_of_the_protocol_is_read_life_6() {
        assert_eq!(of("1H"), Some(Duration::from_secs(3_600)));
        assert_eq!(of("2M"), Some(Duration::from_secs(120)));
        assert_eq!(of("3S"), Some(Duration::from_secs(3)));
        assert_eq!(of("250m"), Some(Duration::from_millis(250)));
        assert_eq!(of("7u"), Some(Duration::from_micros(7)));
        assert_eq!(of("99999999n"), Some(Duration::from_nanos(99_999_999)));
    }

    #[test]
    fn invalid_timeouts_are_ignored_life_6() {
        for text in [
            "",
            "S",
            "1",
            "123456789S",
            "-1S",
            "+1S",
            "1.5S",
            "1s",
            "1 S",
        ] {
            assert_eq!(of(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_ignored_life_6(
            bytes in prop::collection::vec((b' '..=u8::MAX).prop_filter("DEL", |byte| *byte != 0x7f), 0..12)
        ) {
            let mut headers = HeaderMap::new();
            headers.insert(GRPC_TIMEOUT, HeaderValue::from_bytes(&bytes).unwrap());
            let read = grpc_timeout(&headers);
            let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let is_valid = (1..=MAX_DIGITS).contains(&digits)
                && matches!(&bytes[digits..], [b'H' | b'M' | b'S' | b'm' | b'u' | b'n']);
            prop_assert_eq!(read.is_some(), is_valid);
        }

        #[test]
        fn valid_timeouts_of_any_size_are_read_life_6(text in "[0-9]{1,8}[HMSmun]") {
            prop_assert!(of(&text).is_some());
        }
    }
}
