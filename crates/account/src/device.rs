use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{hkdf, hmac};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};
use seaworthy_core::{Error, Secret};
use seaworthy_data::{Connection, DataError};
use seaworthy_http::cookie::HostCookie;
use zeroize::Zeroizing;

use crate::{
    TokenVersions,
    secret_token::{hash, random},
};

/// The context of the key derivation, which separates this key from others of the same secret.
const PURPOSE: &[u8] = b"seaworthy device cookie 2";
/// Size of a device ID, in bytes. Collisions between two devices of a user are negligible.
const ID_BYTES: usize = 16;
/// The length of an HMAC-SHA-256 key, in bytes.
const KEY_BYTES: usize = 32;
/// The minimum length of the secret, in bytes. A shorter secret can be guessed.
const MIN_SECRET_BYTES: usize = 32;

/// Cookies of devices on which a user has logged in, as OWASP's device cookies.
///
/// The cookie proves a complete login of this user on this device. It does not authenticate the
/// user. A device with the cookie has its own limits for failed logins (see
/// [`Lockout::attempt_from`](crate::Lockout::attempt_from)) and for wrong codes (see
/// [`SecondFactors::verify_from`](crate::SecondFactors::verify_from)). An attacker who keeps the
/// account locked therefore does not lock out its owner.
///
/// Set the cookie after the whole login, second factor included. An attacker who has only the
/// password must not get one.
///
/// The cookie carries an HMAC over a hash of the user ID, a random ID, the version of the user's
/// tokens and the expiry. Raising the version, as a new password does, ends the cookies of all
/// devices.
///
/// ```
/// use std::time::Duration;
/// use seaworthy_account::DeviceCookies;
/// use seaworthy_core::Secret;
/// use seaworthy_http::cookie::HostCookie;
///
/// let secret = Secret::new("a secret of at least thirty-two bytes".to_owned());
/// let lifetime = Duration::from_secs(90 * 24 * 60 * 60);
/// let devices = DeviceCookies::new(HostCookie::new("device"), &secret, lifetime)?;
/// let cookie = devices.set("user-7", 3)?;
/// let mut headers = http::HeaderMap::new();
/// let pair = cookie.to_str().unwrap().split(';').next().unwrap();
/// headers.insert(http::header::COOKIE, pair.parse().unwrap());
///
/// let claim = devices.read(&headers).unwrap();
/// assert!(claim.confirm("user-7", 3).is_some());
/// assert!(claim.confirm("user-8", 3).is_none());
/// # Ok::<_, seaworthy_core::Error>(())
/// ```
pub struct DeviceCookies {
    cookie: HostCookie,
    lifetime: Duration,
    key: hmac::Key,
    additional_verification_keys: Vec<hmac::Key>,
}

/// The content of a genuine device cookie. [`confirm`](Self::confirm) checks that it belongs to a
/// user and to the current version of the user's tokens.
#[derive(Debug, Clone)]
pub struct DeviceClaim {
    id: String,
    user_hash: String,
    version: u64,
}

/// A device on which a user has logged in since the user's tokens were last revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    id: String,
    user: String,
}

impl DeviceClaim {
    fn is_of(&self, user: &str) -> bool {
        self.user_hash == encode_user(user)
    }

    /// Returns the device if the cookie was set for this user and `version` is the current version
    /// of the user's tokens.
    #[must_use]
    pub fn confirm(&self, user: &str, version: u64) -> Option<KnownDevice> {
        let is_current = self.version == version && self.is_of(user);
        is_current.then(|| KnownDevice {
            id: self.id.clone(),
            user: user.to_owned(),
        })
    }

    /// Returns the device if the cookie was set for this user and for the version of the user's
    /// tokens that the database has.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn confirm_current(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<Option<KnownDevice>, DataError> {
        if !self.is_of(user) {
            return Ok(None);
        }
        let version = TokenVersions::current(connection, user).await?;
        Ok(self.confirm(user, version))
    }
}

