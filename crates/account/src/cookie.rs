use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use seaworthy_core::Error;
use seaworthy_http::cookie::HostCookie;

use crate::SecretToken;

/// The cookie that holds the refresh token of a browser.
///
/// Scripts cannot read it. The browser sends it to this host only, and not with requests that
/// another site makes by itself.
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
pub struct SessionCookie(HostCookie);

impl SessionCookie {
    /// Creates a cookie that browsers send over TLS only, named `name` with the prefix `__Host-`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(HostCookie::new(name))
    }

    /// Creates a cookie without `Secure` and without the prefix, for development on plain HTTP
    /// only.
    #[must_use]
    pub fn insecure(name: &str) -> Self {
        Self(HostCookie::insecure(name))
    }

    /// Returns the value of `Set-Cookie` that keeps the token for `max_age`, in whole seconds.
    ///
    /// # Errors
    /// The name is not a valid cookie name.
    pub fn set(&self, token: &SecretToken, max_age: Duration) -> Result<HeaderValue, Error> {
        Ok(self.0.set(token.expose(), max_age)?)
    }

    /// Returns the value of `Set-Cookie` that removes the cookie.
    ///
    /// # Errors
    /// The name is not a valid cookie name.
    pub fn clear(&self) -> Result<HeaderValue, Error> {
        Ok(self.0.clear()?)
    }

    /// Returns the token of a request. Returns `None` if the cookie is missing, occurs twice or
    /// does not hold a token.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap) -> Option<SecretToken> {
        SecretToken::parse(self.0.read(headers)?)
    }
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;
    use proptest::prelude::*;

    use super::*;

    fn read(cookie: &SessionCookie, line: &[u8]) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_bytes(line).unwrap());
        cookie.read(&headers).map(|token| token.expose().to_owned())
    }

    #[test]
    fn session_cookie_holds_a_token_of_this_host_auth_3() {
        let token = SecretToken::generate().unwrap();
        let token = token.expose();
        let secure = SessionCookie::new("refresh");
        let found = Some(token.to_owned());
        let line = format!("a=b; __Host-refresh={token}");
        assert_eq!(read(&secure, line.as_bytes()), found);
        let plain = format!("refresh={token}");
        assert_eq!(read(&secure, plain.as_bytes()), None);
        assert_eq!(
            read(&SessionCookie::insecure("refresh"), plain.as_bytes()),
            found
        );
    }

    proptest! {
        #[test]
        fn hostile_session_cookies_are_not_read_auth_3(
            value in prop::collection::vec((b' '..=u8::MAX).prop_filter("DEL", |byte| *byte != 0x7f), 0..60),
        ) {
            let line = [b"refresh=", &value[..]].concat();
            if let Some(token) = read(&SessionCookie::insecure("refresh"), &line) {
                prop_assert_eq!(token.len(), 43);
                prop_assert!(value.starts_with(token.as_bytes()));
            }
        }
    }
}
