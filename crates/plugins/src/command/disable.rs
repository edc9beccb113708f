use std::fs;

use seaworthy_service::{CommandRun, StartError};
use serde_json::json;

use crate::PluginsConfig;

/// Disables a plugin in `NAME.yaml`, and keeps the other lines of the file.
///
/// # Errors
/// The name is not valid, or the file cannot be read or written.
pub(super) fn disable<C>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
    name: &str,
) -> Result<(), StartError> {
    if !crate::manifest::is_name(name) {
        return Err(StartError::new(format!(
            "\"{name}\" is not a valid name of a plugin"
        )));
    }
    let path = config.config_directory.join(format!("{name}.yaml"));
    let failed =
        |error| StartError::because(format!("{} cannot be written", path.display()), error);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(error)),
    };
    let kept = text.lines().filter(|line| !line.starts_with("enabled:"));
    let mut lines: Vec<&str> = kept.collect();
    lines.insert(0, "enabled: false");
    fs::create_dir_all(&config.config_directory).map_err(failed)?;
    fs::write(&path, lines.join("\n") + "\n").map_err(failed)?;
    let text = format!("{name} is disabled in {}", path.display());
    run.console
        .answer(&text, &json!({ "name": name, "file": path }));
    Ok(())
}
