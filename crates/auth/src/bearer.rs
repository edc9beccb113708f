use http::{HeaderMap, header::AUTHORIZATION};
use seaworthy_core::{Code, Error};

/// The `Authorization` header of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearer<'request> {
    /// The request has no such header.
    Absent,
    /// A token, as bytes: a cached token is found without parsing.
    Token(&'request [u8]),
    /// Credentials of another scheme, or malformed ones.
    Other,
}

const SCHEME: &[u8] = b"bearer";

impl<'request> Bearer<'request> {
    /// Parses the header as in RFC 9110, section 11, and RFC 6750, section 2.1. It is one header
    /// with the scheme in any case, spaces and the token.
    pub(crate) fn of(headers: &'request HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Self::Absent;
        };
        // With two headers it is ambiguous which credentials count.
        if values.next().is_some() {
            return Self::Other;
        }
        let Some((scheme, [b' ', rest @ ..])) = value.as_bytes().split_at_checked(SCHEME.len())
        else {
            return Self::Other;
        };
        let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
        match rest.get(blanks..) {
            Some(token @ [_, ..]) if scheme.eq_ignore_ascii_case(SCHEME) => Self::Token(token),
            _ => Self::Other,
        }
    }
}

/// Returns the error for credentials that are not a bearer token.
pub(crate) fn other_scheme() -> Error {
    let message = "the Authorization header must contain exactly one bearer token";
    Error::new(Code::Unauthenticated, "CREDENTIALS_UNREADABLE", message)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn bearer_scheme_is_read_in_any_case_auth_1() {
        for text in [
            "Bearer a.b.c",
            "bearer a.b.c",
            "BEARER a.b.c",
            "bEaReR   a.b.c",
        ] {
            assert_eq!(
                Bearer::of(&read(&[text])),
                Bearer::Token(b"a.b.c"),
                "{text}"
            );
        }
    }

    #[test]
    fn other_credentials_are_not_bearer_tokens_auth_1() {
        assert_eq!(Bearer::of(&read(&[])), Bearer::Absent);
        for values in [
            &["Basic YTpi"][..],
            &["Bearer"],
            &["Bearer "],
            &["Bearertoken"],
            &["Bearer\ta.b.c"],
            &[""],
            &["Bearer a", "Bearer a"],
            &["Bearer a", "Basic b"],
        ] {
            assert_eq!(Bearer::of(&read(values)), Bearer::Other, "{values:?}");
        }
    }

    /// Any value that HTTP admits, often one that is nearly valid.
    fn value() -> impl Strategy<Value = Vec<u8>> {
        let byte = (b' '..=u8::MAX).prop_filter("DEL is not allowed", |byte| *byte != 0x7f);
        let any = prop::collection::vec(prop_oneof![9 => byte.clone(), 1 => Just(b'\t')], 0..40);
        prop_oneof![
            2 => any,
            1 => (byte.clone(), Just(&b"Bearer a.b.c"[..])).prop_map(|(byte, text)| [&[byte], text].concat()),
            1 => (byte, Just(&b"Bearer "[..])).prop_map(|(byte, text)| [text, &[byte]].concat()),
            1 => Just(b"Bearer a.b.c".to_vec()),
            1 => Just(Vec::new()),
        ]
    }

    proptest! {
        #[test]
        fn malformed_credentials_are_never_anonymous_auth_1(
            values in prop::collection::vec(value(), 0..4)
        ) {
            let mut headers = HeaderMap::new();
            for value in &values {
                headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
            }
            let read = Bearer::of(&headers);
            match &values[..] {
                [] => prop_assert_eq!(read, Bearer::Absent),
                [only] => {
                    let text = String::from_utf8_lossy(only);
                    let is_bearer = text
                        .split_once(' ')
                        .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
                    prop_assert_ne!(read, Bearer::Absent);
                    prop_assert!(is_bearer || read == Bearer::Other);
                    if let Bearer::Token(token) = read {
                        prop_assert!(!token.is_empty() && only.ends_with(token));
                    }
                }
                // Reject repeated headers: it is ambiguous which credentials count.
                _ => prop_assert_eq!(read, Bearer::Other),
            }
        }
    }
}
