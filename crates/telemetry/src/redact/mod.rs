//! The last filter of every text that leaves the service (OBS-3): what looks personal or secret is masked, whoever wrote it.
//!
//! Types that redact themselves ([`Personal`](seaworthy_core::Personal), [`Secret`](seaworthy_core::Secret)) come first; this filter is for what slips
//! past them, and errs on the side of masking. Nearly every text is clean, so one pass over the bytes decides whether anything has to be looked at more closely.

mod body;
mod bytes;
mod identifier;
mod ip;
mod keyed;
mod name;
mod national;
mod number;
mod opaque;
mod partial;
mod phone;
mod postal;
mod resident;
mod scan;
mod scheme;
mod shape;
mod url;

use std::borrow::Cow;

pub use body::redact_body;
pub(crate) use ip::{is_of_a_person, network_of};
pub use name::is_sensitive_name;
pub use partial::{PersonalKind, partial};

/// What stands in place of what was masked.
pub const MASK: &str = "***";

/// The text with every personal or secret shape masked; borrowed where there is none.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    if identifier::is_uuid(text.as_bytes()) || scan::is_clean(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    shape::mask(text)
}

/// Whether a number must be masked, by its name or by the shape of its digits.
pub(crate) fn is_masked_number(name: &str, text: &str) -> bool {
    /// The minimum number of digits of a card, telephone or account number.
    const MIN_DIGITS: usize = 8;
    let is_long = || text.bytes().filter(u8::is_ascii_digit).count() >= MIN_DIGITS;
    is_sensitive_name(name)
        || is_long() && (name::is_phone_name(name) || matches!(redact(text), Cow::Owned(_)))
}

#[cfg(test)]
mod tests;
