use std::sync::Arc;

use futures::future::maybe_done;
use seaworthy_service::Stop;
use tokio::sync::Mutex;

use super::Plugins;
use crate::{PluginError, PluginErrorCode};

impl Plugins {
    /// Runs a change of plugins after all changes with the same lock that were requested earlier.
    /// The change continues if its caller stops waiting. It does not begin after the stop of the
    /// service was requested, because the plugins end then. `plugin` is `None` for a change of the
    /// whole folder.
    ///
    /// # Errors
    /// The service stops, or the change fails or is interrupted.
    pub(super) async fn change<T, F>(
        &self,
        lock: Arc<Mutex<()>>,
        plugin: Option<&str>,
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
        let (stop, name) = (self.0.tasks.stop().clone(), plugin.map(str::to_owned));
        let changed = self.until_stop(async move {
            turn.as_mut().await;
            let _turn = turn.as_mut().take_output();
            check_running(&stop, name.as_deref())?;
            change.await
        });
        let changed = self.0.tasks.spawn("plugin-change", changed);
        changed.await.ok().flatten().flatten().unwrap_or_else(|| {
            let problem = "is changed in part, because the change was interrupted: repeat it";
            Err(unchanged(plugin, problem))
        })
    }
}

/// Checks that the service does not stop.
///
/// # Errors
/// The stop of the service was requested.
pub(super) fn check_running(stop: &Stop, plugin: Option<&str>) -> Result<(), PluginError> {
    match stop.is_requested() {
        true => {
            let problem = "is not changed, because the service stops";
            Err(unchanged(plugin, problem))
        }
        false => Ok(()),
    }
}

/// Returns the error of a change that did not run to its end.
fn unchanged(plugin: Option<&str>, problem: &str) -> PluginError {
    match plugin {
        Some(plugin) => PluginError::new(PluginErrorCode::Internal, plugin, problem),
        None => PluginError::for_folder(format!("the plugin folder {problem}")),
    }
}
