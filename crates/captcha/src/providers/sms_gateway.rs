use std::fmt;

use schemars::JsonSchema;
use seaworthy_client::HttpClient;
use seaworthy_core::Secret;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{SendCode, SendCodeFuture};

/// The default path of messages, as in many gateways.
const DEFAULT_PATH: &str = "/messages";

/// Settings of a gateway for SMS. The settings of its HTTP client have its address and its
/// timeouts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SmsGatewayConfig {
    /// The path of messages at the gateway.
    pub path: String,
    /// The sender that recipients see: a telephone number or a name.
    pub sender: String,
    /// The path of a health check of the gateway. Not set: it is not checked.
    pub health_path: Option<String>,
    /// The bearer token of the gateway.
    #[serde(skip_serializing)]
    pub token: Option<Secret<String>>,
}

impl Default for SmsGatewayConfig {
    fn default() -> Self {
        Self {
            path: DEFAULT_PATH.to_owned(),
            sender: String::new(),
            health_path: None,
            token: None,
        }
    }
}

/// Sends codes by SMS, through a gateway with an HTTP interface.
///
/// A message is a POST of the JSON object `{"to": …, "from": …, "text": …}` with a bearer token.
/// A status from 200 to 299 means that the gateway accepted it. A status from 400 to 499, except
/// 408, means that it rejected it. After any other status, or without a response, the outcome is
/// unknown. The provider does not repeat a failed message, because the recipient might get two
/// codes. It does not follow redirects. For a gateway with another interface, implement
/// [`SendCode`].
///
/// ```
/// use std::sync::Arc;
///
/// use seaworthy_captcha::{Captchas, SmsGateway, SmsGatewayConfig};
/// use seaworthy_client::HttpClient;
///
/// fn with_sms(captchas: Captchas, client: HttpClient) -> Captchas {
///     let config = SmsGatewayConfig {
///         sender: "Orders".to_owned(),
///         ..SmsGatewayConfig::default()
///     };
///     captchas.with_sms(Arc::new(SmsGateway::new(client, config)))
/// }
/// ```
#[derive(Clone)]
pub struct SmsGateway {
    client: HttpClient,
    config: SmsGatewayConfig,
}

impl SmsGateway {
    /// Creates the provider. The base URL of the client is that of the gateway.
    #[must_use]
    pub fn new(client: HttpClient, config: SmsGatewayConfig) -> Self {
        Self { client, config }
    }
}

impl SendCode for SmsGateway {
    fn send<'a>(&'a self, target: &'a str, code: &'a Secret<String>) -> SendCodeFuture<'a> {
        Box::pin(async move {
            let SmsGatewayConfig {
                path,
                sender,
                token,
                ..
            } = &self.config;
            let text = format!("Your code is {}", code.expose());
            let message = json!({ "to": target, "from": sender, "text": text });
            let request = self.client.post(path.as_str()).json(&message);
            // A gateway may have accepted a message before it redirects.
            let mut request = request.without_redirects();
            if let Some(token) = token {
                request = request.bearer(token);
            }
            request.send().await?.success()?;
            Ok(())
        })
    }
}

impl fmt::Debug for SmsGateway {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SmsGateway")
    }
}
