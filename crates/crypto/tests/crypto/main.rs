//! Encrypted columns, data keys, the command `encryption` and Vault (SEC-5).

mod columns;
mod command;
mod data_keys;
mod vault_reach;

// `on_every_database!` finds modules at the root.
use command::{rewrap, vault};
use data_keys::{deletion, kill, legacy, outage, roots, rotation};

seaworthy_testkit::on_every_database! {
    std::future::ready, run_in_test;
    columns: keys_of_column_are_rotated_sec_5;
}
