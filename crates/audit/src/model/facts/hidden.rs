//! Text of a file that a report must not quote.

use crate::model::Fact;

/// The place of a text that may be a credential, whether or not it looks like one.
#[derive(Debug, Clone, Copy)]
pub struct Hidden;

impl Fact for Hidden {
    const KIND: &'static str = "texts that a report does not quote";
}
