//! The broker inside the process: in memory, or in a file that the processes of one machine share. Smaller than the others, never laxer.

mod memory;
mod sqlite;

pub use memory::MemoryBroker;
pub use sqlite::SqliteBroker;
