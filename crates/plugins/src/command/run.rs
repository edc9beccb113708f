use std::fs;

use seaworthy_config::Settings;
use seaworthy_service::{CommandRun, StartError};
use serde_json::{Map, Value, json};

use crate::{HookCall, HookPoint, Plugins, PluginsConfig};

/// Starts a plugin and its dependencies, and calls their hooks at a point.
///
/// # Errors
/// The input is not a JSON object, or a plugin cannot be loaded or started.
pub(super) async fn call<C: Settings>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
    name: &str,
    point: &str,
    input: Option<&String>,
) -> Result<(), StartError> {
    let values: Map<String, Value> = match input {
        None => Map::new(),
        Some(file) => {
            let text = fs::read_to_string(file)
                .map_err(|error| StartError::because(format!("{file} cannot be read"), error))?;
            serde_json::from_str(&text).map_err(|error| {
                StartError::because(format!("{file} is not a JSON object"), error)
            })?
        }
    };
    let point = HookPoint::ALL
        .into_iter()
        .find(|known| known.as_str() == point);
    let Some(point) = point else {
        return Err(StartError::new("the hook point is not known"));
    };
    let plugins = Plugins::open(run.service, config)?;
    load_with_dependencies(&plugins, name).await?;
    plugins.start_plugin(name).await?;
    let call = values
        .into_iter()
        .fold(HookCall::new(), |call, (name, value)| {
            call.with_value(name, value)
        });
    let document = match plugins.run_hooks(point, call).await {
        Ok(report) => json!({ "values": report.call.values(), "failed": report.failed }),
        Err(error) => json!({ "rejected": error.reason(), "message": error.message() }),
    };
    run.console.print(&format!("{document:#}"), &document);
    Ok(())
}

/// Loads and starts the dependencies of a plugin, and loads the plugin.
///
/// # Errors
/// A plugin cannot be loaded, or a dependency cannot be started.
pub(super) async fn load_with_dependencies(
    plugins: &Plugins,
    name: &str,
) -> Result<(), StartError> {
    for needed in plugins.order_for(name).await? {
        plugins.load(&needed).await?;
        if needed != name {
            plugins.start_plugin(&needed).await?;
        }
    }
    Ok(())
}
