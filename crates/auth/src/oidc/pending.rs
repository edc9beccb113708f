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

/// 256 bits cannot be guessed; in base64url they are the 43 letters that a verifier of PKCE has at least (RFC 7636, section 4.1).
const BYTES: usize = 32;
/// The key of the cookie is used for nothing else, whatever else the secret is for.
const PURPOSE: &[u8] = b"seaworthy openid login 1";

/// The values of one login.
#[derive(Serialize, Deserialize)]
pub(super) struct PendingLogin {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) return_to: LocalPath,
    /// Seconds since 1970.
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

    /// What the provider is told of the verifier.
    pub(super) fn challenge(&self) -> String {
        encode(digest::digest(&digest::SHA256, self.verifier.as_bytes()).as_ref())
    }

    pub(super) fn has_state(&self, state: &str) -> bool {
        is_same(&self.state, state)
    }

    /// How long it may still come back.
    pub(super) fn left(&self) -> Option<Duration> {
        let left = self.until.checked_sub(seconds(SystemTime::now()))?;
        (left > 0).then(|| Duration::from_secs(left))
    }

    /// What it is remembered by, which tells nothing of its values.
    pub(super) fn id(&self) -> String {
        encode(digest::digest(&digest::SHA256, self.state.as_bytes()).as_ref())
    }
}

/// Compares without telling by the time it takes where two texts differ.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

fn random() -> Result<String, Error> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    rand::fill(&mut *bytes).map_err(|_| Error::internal("the system gives no random bytes"))?;
    Ok(encode(&*bytes))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// Seals the values of a login, so that the browser which carries them can neither read nor change them: AES-256-GCM, bound to the provider.
pub(super) struct Seal {
    key: RandomizedNonceKey,
    provider: String,
}

impl Seal {
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

    pub(super) fn close(&self, login: &PendingLogin) -> Result<String, Error> {
        let mut bytes = serde_json::to_vec(login).map_err(Error::internal)?;
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(&self.provider), &mut bytes)
            .map_err(|_| Error::internal("the values of a login cannot be sealed"))?;
        Ok(encode(&[nonce.as_ref().as_slice(), &bytes].concat()))
    }

    /// The values, if they were sealed here for this provider. Whether their time is over is not looked at.
    pub(super) fn open(&self, text: &str) -> Option<PendingLogin> {
        let mut bytes = decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(aws_lc_rs::aead::NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self
            .key
            .open_in_place(nonce, Aad::from(&self.provider), sealed)
            .ok()?;
        serde_json::from_slice(opened).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "dGhlIHNlYSBpcyBjYWxtIHRvLW5pZ2h0";

    fn seal(key: &str, provider: &str) -> Seal {
        Seal::new(&Secret::new(key.to_owned()), provider).unwrap()
    }

    fn login(life: u64) -> PendingLogin {
        PendingLogin::new(LocalPath::or_root("/events"), Duration::from_secs(life)).unwrap()
    }

    #[test]
    fn what_is_sealed_is_opened_by_the_same_key_and_provider_alone_auth_4() {
        let own = seal(KEY, "google");
        let login = login(60);
        let text = own.close(&login).unwrap();
        let opened = own.open(&text).unwrap();
        assert!(opened.has_state(&login.state) && opened.left().is_some());
        assert_eq!(
            (opened.verifier, opened.return_to.as_str()),
            (login.verifier, "/events")
        );
        assert!(seal(KEY, "other").open(&text).is_none());
        assert!(
            seal("YW5vdGhlciBrZXkgdGhhdCBpcyBsb25nIGVub3VnaA", "google")
                .open(&text)
                .is_none()
        );
        assert_ne!(text, own.close(&login_again(&opened.state)).unwrap());
    }

    fn login_again(state: &str) -> PendingLogin {
        PendingLogin {
            state: state.to_owned(),
            ..login(60)
        }
    }

    #[test]
    fn a_seal_that_was_touched_opens_nothing_auth_4() {
        let own = seal(KEY, "google");
        let text = own.close(&login(60)).unwrap();
        for at in [0, 10, 20, text.len() / 2, text.len() - 2] {
            let mut touched = text.clone().into_bytes();
            touched[at] = if touched[at] == b'A' { b'B' } else { b'A' };
            assert!(
                own.open(&String::from_utf8(touched).unwrap()).is_none(),
                "{at}"
            );
        }
        for text in ["", "a", "AAAAAAAAAAAAAAAA", "%%%"] {
            assert!(own.open(text).is_none());
        }
    }

    #[test]
    fn a_login_whose_time_is_over_has_none_left_auth_4() {
        assert_eq!(login(0).left(), None);
        assert!(
            login(5)
                .left()
                .is_some_and(|left| left <= Duration::from_secs(5))
        );
    }

    #[test]
    fn the_challenge_is_that_of_the_standard_auth_4() {
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
    fn a_short_key_seals_nothing_auth_4() {
        assert!(Seal::new(&Secret::new("short".to_owned()), "google").is_err());
    }

    proptest! {
        #[test]
        fn hostile_login_cookies_are_not_opened_auth_4(
            any in ".{0,200}",
            near in "[A-Za-z0-9_-]{0,300}",
        ) {
            let own = seal(KEY, "google");
            prop_assert!(own.open(&any).is_none());
            prop_assert!(own.open(&near).is_none());
        }
    }
}
