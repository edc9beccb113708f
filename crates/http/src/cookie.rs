//! Cookies of one host, read and written.
//!
//! A [`HostCookie`] is out of reach of scripts, other hosts and requests of other sites. Its name
//! has the prefix `__Host-`, so a browser accepts it only with `Secure`, with `Path=/` and without
//! a domain ([RFC 6265bis], section 4.1.3.2). A sibling domain cannot set it.
//!
//! ```
//! use std::time::Duration;
//! use http::{HeaderMap, header::COOKIE};
//! use seaworthy_http::cookie::HostCookie;
//!
//! let theme = HostCookie::new("theme");
//! let set = theme.set("dark", Duration::from_secs(60))?;
//! assert_eq!(set, "__Host-theme=dark; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
//!
//! let mut headers = HeaderMap::new();
//! headers.insert(COOKIE, "a=b; __Host-theme=dark".parse().unwrap());
//! assert_eq!(theme.read(&headers), Some("dark"));
//! # Ok::<_, seaworthy_http::cookie::InvalidCookie>(())
//! ```
//!
//! [RFC 6265bis]: https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis

use std::{borrow::Cow, time::Duration};

use http::{HeaderMap, HeaderValue, header::COOKIE};
use seaworthy_core::Error;

/// The prefix of cookies that browsers accept for one host only.
const PREFIX: &str = "__Host-";

/// A cookie of this host with `HttpOnly`. Its path is `/` and it has `SameSite=Lax`, unless
/// [`at_path`](Self::at_path) and [`strict`](Self::strict) change that.
///
/// ```
/// use std::time::Duration;
///
/// use seaworthy_http::cookie::HostCookie;
///
/// let cookie = HostCookie::new("session");
/// let header = cookie.set("opaque", Duration::from_secs(3600))?;
/// assert!(header.to_str()?.starts_with("__Host-session=opaque"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCookie {
    name: Cow<'static, str>,
    is_secure: bool,
    path: &'static str,
    same_site: &'static str,
}

const ROOT: &str = "/";
const LAX: &str = "Lax";
const STRICT: &str = "Strict";

/// The name or the value of a cookie has a character that RFC 6265 does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a cookie must be an HTTP token, and its value must be printable ASCII without space, '\"', ',', ';' and '\\'"
)]
pub struct InvalidCookie;

impl From<InvalidCookie> for Error {
    fn from(error: InvalidCookie) -> Self {
        Self::internal(error)
    }
}

impl HostCookie {
    /// Creates a cookie that browsers send over TLS only, named `name` with the prefix `__Host-`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: format!("{PREFIX}{name}").into(),
            is_secure: true,
            path: ROOT,
            same_site: LAX,
        }
    }

    /// Creates a cookie without `Secure` and without the prefix, for development on plain HTTP
    /// only.
    #[must_use]
    pub fn insecure(name: &str) -> Self {
        Self {
            name: name.to_owned().into(),
            is_secure: false,
            path: ROOT,
            same_site: LAX,
        }
    }

    /// Creates a cookie with `Secure` and without the prefix, for a name that existing clients use.
    /// A sibling domain can set such a cookie, so its value must be authenticated, for example by a
    /// signature.
    #[must_use]
    pub const fn without_prefix(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            is_secure: true,
            path: ROOT,
            same_site: LAX,
        }
    }

    /// Sends the cookie to paths under `path` only. A name with the prefix `__Host-` needs `/`.
    #[must_use]
    pub const fn at_path(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    /// Sets `SameSite=Strict`: browsers do not send the cookie after a link from another site.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.same_site = STRICT;
        self
    }

    /// Returns the value of `Set-Cookie` that keeps `value` for `max_age`, in whole seconds. The
    /// header value is marked as sensitive.
    ///
    /// # Errors
    /// The name or the value has a character that RFC 6265, section 4.1.1, does not allow.
    pub fn set(&self, value: &str, max_age: Duration) -> Result<HeaderValue, InvalidCookie> {
        if !is_token(&self.name) || !value.bytes().all(is_value_byte) {
            return Err(InvalidCookie);
        }
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!(
            "{}={value}; Path={}; Max-Age={}; HttpOnly; SameSite={}{secure}",
            self.name,
            self.path,
            max_age.as_secs(),
            self.same_site,
        );
        let mut header = HeaderValue::try_from(text).map_err(|_| InvalidCookie)?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// Returns the value of `Set-Cookie` that removes the cookie.
    ///
    /// # Errors
    /// The name has a character that RFC 6265 does not allow.
    pub fn clear(&self) -> Result<HeaderValue, InvalidCookie> {
        self.set("", Duration::ZERO)
    }

    /// Returns the value of the cookie in a request. Returns `None` if the cookie is missing or
    /// occurs twice: a sibling domain may have set one of them. Pairs that are not UTF-8 are
    /// skipped, so they do not hide the other pairs of the line.
    #[must_use]
    pub fn read<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let mut values = headers
            .get_all(COOKIE)
            .iter()
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| std::str::from_utf8(pair).ok())
            .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
            .filter(|(name, _)| *name == self.name)
            .map(|(_, value)| value);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }
}

