use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use seaworthy_core::Error;

use crate::SecretToken;

/// What a browser takes only with `Secure`, `Path=/` and no domain (RFC 6265bis, section 4.1.3.2): no subdomain can plant one.
const PREFIX: &str = "__Host-";

/// The cookie in which a browser keeps its refresh token: out of reach of scripts, sent to this host alone, not along with requests that another site makes by itself.
///
/// ```
/// use std::time::Duration;
/// use seaworthy_account::{SecretToken, SessionCookie};
///
/// let cookie = SessionCookie::new("refresh_token");
/// let value = cookie.set(&SecretToken::generate()?, Duration::from_secs(60))?;
/// let text = value.to_str().unwrap();
/// assert!(text.starts_with("__Host-refresh_token="));
/// assert!(text.ends_with("; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"));
/// # Ok::<_, seaworthy_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SessionCookie {
    name: String,
    is_secure: bool,
}

impl SessionCookie {
    /// A cookie that is sent over TLS alone, under this name behind `__Host-`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_secure: true,
        }
    }

    /// One without TLS and without the prefix: for development on plain HTTP and nothing else.
    #[must_use]
    pub fn insecure(name: &str) -> Self {
        Self {
            is_secure: false,
            ..Self::new(name)
        }
    }

    /// The value of `Set-Cookie` that keeps the token for `age`.
    ///
    /// # Errors
    /// The name is none that a header can hold.
    pub fn set(&self, token: &SecretToken, age: Duration) -> Result<HeaderValue, Error> {
        let mut value = self.value(token.expose(), age.as_secs())?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The value of `Set-Cookie` that removes it.
    ///
    /// # Errors
    /// The name is none that a header can hold.
    pub fn clear(&self) -> Result<HeaderValue, Error> {
        self.value("", 0)
    }

    fn value(&self, token: &str, seconds: u64) -> Result<HeaderValue, Error> {
        write_cookie(&self.name, self.is_secure, token, seconds)
    }

    /// The token that a request brings. Where the cookie is secure, one without the prefix is not looked at: a neighbour may have planted it. One that is there twice is not believed.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap) -> Option<SecretToken> {
        SecretToken::parse(read_cookie(headers, &self.name, self.is_secure)?)
    }
}

/// Returns the value of `Set-Cookie` for a cookie of this host that scripts cannot read.
pub(crate) fn write_cookie(
    name: &str,
    is_secure: bool,
    value: &str,
    max_age: u64,
) -> Result<HeaderValue, Error> {
    let (prefix, secure) = if is_secure {
        (PREFIX, "; Secure")
    } else {
        ("", "")
    };
    let text = format!(
        "{prefix}{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}"
    );
    text.parse().map_err(Error::internal)
}

/// Returns the value of a cookie that occurs exactly once.
pub(crate) fn read_cookie<'a>(
    headers: &'a HeaderMap,
    name: &str,
    is_secure: bool,
) -> Option<&'a str> {
    let prefix = if is_secure { PREFIX } else { "" };
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        // Skip pairs that are not text, so that they do not hide the others of the line.
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
        .filter(|(known, _)| known.strip_prefix(prefix) == Some(name))
        .map(|(_, value)| value);
    let value = found.next()?;
    found.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(cookie: &SessionCookie, text: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, text.parse().unwrap());
        cookie.read(&headers).map(|token| token.expose().to_owned())
    }

    #[test]
    fn only_the_cookie_of_this_host_is_read_auth_3() {
        let token = SecretToken::generate().unwrap();
        let token = token.expose();
        let secure = SessionCookie::new("refresh");
        let found = Some(token.to_owned());
        assert_eq!(
            read(&secure, &format!("a=b; __Host-refresh={token}")),
            found
        );
        assert_eq!(read(&secure, &format!("refresh={token}")), None);
        assert_eq!(
            read(
                &secure,
                &format!("__Host-refresh={token}; __Host-refresh={token}")
            ),
            None
        );
        assert_eq!(read(&secure, "__Host-refresh=short"), None);
        assert_eq!(read(&secure, &format!("x__Host-refresh={token}")), None);
        let plain = SessionCookie::insecure("refresh");
        assert_eq!(read(&plain, &format!("refresh={token}")), found);
        assert_eq!(
            plain.clear().unwrap(),
            "refresh=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }

    /// Header bytes that can occur beside the cookie under test.
    fn other_pairs() -> impl Strategy<Value = Vec<u8>> {
        let byte = (b' '..=u8::MAX).prop_filter("DEL is not allowed", |byte| *byte != 0x7f);
        let byte = prop_oneof![4 => byte, 1 => prop::sample::select(b"\t;=\" ".to_vec())];
        prop::collection::vec(byte, 0..60)
    }

    proptest! {
        #[test]
        fn other_cookies_neither_hide_nor_forge_a_session_auth_3(
            before in other_pairs(),
            behind in other_pairs(),
            line in other_pairs(),
        ) {
            let cookie = SessionCookie::new("refresh");
            let token = SecretToken::generate().unwrap();
            let own = format!("__Host-refresh={}", token.expose());
            let with = |pairs: &[&[u8]]| {
                let mut headers = HeaderMap::new();
                for line in pairs {
                    headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
                }
                cookie.read(&headers).map(|token| token.expose().to_owned())
            };
            let beside = [&before, &b";"[..], own.as_bytes(), b";", &behind].concat();
            prop_assert_eq!(with(&[&line, &beside]), Some(token.expose().to_owned()));
            prop_assert_eq!(with(&[&beside, own.as_bytes()]), None);
            prop_assert_eq!(with(&[&line, &before, &behind]), None);
        }
    }
}
