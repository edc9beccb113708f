use seaworthy::{account::SecretToken, prelude::*};
use tutoring_identity::Checks;

/// 120 random bits, as text that a person can copy.
const LENGTH: usize = 20;
/// Nearly every text has all kinds of characters. The bound ends the loop.
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
