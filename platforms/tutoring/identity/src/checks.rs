use seaworthy::{
    core::{Checks, FieldViolation},
    mail::MailAddress,
    prelude::*,
};

const USERNAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=30;
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 6..=15;
const MIN_PASSWORD: usize = 8;
/// Maximum length of a password, in bytes. Longer passwords only take longer to hash.
const MAX_PASSWORD: usize = 128;
const CODE_LENGTH: usize = 6;

/// Returns an e-mail address in lower case. `None` for a text that is not an address.
#[must_use]
pub fn normalized_email(text: &str) -> Option<String> {
    let address = MailAddress::parse_bare(text.trim()).ok()?;
    let has_dot = address.domain().contains('.');
    has_dot.then(|| address.address().to_owned())
}

fn is_username(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    USERNAME_LENGTH.contains(&text.len()) && text.bytes().all(is_allowed)
}

fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    PHONE_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns the error for one invalid field.
#[must_use]
pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Error {
    Error::invalid(vec![FieldViolation::new(field, problem)])
}

/// Checks of the fields of accounts.
///
/// ```
/// use tutoring_identity::{AccountChecks as _, Checks};
///
/// let mut checks = Checks::new();
/// let email = checks.email("email", Some("Ada@Example.org"));
/// assert_eq!(email, "ada@example.org");
/// assert!(checks.finish().is_ok());
/// ```
pub trait AccountChecks {
    /// Returns a required e-mail address in lower case.
    fn email(&mut self, field: &str, given: Option<&str>) -> String;

    /// Returns a user name.
    fn username(&mut self, field: &str, given: Option<&str>) -> Option<String>;

    /// Returns a telephone number.
    fn phone(&mut self, field: &str, given: Option<&str>) -> Option<String>;

    /// Checks a new password.
    fn new_password(&mut self, field: &str, given: &Secret<String>);

    /// Checks a code of six digits.
    fn code(&mut self, field: &str, given: Option<&str>) -> String;
}

impl AccountChecks for Checks {
    fn email(&mut self, field: &str, given: Option<&str>) -> String {
        let email = given.and_then(normalized_email);
        if email.is_none() {
            self.reject(field, "must be an e-mail address such as name@example.org");
        }
        email.unwrap_or_default()
    }

    fn username(&mut self, field: &str, given: Option<&str>) -> Option<String> {
        let name = given?.trim();
        if !is_username(name) {
            self.reject(field, "must be 3 to 30 letters, digits, '_', '.' or '-'");
        }
        Some(name.to_owned())
    }

    fn phone(&mut self, field: &str, given: Option<&str>) -> Option<String> {
        let phone = given?.trim();
        if !is_phone(phone) {
            self.reject(field, "must be 6 to 15 digits after an optional plus sign");
        }
        Some(phone.to_owned())
    }

    fn new_password(&mut self, field: &str, given: &Secret<String>) {
        let text = given.expose();
        let has = |of: fn(char) -> bool| text.chars().any(of);
        let has_kinds =
            has(char::is_uppercase) && has(char::is_lowercase) && has(|one| one.is_ascii_digit());
        if text.chars().count() < MIN_PASSWORD || !has_kinds {
            let problem = "must be at least 8 characters with an upper-case letter, a lower-case letter and a digit";
            self.reject(field, problem);
        }
        if text.len() > MAX_PASSWORD {
            self.reject(field, "must be at most 128 bytes");
        }
    }

    fn code(&mut self, field: &str, given: Option<&str>) -> String {
        let code = given.unwrap_or_default().trim();
        if code.len() != CODE_LENGTH || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            self.reject(field, "must be 6 digits");
        }
        code.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_invalid_fields_are_named_at_once_api_3() {
        let mut checks = Checks::new();
        checks.email("email", Some("ada"));
        checks.username("username", Some("a b"));
        checks.phone("phone", Some("call me"));
        checks.new_password("password", &Secret::new("alllowercase1".to_owned()));
        checks.code("otp", Some("12345"));
        let error = checks.finish().unwrap_err();
        let fields: Vec<_> = error.fields().iter().map(|field| &*field.field).collect();
        assert_eq!(fields, ["email", "username", "phone", "password", "otp"]);
    }

    #[test]
    fn other_spellings_of_a_mailbox_are_rejected_auth_2() {
        for text in [
            "x1<ada@example.org>",
            r#""a\da"@example.org"#,
            "ada@localhost",
        ] {
            assert_eq!(normalized_email(text), None, "{text}");
        }
    }

    #[test]
    fn fields_at_their_limits_are_accepted_api_3() {
        let mut checks = Checks::new();
        assert_eq!(checks.email("email", Some(" A@B.in ")), "a@b.in");
        checks.username("username", Some("a_b.c-d"));
        checks.phone("phone", Some("+919812345678"));
        checks.new_password("password", &Secret::new("Abcdefg1".to_owned()));
        checks.code("otp", Some("000000"));
        assert!(checks.finish().is_ok());
    }
}
