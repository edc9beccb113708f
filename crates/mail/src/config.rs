use std::{num::NonZeroU16, path::PathBuf};

use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout};
use serde::{Deserialize, Serialize};

use crate::{MailAddress, MailUrl};

/// The default of `timeout`. Some servers inspect a message for seconds before they respond.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(10);
/// The default of `max_mailbox_messages`: one or two screens, in about a megabyte.
const DEFAULT_MAX_MAILBOX_MESSAGES: NonZeroU16 = NonZeroU16::new(100).unwrap();

/// Settings of mail.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// The URL of the mail server. The default is the development mailbox in memory, which
    /// production rejects.
    pub url: MailUrl,
    /// The password of the user in the URL.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// The address of the sender. A server needs one.
    pub from: Option<MailAddress>,
    /// The timeout of one message, from connecting to the last response.
    pub timeout: Timeout,
    /// Sends mail and password without TLS, readable on the whole network path. Production rejects
    /// it.
    #[schemars(extend("x-unsafe" = [{
        "id": "SEC-1",
        "value": true,
        "why": "mail and the password of the server go over the network unencrypted",
        "fix": "set it to false: without STARTTLS no mail is sent"
    }]))]
    pub allow_plaintext: bool,
    /// A PEM file with certificate authorities to trust in addition to those of the system.
    pub ca_file: Option<PathBuf>,
    /// Includes the server in readiness, which is degraded while it does not respond.
    pub health_check: bool,
    /// The number of messages that the development mailbox keeps.
    pub max_mailbox_messages: NonZeroU16,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            url: MailUrl::Mailbox,
            password: None,
            from: None,
            timeout: DEFAULT_TIMEOUT,
            allow_plaintext: false,
            ca_file: None,
            health_check: false,
            max_mailbox_messages: DEFAULT_MAX_MAILBOX_MESSAGES,
        }
    }
}
