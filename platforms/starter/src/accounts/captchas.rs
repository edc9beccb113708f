use seaworthy::{
    captcha::{Binding, Issued},
    prelude::*,
};

use super::Accounts;
use crate::domain::{errors, normalized_email, normalized_phone};

/// The field with the address to which a code is sent.
const TARGET: &str = "target";

/// The type of a captcha in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CaptchaKind {
    Image,
    Audio,
    Sms,
    Email,
}

impl CaptchaKind {
    /// Parses the name of a type.
    ///
    /// # Errors
    /// `VALIDATION_FAILED`.
    pub(crate) fn parse(name: &str) -> Result<Self, Error> {
        match name {
            "image" => Ok(Self::Image),
            "audio" => Ok(Self::Audio),
            "sms" => Ok(Self::Sms),
            "email" => Ok(Self::Email),
            _ => {
                let problem = "use image, audio, sms or email";
                Err(errors::invalid_field("captcha_type", problem))
            }
        }
    }
}

impl Accounts {
    /// Issues a captcha, and sends its code to a target.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for an invalid target, `RATE_LIMITED`, `CAPTCHA_GENERATION_FAILED`.
    pub(crate) async fn issue_captcha(
        &self,
        kind: CaptchaKind,
        target: &str,
    ) -> Result<Issued, Error> {
        let required = |target: Option<String>| {
            let problem = "is required for this type of captcha";
            target.ok_or_else(|| errors::invalid_field(TARGET, problem))
        };
        let target = match kind {
            CaptchaKind::Image | CaptchaKind::Audio => String::new(),
            CaptchaKind::Sms => required(normalized_phone(TARGET, target)?)?,
            CaptchaKind::Email => required(normalized_email(TARGET, target)?)?,
        };
        let binding = match kind {
            CaptchaKind::Image => Binding::Image,
            CaptchaKind::Audio => Binding::Audio,
            CaptchaKind::Sms => Binding::Sms(&target),
            CaptchaKind::Email => Binding::Email(&target),
        };
        Ok(self.captchas.issue(&binding).await?)
    }

    /// Consumes a captcha.
    ///
    /// # Errors
    /// `CAPTCHA_ID_REQUIRED`, `CAPTCHA_CODE_REQUIRED`, `CAPTCHA_INVALID` or `CAPTCHA_EXPIRED`.
    pub(crate) async fn verify_captcha(&self, id: &str, code: &str) -> Result<(), Error> {
        check_present(id, code)?;
        Ok(self.captchas.consume_any(id, code).await?)
    }

    /// Consumes the captcha of a registration, if the settings require one. A code that was sent
    /// counts only for the address of the account.
    pub(super) async fn require_captcha(
        &self,
        id: &str,
        code: &str,
        allowed: &[Binding<'_>],
    ) -> Result<(), Error> {
        if !self.requires_captcha() {
            return Ok(());
        }
        check_present(id, code)?;
        Ok(self.captchas.consume(id, code, allowed).await?)
    }

    /// Consumes the captcha of a login, if the settings require one. A code that was sent counts
    /// only if its address is that of the user. The addresses are read after a right answer, so
    /// that the time of a wrong one does not show whether the user exists.
    pub(super) async fn require_captcha_of(
        &self,
        username: &str,
        id: &str,
        code: &str,
    ) -> Result<(), Error> {
        if !self.requires_captcha() {
            return Ok(());
        }
        check_present(id, code)?;
        let answered = self.captchas.answer(id, code).await?;
        let (email, phone) = self.users.addresses(&self.database, username).await?;
        let email = email.as_ref().map(|email| email.expose().as_str());
        // Normalize again, because stored numbers may predate the current format.
        let phone =
            phone.and_then(|phone| normalized_phone("phone", phone.expose()).ok().flatten());
        let allowed = allowed_bindings(false, email, phone.as_deref());
        Ok(answered.consume(&allowed).await?)
    }

    fn requires_captcha(&self) -> bool {
        self.settings.captcha_enabled && self.captchas.is_on()
    }
}

/// Returns the captchas that count for an account. An address that must be verified needs its own.
pub(super) fn allowed_bindings<'a>(
    verify_addresses: bool,
    email: Option<&'a str>,
    phone: Option<&'a str>,
) -> Vec<Binding<'a>> {
    let mut allowed: Vec<_> = email.map(Binding::Email).into_iter().collect();
    allowed.extend(phone.map(Binding::Sms));
    if !verify_addresses || allowed.is_empty() {
        allowed.extend([Binding::Image, Binding::Audio]);
    }
    allowed
}

/// Checks that a request has a captcha.
fn check_present(id: &str, code: &str) -> Result<(), Error> {
    if id.is_empty() || code.is_empty() {
        return Err(errors::captcha_missing(id, code));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_does_not_verify_an_address_auth_2() {
        let address = Some("ada@example.org");
        let own = Binding::Email("ada@example.org");
        assert_eq!(allowed_bindings(true, address, None), [own]);
        assert!(allowed_bindings(false, address, None).contains(&Binding::Image));
        assert!(allowed_bindings(true, None, None).contains(&Binding::Image));
    }
}
