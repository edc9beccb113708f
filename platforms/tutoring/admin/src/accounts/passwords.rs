use seaworthy::{account::SecretToken, prelude::*};
use tutoring_identity::{AccountChecks as _, Checks};

/// The length of a temporary password, in characters: 120 random bits.
const LENGTH: usize = 20;
/// Maximum number of attempts. Nearly every random text has all required kinds of characters.
const MAX_ATTEMPTS: usize = 100;

/// Returns a random password that the rules for passwords accept.
///
/// # Errors
/// [`Code::Internal`] if the operating system provides no random bytes.
pub(super) fn temporary_password() -> Result<Secret<String>, Error> {
    for _ in 0..MAX_ATTEMPTS {
        let token = SecretToken::generate()?;
        let text: String = token.expose().chars().take(LENGTH).collect();
        let password = Secret::new(text);
        let mut checks = Checks::new();
        checks.new_password("password", &password);
        if checks.finish().is_ok() {
            return Ok(password);
        }
    }
    Err(Error::internal("a valid password cannot be generated"))
}
