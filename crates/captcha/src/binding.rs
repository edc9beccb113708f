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
                let mobile = digits
                    .strip_prefix("86")
                    .filter(|rest| is_mainland_mobile(rest));
                Some(mobile.unwrap_or(digits).to_owned())
            }
            Self::Email(address) => {
                let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
                let mailbox = local.split_once('+').map_or(local, |(mailbox, _)| mailbox);
                Some(format!("{mailbox}@{domain}").to_lowercase())
            }
        }
    }
}

/// Whether a text is a mobile number of mainland China without its country code. Such a number has
/// the same owner with and without `+86`, so a service stores one of both forms.
///
/// ```
/// use seaworthy_captcha::is_mainland_mobile;
///
/// assert!(is_mainland_mobile("13800000000"));
/// assert!(!is_mainland_mobile("33612345678"));
/// assert!(!is_mainland_mobile("+33612345678"));
/// ```
#[must_use]
pub fn is_mainland_mobile(text: &str) -> bool {
    // Without a plus, the masks detect no other telephone numbers.
    !text.starts_with('+') && Kind::from_value(text) == Some(Kind::Phone)
}
