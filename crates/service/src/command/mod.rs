//! The command line that every service binary has.

mod arguments;

pub(crate) use arguments::{Arguments, Command, ConfigCommand, Format, HealthProbe};

#[cfg(test)]
mod tests;