impl KnownDevice {
    /// Returns the ID of the user who has logged in on the device.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Returns the name under which failures of this device are counted.
    pub(crate) fn subject(&self) -> String {
        format!("{}\0{}", self.id, self.user)
    }
}

impl DeviceCookies {
    /// Creates cookies whose key is derived from `secret`. A cookie expires `lifetime` after the
    /// login that set it. Use the [absolute timeout](crate::Sessions::absolute_timeout) of
    /// sessions, so that a user who stays logged in keeps a known device.
    ///
    /// # Errors
    /// The secret has less than 32 bytes.
    pub fn new(
        cookie: HostCookie,
        secret: &Secret<String>,
        lifetime: Duration,
    ) -> Result<Self, Error> {
        Ok(Self {
            cookie,
            lifetime,
            key: derive(secret)?,
            additional_verification_keys: Vec::new(),
        })
    }

    /// Also accepts cookies whose key is derived from one of these secrets, while the secret is
    /// rotated. New cookies use the secret of [`new`](Self::new).
    ///
    /// # Errors
    /// A secret has less than 32 bytes.
    pub fn with_additional_verification_keys<'a>(
        mut self,
        secrets: impl IntoIterator<Item = &'a Secret<String>>,
    ) -> Result<Self, Error> {
        for secret in secrets {
            self.additional_verification_keys.push(derive(secret)?);
        }
        Ok(self)
    }

    /// Returns the value of `Set-Cookie` for a device on which a user has logged in. `version` is
    /// the version of the tokens that the login issued.
    ///
    /// # Errors
    /// The operating system provides no random bytes, or the name is not a valid cookie name.
    pub fn set(&self, user: &str, version: u64) -> Result<HeaderValue, Error> {
        let id = URL_SAFE_NO_PAD.encode(*random::<ID_BYTES>()?);
        let expires = seconds(SystemTime::now()).saturating_add(self.lifetime.as_secs());
        let claims = format!("{id}.{version}.{expires}.{}", encode_user(user));
        let tag = hmac::sign(&self.key, claims.as_bytes());
        let value = format!("{claims}.{}", URL_SAFE_NO_PAD.encode(tag));
        Ok(self.cookie.set(&value, self.lifetime)?)
    }

    /// Reads the cookie of a request. Returns `None` if the cookie is missing, occurs twice, is
    /// forged or has expired.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap) -> Option<DeviceClaim> {
        let (claims, tag) = self.cookie.read(headers)?.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        let mut keys = std::iter::once(&self.key).chain(&self.additional_verification_keys);
        if !keys.any(|key| hmac::verify(key, claims.as_bytes(), &tag).is_ok()) {
            return None;
        }
        let mut parts = claims.split('.');
        let (id, version, expires) = (parts.next()?, parts.next()?, parts.next()?);
        let expires: u64 = expires.parse().ok()?;
        if expires <= seconds(SystemTime::now()) {
            return None;
        }
        Some(DeviceClaim {
            id: id.to_owned(),
            version: version.parse().ok()?,
            user_hash: parts.next()?.to_owned(),
        })
    }
}

/// Derives the HMAC key of device cookies from a secret.
fn derive(secret: &Secret<String>) -> Result<hmac::Key, Error> {
    let secret = secret.expose().as_bytes();
    if secret.len() < MIN_SECRET_BYTES {
        return Err(Error::internal(
            "the secret of device cookies is too short: use at least 32 bytes",
        ));
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(secret)
        .expand(&[PURPOSE], hkdf::HKDF_SHA256)
        .and_then(|bytes| bytes.fill(&mut *key))
        .map_err(|_| Error::internal("the key of device cookies cannot be derived"))?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &*key))
}

