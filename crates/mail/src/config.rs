use std::{num::NonZeroU16, path::PathBuf};

use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout};
use serde::{Deserialize, Serialize};

use crate::{MailAddress, MailUrl};

/// Servers look at mail before they answer, some for seconds; with ten of them a dialogue of a busy one still ends.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(10);
/// A screen or two, in about a megabyte.
const DEFAULT_KEPT: NonZeroU16 = NonZeroU16::new(100).unwrap();

/// How a service sends mail.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// Where mail goes. The default keeps it in memory, which production refuses.
    pub url: MailUrl,
    /// The password of the user in the URL.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// Who sends.
    pub from: Option<MailAddress>,
    /// How long one message may take, from the connection to the server's last word.
    pub timeout: Timeout,
    /// Whether mail and password may go to a server that offers no STARTTLS: everyone on the way can read them.
    #[schemars(extend("x-unsafe" = [{
        "id": "SEC-1",
        "value": true,
        "why": "mail and the password of the server go over the network unencrypted",
        "fix": "set it to false: without STARTTLS no mail is sent"
    }]))]
    pub allow_plaintext: bool,
    /// Authorities in PEM that are believed besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// Whether readiness asks the server, and is degraded while it does not answer.
    pub health_check: bool,
    /// How many messages the mailbox of the development keeps.
    pub mailbox_size: NonZeroU16,
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
            mailbox_size: DEFAULT_KEPT,
        }
    }
}
