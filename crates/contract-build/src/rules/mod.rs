//! The validation rules of a contract, read from either dialect into one model.

mod describe;
mod literal;
mod read;
mod rule;
mod target;

pub(crate) use read::{read_field, read_message, read_oneof};
pub(crate) use rule::{FieldRules, Format, Ignore, Literal, MessageOneof, MessageRules, Rule};
