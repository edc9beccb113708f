use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::{BaseUrl, ClientError};

/// Bytes that are escaped in a segment: all but the unreserved characters of RFC 3986, section 2.3.
/// URL parsers remove tabs and line breaks that are not escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The target of a call.
///
/// A text is a complete URL, or a path under the base URL that starts with one slash. With a base
/// URL, a complete URL must be under it. Segments are parts of a path that the client escapes. Use
/// them for values of callers, such as identifiers.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// A complete URL or a path.
    Text(&'a str),
    /// The segments of a path.
    Segments(&'a [&'a str]),
}

impl<'a> From<&'a str> for Target<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Target<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [&'a str]> for Target<'a> {
    fn from(segments: &'a [&'a str]) -> Self {
        Self::Segments(segments)
    }
}

impl<'a, const N: usize> From<&'a [&'a str; N]> for Target<'a> {
    fn from(segments: &'a [&'a str; N]) -> Self {
        Self::Segments(segments)
    }
}

impl Target<'_> {
    pub(crate) fn resolve(self, base: Option<&BaseUrl>) -> Result<Url, ClientError> {
        let url = match (self, base) {
            // A URL parser removes some of them, so the URL would differ from the text.
            (Self::Text(text), _) if text.contains(|char: char| char.is_ascii_control()) => {
                return Err(ClientError::url(
                    "it contains a control character: percent-encode it",
                ));
            }
            (Self::Text(text), Some(base)) if text.starts_with('/') => under(base, text)?,
            (Self::Text(text), _) => {
                Url::parse(text).map_err(|_| ClientError::url("it is not a URL or a path"))?
            }
            (Self::Segments(segments), Some(base)) => escaped(base, segments)?,
            (Self::Segments(_), None) => {
                return Err(ClientError::url("a path requires base_url"));
            }
        };
        check(&url)?;
        match base {
            Some(base) if base.url().origin() != url.origin() => {
                Err(ClientError::url("it is outside of the origin of base_url"))
            }
            Some(base) if !is_under(base, &url) => {
                Err(ClientError::url("its path is outside of base_url"))
            }
            _ => Ok(url),
        }
    }
}

/// Returns whether the path starts with that of the base, or equals it without the trailing slash.
fn is_under(base: &BaseUrl, url: &Url) -> bool {
    let base = base.url().path();
    url.path().starts_with(base) || base.strip_suffix('/') == Some(url.path())
}

/// Appends the text of a path to the base. Resolved as a reference, `//host` would be another host.
fn under(base: &BaseUrl, path: &str) -> Result<Url, ClientError> {
    let whole = format!("{}{}", base.url().as_str().trim_end_matches('/'), path);
    Url::parse(&whole).map_err(|_| ClientError::url("the path is not valid"))
}

fn escaped(base: &BaseUrl, segments: &[&str]) -> Result<Url, ClientError> {
    if segments
        .iter()
        .any(|segment| matches!(*segment, "" | "." | ".."))
    {
        return Err(ClientError::url("a path segment is empty, \".\" or \"..\""));
    }
    let mut url = base.url().clone();
    let mut path = url.path().trim_end_matches('/').to_owned();
    for segment in segments {
        path.push('/');
        path.extend(utf8_percent_encode(segment, ESCAPED));
    }
    url.set_path(&path);
    Ok(url)
}

