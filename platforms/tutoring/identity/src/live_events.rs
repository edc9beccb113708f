use seaworthy::{
    crypto::{Context, Encrypted},
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{AccessTokenConfig, LiveEvent};

use crate::sealer::TokenSealer;

/// The name of the key, which all services derive from the secret of access tokens.
const PURPOSE: &str = "live-events";

/// Encrypts and decrypts the payloads of live events between a service and the gateway. Cheap to
/// clone.
#[derive(Debug, Clone)]
pub struct LiveSealer(TokenSealer);

impl LiveSealer {
    /// Creates the encryption with a key of its own.
    ///
    /// # Errors
    /// [`StartError`] if the secret of access tokens is missing or too short.
    pub fn new(tokens: &AccessTokenConfig) -> Result<Self, StartError> {
        TokenSealer::new(tokens, PURPOSE).map(Self)
    }

    /// Encrypts the payload of an event.
    ///
    /// # Errors
    /// [`Code::Internal`] if the payload cannot be encrypted.
    pub async fn seal(&self, mut event: LiveEvent) -> Result<LiveEvent, Error> {
        let data = event.data.take();
        let sealed = self.0.seal(&data, &context(&event)).await?;
        event.sealed = Some(sealed.envelope().to_string());
        Ok(event)
    }

    /// Returns the payload of an event.
    ///
    /// # Errors
    /// [`Code::Internal`] if it was encrypted with another key, or for another room.
    pub async fn open(&self, event: &LiveEvent) -> Result<Value, Error> {
        let Some(sealed) = &event.sealed else {
            return Ok(event.data.clone());
        };
        let envelope = sealed.parse().map_err(Error::internal)?;
        let sealed = Encrypted::<Value>::new(envelope);
        self.0.open(&sealed, &context(event)).await
    }
}

fn context(event: &LiveEvent) -> Context {
    Context::new("live", &event.event).row(&event.room)
}
