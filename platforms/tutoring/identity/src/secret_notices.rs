use seaworthy::{
    crypto::{Context, Encrypted},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::{AccessTokenConfig, events::NotificationRequested};

use crate::sealer::TokenSealer;

/// The name of the key, which all services derive from the secret of access tokens.
const PURPOSE: &str = "notices";
/// The field of the data with the encrypted text and data.
const SEALED: &str = "sealed";

/// Encrypts and decrypts requests for notifications whose text is a secret, such as the code of a
/// session. Outboxes, brokers and other consumers see only the title. Cheap to clone.
#[derive(Debug, Clone)]
pub struct NoticeSealer(TokenSealer);

impl NoticeSealer {
    /// Creates the encryption. Its key is derived from the secret of access tokens.
    ///
    /// # Errors
    /// [`StartError`] if the secret of access tokens is missing or too short.
    pub fn new(tokens: &AccessTokenConfig) -> Result<Self, StartError> {
        TokenSealer::new(tokens, PURPOSE).map(Self)
    }

    /// Encrypts the text and the data of a request.
    ///
    /// # Errors
    /// [`Code::Internal`] if they cannot be encrypted.
    pub async fn seal(
        &self,
        request: NotificationRequested,
    ) -> Result<NotificationRequested, Error> {
        let secret = json!({ "body": request.body, "data": request.data });
        let sealed = self.0.seal(&secret, &context(&request)).await?;
        Ok(NotificationRequested {
            body: String::new(),
            data: Some(json!({ SEALED: sealed.envelope().to_string() })),
            ..request
        })
    }

    /// Returns a request with its text and data, or `None` if the request is not encrypted.
    ///
    /// # Errors
    /// [`Code::Internal`] if it was encrypted with another key, or for another user.
    pub async fn open(
        &self,
        request: &NotificationRequested,
    ) -> Result<Option<NotificationRequested>, Error> {
        let sealed = request.data.as_ref().and_then(|data| data.get(SEALED));
        let Some(sealed) = sealed.and_then(Value::as_str) else {
            return Ok(None);
        };
        let sealed = Encrypted::<Value>::new(sealed.parse().map_err(Error::internal)?);
        let mut opened = self.0.open(&sealed, &context(request)).await?;
        let body = opened.get("body").and_then(Value::as_str);
        Ok(Some(NotificationRequested {
            body: body.unwrap_or_default().to_owned(),
            data: opened.get_mut("data").map(Value::take),
            ..request.clone()
        }))
    }
}

fn context(request: &NotificationRequested) -> Context {
    let recipient = request.recipient_id.to_string();
    Context::new("notification", &request.notification_type).row(&recipient)
}
