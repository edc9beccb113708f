use base64::{Engine as _, engine::general_purpose::STANDARD};
use seaworthy_core::Secret;

use crate::{CryptoError, DataKey, aead::KEY_LENGTH};

/// A new key-encryption key as text: 32 random bytes in base64. The command `encryption new-key` prints one.
///
/// # Errors
/// The system has no randomness.
pub fn new_key_text() -> Result<Secret<String>, CryptoError> {
    let key = DataKey::generate()?;
    Ok(Secret::new(STANDARD.encode(key.expose().expose())))
}

/// The key-encryption key of a text, as settings hold it: 32 bytes in base64.
///
/// ```
/// use seaworthy_crypto::{KeyId, Keyring, key_from_text, new_key_text};
///
/// let key = key_from_text(&new_key_text()?)?;
/// let keyring = Keyring::new(KeyId::new("2026-11")?, &key)?;
/// # drop(keyring);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// It is something else; a passphrase, for instance, is for [`key_from_passphrase`](crate::key_from_passphrase).
pub fn key_from_text(text: &Secret<String>) -> Result<Secret<[u8; KEY_LENGTH]>, CryptoError> {
    let bytes = STANDARD.decode(text.expose().trim()).map(Secret::new);
    bytes
        .ok()
        .and_then(|bytes| <[u8; KEY_LENGTH]>::try_from(bytes.expose().as_slice()).ok())
        .map(Secret::new)
        .ok_or(CryptoError::Key("its text is not 32 bytes in base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_read_back_and_is_another_each_time_sec_5() {
        let [one, other] = [0; 2].map(|_| new_key_text().unwrap());
        assert_ne!(one.expose(), other.expose());
        let key = key_from_text(&one).unwrap();
        assert_eq!(&STANDARD.encode(key.expose()), one.expose());
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_told_sec_5() {
        for text in ["", "canary", "Y2FuYXJ5", "correct horse battery staple"] {
            let error = key_from_text(&Secret::new(text.to_owned())).unwrap_err();
            assert_eq!(
                error.to_string(),
                "the key cannot be used: its text is not 32 bytes in base64"
            );
        }
    }
}