/// Checks that a URL can be called.
pub(crate) fn check(url: &Url) -> Result<(), ClientError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ClientError::url("its scheme is not http or https"));
    }
    if !url.has_host() {
        return Err(ClientError::url("it has no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ClientError::url("it contains credentials: use a header"));
    }
    Ok(())
}

/// Returns the host, and the port unless it is the default. Errors contain nothing else of a URL.
pub(crate) fn host_of(url: &Url) -> Arc<str> {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}").into(),
        None => host.into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> BaseUrl {
        "https://stock.internal/v1".parse().unwrap()
    }

    fn resolved(text: &str) -> Result<String, ClientError> {
        let url = Target::from(text).resolve(Some(&base()))?;
        Ok(url.to_string())
    }

    #[test]
    fn resolve_appends_path_to_base_url_res_3() {
        assert_eq!(
            resolved("/items?page=2").unwrap(),
            "https://stock.internal/v1/items?page=2"
        );
        assert_eq!(resolved("/").unwrap(), "https://stock.internal/v1/");
        let segments = Target::from(&["items", "a/b c?"])
            .resolve(Some(&base()))
            .unwrap();
        assert_eq!(
            segments.as_str(),
            "https://stock.internal/v1/items/a%2Fb%20c%3F"
        );
    }

    #[test]
    fn resolve_rejects_urls_outside_of_base_url_res_4() {
        for text in [
            "/../admin",
            "/items/../../admin",
            "/%2e%2e/admin",
            "http://stock.internal/v1/items",
            "https://elsewhere.example/",
            "https://stock.internal/admin",
            "https://stock.internal/v10/items",
            "https://stock.internal/v1/../admin",
            "https://stock.internal/v1/%2E%2e/admin",
            "https://stock.internal\\admin",
            "https://stock.internal",
            "https://stock.internal:8443/v1/items",
            "/..",
            "https://user:secret@stock.internal/v1/items",
            "ftp://stock.internal/",
            "items",
            "/ad\tmin",
            "/items\n",
            "https://stock.internal/v1/i\rtems",
        ] {
            let error = resolved(text).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        assert!(
            Target::from(&["items", ".."])
                .resolve(Some(&base()))
                .is_err()
        );
        assert!(Target::from("/items").resolve(None).is_err());
    }

    #[test]
    fn resolve_accepts_urls_under_base_url_sec_6() {
        for text in [
            "https://stock.internal/v1/items?page=2",
            "https://STOCK.internal:443/v1/items",
            "https://stock.internal/v1/../v1/items",
            "https://stock.internal/v1?page=2",
        ] {
            assert!(resolved(text).is_ok(), "{text}");
        }
    }

    /// The part of the path that the server reads.
    fn last_part(segment: &str) -> String {
        let url = Target::from(&["items", segment])
            .resolve(Some(&base()))
            .unwrap();
        let parts: Vec<_> = url.path_segments().unwrap().collect();
        assert_eq!(&parts[..2], ["v1", "items"], "{segment:?}");
        let [last] = parts[2..] else {
            panic!("{url} has not one part for {segment:?}")
        };
        let read = percent_encoding::percent_decode_str(last);
        read.decode_utf8().unwrap().into_owned()
    }

    #[test]
    fn segments_escape_control_characters_and_dots_res_4() {
        for segment in [
            ".\t.", ".\n.", "\t", "ad\tmin", "\r", "\0", " ", "...", "%2e%2e", "a\\b", "é/ü",
            ".%0a.",
        ] {
            assert_eq!(last_part(segment), segment);
        }
    }

    proptest! {
        #[test]
        fn segments_round_trip_res_4(
            segment in prop_oneof![
                any::<String>(),
                proptest::collection::vec(0_u8..0x30, 1..6)
                    .prop_map(|bytes| String::from_utf8(bytes).unwrap()),
            ]
        ) {
            prop_assume!(!matches!(segment.as_str(), "" | "." | ".."));
            prop_assert_eq!(last_part(&segment), segment);
        }

        #[test]
        fn resolve_stays_under_base_url_res_4(text in "/.{0,40}", segment in ".{1,40}") {
            if let Ok(url) = Target::from(text.as_str()).resolve(Some(&base())) {
                prop_assert_eq!(url.host_str(), Some("stock.internal"));
                prop_assert!(url.path().starts_with("/v1/"));
            }
            if let Ok(url) = Target::from(&["items", segment.as_str()]).resolve(Some(&base())) {
                prop_assert_eq!(url.path_segments().unwrap().count(), 3);
                prop_assert!(url.query().is_none() && url.fragment().is_none());
            }
            let whole = format!("https://stock.internal{text}");
            if let Ok(url) = Target::from(whole.as_str()).resolve(Some(&base())) {
                prop_assert_eq!(url.host_str(), Some("stock.internal"));
                prop_assert!(url.path() == "/v1" || url.path().starts_with("/v1/"));
            }
        }
    }
}
