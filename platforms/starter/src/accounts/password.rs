use seaworthy::{auth::password::PasswordPolicy, prelude::*};

use crate::domain::errors;

/// Checks a new password: its length, letters and digits, and whether it is a common password or
/// contains the user name.
///
/// # Errors
/// `PASSWORD_WEAK`.
pub(super) fn check_password(
    policy: &PasswordPolicy,
    password: &Secret<String>,
    username: &str,
) -> Result<(), Error> {
    let weak = policy.check(password, &[username]);
    weak.map_err(|weak| errors::password_weak(weak.to_string()))?;
    let text = password.expose();
    let has_letter = text.chars().any(char::is_alphabetic);
    let has_digit = text.chars().any(|letter| letter.is_ascii_digit());
    if !has_letter || !has_digit {
        let problem = "the password must have letters and digits";
        return Err(errors::password_weak(problem));
    }
    // The shared policy ignores names of three or four letters, so check them here.
    if text.to_lowercase().contains(&username.to_lowercase()) {
        return Err(errors::password_weak("the password contains the user name"));
    }
    Ok(())
}