/// Whether a text is a token of RFC 9110, section 5.6.2.
fn is_token(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_allowed)
}

/// Whether a byte is a cookie octet of RFC 6265, section 4.1.1.
const fn is_value_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    #[test]
    fn set_writes_attributes_of_its_kind_auth_3() {
        let attributes = "Path=/; Max-Age=60; HttpOnly; SameSite=Lax";
        for (cookie, expected) in [
            (
                HostCookie::new("a"),
                format!("__Host-a=b; {attributes}; Secure"),
            ),
            (HostCookie::insecure("a"), format!("a=b; {attributes}")),
            (
                HostCookie::without_prefix("a"),
                format!("a=b; {attributes}; Secure"),
            ),
        ] {
            let header = cookie.set("b", MINUTE).unwrap();
            assert_eq!(header, expected);
            assert!(header.is_sensitive());
        }
        assert_eq!(
            HostCookie::insecure("a").clear().unwrap(),
            "a=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
        let narrow = HostCookie::without_prefix("a").at_path("/api").strict();
        assert_eq!(
            narrow.clear().unwrap(),
            "a=; Path=/api; Max-Age=0; HttpOnly; SameSite=Strict; Secure"
        );
    }

    #[test]
    fn read_ignores_other_names_and_duplicates_auth_3() {
        let cookie = HostCookie::new("a");
        let read = |line: &str| {
            let headers = headers(&[line.as_bytes()]);
            cookie.read(&headers).map(str::to_owned)
        };
        assert_eq!(read("b=c; __Host-a=d;e=f").as_deref(), Some("d"));
        for line in ["a=d", "x__Host-a=d", "__Host-a", "__Host-a=d; __Host-a=d"] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    /// Bytes that a header value may have, often separators of cookies.
    fn other_pairs() -> impl Strategy<Value = Vec<u8>> {
        let byte = (b' '..=u8::MAX).prop_filter("DEL is not allowed", |byte| *byte != 0x7f);
        let byte = prop_oneof![4 => byte, 1 => prop::sample::select(b"\t;=\" ".to_vec())];
        prop::collection::vec(byte, 0..60)
    }

    proptest! {
        #[test]
        fn other_cookies_neither_hide_nor_forge_a_cookie_auth_3(
            before in other_pairs(),
            after in other_pairs(),
            line in other_pairs(),
        ) {
            let cookie = HostCookie::new("session");
            let own = b"__Host-session=value";
            let all = [&before, &b";"[..], own, b";", &after].concat();
            let sent = headers(&[&line, &all]);
            prop_assert_eq!(cookie.read(&sent), Some("value"));
            let sent = headers(&[&all, own]);
            prop_assert_eq!(cookie.read(&sent), None);
            let sent = headers(&[&line, &before, &after]);
            prop_assert_eq!(cookie.read(&sent), None);
        }

        #[test]
        fn written_cookie_is_read_back_or_rejected_auth_3(name in ".{0,12}", value in ".{0,40}") {
            let cookie = HostCookie::new(&name);
            if let Ok(set) = cookie.set(&value, MINUTE) {
                let set = set.to_str().unwrap();
                let (pair, attributes) = set.split_once("; ").unwrap();
                prop_assert_eq!(
                    attributes,
                    "Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
                );
                let sent = headers(&[pair.as_bytes()]);
                prop_assert_eq!(cookie.read(&sent), Some(value.as_str()));
            }
        }
    }
}
