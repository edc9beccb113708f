use base64::{Engine as _, engine::general_purpose::STANDARD};
use seaworthy_core::Secret;

use crate::{CryptoError, DataKey, aead::KEY_LENGTH};

/// Generates a key-encryption key as text: 32 random bytes in base64, as `encryption new-key`
/// prints.
///
/// # Errors
/// The operating system provides no random bytes.
pub fn new_key_text() -> Result<Secret<String>, CryptoError> {
    let key = DataKey::generate()?;
    Ok(Secret::new(STANDARD.encode(key.expose().expose())))
}

/// Decodes a key-encryption key of the settings: 32 bytes in base64.
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
/// The text has another form. Use [`key_from_passphrase`](crate::key_from_passphrase) for a
/// passphrase.
pub fn key_from_text(text: &Secret<String>) -> Result<Secret<[u8; KEY_LENGTH]>, CryptoError> {
    let bytes = STANDARD.decode(text.expose().trim()).map(Secret::new);
    bytes
        .ok()
        .and_then(|bytes| <[u8; KEY_LENGTH]>::try_from(bytes.expose().as_slice()).ok())
        .map(Secret::new)
        .ok_or(CryptoError::Key("the text is not 32 bytes in base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_keys_differ_and_parse_sec_5() {
        let [one, other] = [0; 2].map(|_| new_key_text().unwrap());
        assert_ne!(one.expose(), other.expose());
        let key = key_from_text(&one).unwrap();
        assert_eq!(&STANDARD.encode(key.expose()), one.expose());
    }

    #[test]
    fn invalid_key_is_an_error_without_the_text_sec_5() {
        for text in ["", "canary", "Y2FuYXJ5", "correct horse battery staple"] {
            let error = key_from_text(&Secret::new(text.to_owned())).unwrap_err();
            assert_eq!(
                error.to_string(),
                "the key is invalid: the text is not 32 bytes in base64"
            );
        }
    }
}
