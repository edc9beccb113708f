use std::{fmt, sync::Arc};

use seaworthy::{
    captcha::{LogCodes, SendCode, SendCodeError, SendCodeFuture},
    client::HttpClient,
    config::Settings,
    prelude::*,
};

use crate::{SmsConfig, SmsProvider};

/// The name of the HTTP client in settings and metrics.
const CLIENT: &str = "sms";

/// The providers of messages to telephones.
#[derive(Clone)]
pub(crate) struct Sms {
    pub(crate) text: Arc<dyn SendCode>,
    pub(crate) voice: Arc<dyn SendCode>,
}

impl fmt::Debug for Sms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sms")
    }
}

impl Sms {
    /// Returns the provider of the settings.
    ///
    /// # Errors
    /// The log outside of development, or MSG91 without its key or template.
    pub(crate) fn new<C: Settings>(
        service: &Assembly<C>,
        config: &SmsConfig,
    ) -> Result<Option<Self>, StartError> {
        match config.provider {
            SmsProvider::Off => Ok(None),
            SmsProvider::Log => {
                let log: Arc<dyn SendCode> = Arc::new(LogCodes::new(service)?);
                Ok(Some(Self {
                    text: Arc::clone(&log),
                    voice: log,
                }))
            }
            SmsProvider::Msg91 => {
                let missing =
                    |key| StartError::new(format!("{key} must be set for sms.provider=msg91"));
                let key = config.auth_key.clone();
                let template = config.template_id.clone();
                let text = Msg91 {
                    client: service
                        .http_client_builder(CLIENT)
                        .build()
                        .map_err(|error| {
                            StartError::with_cause("the HTTP client of MSG91 cannot be used", error)
                        })?,
                    url: config.url.trim_end_matches('/').to_owned(),
                    auth_key: key.ok_or_else(|| missing("sms.auth_key"))?,
                    template_id: template.ok_or_else(|| missing("sms.template_id"))?,
                    by_voice: false,
                };
                let voice = Msg91 {
                    by_voice: true,
                    ..text.clone()
                };
                Ok(Some(Self {
                    text: Arc::new(text),
                    voice: Arc::new(voice),
                }))
            }
        }
    }
}

/// Sends codes by MSG91 (version 5 of its OTP interface).
#[derive(Clone)]
pub struct Msg91 {
    client: HttpClient,
    url: String,
    auth_key: Secret<String>,
    template_id: String,
    /// A call that speaks the code follows the message.
    by_voice: bool,
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
    async fn call(&self, path: &str, query: &[(&str, &str)]) -> Result<(), SendCodeError> {
        let target = format!("{}{path}", self.url);
        let sent = self
            .client
            .post(target.as_str())
            .query(&query)
            .header("authkey", self.auth_key.current().expose().as_str())
            .send()
            .await
            .and_then(|response| response.success())
            .map_err(SendCodeError::new)?;
        let reply: Msg91Reply = sent.json().await.map_err(SendCodeError::new)?;
        match reply.r#type.as_str() {
            "success" => Ok(()),
            _ => Err(SendCodeError::new("MSG91 rejected the message")),
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
            if self.by_voice {
                let query = [("retrytype", "voice"), ("mobile", mobile)];
                self.call("/api/v5/otp/retry", &query).await?;
            }
            Ok(())
        })
    }
}
