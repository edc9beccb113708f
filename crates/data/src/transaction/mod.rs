//! Transactions that end: by commit, or by rollback on error, panic, cancellation and at their time limit (DATA-3).

mod handle;
mod options;
mod state;

pub use handle::Transaction;
pub use options::{Isolation, TransactionOptions};
