//! Shares the machine between tests that run at the same time.

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static MACHINE: RwLock<()> = RwLock::const_new(());

/// Waits until no test needs the machine exclusively. A test takes one guard: a second one can
/// deadlock with a waiting [`exclusive`] test.
pub(crate) async fn shared() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().await
}

/// Waits until no other test holds a guard. Tests with a browser or nine processes need this to
/// keep their time limits on two cores.
pub(crate) async fn exclusive() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().await
}
