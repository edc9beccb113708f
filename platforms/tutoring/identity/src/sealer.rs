use aws_lc_rs::digest::{SHA256, digest};
use seaworthy::{
    crypto::{Context, Encrypted, KeyId, Keyring, Sealer, derive_key},
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::AccessTokenConfig;

/// The minimum length of the secret, in bytes.
const MIN_SECRET_LENGTH: usize = 32;

/// Encrypts with the secret of access tokens, and decrypts with the additional keys too. A message
/// that was encrypted before a rotation stays readable. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct TokenSealer {
    active: Sealer,
    additional: Vec<Sealer>,
}

impl TokenSealer {
    /// Creates the encryption. `purpose` is the name of the derived keys.
    ///
    /// # Errors
    /// [`StartError`] if a secret is missing or too short.
    pub(crate) fn new(tokens: &AccessTokenConfig, purpose: &str) -> Result<Self, StartError> {
        let setting = "access_tokens.additional_verification_keys";
        let additional = tokens.additional_verification_keys.iter();
        let additional = additional.map(|key| sealer(Some(key), setting, purpose));
        Ok(Self {
            active: sealer(tokens.secret.as_ref(), "access_tokens.secret", purpose)?,
            additional: additional.collect::<Result<_, _>>()?,
        })
    }

    /// Encrypts a value.
    ///
    /// # Errors
    /// [`Code::Internal`] if it cannot be encrypted.
    pub(crate) async fn seal(
        &self,
        value: &Value,
        context: &Context,
    ) -> Result<Encrypted<Value>, Error> {
        let sealed = self.active.seal(value, context).await;
        sealed.map_err(Error::internal)
    }

    /// Decrypts a value with the first key that fits.
    ///
    /// # Errors
    /// [`Code::Internal`] if it was encrypted with another key, or for another context.
    pub(crate) async fn open(
        &self,
        sealed: &Encrypted<Value>,
        context: &Context,
    ) -> Result<Value, Error> {
        let mut opened = self.active.open(sealed, context).await;
        for sealer in &self.additional {
            if opened.is_ok() {
                break;
            }
            opened = sealer.open(sealed, context).await;
        }
        opened.map_err(Error::internal)
    }
}

/// Returns the encryption of stored values by a secret of the settings. `setting` is its key, and
/// `purpose` the name of the derived key. One secret may serve several purposes.
///
/// # Errors
/// [`StartError`] if the secret is missing or too short.
pub fn sealer(
    secret: Option<&Secret<String>>,
    setting: &str,
    purpose: &str,
) -> Result<Sealer, StartError> {
    let secret = secret.map_or("", |secret| secret.expose());
    if secret.len() < MIN_SECRET_LENGTH {
        return Err(StartError::new(format!(
            "{setting} must be set, with at least {MIN_SECRET_LENGTH} bytes of random text"
        )));
    }
    let mut root = [0; 32];
    root.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
    let name = KeyId::new(purpose).map_err(|error| unusable(setting, error))?;
    let keyring = Keyring::new(name, &derive_key(&Secret::new(root), purpose));
    let keyring = keyring.map_err(|error| unusable(setting, error))?;
    Ok(Sealer::new(keyring))
}

fn unusable(setting: &str, error: impl std::error::Error + Send + Sync + 'static) -> StartError {
    StartError::with_cause(format!("{setting} cannot be used"), error)
}
