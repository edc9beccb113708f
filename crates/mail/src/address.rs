use std::{borrow::Cow, fmt, str::FromStr};

use lettre::{Address, message::Mailbox};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Host;

/// The maximum length of an address in bytes (RFC 5321, section 4.5.3.1.3).
const MAX_LENGTH: usize = 254;

/// An e-mail address with an optional name: `ada@example.org`, `City Events <events@example.org>`.
/// It is personal data, so `Debug` does not show it.
///
/// The address is ASCII, so that every mail server accepts it. An internationalized domain is
/// converted to its ASCII form (RFC 5891). A local part that is not ASCII needs SMTPUTF8
/// (RFC 6531), which many servers do not offer, and is rejected.
///
/// ```
/// use seaworthy_mail::MailAddress;
///
/// let address: MailAddress = "Ada <ada@example.org>".parse()?;
/// assert_eq!(address.address(), "ada@example.org");
/// assert_eq!(format!("{address:?}"), "MailAddress(***)");
/// let address: MailAddress = "ada@müller.example".parse()?;
/// assert_eq!(address.address(), "ada@xn--mller-kva.example");
/// assert!("äda@example.org".parse::<MailAddress>().is_err());
/// assert!("ada".parse::<MailAddress>().is_err());
/// assert!("ada@example.org\r\nBcc: eve@example.org".parse::<MailAddress>().is_err());
/// # Ok::<_, seaworthy_mail::InvalidMailAddress>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(Mailbox);

/// The error for a text that is not an e-mail address. It omits the text, which is personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a valid e-mail address: use name@domain or Name <name@domain>, with ASCII before the @"
)]
pub struct InvalidMailAddress;

impl MailAddress {
    /// Parses the address of a user, in lower case. Limits per address rely on one spelling for a
    /// mailbox. The parser therefore rejects a name, a quoted local part, an IP address as the
    /// domain, and a final dot.
    ///
    /// ```
    /// use seaworthy_mail::MailAddress;
    ///
    /// let address = MailAddress::parse_bare("Ada@Example.org")?;
    /// assert_eq!(address.address(), "ada@example.org");
    /// assert!(MailAddress::parse_bare("ada<ada@example.org>").is_err());
    /// assert!(MailAddress::parse_bare(r#""ada"@example.org"#).is_err());
    /// # Ok::<_, seaworthy_mail::InvalidMailAddress>(())
    /// ```
    ///
    /// # Errors
    /// The text is not such an address, or longer than 254 bytes.
    pub fn parse_bare(text: &str) -> Result<Self, InvalidMailAddress> {
        let text = text.to_lowercase();
        let is_blank = |letter: char| letter.is_whitespace() || letter.is_control();
        if text.len() > MAX_LENGTH || text.contains(is_blank) || text.contains(['"', '\\', '[']) {
            return Err(InvalidMailAddress);
        }
        let address = ascii(text.parse().map_err(|_| InvalidMailAddress)?)?;
        if address.domain().ends_with('.') {
            return Err(InvalidMailAddress);
        }
        Ok(Self(Mailbox::new(None, address)))
    }

    /// Returns the address without the name.
    #[must_use]
    pub fn address(&self) -> &str {
        self.0.email.as_ref()
    }

    /// Returns the part before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.email.user()
    }

    /// Returns the part after the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }

    pub(crate) fn mailbox(&self) -> Mailbox {
        self.0.clone()
    }
}

impl FromStr for MailAddress {
    type Err = InvalidMailAddress;

    fn from_str(text: &str) -> Result<Self, InvalidMailAddress> {
        if text.chars().any(char::is_control) {
            return Err(InvalidMailAddress);
        }
        // The form without a name needs no grammar of names.
        let mailbox = match text.parse::<Address>() {
            Ok(address) => Mailbox::new(None, address),
            Err(_) => text.parse().map_err(|_| InvalidMailAddress)?,
        };
        let email = ascii(mailbox.email)?;
        Ok(Self(Mailbox { email, ..mailbox }))
    }
}

/// Converts the domain of the address to its ASCII form.
fn ascii(address: Address) -> Result<Address, InvalidMailAddress> {
    if !address.user().is_ascii() {
        return Err(InvalidMailAddress);
    }
    if address.domain().is_ascii() {
        return Ok(address);
    }
    match Host::parse(address.domain()) {
        Ok(Host::Domain(domain)) => {
            Address::new(address.user(), domain).map_err(|_| InvalidMailAddress)
        }
        _ => Err(InvalidMailAddress),
    }
}

impl fmt::Debug for MailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MailAddress(***)")
    }
}

impl Serialize for MailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for MailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for MailAddress {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "MailAddress".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "@",
            "description": "An e-mail address such as events@example.org or City Events <events@example.org>.",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parsed_addresses_are_one_line_and_one_address_sec_6(text in "\\PC{0,20}@?[\\PC\r\n<>,]{0,20}") {
            if let Ok(address) = text.parse::<MailAddress>() {
                let bare = address.address();
                prop_assert!(bare.is_ascii());
                prop_assert!(!bare.chars().any(|one| one.is_control() || "<>, ".contains(one) && !bare.starts_with('"')));
                prop_assert_eq!(bare.rsplit_once('@').map(|(_, domain)| domain), Some(address.domain()));
            }
        }
    }
}