/// Returns the hash of a user ID in base64url. The cookie does not disclose the ID, and an ID may
/// have any length and any characters.
fn encode_user(user: &str) -> String {
    URL_SAFE_NO_PAD.encode(hash(user.as_bytes()))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

impl fmt::Debug for DeviceCookies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DeviceCookies")
            .field("cookie", &self.cookie)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;
    use proptest::prelude::*;

    use super::*;

    const ADA: &str = "0192d3a8-ada";
    const LIFETIME: Duration = Duration::from_secs(3_600);

    fn secret(letter: &str) -> Secret<String> {
        Secret::new(letter.repeat(32))
    }

    fn devices(letter: &str) -> DeviceCookies {
        DeviceCookies::new(HostCookie::new("device"), &secret(letter), LIFETIME).unwrap()
    }

    fn pair(devices: &DeviceCookies) -> String {
        let value = devices.set(ADA, 7).unwrap();
        let text = value.to_str().unwrap();
        assert!(text.ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure"));
        text.split(';').next().unwrap().to_owned()
    }

    fn read(devices: &DeviceCookies, cookie: &[u8]) -> Option<DeviceClaim> {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_bytes(cookie).unwrap());
        devices.read(&headers)
    }

    #[test]
    fn device_cookie_counts_for_its_user_and_version_auth_2() {
        let devices = devices("a");
        let cookie = pair(&devices);
        assert!(!cookie.contains(ADA), "the cookie discloses the user ID");
        let claim = read(&devices, cookie.as_bytes()).unwrap();
        assert_eq!(claim.confirm(ADA, 7).unwrap().user(), ADA);
        assert!(claim.confirm(ADA, 8).is_none());
        assert!(claim.confirm("0192d3a8-bob", 7).is_none());
        let twice = format!("{cookie}; {cookie}");
        assert!(read(&devices, twice.as_bytes()).is_none());
        let plain = cookie.strip_prefix("__Host-").unwrap();
        assert!(read(&devices, plain.as_bytes()).is_none());
    }

    #[test]
    fn device_cookie_survives_a_rotation_of_its_secret_auth_2() {
        let old = pair(&devices("a"));
        let rotated = devices("b")
            .with_additional_verification_keys([&secret("a")])
            .unwrap();
        assert!(read(&rotated, old.as_bytes()).is_some());
        let new = pair(&rotated);
        assert!(read(&devices("b"), new.as_bytes()).is_some());
        assert!(read(&devices("b"), old.as_bytes()).is_none());
        assert!(
            devices("b")
                .with_additional_verification_keys([&Secret::new("short".to_owned())])
                .is_err()
        );
    }

    #[test]
    fn device_cookie_expires_with_its_lifetime_auth_2() {
        let cookie = HostCookie::new("device");
        let over = DeviceCookies::new(cookie, &secret("a"), Duration::ZERO).unwrap();
        let cookie = over.set(ADA, 7).unwrap();
        let pair = cookie.to_str().unwrap().split(';').next().unwrap();
        assert!(read(&over, pair.as_bytes()).is_none());
    }

    proptest! {
        #[test]
        fn altered_device_cookie_is_not_read_auth_2(at in 0..200_usize, letter in "[A-Za-z0-9._-]") {
            let devices = devices("a");
            let cookie = pair(&devices);
            let start = cookie.find('=').unwrap() + 1;
            let at = start + at % (cookie.len() - start);
            let mut altered = cookie.clone();
            altered.replace_range(at..=at, &letter);
            prop_assume!(altered != cookie);
            prop_assert!(read(&devices, altered.as_bytes()).is_none());
        }

        #[test]
        fn hostile_device_cookies_are_not_read_auth_2(
            value in prop::collection::vec((b' '..=u8::MAX).prop_filter("DEL", |byte| *byte != 0x7f), 0..200),
            near in "[A-Za-z0-9_-]{0,30}(\\.[A-Za-z0-9_-]{0,50}){0,6}",
        ) {
            for value in [value, near.into_bytes()] {
                let cookie = [b"__Host-device=", &value[..]].concat();
                prop_assert!(read(&devices("a"), &cookie).is_none());
            }
        }
    }
}
