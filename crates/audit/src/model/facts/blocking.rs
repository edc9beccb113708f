//! Code that keeps a program running without an end.

use crate::model::Fact;

/// A place where a program waits or works without an end.
#[derive(Debug, Clone)]
pub struct Blocking {
    /// The code in a few words.
    pub form: &'static str,
}

impl Fact for Blocking {
    const KIND: &'static str = "endless waits";
}
