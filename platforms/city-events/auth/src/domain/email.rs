use seaworthy::{mail::MailAddress, prelude::*};

use super::refusal;

/// What fits the column, and more than an address may have (RFC 5321, section 4.5.3.1.3).
const LONGEST: usize = 254;

/// An e-mail address as users are known by it: without blanks around it, in lower case. It is personal, and shows itself to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EmailAddress(Personal<String>);

impl EmailAddress {
    /// The address that somebody entered.
    ///
    /// # Errors
    /// `MISSING_FIELD` where it is empty, `INVALID_FIELD` where it can be none.
    pub(crate) fn entered(text: Option<&str>) -> Result<Self, Error> {
        let text = text.unwrap_or_default().trim();
        if text.is_empty() {
            return Err(refusal::missing_field("email"));
        }
        let is_address = matches!(text.split_once('@'), Some((name, domain)) if !name.is_empty() && !domain.is_empty());
        let is_plain = !text.contains(|one: char| one.is_control() || one.is_whitespace());
        if !is_address || !is_plain || text.len() > LONGEST {
            return Err(refusal::invalid_field("email", "it is no e-mail address"));
        }
        Ok(Self(Personal::new(text.to_lowercase())))
    }

    /// The same, if mail can be sent to it: what the mail service does not take for an address is none for a new user. Those who are there keep theirs.
    ///
    /// # Errors
    /// `INVALID_FIELD`.
    pub(crate) fn deliverable(self) -> Result<Self, Error> {
        let address = self.as_str().parse::<MailAddress>();
        // "Ada <ada@example.org>" is an address with a display name, which is not a user's address.
        let local_part = self.as_str().rsplit_once('@').map(|(local, _)| local);
        if !address.is_ok_and(|address| local_part == Some(address.local_part())) {
            return Err(refusal::invalid_field(
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
    fn an_address_is_trimmed_and_in_lower_case_auth_4() {
        let address = EmailAddress::entered(Some("  Ada@Example.ORG ")).unwrap();
        assert_eq!(address.as_str(), "ada@example.org");
        assert_eq!(format!("{address:?}"), "EmailAddress(***)");
    }

    #[test]
    fn what_mail_cannot_be_sent_to_is_no_address_of_a_new_user_api_3() {
        let taken = |text| {
            let address = EmailAddress::entered(Some(text)).unwrap();
            address
                .deliverable()
                .map_err(|error| error.reason().to_owned())
        };
        for text in [
            "ada@example.org",
            "ada+town@sub.example.org",
            "o'hara@x.ie",
            "ada@müller.example",
        ] {
            assert_eq!(taken(text).unwrap().as_str(), text);
        }
        for text in [
            "ada@@example.org",
            "ada@example..org",
            ".ada@example.org",
            "ada@-example.org",
            "ada<ada@example.org>",
            "ada@example.org,eve@example.org",
            "ü1@example.org",
        ] {
            assert_eq!(taken(text).unwrap_err(), "INVALID_FIELD", "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_api_3() {
        let reason = |text| EmailAddress::entered(text).unwrap_err().reason().to_owned();
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
