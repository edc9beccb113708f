use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;

/// The maximum length in bytes. The path is in a cookie, which browsers limit to 4 KB.
const MAX_LENGTH: usize = 1024;

/// A path of this site with its query, where a browser goes after a login.
///
/// Browsers normalize an address when they read it. They treat `\` as `/`, drop tabs and line
/// breaks, and resolve `.` segments, escaped ones too. A path that keeps its meaning has:
///
/// - one slash at its beginning, and no two slashes in a row before the query
/// - only printable ASCII characters, without `\`
/// - no escaped slash, backslash, dot or control character before the query
///
/// The query and the fragment are data for the page. They may contain any escape.
///
/// ```
/// use seaworthy_auth::oidc::LocalPath;
///
/// assert_eq!(LocalPath::parse_or_root("/events?city=Oslo").as_str(), "/events?city=Oslo");
/// assert_eq!(LocalPath::parse_or_root("https://evil.example/").as_str(), "/");
/// assert_eq!(LocalPath::parse_or_root("/\\evil.example").as_str(), "/");
/// assert_eq!(LocalPath::parse_or_root("/%09/evil.example").as_str(), "/");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LocalPath(String);

/// The text is not a path of this site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the text is not a path of this site: use one slash at the beginning, printable ASCII without backslashes and without escaped slashes, dots or control characters, and at most {MAX_LENGTH} bytes"
)]
pub struct InvalidLocalPath;

impl LocalPath {
    /// Parses a path. Returns `/` for an invalid one.
    #[must_use]
    pub fn parse_or_root(text: &str) -> Self {
        text.parse().unwrap_or_default()
    }

    /// Returns the path with its query and fragment.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LocalPath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl FromStr for LocalPath {
    type Err = InvalidLocalPath;

    fn from_str(text: &str) -> Result<Self, InvalidLocalPath> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let is_path = text.len() <= MAX_LENGTH
            && text.starts_with('/')
            && !path.contains("//")
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
            && !escapes(path).any(changes_path);
        if is_path && keeps_origin(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidLocalPath)
    }
}

/// Returns the bytes that are percent-encoded.
fn escapes(path: &str) -> impl Iterator<Item = u8> {
    path.split('%').skip(1).filter_map(|rest| {
        let digits = rest.get(..2)?;
        let is_escape = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_escape.then(|| u8::from_str_radix(digits, 16).ok())?
    })
}

/// Whether decoding this byte changes the path that a browser, a proxy or a server reads.
const fn changes_path(byte: u8) -> bool {
    byte.is_ascii_control() || matches!(byte, b'/' | b'\\' | b'.')
}

/// Whether a parser of the WHATWG URL standard, as in browsers, keeps the origin.
fn keeps_origin(text: &str) -> bool {
    let Ok(base) = Url::parse("https://this.example/") else {
        return false;
    };
    base.join(text)
        .is_ok_and(|url| url.origin() == base.origin() && !url.path().starts_with("//"))
}

impl<'de> Deserialize<'de> for LocalPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn other_sites_are_not_local_paths_auth_4() {
        for text in [
            "",
            "events",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example",
            "https:/evil.example",
            "javascript:alert(1)",
            "/.//evil.example",
            "/a/..//evil.example",
            " /events",
            "/a b",
            "/é",
            "data:text/html,x",
            "/events\r\nset-cookie: a=b",
            "/\0",
            "/%09/evil.example",
            "/%0d%0a/evil.example",
            "/%00",
            "/%2f/evil.example",
            "/%2Fevil.example",
            "/%5Cevil.example",
            "/%5c%5cevil.example",
            "/%2e%2e/evil.example",
            "/a/%2E/b",
        ] {
            assert_eq!(text.parse::<LocalPath>(), Err(InvalidLocalPath), "{text:?}");
            assert_eq!(LocalPath::parse_or_root(text).as_str(), "/");
        }
        assert!(
            format!("/{}", "a".repeat(MAX_LENGTH))
                .parse::<LocalPath>()
                .is_err()
        );
        for text in [
            "/",
            "/events",
            "/events?next=//a&b=%20#top",
            "/events?next=%2F%2Fa%09",
            "/a/../b",
            "/a%20b%C3%A9",
            "/100%",
        ] {
            assert_eq!(text.parse::<LocalPath>().unwrap().as_str(), text);
        }
    }

    /// Fragments that URL parsers are known to read in different ways.
    const PIECES: [&str; 24] = [
        "/",
        "\\",
        ".",
        "..",
        "%2f",
        "%2F",
        "%5c",
        "%2e",
        "%2E",
        "%09",
        "%0a",
        "%00",
        "%7f",
        "%25",
        "%",
        "\t",
        "\r\n",
        "?",
        "#",
        ":",
        "@",
        "evil.example",
        "é",
        "a",
    ];

    fn hostile_path() -> impl Strategy<Value = String> {
        let pieces = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..8);
        prop_oneof![
            pieces.clone().prop_map(|pieces| pieces.concat()),
            pieces.prop_map(|pieces| format!("/{}", pieces.concat())),
            any::<String>(),
            any::<String>().prop_map(|text| format!("/{text}")),
        ]
    }

    /// Decodes percent escapes once, as a server does before it redirects.
    fn decoded(text: &str) -> String {
        let mut rest = text;
        let mut bytes = Vec::new();
        while let Some((before, after)) = rest.split_once('%') {
            bytes.extend_from_slice(before.as_bytes());
            let digits = after.get(..2).filter(|digits| !digits.starts_with('+'));
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            bytes.push(byte.unwrap_or(b'%'));
            rest = if byte.is_some() { &after[2..] } else { after };
        }
        bytes.extend_from_slice(rest.as_bytes());
        String::from_utf8_lossy(&bytes).into_owned()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_096))]

        #[test]
        fn accepted_paths_keep_the_origin_auth_4(text in hostile_path()) {
            if let Ok(path) = text.parse::<LocalPath>() {
                for site in ["https://here.example:8443/a/b", "http://127.0.0.1:8080/"] {
                    let site = Url::parse(site).unwrap();
                    for read in [path.as_str(), &decoded(path.as_str())] {
                        let url = site.join(read).unwrap();
                        prop_assert_eq!(url.origin(), site.origin(), "{:?}", read);
                        prop_assert!(!url.path().starts_with("//"), "{:?}", read);
                    }
                }
                prop_assert!(http::HeaderValue::from_str(path.as_str()).is_ok());
            }
        }
    }
}
