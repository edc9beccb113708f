use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

/// The submission port with STARTTLS (RFC 6409).
const SUBMISSION_PORT: u16 = 587;
/// The submission port with TLS from the start (RFC 8314).
const SUBMISSIONS_PORT: u16 = 465;

/// The URL of a mail server: `smtp://user@host:587` (STARTTLS), `smtps://user@host:465` (TLS from
/// the start), or `mailbox:` for the development mailbox in memory.
///
/// A URL with a password is invalid. Use the setting `password`, which is a reference to a secret.
///
/// ```
/// use seaworthy_mail::MailUrl;
///
/// let url: MailUrl = "smtp://events@mail.example.org".parse()?;
/// assert_eq!(url.to_string(), "smtp://events@mail.example.org");
/// assert!("smtp://events:hunter2@mail.example.org".parse::<MailUrl>().is_err());
/// assert!(MailUrl::Mailbox.is_mailbox());
/// # Ok::<_, seaworthy_mail::InvalidMailUrl>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailUrl {
    /// The development mailbox in memory.
    Mailbox,
    /// A server.
    Server {
        /// Whether the connection starts with TLS, without STARTTLS.
        is_tls_from_start: bool,
        /// The name or address of the server.
        host: String,
        /// The port of the server.
        port: u16,
        /// The user, if the server requires authentication.
        user: Option<String>,
    },
}

/// The error for a text that is not a mail URL. It omits the text, which may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a valid mail URL: use smtp://user@host:587, smtps://user@host:465 or mailbox:, and the setting `password` for a password"
)]
pub struct InvalidMailUrl;

impl MailUrl {
    /// Returns whether mail goes to the development mailbox.
    #[must_use]
    pub const fn is_mailbox(&self) -> bool {
        matches!(self, Self::Mailbox)
    }

    fn standard_port(is_tls_from_start: bool) -> u16 {
        if is_tls_from_start {
            SUBMISSIONS_PORT
        } else {
            SUBMISSION_PORT
        }
    }
}

impl FromStr for MailUrl {
    type Err = InvalidMailUrl;

    fn from_str(text: &str) -> Result<Self, InvalidMailUrl> {
        if matches!(text, "mailbox:" | "mailbox://") {
            return Ok(Self::Mailbox);
        }
        let url = Url::parse(text).map_err(|_| InvalidMailUrl)?;
        let is_tls_from_start = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(InvalidMailUrl),
        };
        let is_bare = url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && matches!(url.path(), "" | "/");
        let host = url.host_str().filter(|host| !host.is_empty());
        let (true, Some(host)) = (is_bare, host) else {
            return Err(InvalidMailUrl);
        };
        let user = match url.username() {
            "" => None,
            user => Some(decoded(user)?),
        };
        Ok(Self::Server {
            is_tls_from_start,
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(Self::standard_port(is_tls_from_start)),
            user,
        })
    }
}

/// Decodes a user. Users are often addresses, in which `%40` is the `@`.
fn decoded(user: &str) -> Result<String, InvalidMailUrl> {
    let pair = format!("user={}", user.replace('+', "%2B"));
    let found = url::form_urlencoded::parse(pair.as_bytes()).next();
    let user = found.map(|(_, user)| user.into_owned());
    user.filter(|user| !user.chars().any(char::is_control))
        .ok_or(InvalidMailUrl)
}

impl fmt::Display for MailUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Server {
            is_tls_from_start,
            host,
            port,
            user,
        } = self
        else {
            return formatter.write_str("mailbox:");
        };
        let scheme = if *is_tls_from_start { "smtps" } else { "smtp" };
        write!(formatter, "{scheme}://")?;
        if let Some(user) = user {
            let user: String = url::form_urlencoded::byte_serialize(user.as_bytes()).collect();
            write!(formatter, "{}@", user.replace('+', "%20"))?;
        }
        if host.contains(':') {
            write!(formatter, "[{host}]")?;
        } else {
            formatter.write_str(host)?;
        }
        if *port != Self::standard_port(*is_tls_from_start) {
            write!(formatter, ":{port}")?;
        }
        Ok(())
    }
}

impl Serialize for MailUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MailUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for MailUrl {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "MailUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(smtp|smtps|mailbox):",
            "x-link": true,
            "description": "Where mail goes: smtp://user@host:587, smtps://user@host:465, or mailbox: for development.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_urls_round_trip_conf_1() {
        for text in [
            "mailbox:",
            "smtp://mail.example.org",
            "smtp://events%40example.org@mail.example.org:25",
            "smtps://a+b@mail.example.org",
            "smtps://[::1]:10465",
        ] {
            let url: MailUrl = text.parse().unwrap();
            assert_eq!(url.to_string().parse::<MailUrl>(), Ok(url), "{text}");
        }
        let MailUrl::Server { user, port, .. } = "smtps://a%40b@mail".parse().unwrap() else {
            unreachable!("the scheme is one of a server");
        };
        assert_eq!((user.as_deref(), port), (Some("a@b"), 465));
    }

    #[test]
    fn invalid_mail_urls_are_rejected_conf_1() {
        for text in [
            "",
            "mail.example.org",
            "http://mail.example.org",
            "smtp:",
            "smtp://",
            "smtp://user:secret@mail.example.org",
            "smtp://mail.example.org/ehlo",
            "smtp://mail.example.org?tls=opportunistic",
            "smtp://a%0D%0Ab@mail.example.org",
        ] {
            assert_eq!(text.parse::<MailUrl>(), Err(InvalidMailUrl), "{text}");
        }
    }
}
