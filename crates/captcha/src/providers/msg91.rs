use std::fmt;

use seaworthy_client::HttpClient;
use seaworthy_core::Secret;
use serde::Deserialize;

use crate::{SendCode, SendCodeError, SendCodeFuture};

/// Sends codes by MSG91 (version 5 of its OTP interface).
///
/// ```
/// use std::sync::Arc;
///
/// use seaworthy_captcha::{Captchas, Msg91};
/// use seaworthy_client::HttpClient;
/// use seaworthy_core::Secret;
///
/// fn with_sms(captchas: Captchas, client: HttpClient, auth_key: Secret<String>) -> Captchas {
///     let provider = Msg91::new(client, "https://sms.example.org", auth_key, "login".to_owned());
///     captchas.with_sms(Arc::new(provider))
/// }
/// ```
#[derive(Clone)]
pub struct Msg91 {
    client: HttpClient,
    url: String,
    auth_key: Secret<String>,
    template_id: String,
    with_voice_call: bool,
}

impl fmt::Debug for Msg91 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Msg91")
    }
}

/// MSG91 responds with 200 also to requests that it rejects.
#[derive(Deserialize)]
struct Msg91Reply {
    r#type: String,
}

impl Msg91 {
    /// Creates the provider, which sends messages. `url` is the address of MSG91.
    #[must_use]
    pub fn new(
        client: HttpClient,
        url: &str,
        auth_key: Secret<String>,
        template_id: String,
    ) -> Self {
        Self {
            client,
            url: url.trim_end_matches('/').to_owned(),
            auth_key,
            template_id,
            with_voice_call: false,
        }
    }

    /// Adds a voice call after each message. The call reads out the code.
    #[must_use]
    pub fn with_voice_call(mut self) -> Self {
        self.with_voice_call = true;
        self
    }

    async fn call(&self, path: &str, query: &[(&str, &str)]) -> Result<(), SendCodeError> {
        let target = format!("{}{path}", self.url);
        let sent = self
            .client
            .post(target.as_str())
            .query(&query)
            .header("authkey", self.auth_key.current().expose().as_str())
            // MSG91 may have accepted a message before it redirects.
            .without_redirects()
            .send()
            .await
            .and_then(|response| response.success())?;
        let reply: Msg91Reply = sent.json().await?;
        match reply.r#type.as_str() {
            "success" => Ok(()),
            _ => Err(SendCodeError::rejected("MSG91 rejected the message")),
        }
    }
}

impl SendCode for Msg91 {
    fn send<'a>(&'a self, target: &'a str, code: &'a Secret<String>) -> SendCodeFuture<'a> {
        Box::pin(async move {
            let mobile = target.trim_start_matches('+');
            let query = [
                ("template_id", self.template_id.as_str()),
                ("mobile", mobile),
                ("otp", code.expose().as_str()),
            ];
            self.call("/api/v5/otp", &query).await?;
            if self.with_voice_call {
                let query = [("retrytype", "voice"), ("mobile", mobile)];
                let called = self.call("/api/v5/otp/retry", &query).await;
                // The text message was sent before.
                called.map_err(SendCodeError::unknown)?;
            }
            Ok(())
        })
    }
}
