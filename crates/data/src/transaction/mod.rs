//! Transactions, which are rolled back on an error, a panic, a cancellation and at their timeout
//! (DATA-3).

mod handle;
mod options;
mod state;

pub use handle::Transaction;
pub use options::{Isolation, TransactionOptions};
