use std::{fmt, sync::Arc};

use seaworthy_config::Settings;
use seaworthy_service::{Assembly, StartError};

use super::{Msg91, SmsConfig, SmsProvider};
use crate::{LogCodes, SendCode};

/// The provider of codes to telephones that [`SmsConfig`] names. Cheap to clone.
///
/// ```
/// use seaworthy_captcha::{SmsConfig, SmsSenders};
/// use seaworthy_service::{Assembly, NoSettings, StartError};
///
/// fn assemble(
///     service: &Assembly<NoSettings>,
///     config: &SmsConfig,
/// ) -> Result<Option<SmsSenders>, StartError> {
///     SmsSenders::connect(service, "sms", config)
/// }
/// ```
#[derive(Clone)]
pub struct SmsSenders {
    /// Sends a message.
    pub text: Arc<dyn SendCode>,
    /// Sends a message, and reads out the code in a call.
    pub voice: Arc<dyn SendCode>,
}

impl fmt::Debug for SmsSenders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SmsSenders")
    }
}

impl SmsSenders {
    /// Creates the provider. `None` without one. `name` is the name of its HTTP client and the
    /// section of the settings.
    ///
    /// # Errors
    /// The log outside of development, or MSG91 without its key or template.
    pub fn connect<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &SmsConfig,
    ) -> Result<Option<Self>, StartError> {
        service.declare_http_client(name);
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
                let missing = |key| {
                    StartError::new(format!(
                        "{name}.{key} must be set for {name}.provider=msg91"
                    ))
                };
                let key = config.auth_key.clone();
                let template = config.template_id.clone();
                let client = service.http_client_builder(name).build()?;
                let key = key.ok_or_else(|| missing("auth_key"))?;
                let template = template.ok_or_else(|| missing("template_id"))?;
                let text = Msg91::new(client, &config.url, key, template);
                Ok(Some(Self {
                    voice: Arc::new(text.clone().with_voice_call()),
                    text: Arc::new(text),
                }))
            }
        }
    }
}
