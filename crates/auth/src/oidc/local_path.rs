use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;

/// It travels in a cookie, of which a browser takes 4 KB.
const LONGEST: usize = 1024;

/// Where a browser goes after a login: a path of this site with its query, and never another site.
///
/// What browsers do with an address is more than what a look at its beginning tells: they take `\` for `/` and leave out tabs and line ends. So it has none of these, no two slashes in a
/// row before the query, and whatever has to be escaped is.
///
/// ```
/// use seaworthy_auth::oidc::LocalPath;
///
/// assert_eq!(LocalPath::or_root("/events?city=Oslo").as_str(), "/events?city=Oslo");
/// assert_eq!(LocalPath::or_root("https://evil.example/").as_str(), "/");
/// assert_eq!(LocalPath::or_root("/\\evil.example").as_str(), "/");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LocalPath(String);

/// The text is no path of this site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is no path of this site: one slash at the beginning, nothing that has to be escaped, at most {LONGEST} bytes"
)]
pub struct NotLocal;

impl LocalPath {
    /// The path, or the root of the site for a text that is none.
    #[must_use]
    pub fn or_root(text: &str) -> Self {
        text.parse().unwrap_or_default()
    }

    /// The path with its query and fragment.
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
    type Err = NotLocal;

    fn from_str(text: &str) -> Result<Self, NotLocal> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let is_path = text.len() <= LONGEST
            && text.starts_with('/')
            && !path.contains("//")
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if is_path && stays(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotLocal)
    }
}

/// Whether who reads addresses as browsers do (the URL standard) stays where it is.
fn stays(text: &str) -> bool {
    let Ok(site) = Url::parse("https://this.example/") else {
        return false;
    };
    site.join(text)
        .is_ok_and(|url| url.origin() == site.origin() && !url.path().starts_with("//"))
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
    fn another_site_is_no_local_path_auth_4() {
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
        ] {
            assert_eq!(text.parse::<LocalPath>(), Err(NotLocal), "{text:?}");
            assert_eq!(LocalPath::or_root(text).as_str(), "/");
        }
        assert!(
            format!("/{}", "a".repeat(LONGEST))
                .parse::<LocalPath>()
                .is_err()
        );
        for text in ["/", "/events", "/events?next=//a&b=%20#top", "/a/../b"] {
            assert_eq!(text.parse::<LocalPath>().unwrap().as_str(), text);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_stays_on_the_site_auth_4(text in r"[/\\:.a?#@%\t\n ]{0,12}") {
            if let Ok(path) = text.parse::<LocalPath>() {
                let site = Url::parse("https://here.example:8443/a/b").unwrap();
                let url = site.join(path.as_str()).unwrap();
                prop_assert_eq!(url.origin(), site.origin());
                prop_assert!(HeaderSafe(path.as_str()).is_so());
            }
        }
    }

    struct HeaderSafe<'a>(&'a str);

    impl HeaderSafe<'_> {
        fn is_so(&self) -> bool {
            http::HeaderValue::from_str(self.0).is_ok()
        }
    }
}
