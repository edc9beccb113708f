//! Credentials: found by shape and key, classified by value, and never stored.

mod classify;
mod detect;
mod document;
mod name;
mod named_value;
mod redacted;
mod safe_text;
mod same_host;
mod shape;

pub use classify::is_placeholder;
pub(crate) use classify::userinfo;
pub(crate) use detect::KEYED;
pub use detect::{Detected, detect};
pub(crate) use document::document_start;
pub(crate) use name::{REFERENCES, is_for_demonstration, is_secret_name, literal};
pub(crate) use named_value::named_values;
pub use redacted::{Redacted, SecretClass};
pub use safe_text::SafeText;
pub use same_host::{names_only_this_machine, opens_the_same_machine};
