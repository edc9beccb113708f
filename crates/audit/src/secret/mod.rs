//! Credentials: found by shape and key, judged by value, and never kept.

mod classify;
mod detect;
mod redacted;
mod safe_text;

pub use detect::{Detected, detect};
pub use redacted::{Redacted, SecretClass};
pub use safe_text::SafeText;
