use std::sync::Arc;

use seaworthy::{
    captcha::{SendCode, SendCodeFuture},
    operation_log::{OperationLog, OperationResult},
    prelude::*,
};
use serde_json::json;

/// The name of a sent code in the operation log.
const SEND_CAPTCHA: &str = "SendCaptcha";
/// The route that sends codes.
const CAPTCHA_PATH: &str = "/api/v1/auth/captcha";
/// The result of a message that the provider certainly did not send.
const REJECTED: &str = "REJECTED";

/// Records each message of a provider in the operation log. The log has no entries of GET requests,
/// but a GET request for a code sends a message.
pub(crate) struct RecordedCodes {
    provider: Arc<dyn SendCode>,
    operations: OperationLog,
    captcha_type: &'static str,
    /// The field with the address, which decides its mask.
    address: &'static str,
}

impl RecordedCodes {
    /// Records the messages of a provider of e-mail.
    pub(crate) fn email(provider: Arc<dyn SendCode>, operations: &OperationLog) -> Arc<Self> {
        Self::new(provider, operations, "email", "email")
    }

    /// Records the messages of a provider of SMS.
    pub(crate) fn sms(provider: Arc<dyn SendCode>, operations: &OperationLog) -> Arc<Self> {
        Self::new(provider, operations, "sms", "phone")
    }

    fn new(
        provider: Arc<dyn SendCode>,
        operations: &OperationLog,
        captcha_type: &'static str,
        address: &'static str,
    ) -> Arc<Self> {
        Arc::new(Self {
            provider,
            operations: operations.clone(),
            captcha_type,
            address,
        })
    }
}

impl SendCode for RecordedCodes {
    fn send<'a>(&'a self, target: &'a str, code: &'a Secret<String>) -> SendCodeFuture<'a> {
        Box::pin(async move {
            let content = json!({ "captcha_type": self.captcha_type, self.address: target });
            // The entry comes before the message, so that a killed process leaves an entry.
            let operation = self
                .operations
                .begin_operation(SEND_CAPTCHA, CAPTCHA_PATH, &content)
                .await;
            let sent = self.provider.send(target, code).await;
            let result = match &sent {
                Ok(()) => OperationResult::Ok,
                Err(error) if error.is_rejection() => OperationResult::Failed(REJECTED),
                Err(_) => OperationResult::Unknown,
            };
            operation.end(result).await;
            sent
        })
    }
}
