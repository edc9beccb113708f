//! Masks personal values by their kind, so that people recognize a value and cannot read it.
//!
//! A value whose form is not the expected one is masked as [`Kind::Other`], never shown. Lengths
//! count characters. Logs do not need this module: the redaction of `seaworthy-telemetry` hides
//! such values in all of them.

mod detection;
mod kind;
mod pattern;
mod rule;
mod sensitive;
mod text;

pub use self::{
    kind::{Kind, is_secret_name, words},
    pattern::{InvalidPattern, Pattern},
    rule::{MaskRule, MaskRuleConfig},
    sensitive::{MakeSensitive, MaskText, SensitiveField},
    text::mask_text,
};

/// The text that replaces a whole value.
pub const REDACTED: &str = "[REDACTED]";
