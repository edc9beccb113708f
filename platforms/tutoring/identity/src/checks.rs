use std::fmt::Display;

use seaworthy::{core::FieldViolation, mail::MailAddress, prelude::*};
use tutoring_contract::is_storable;

const USERNAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=30;
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 6..=15;
const MIN_PASSWORD: usize = 8;
/// Maximum length of a password, in bytes. Longer passwords only take longer to hash.
const MAX_PASSWORD: usize = 128;
const CODE_LENGTH: usize = 6;
/// The problem of a text that PostgreSQL cannot store.
pub const NOT_STORABLE: &str = "must not contain the character U+0000";

/// Collects the invalid fields of a request, so that a response names all of them.
///
/// ```
/// use tutoring_identity::Checks;
///
/// let mut checks = Checks::new();
/// let email = checks.email("email", Some("Ada@Example.org"));
/// assert_eq!(email, "ada@example.org");
/// assert!(checks.finish().is_ok());
/// ```
#[derive(Debug, Default)]
pub struct Checks(Vec<FieldViolation>);

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

impl Checks {
    /// Creates an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an invalid field.
    pub fn reject(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.0.push(FieldViolation::new(field, problem));
    }

    /// Adds a field unless a condition holds.
    pub fn require(&mut self, field: impl Into<String>, holds: bool, problem: impl Into<String>) {
        if !holds {
            self.reject(field, problem);
        }
    }

    /// Returns a checked value, or adds the invalid fields of its error.
    pub fn accept<T: Default>(&mut self, checked: Result<T, Error>) -> T {
        checked.unwrap_or_else(|error| {
            self.0.extend_from_slice(error.fields());
            T::default()
        })
    }

    /// Requires a number of characters, without white space at both ends.
    pub fn length(&mut self, field: &str, text: &str, min: usize, max: usize) {
        let length = text.trim().chars().count();
        let problem = match min {
            0 => format!("must have at most {max} characters"),
            _ => format!("must have {min} to {max} characters"),
        };
        self.require(field, (min..=max).contains(&length), problem);
    }

    /// Requires a number from a minimum to a maximum.
    pub fn range<T>(&mut self, field: &str, given: T, min: T, max: T)
    where
        T: Copy + PartialOrd + Display,
    {
        let problem = format!("must be from {min} to {max}");
        self.require(field, (min..=max).contains(&given), problem);
    }

    /// Requires one of several values.
    pub fn one_of<T: Copy + PartialEq + Display>(&mut self, field: &str, given: T, known: &[T]) {
        let names: Vec<_> = known.iter().map(T::to_string).collect();
        let names = names.join(", ");
        let (others, last) = names.rsplit_once(", ").unwrap_or(("", names.as_str()));
        let problem = format!("must be {others} or {last}");
        self.require(field, known.contains(&given), problem);
    }

    /// Requires a text that every database stores.
    pub fn storable(&mut self, field: &str, text: &str) {
        self.require(field, is_storable(text), NOT_STORABLE);
    }

    /// Returns a required e-mail address in lower case.
    pub fn email(&mut self, field: &str, given: Option<&str>) -> String {
        let email = given.and_then(normalized_email);
        if email.is_none() {
            self.reject(field, "must be an e-mail address such as name@example.org");
        }
        email.unwrap_or_default()
    }

    /// Returns a user name.
    pub fn username(&mut self, field: &str, given: Option<&str>) -> Option<String> {
        let name = given?.trim();
        if !is_username(name) {
            self.reject(field, "must be 3 to 30 letters, digits, '_', '.' or '-'");
        }
        Some(name.to_owned())
    }

    /// Returns a telephone number.
    pub fn phone(&mut self, field: &str, given: Option<&str>) -> Option<String> {
        let phone = given?.trim();
        if !is_phone(phone) {
            self.reject(field, "must be 6 to 15 digits after an optional plus sign");
        }
        Some(phone.to_owned())
    }

    /// Checks a new password.
    pub fn new_password(&mut self, field: &str, given: &Secret<String>) {
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

    /// Checks a code of six digits.
    pub fn code(&mut self, field: &str, given: Option<&str>) -> String {
        let code = given.unwrap_or_default().trim();
        if code.len() != CODE_LENGTH || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            self.reject(field, "must be 6 digits");
        }
        code.to_owned()
    }

    /// Returns the invalid fields as an error.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` if there are any.
    pub fn finish(self) -> Result<(), Error> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err(Error::invalid(self.0)),
        }
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
    fn problems_name_ranges_and_choices_api_3() {
        let mut checks = Checks::new();
        checks.range("latitude", 91.0, -90.0, 90.0);
        checks.one_of("count", 15, &[10, 20, 30]);
        checks.range("age", 5, 5, 120);
        checks.one_of("kind", "a", &["a", "b"]);
        let error = checks.finish().unwrap_err();
        let problems: Vec<_> = error.fields().iter().map(|one| &*one.description).collect();
        assert_eq!(problems, ["must be from -90 to 90", "must be 10, 20 or 30"]);
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
