use seaworthy::{mail::MailAddress, prelude::*};

use super::errors;

/// The maximum length of an address in bytes (RFC 5321, section 4.5.3.1.3).
const MAX_LENGTH: usize = 254;

/// An e-mail address, trimmed and in lower case. Its debug output is redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EmailAddress(Personal<String>);

impl EmailAddress {
    /// Parses an address.
    ///
    /// # Errors
    /// `MISSING_FIELD` for an empty text, `INVALID_FIELD` for an invalid one.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Error> {
        let text = text.unwrap_or_default().trim();
        if text.is_empty() {
            return Err(errors::missing_field("email"));
        }
        let is_address = matches!(text.split_once('@'), Some((name, domain)) if !name.is_empty() && !domain.is_empty());
        let is_plain =
            !text.contains(|character: char| character.is_control() || character.is_whitespace());
        if !is_address || !is_plain || text.len() > MAX_LENGTH {
            return Err(errors::invalid_field(
                "email",
                "it is not a valid e-mail address",
            ));
        }
        Ok(Self(Personal::new(text.to_lowercase())))
    }

    /// Returns the address if the mail service accepts it. Only new users need this, because
    /// existing users keep their addresses.
    ///
    /// # Errors
    /// `INVALID_FIELD`.
    pub(crate) fn require_deliverable(self) -> Result<Self, Error> {
        if MailAddress::parse_bare(self.as_str()).is_err() {
            return Err(errors::invalid_field(
                "email",
                "mail cannot be sent to this address",
            ));
        }
        Ok(self)
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_and_lowercased_auth_4() {
        let address = EmailAddress::parse(Some("  Ada@Example.ORG ")).unwrap();
        assert_eq!(address.as_str(), "ada@example.org");
        assert_eq!(format!("{address:?}"), "EmailAddress(***)");
    }

    #[test]
    fn undeliverable_addresses_are_rejected_api_3() {
        let check = |text| {
            let address = EmailAddress::parse(Some(text)).unwrap();
            address
                .require_deliverable()
                .map_err(|error| error.reason().to_owned())
        };
        for text in [
            "ada@example.org",
            "ada+town@sub.example.org",
            "o'hara@x.ie",
            "ada@müller.example",
        ] {
            assert_eq!(check(text).unwrap().as_str(), text);
        }
        for text in [
            "ada@@example.org",
            "ada@example..org",
            ".ada@example.org",
            "ada@-example.org",
            "ada<ada@example.org>",
            r#""a\da"@example.org"#,
            "ada@example.org,eve@example.org",
            "ü1@example.org",
        ] {
            assert_eq!(check(text).unwrap_err(), "INVALID_FIELD", "{text}");
        }
    }

    #[test]
    fn invalid_addresses_are_rejected_api_3() {
        let reason = |text| EmailAddress::parse(text).unwrap_err().reason().to_owned();
        assert_eq!(reason(None), "MISSING_FIELD");
        assert_eq!(reason(Some("  ")), "MISSING_FIELD");
        for text in [
            "ada",
            "@",
            "ada@",
            "@example.org",
            "a b@c",
            "a@b\r\nBcc: c@d",
        ] {
            assert_eq!(reason(Some(text)), "INVALID_FIELD", "{text:?}");
        }
        let long = format!("{}@example.org", "a".repeat(250));
        assert_eq!(reason(Some(&long)), "INVALID_FIELD");
    }
}
