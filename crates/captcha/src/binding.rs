use seaworthy_core::mask::Kind;

/// The kind of a captcha, and the address to which its code is sent. An answer counts only for the
/// binding of its captcha.
///
/// ```
/// use seaworthy_captcha::Binding;
///
/// assert_eq!(Binding::Email("ada@example.org").kind(), "email");
/// assert_eq!(Binding::Image.target(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding<'a> {
    /// A distorted image.
    Image,
    /// Spoken digits.
    Audio,
    /// A code for a telephone number. Normalize the number first.
    Sms(&'a str),
    /// A code for an e-mail address. Normalize the address first.
    Email(&'a str),
}

impl<'a> Binding<'a> {
    /// Returns the name of the kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Sms(_) => "sms",
            Self::Email(_) => "email",
        }
    }

    /// Returns the address.
    #[must_use]
    pub const fn target(&self) -> Option<&'a str> {
        match self {
            Self::Image | Self::Audio => None,
            Self::Sms(target) | Self::Email(target) => Some(target),
        }
    }

    /// Returns the address by which messages are counted. Different spellings reach the same
    /// person. Examples are a tag after a plus, a number with `+`, `00` or neither, and a number of
    /// mainland China without its country code.
    pub(crate) fn recipient(&self) -> Option<String> {
        match self {
            Self::Image | Self::Audio => None,
            Self::Sms(number) => {
                let digits = number.trim_start_matches(['+', '0']);
                Some(without_mainland_code(digits).unwrap_or(digits).to_owned())
            }
            Self::Email(address) => {
                let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
                let mailbox = local.split_once('+').map_or(local, |(mailbox, _)| mailbox);
                Some(format!("{mailbox}@{domain}").to_lowercase())
            }
        }
    }
}

/// Removes the country code from the digits of a mobile number of mainland China. Returns `None`
/// for any other number. Such a number has the same owner with and without `86`, so a service
/// stores one of both forms.
///
/// ```
/// use seaworthy_captcha::without_mainland_code;
///
/// assert_eq!(without_mainland_code("8613800000000"), Some("13800000000"));
/// assert_eq!(without_mainland_code("13800000000"), None);
/// assert_eq!(without_mainland_code("33612345678"), None);
/// assert_eq!(without_mainland_code("868613800000000"), None);
/// ```
#[must_use]
pub fn without_mainland_code(digits: &str) -> Option<&str> {
    let mobile = digits.strip_prefix("86")?;
    // Without a plus and a country code, the masks detect no other telephone numbers.
    let is_national = mobile.len() == 11 && !mobile.starts_with('+');
    let is_mobile = is_national && Kind::from_value(mobile) == Some(Kind::Phone);
    is_mobile.then_some(mobile)
}
