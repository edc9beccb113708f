use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::{hkdf, hmac};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};
use seaworthy_core::{Error, Secret};
use zeroize::Zeroizing;

use crate::{
    cookie::{read_cookie, write_cookie},
    secret_token::random,
};

/// The maximum lifetime of a session: a user who logs in once in this time keeps a known device.
const LIFETIME: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// Separates the key of device cookies from other keys that are derived from the same secret.
const PURPOSE: &[u8] = b"seaworthy device cookie 1";
/// Enough that no two devices of an account share a budget.
const ID_BYTES: usize = 16;
/// The length of an HMAC-SHA-256 key, in bytes.
const KEY_BYTES: usize = 32;
/// The minimum length of the secret, in bytes. A shorter secret can be guessed.
const MIN_SECRET_BYTES: usize = 32;

/// Cookies of devices that have logged in to an account, as OWASP's device cookies.
///
/// The cookie proves a successful login to this account on this device. It does not authenticate
/// the user. A device with the cookie has its own limit for failed logins (see
/// [`Lockout::attempt_from`](crate::Lockout::attempt_from)). An attacker who keeps the account
/// locked therefore does not lock out its owner.
///
/// The cookie carries an HMAC over the account, a random ID, the version of the account's tokens
/// and the expiry. It expires 90 days after the login. Raising the version, as a new password does,
/// ends the cookies of all devices.
///
/// ```
/// use seaworthy_account::DeviceCookies;
/// use seaworthy_core::Secret;
///
/// let secret = Secret::new("a secret of at least thirty-two bytes".to_owned());
/// let devices = DeviceCookies::new("device", &secret)?;
/// let cookie = devices.set("ada@example.org", 3)?;
/// let mut headers = http::HeaderMap::new();
/// let pair = cookie.to_str().unwrap().split(';').next().unwrap();
/// headers.insert(http::header::COOKIE, pair.parse().unwrap());
///
/// let claim = devices.read(&headers, "ada@example.org").unwrap();
/// assert!(claim.confirm(3).is_some());
/// assert!(devices.read(&headers, "bob@example.org").is_none());
/// # Ok::<_, seaworthy_core::Error>(())
/// ```
pub struct DeviceCookies {
    name: String,
    is_secure: bool,
    key: hmac::Key,
}

/// A genuine device cookie. [`confirm`](Self::confirm) checks that it belongs to the present
/// version of the account's tokens.
#[derive(Debug)]
pub struct DeviceClaim {
    device: KnownDevice,
    version: u64,
}

/// A device that has logged in to an account since its tokens were last revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    account: String,
    id: String,
}

impl DeviceClaim {
    /// Returns the device if `version` is the present version of the account's tokens.
    #[must_use]
    pub fn confirm(self, version: u64) -> Option<KnownDevice> {
        (self.version == version).then_some(self.device)
    }
}

impl KnownDevice {
    /// Returns the name under which failed logins of this device are counted.
    pub(crate) fn subject(&self) -> String {
        format!("{}\0{}", self.id, self.account)
    }
}

impl DeviceCookies {
    /// Creates cookies that browsers send over TLS only, named `name` with the prefix `__Host-`.
    /// Their key is derived from `secret`.
    ///
    /// # Errors
    /// The secret has less than 32 bytes.
    pub fn new(name: &str, secret: &Secret<String>) -> Result<Self, Error> {
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
        Ok(Self {
            name: name.to_owned(),
            is_secure: true,
            key: hmac::Key::new(hmac::HMAC_SHA256, &*key),
        })
    }

    /// Creates cookies without `Secure` and without the prefix, for development on plain HTTP only.
    #[must_use]
    pub fn insecure(mut self) -> Self {
        self.is_secure = false;
        self
    }

    /// Returns the value of `Set-Cookie` for a device that has logged in to an account. `account`
    /// is the name that [`Lockout::attempt`](crate::Lockout::attempt) takes. `version` is the
    /// version of the tokens that the login issued.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn set(&self, account: &str, version: u64) -> Result<HeaderValue, Error> {
        let id = URL_SAFE_NO_PAD.encode(*random::<ID_BYTES>()?);
        let until = seconds(SystemTime::now()).saturating_add(LIFETIME.as_secs());
        let claims = format!("{id}.{version}.{until}");
        let proof = hmac::sign(&self.key, &message(account, &claims));
        let text = format!("{claims}.{}", URL_SAFE_NO_PAD.encode(proof));
        let mut value = write_cookie(&self.name, self.is_secure, &text, LIFETIME.as_secs())?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Reads the cookie of a request. Returns `None` if the cookie is missing, forged, expired or
    /// of another account. It also returns `None` if the cookie occurs twice, because a sibling
    /// domain may have set one of them.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap, account: &str) -> Option<DeviceClaim> {
        let text = read_cookie(headers, &self.name, self.is_secure)?;
        let (claims, proof) = text.rsplit_once('.')?;
        let proof = URL_SAFE_NO_PAD.decode(proof).ok()?;
        hmac::verify(&self.key, &message(account, claims), &proof).ok()?;
        let mut parts = claims.split('.');
        let (id, version, until) = (parts.next()?, parts.next()?, parts.next()?);
        let until: u64 = until.parse().ok()?;
        if until <= seconds(SystemTime::now()) {
            return None;
        }
        Some(DeviceClaim {
            device: KnownDevice {
                account: account.to_owned(),
                id: id.to_owned(),
            },
            version: version.parse().ok()?,
        })
    }
}

/// Prefixes each part with its length, so that different pairs have different encodings.
fn message(account: &str, claims: &str) -> Vec<u8> {
    let mut message = Vec::new();
    for part in [account, claims] {
        message.extend(part.len().to_be_bytes());
        message.extend(part.as_bytes());
    }
    message
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

impl std::fmt::Debug for DeviceCookies {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DeviceCookies")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;
    use proptest::prelude::*;

    use super::*;

    const ADA: &str = "ada@example.org";

    fn devices(secret: &str) -> DeviceCookies {
        DeviceCookies::new("device", &Secret::new(secret.repeat(32))).unwrap()
    }

    fn pair(devices: &DeviceCookies) -> String {
        let value = devices.set(ADA, 7).unwrap();
        let text = value.to_str().unwrap();
        assert!(text.ends_with("; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax; Secure"));
        text.split(';').next().unwrap().to_owned()
    }

    fn read(devices: &DeviceCookies, cookie: &str, account: &str) -> Option<DeviceClaim> {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(cookie).unwrap());
        devices.read(&headers, account)
    }

    #[test]
    fn device_cookie_counts_for_its_account_and_version_auth_2() {
        let devices_a = devices("a");
        let cookie = pair(&devices_a);
        assert!(read(&devices_a, &cookie, ADA).unwrap().confirm(7).is_some());
        assert!(read(&devices_a, &cookie, ADA).unwrap().confirm(8).is_none());
        assert!(read(&devices_a, &cookie, "bob@example.org").is_none());
        assert!(read(&devices("b"), &cookie, ADA).is_none());
        assert!(read(&devices_a, &format!("{cookie}; {cookie}"), ADA).is_none());
        let plain = cookie.strip_prefix("__Host-").unwrap();
        assert!(read(&devices_a, plain, ADA).is_none());
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
            prop_assert!(read(&devices, &altered, ADA).is_none());
        }
    }
}
