use std::time::Duration;

use seaworthy::{
    account::SecretToken,
    axum::http::{HeaderMap, HeaderValue, header::SET_COOKIE},
    config::Profile,
    http::cookie::HostCookie,
    prelude::*,
};

/// The cookie with the refresh token.
const REFRESH_TOKEN: &str = "refreshToken";
/// The cookie with the ID of the session.
const SESSION_ID: &str = "sessionId";
/// The routes that read the cookies.
const PATH: &str = "/api/v1";
/// The header in which a client names its type.
const CLIENT_TYPE: &str = "x-client-type";
const MOBILE: &str = "mobile";

/// The cookies of browsers. Mobile applications get the refresh token in the body.
///
/// ```
/// use seaworthy::config::Profile;
/// use tutoring_identity::RefreshCookies;
///
/// let cookies = RefreshCookies::new(Profile::Production);
/// let cleared = cookies.clear()?;
/// assert!(cleared[0].to_str().unwrap().ends_with("HttpOnly; SameSite=Strict; Secure"));
/// # Ok::<_, seaworthy::prelude::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RefreshCookies {
    token: HostCookie,
    session: HostCookie,
}

/// Whether a client is a mobile application, which gets and sends refresh tokens in bodies.
#[must_use]
pub fn is_mobile(headers: &HeaderMap) -> bool {
    headers
        .get(CLIENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().eq_ignore_ascii_case(MOBILE.as_bytes()))
}

impl RefreshCookies {
    /// Creates the cookies. Those of the profile `development` have no `Secure`.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        let cookie = |name| {
            let cookie = match profile {
                Profile::Development => HostCookie::insecure(name),
                _ => HostCookie::without_prefix(name),
            };
            cookie.at_path(PATH).strict()
        };
        Self {
            token: cookie(REFRESH_TOKEN),
            session: cookie(SESSION_ID),
        }
    }

    /// Returns the headers that store a refresh token and its session for `ttl`.
    ///
    /// # Errors
    /// A value is not a valid cookie value.
    pub fn issue(
        &self,
        token: &SecretToken,
        session: &str,
        ttl: Duration,
    ) -> Result<[HeaderValue; 2], Error> {
        Ok([
            self.token.set(token.expose(), ttl)?,
            self.session.set(session, ttl)?,
        ])
    }

    /// Returns the headers that remove the cookies.
    ///
    /// # Errors
    /// A name is not a valid cookie name.
    pub fn clear(&self) -> Result<[HeaderValue; 2], Error> {
        Ok([self.token.clear()?, self.session.clear()?])
    }

    /// Returns the refresh token of a browser's request. Mobile applications have no cookies. A
    /// script that sends their header could otherwise read the next token in the body.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap) -> Option<SecretToken> {
        if is_mobile(headers) {
            return None;
        }
        SecretToken::parse(self.token.read(headers)?)
    }

    /// Adds the headers to a response.
    pub fn apply(values: [HeaderValue; 2], headers: &mut HeaderMap) {
        for value in values {
            headers.append(SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use seaworthy::axum::http::header::COOKIE;

    use super::*;

    #[test]
    fn cookie_is_not_read_for_mobile_clients_auth_3() {
        let token = SecretToken::generate().unwrap();
        let cookies = RefreshCookies::new(Profile::Production);
        let mut headers = HeaderMap::new();
        let line = format!("{REFRESH_TOKEN}={}", token.expose());
        headers.insert(COOKIE, HeaderValue::try_from(line).unwrap());
        assert!(cookies.read(&headers).is_some());
        headers.insert(CLIENT_TYPE, HeaderValue::from_static("Mobile"));
        assert!(cookies.read(&headers).is_none());
    }
}
