//! Additional commands of a service binary, such as `migrate`.

mod console;
mod definition;
mod run;
mod stderr;

pub use console::Console;
pub use definition::{CommandRun, Commands, ServiceCommand};
pub(super) use run::run;
pub(super) use stderr::Stderr;
