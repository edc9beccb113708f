//! Credentials: found by shape and key, judged by value, and never kept.

mod classify;
mod detect;
mod named_value;
mod neighbour;
mod redacted;
mod safe_text;
mod shape;

pub use classify::is_placeholder;
pub use detect::{Detected, detect};
pub(crate) use named_value::named_values;
pub use neighbour::opens_the_same_machine;
pub use redacted::{Redacted, SecretClass};
pub use safe_text::SafeText;
