use seaworthy_config::Settings;
use seaworthy_service::{CommandRun, StartError};
use serde_json::json;

use crate::{PluginsConfig, folder::disable_in_settings};

/// Disables a plugin in `NAME.yaml`, and keeps the other lines of the file. A running service finds
/// the old or the new file, even if this process ends early.
///
/// # Errors
/// - The name is not valid, or the plugin has neither a folder nor settings.
/// - The file cannot be read or written, or has errors.
/// - Another file or an environment variable enables the plugin.
pub(super) fn disable<C: Settings>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
    name: &str,
) -> Result<(), StartError> {
    let path = disable_in_settings(config, run.service.profile(), name)?;
    let text = format!("{name} is disabled in {}", path.display());
    run.console
        .print(&text, &json!({ "name": name, "file": path }));
    Ok(())
}
