//! Commands that a service binary has beside those of the kernel, such as `migrate`.

mod console;
mod definition;
mod run;
mod stderr;

pub use console::Console;
pub use definition::{CommandRun, Commands, ServiceCommand};
pub(super) use run::run;
