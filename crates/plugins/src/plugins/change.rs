use std::sync::Arc;

use futures::future::maybe_done;
use tokio::sync::Mutex;

use super::Plugins;
use crate::{PluginError, PluginErrorCode};

impl Plugins {
    /// Runs a change of plugins after all changes with the same lock that were requested earlier.
    /// The change continues if its caller stops waiting.
    ///
    /// # Errors
    /// The change fails or is interrupted.
    pub(super) async fn change<T, F>(
        &self,
        lock: Arc<Mutex<()>>,
        plugin: &str,
        change: impl FnOnce(Self) -> F,
    ) -> Result<T, PluginError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, PluginError>> + Send + 'static,
    {
        let mut turn = Box::pin(maybe_done(lock.lock_owned()));
        // The first poll takes the next place in the order of changes.
        let _ = futures::poll!(turn.as_mut());
        let change = change(self.clone());
        let changed = self.until_stop(async move {
            turn.as_mut().await;
            let _turn = turn.as_mut().take_output();
            change.await
        });
        let changed = self.0.tasks.spawn("plugin-change", changed);
        changed.await.ok().flatten().flatten().unwrap_or_else(|| {
            let problem = "its change was interrupted";
            Err(PluginError::new(PluginErrorCode::Internal, plugin, problem))
        })
    }
}
