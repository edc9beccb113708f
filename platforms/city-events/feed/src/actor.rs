//! Who looks: a user by a token that is good, or a visitor by a cookie that this service signed. What a client says of itself counts for nothing.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::Utc;
use seaworthy::{
    axum::http::{HeaderMap, HeaderValue},
    core::context,
    http::cookie::HostCookie,
    prelude::StartError,
};
use uuid::Uuid;

use crate::config::AnonymousConfig;

const COOKIE: &str = "anon_id";
/// A year.
const AGE: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// As long as the hash.
const LEAST_SECRET: usize = 32;

/// Knows visitors again.
#[derive(Clone)]
pub(crate) struct Actors {
    key: Option<Arc<hmac::Key>>,
    cookie: HostCookie,
}

/// Who looks.
pub(crate) struct Visitor {
    /// `u:` and a user, or `a:` and a visitor; none where nobody can be known again.
    pub(crate) actor: Option<String>,
    /// Whether it is a user.
    pub(crate) is_user: bool,
    /// The cookie of a visitor who had none.
    pub(crate) cookie: Option<HeaderValue>,
}

impl Actors {
    pub(crate) fn new(config: &AnonymousConfig) -> Result<Self, StartError> {
        let key = match &config.secret {
            Some(secret) if secret.expose().len() < LEAST_SECRET => {
                return Err(StartError::new("anonymous.secret is shorter than 32 bytes"));
            }
            Some(secret) => Some(hmac::Key::new(
                hmac::HMAC_SHA256,
                secret.expose().as_bytes(),
            )),
            None => None,
        };
        Ok(Self {
            key: key.map(Arc::new),
            // Clients know the cookie without a prefix. Its signature proves its origin.
            cookie: if config.secure_cookie {
                HostCookie::without_prefix(COOKIE)
            } else {
                HostCookie::insecure(COOKIE)
            },
        })
    }

    /// Who sent a request.
    pub(crate) fn of(&self, headers: &HeaderMap) -> Visitor {
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
        let known = self
            .cookie
            .read(headers)
            .and_then(|text| verify(key, text, Utc::now().timestamp()));
        match known {
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
                    cookie: self.set(key, id),
                }
            }
        }
    }

    fn set(&self, key: &hmac::Key, id: Uuid) -> Option<HeaderValue> {
        let text = sign(key, id, (Utc::now() + AGE).timestamp());
        self.cookie.set(&text, AGE).ok()
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
    let is_alive = expiry.parse::<i64>().ok()? > now;
    Uuid::try_parse(id).ok().filter(|_| is_alive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_is_known_by_a_cookie_that_was_signed_here_and_is_not_over_auth_6() {
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
