//! The commands, and checks over the source code of the workspace: its dependencies, messages and
//! metrics.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "an error in a source file fails the test"
)]

mod audit;
mod dependencies;
mod deploy;
mod hostile;
mod lint_logs;
mod messages;
mod metrics;
mod sources;

use std::{env, fs, path::PathBuf};

/// The root of the workspace.
fn root() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect()
}

/// Compares a committed file with its generated content. With `SEAWORTHY_UPDATE=1` it writes the
/// file instead.
fn assert_committed(path: &str, generated: &str) {
    let file = root().join(path);
    if env::var_os("SEAWORTHY_UPDATE").is_some() {
        fs::write(&file, generated).unwrap();
        return;
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let difference = committed
        .lines()
        .zip(generated.lines())
        .enumerate()
        .find(|(_, (committed, generated))| committed != generated);
    assert!(
        committed == generated,
        "{path} differs from the source code, first at {difference:?}. Review the change, then \
         run `SEAWORTHY_UPDATE=1 cargo test -p seaworthy-cli --test workspace`"
    );
}
