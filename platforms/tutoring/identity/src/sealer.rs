use aws_lc_rs::digest::{SHA256, digest};
use seaworthy::{
    crypto::{KeyId, Keyring, Sealer, derive_key},
    prelude::*,
};

/// The minimum length of the secret, in bytes.
const MIN_SECRET_LENGTH: usize = 32;

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
    StartError::because(format!("{setting} cannot be used"), error)
}
