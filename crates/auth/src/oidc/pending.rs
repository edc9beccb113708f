use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    constant_time::verify_slices_are_equal,
    digest, hkdf, rand,
};
use seaworthy_core::{Error, Secret};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{LocalPath, OpenIdConfigError, config::MIN_KEY_BYTES};
use crate::token::{decode, encode};

/// Size of a random value, in bytes. An attacker cannot guess 256 bits. In base64url they have the
/// 43 characters that a PKCE verifier needs at least (RFC 7636, section 4.1).
const BYTES: usize = 32;
/// The context of the key derivation. A service may use the same secret for other purposes.
const PURPOSE: &[u8] = b"seaworthy openid login 1";

/// The values of one login.
#[derive(Serialize, Deserialize)]
pub(super) struct PendingLogin {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) return_to: LocalPath,
    /// The expiry of the login, in seconds since 1970.
    until: u64,
}

impl PendingLogin {
    pub(super) fn new(return_to: LocalPath, life: Duration) -> Result<Self, Error> {
        Ok(Self {
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            return_to,
            until: seconds(SystemTime::now()).saturating_add(life.as_secs()),
        })
    }

    /// Returns the PKCE challenge of the verifier.
    pub(super) fn challenge(&self) -> String {
        encode(digest::digest(&digest::SHA256, self.verifier.as_bytes()).as_ref())
    }

    pub(super) fn has_state(&self, state: &str) -> bool {
        is_equal(&self.state, state)
    }

    /// Returns the time until the login expires, or `None` if it has expired.
    pub(super) fn time_left(&self) -> Option<Duration> {
        let left = self.until.checked_sub(seconds(SystemTime::now()))?;
        (left > 0).then(|| Duration::from_secs(left))
    }

    /// Returns the ID for the store of used logins. It does not reveal the values.
    pub(super) fn id(&self) -> String {
        encode(digest::digest(&digest::SHA256, self.state.as_bytes()).as_ref())
    }
}

/// Compares in constant time for texts of the same length.
pub(super) fn is_equal(first: &str, second: &str) -> bool {
    verify_slices_are_equal(first.as_bytes(), second.as_bytes()).is_ok()
}

fn random() -> Result<String, Error> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    rand::fill(&mut *bytes)
        .map_err(|_| Error::internal("the operating system provides no random bytes"))?;
    Ok(encode(&*bytes))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// Encrypts the values of a login by AES-256-GCM, with the provider as associated data. The browser
/// can neither read nor change them.
pub(super) struct LoginCipher {
    key: RandomizedNonceKey,
    provider: String,
}

impl LoginCipher {
    pub(super) fn new(secret: &Secret<String>, provider: &str) -> Result<Self, OpenIdConfigError> {
        let secret = secret.expose().as_bytes();
        if secret.len() < MIN_KEY_BYTES {
            return Err(OpenIdConfigError::Key);
        }
        let mut key = Zeroizing::new([0; BYTES]);
        let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret);
        derived
            .expand(&[PURPOSE], hkdf::HKDF_SHA256)
            .and_then(|bytes| bytes.fill(&mut *key))
            .and_then(|()| RandomizedNonceKey::new(&AES_256_GCM, &*key))
            .map(|key| Self {
                key,
                provider: provider.to_owned(),
            })
            .map_err(|_| OpenIdConfigError::Key)
    }

    pub(super) fn encrypt(&self, login: &PendingLogin) -> Result<String, Error> {
        let mut bytes = serde_json::to_vec(login).map_err(Error::internal)?;
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(&self.provider), &mut bytes)
            .map_err(|_| Error::internal("the values of a login cannot be encrypted"))?;
        Ok(encode(&[nonce.as_ref().as_slice(), &bytes].concat()))
    }

    /// Decrypts the values if this key encrypted them for this provider. It does not check the
    /// expiry.
    pub(super) fn decrypt(&self, text: &str) -> Option<PendingLogin> {
        let mut bytes = decode(text).ok()?;
        let (nonce, ciphertext) = bytes.split_at_mut_checked(aws_lc_rs::aead::NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plaintext = self
            .key
            .open_in_place(nonce, Aad::from(&self.provider), ciphertext)
            .ok()?;
        serde_json::from_slice(plaintext).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "dGhlIHNlYSBpcyBjYWxtIHRvLW5pZ2h0";

    fn cipher(key: &str, provider: &str) -> LoginCipher {
        LoginCipher::new(&Secret::new(key.to_owned()), provider).unwrap()
    }

    fn login(life: u64) -> PendingLogin {
        PendingLogin::new(
            LocalPath::parse_or_root("/events"),
            Duration::from_secs(life),
        )
        .unwrap()
    }

    #[test]
    fn only_same_key_and_provider_decrypt_auth_4() {
        let own = cipher(KEY, "google");
        let login = login(60);
        let text = own.encrypt(&login).unwrap();
        let opened = own.decrypt(&text).unwrap();
        assert!(opened.has_state(&login.state) && opened.time_left().is_some());
        assert_eq!(
            (opened.verifier, opened.return_to.as_str()),
            (login.verifier, "/events")
        );
        assert!(cipher(KEY, "other").decrypt(&text).is_none());
        assert!(
            cipher("YW5vdGhlciBrZXkgdGhhdCBpcyBsb25nIGVub3VnaA", "google")
                .decrypt(&text)
                .is_none()
        );
        assert_ne!(text, own.encrypt(&login_again(&opened.state)).unwrap());
    }

    fn login_again(state: &str) -> PendingLogin {
        PendingLogin {
            state: state.to_owned(),
            ..login(60)
        }
    }

    #[test]
    fn modified_ciphertexts_are_rejected_auth_4() {
        let own = cipher(KEY, "google");
        let text = own.encrypt(&login(60)).unwrap();
        for at in [0, 10, 20, text.len() / 2, text.len() - 2] {
            let mut modified = text.clone().into_bytes();
            modified[at] = if modified[at] == b'A' { b'B' } else { b'A' };
            assert!(
                own.decrypt(&String::from_utf8(modified).unwrap()).is_none(),
                "{at}"
            );
        }
        for text in ["", "a", "AAAAAAAAAAAAAAAA", "%%%"] {
            assert!(own.decrypt(text).is_none());
        }
    }

    #[test]
    fn expired_login_has_no_time_left_auth_4() {
        assert_eq!(login(0).time_left(), None);
        assert!(
            login(5)
                .time_left()
                .is_some_and(|left| left <= Duration::from_secs(5))
        );
    }

    #[test]
    fn challenge_matches_rfc_7636_auth_4() {
        // RFC 7636, appendix B.
        let login = PendingLogin {
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
            ..login(1)
        };
        assert_eq!(
            login.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn short_keys_are_rejected_auth_4() {
        assert!(LoginCipher::new(&Secret::new("short".to_owned()), "google").is_err());
    }

    proptest! {
        #[test]
        fn hostile_cookies_are_rejected_auth_4(
            any in ".{0,200}",
            near in "[A-Za-z0-9_-]{0,300}",
        ) {
            let own = cipher(KEY, "google");
            prop_assert!(own.decrypt(&any).is_none());
            prop_assert!(own.decrypt(&near).is_none());
        }
    }
}
