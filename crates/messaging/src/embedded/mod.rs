//! The embedded broker, in memory or in an SQLite file that the processes of one machine share. It
//! gives the same guarantees as the other engines.

mod memory;
mod sqlite;

pub use memory::MemoryBroker;
pub use sqlite::SqliteBroker;
