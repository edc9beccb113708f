//! A message consumer.

use crate::model::{Fact, Resolution};

/// When a message is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledgement {
    /// By the broker, before the work.
    Automatic,
    /// By the code, after the work.
    Manual,
}

/// A subscription made in code.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// The client library.
    pub library: &'static str,
    /// Topic or queue.
    pub topic: Resolution<String>,
    /// When messages are acknowledged.
    pub acknowledgement: Resolution<Acknowledgement>,
}

impl Fact for Consumer {
    const KIND: &'static str = "message consumers";
}
