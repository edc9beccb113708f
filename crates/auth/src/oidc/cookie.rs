use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use seaworthy_core::Error;

/// What a browser takes only with `Secure`, `Path=/` and no domain (RFC 6265bis, section 4.1.3.2): no subdomain can plant one.
const PREFIX: &str = "__Host-";

/// The cookie in which the browser that begins a login carries its sealed values. `Lax`, because the callback is a page that another site leads to.
#[derive(Debug, Clone)]
pub(super) struct LoginCookie {
    name: String,
    is_secure: bool,
}

impl LoginCookie {
    pub(super) fn new(provider: &str, is_secure: bool) -> Self {
        let prefix = if is_secure { PREFIX } else { "" };
        Self {
            name: format!("{prefix}openid_{provider}"),
            is_secure,
        }
    }

    pub(super) fn set(&self, sealed: &str, age: Duration) -> Result<HeaderValue, Error> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!(
            "{}={sealed}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
            self.name,
            age.as_secs()
        );
        let mut value: HeaderValue = text.parse().map_err(Error::internal)?;
        value.set_sensitive(true);
        Ok(value)
    }

    pub(super) fn clear(&self) -> Result<HeaderValue, Error> {
        self.set("", Duration::ZERO)
    }

    /// What a request brings; one that is there twice is not believed.
    pub(super) fn read<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let mut found = headers
            .get_all(header::COOKIE)
            .iter()
            // Skip pairs that are not text, so that they do not hide the others of the line.
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| std::str::from_utf8(pair).ok())
            .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
            .filter(|(name, _)| *name == self.name)
            .map(|(_, value)| value);
        let sealed = found.next()?;
        found.next().is_none().then_some(sealed)
    }
}
