//! The request ID (OBS-7).

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};
use seaworthy_core::RequestId;
use seaworthy_telemetry::redact;

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const CORRELATION_ID: HeaderName = HeaderName::from_static("correlation-id");

/// The request IDs of clients that are kept (OBS-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestIds {
    /// Every valid ID.
    #[default]
    Any,
    /// Only UUIDs, for services whose clients expect one in the response.
    Uuid,
    /// IDs of `[A-Za-z0-9._-]`, for services whose clients send and expect `X-Correlation-ID`. The
    /// first of `X-Correlation-ID`, `Correlation-Id` and `X-Request-ID` counts.
    Correlation,
}

impl RequestIds {
    /// Returns the header with the ID of a request.
    fn header(self, headers: &HeaderMap) -> HeaderName {
        let names = [X_CORRELATION_ID, CORRELATION_ID];
        let given = names.into_iter().find(|name| headers.contains_key(name));
        given
            .filter(|_| self == Self::Correlation)
            .unwrap_or(X_REQUEST_ID)
    }

    fn accepts(self, id: &RequestId) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        match self {
            Self::Any => true,
            Self::Uuid => id.is_uuid(),
            Self::Correlation => id.as_str().bytes().all(is_plain),
        }
    }
}

/// Returns the client's ID if it is the only one, valid, and does not look like personal data or a
/// secret. Otherwise returns a new one, because logs mask such data and could not distinguish
/// requests.
pub(crate) fn of(headers: &HeaderMap, kept: RequestIds) -> RequestId {
    let mut given = headers.get_all(kept.header(headers)).iter();
    match (given.next(), given.next()) {
        (Some(only), None) => RequestId::parse(only.as_bytes())
            .ok()
            .filter(|id| kept.accepts(id))
            .filter(|id| matches!(redact::redact(id.as_str()), Cow::Borrowed(_)))
            .unwrap_or_else(RequestId::generate),
        _ => RequestId::generate(),
    }
}

pub(crate) fn apply(id: &RequestId, kept: RequestIds, headers: &mut HeaderMap) {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        if kept == RequestIds::Correlation {
            headers.insert(X_CORRELATION_ID, value.clone());
        }
        headers.insert(X_REQUEST_ID, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_header(value: &str) -> RequestId {
        of_headers(value, RequestIds::Any)
    }

    fn of_headers(value: &str, kept: RequestIds) -> RequestId {
        let value = HeaderValue::from_str(value).unwrap();
        of(&HeaderMap::from_iter([(X_REQUEST_ID, value)]), kept)
    }

    #[test]
    fn an_id_that_looks_personal_or_secret_is_replaced_obs_3() {
        for value in [
            "ada@example.org",
            "card_4111111111111111",
            "password=hunter2",
            "postgres://app:hunter2@db",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
            "AKIAIOSFODNN7EXAMPLE1",
        ] {
            let id = of_header(value);
            assert!(id.is_generated(), "{value} became {id}");
        }
    }

    #[test]
    fn an_id_that_is_too_long_or_has_other_characters_is_replaced_obs_7() {
        for value in ["", "a b", "a;b", "a\"b", "<a>", &"x".repeat(129)] {
            assert!(of_header(value).is_generated(), "{value:?}");
        }
    }

    #[test]
    fn request_ids_that_are_not_uuids_are_replaced_obs_7() {
        let given = "1b4e28ba-2fa1-4d1c-883f-0016d3cca427";
        assert_eq!(of_headers(given, RequestIds::Uuid).as_str(), given);
        assert!(of_headers("not-a-uuid", RequestIds::Uuid).is_generated());
    }

    #[test]
    fn correlation_ids_are_kept_and_returned_obs_7() {
        let of_pairs = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            });
            of(&pairs.collect(), RequestIds::Correlation)
        };
        let all = [
            ("x-request-id", "c"),
            ("correlation-id", "b"),
            ("x-correlation-id", "a"),
        ];
        for (count, expected) in [(1, "c"), (2, "b"), (3, "a")] {
            assert_eq!(of_pairs(&all[..count]).as_str(), expected);
        }
        assert!(of_pairs(&[("x-correlation-id", "a/b")]).is_generated());
        assert_eq!(of_headers("a/b", RequestIds::Any).as_str(), "a/b");

        let mut headers = HeaderMap::new();
        let id = RequestId::parse(b"a").unwrap();
        apply(&id, RequestIds::Any, &mut headers);
        assert!(!headers.contains_key(X_CORRELATION_ID));
        apply(&id, RequestIds::Correlation, &mut headers);
        assert_eq!(headers[X_CORRELATION_ID], "a");
    }

    #[test]
    fn an_ordinary_id_is_kept_to_the_letter_obs_7() {
        for value in [
            "order-17",
            "edge-7/42",
            "0190a5b2-7c3d-7e4f-8a1b-2c3d4e5f6a7b",
            "Root=1-67891233-abcdef012345678912345678",
            "4bf92f3577b34da6a3ce929d0e0e4736",
            &"x".repeat(128),
        ] {
            assert_eq!(of_header(value).as_str(), value);
        }
    }
}
