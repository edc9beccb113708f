use std::{fmt, sync::Arc};

use seaworthy::{
    captcha::{LogCodes, Msg91, SendCode},
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
                let client = service.http_client_builder(CLIENT).build()?;
                let key = key.ok_or_else(|| missing("sms.auth_key"))?;
                let template = template.ok_or_else(|| missing("sms.template_id"))?;
                let text = Msg91::new(client, &config.url, key, template);
                Ok(Some(Self {
                    voice: Arc::new(text.clone().with_voice_call()),
                    text: Arc::new(text),
                }))
            }
        }
    }
}
