use serde::{Serialize, de::DeserializeOwned};

use super::{Sealer, USES, encode};
use crate::{Context, CryptoError, Encrypted};

impl Sealer {
    /// Encrypts several values, each for its context, with one data key. Returns all of them or an
    /// error.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use seaworthy_core::Secret;
    /// use seaworthy_crypto::{Context, KeyId, Keyring, Sealer};
    ///
    /// let sealer = Sealer::new(Keyring::new(KeyId::new("2026-11")?, &Secret::new([7; 32]))?);
    /// let phone = Context::new("users", "phone");
    /// let (first, second) = (phone.clone().row("1"), phone.row("2"));
    /// let stored = sealer.seal_all(&[(&"+33612345678", &first), (&"+442079460958", &second)]).await?;
    /// assert_eq!(stored.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A value cannot be encoded as JSON, or no key is available.
    pub async fn seal_all<T: Serialize>(
        &self,
        values: &[(&T, &Context)],
    ) -> Result<Vec<Encrypted<T>>, CryptoError> {
        let encoded = values.iter().map(|(value, _)| encode(*value));
        let encoded = encoded.collect::<Result<Vec<_>, _>>()?;
        let uses = u32::try_from(values.len()).unwrap_or(USES).min(USES);
        let current = self.current(uses).await?;
        let contexts = values.iter().map(|(_, context)| *context);
        let sealed = encoded.iter().zip(contexts);
        sealed
            .map(|(plain, context)| Ok(Encrypted::new(current.seal(plain, context)?)))
            .collect()
    }

    /// Decrypts several values, each with its context. Returns all of them or an error.
    ///
    /// # Errors
    /// A value cannot be decrypted, has another type, or its key is not available.
    pub async fn open_all<T: DeserializeOwned>(
        &self,
        values: &[(&Encrypted<T>, &Context)],
    ) -> Result<Vec<T>, CryptoError> {
        let mut opened = Vec::with_capacity(values.len());
        for (value, context) in values {
            opened.push(self.open(value, context).await?);
        }
        Ok(opened)
    }
}
