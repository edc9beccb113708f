//! Identity of visitors: a user by a valid access token, or an anonymous visitor by a signed
//! cookie. Identity headers of clients are ignored (AUTH-6).

use std::{sync::Arc, time::Duration};

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::Utc;
use seaworthy::{
    axum::http::{HeaderMap, HeaderValue},
    config::Profile,
    core::context,
    http::cookie::HostCookie,
    prelude::StartError,
};
use uuid::Uuid;

use crate::config::AnonymousConfig;

const COOKIE: &str = "anon_id";
/// Lifetime of the cookie: one year.
const MAX_AGE: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Minimum length of the signing key in bytes: the length of the hash.
const MIN_SECRET_LENGTH: usize = 32;

/// Identifies the visitors of requests.
#[derive(Clone)]
pub(crate) struct Identification {
    key: Option<Arc<hmac::Key>>,
    cookie: HostCookie,
}

/// The visitor of a request.
pub(crate) struct Visitor {
    /// `u:` and the user ID, or `a:` and the anonymous ID. `None` if the service has no signing key
    /// for cookies.
    pub(crate) actor: Option<String>,
    /// Whether the visitor has a valid access token.
    pub(crate) is_user: bool,
    /// Cookie to set, for an anonymous visitor without a valid one.
    pub(crate) cookie: Option<HeaderValue>,
}

impl Identification {
    pub(crate) fn new(config: &AnonymousConfig, profile: Profile) -> Result<Self, StartError> {
        let key = match &config.secret {
            Some(secret) if secret.expose().len() < MIN_SECRET_LENGTH => {
                return Err(StartError::new(
                    "anonymous.secret must have at least 32 bytes",
                ));
            }
            Some(secret) => Some(hmac::Key::new(
                hmac::HMAC_SHA256,
                secret.expose().as_bytes(),
            )),
            None => None,
        };
        let is_secure = config.secure_cookie;
        let is_secure = is_secure.unwrap_or(profile != Profile::Development);
        Ok(Self {
            key: key.map(Arc::new),
            // Existing clients have the cookie without a prefix. Its signature proves its origin.
            cookie: if is_secure {
                HostCookie::without_prefix(COOKIE)
            } else {
                HostCookie::insecure(COOKIE)
            },
        })
    }

    /// Returns the visitor of the current request.
    pub(crate) fn identify(&self, headers: &HeaderMap) -> Visitor {
        let user = context::with_current(|context| {
            context.and_then(|context| context.actor().map(|actor| actor.as_str().to_owned()))
        });
        if let Some(user) = user {
            return Visitor {
                actor: Some(format!("u:{user}")),
                is_user: true,
                cookie: None,
            };
        }
        let Some(key) = &self.key else {
            return Visitor {
                actor: None,
                is_user: false,
                cookie: None,
            };
        };
        let id = self
            .cookie
            .read(headers)
            .and_then(|text| verify(key, text, Utc::now().timestamp()));
        match id {
            Some(id) => Visitor {
                actor: Some(format!("a:{id}")),
                is_user: false,
                cookie: None,
            },
            None => {
                let id = Uuid::new_v4();
                Visitor {
                    actor: Some(format!("a:{id}")),
                    is_user: false,
                    cookie: self.cookie_value(key, id),
                }
            }
        }
    }

    fn cookie_value(&self, key: &hmac::Key, id: Uuid) -> Option<HeaderValue> {
        let text = sign(key, id, (Utc::now() + MAX_AGE).timestamp());
        self.cookie.set(&text, MAX_AGE).ok()
    }
}

fn sign(key: &hmac::Key, id: Uuid, expiry: i64) -> String {
    let text = format!("{id}.{expiry}");
    let signature = hmac::sign(key, text.as_bytes());
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn verify(key: &hmac::Key, text: &str, now: i64) -> Option<Uuid> {
    let (signed, signature) = text.rsplit_once('.')?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
    hmac::verify(key, signed.as_bytes(), &signature).ok()?;
    let (id, expiry) = signed.split_once('.')?;
    let is_valid = expiry.parse::<i64>().ok()? > now;
    Uuid::try_parse(id).ok().filter(|_| is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_signed_unexpired_cookies_identify_visitors_auth_6() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        let other = hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]);
        let id = Uuid::new_v4();
        let text = sign(&key, id, 100);
        assert_eq!(verify(&key, &text, 99), Some(id));
        assert_eq!(verify(&key, &text, 100), None);
        assert_eq!(verify(&other, &text, 99), None);
        assert_eq!(verify(&key, &text.replacen(".100.", ".900.", 1), 99), None);
        for forged in ["", ".", "a.b.c", &id.to_string()] {
            assert_eq!(verify(&key, forged, 0), None, "{forged}");
        }
    }
}
