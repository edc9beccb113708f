use axum::extract::State;
use seaworthy_core::Error;
use seaworthy_http::{Json, Path, Routes};

use crate::{PluginError, PluginInfo, Plugins};

/// Returns the endpoints of the admin listener.
pub(crate) fn routes(plugins: &Plugins) -> Routes {
    Routes::new()
        .get("/plugins", list)
        .get("/plugins/{name}", get)
        .post("/plugins/{name}/load", load)
        .post("/plugins/{name}/unload", unload)
        .post("/plugins/{name}/start", start)
        .post("/plugins/{name}/stop", stop)
        .post("/plugins/{name}/reload", reload)
        .post("/plugins/{name}/enable", enable)
        .post("/plugins/{name}/check", check)
        .with_state(plugins.clone())
}

async fn list(State(plugins): State<Plugins>) -> Json<Vec<PluginInfo>> {
    Json(plugins.list())
}

async fn get(
    State(plugins): State<Plugins>,
    Path(name): Path<String>,
) -> Result<Json<PluginInfo>, Error> {
    Ok(Json(plugins.get(&name)?))
}

async fn load(
    State(plugins): State<Plugins>,
    Path(name): Path<String>,
) -> Result<Json<PluginInfo>, Error> {
    let loaded = plugins.load(&name).await;
    log_change(&name, "load", loaded.as_ref().err());
    Ok(Json(loaded?))
}

async fn unload(State(plugins): State<Plugins>, Path(name): Path<String>) -> Result<(), Error> {
    let changed = plugins.unload(&name).await;
    log_change(&name, "unload", changed.as_ref().err());
    changed?;
    Ok(())
}

async fn start(
    State(plugins): State<Plugins>,
    Path(name): Path<String>,
) -> Result<Json<PluginInfo>, Error> {
    let changed = plugins.start_plugin(&name).await;
    log_change(&name, "start", changed.as_ref().err());
    changed?;
    Ok(Json(plugins.get(&name)?))
}

async fn stop(
    State(plugins): State<Plugins>,
    Path(name): Path<String>,
) -> Result<Json<PluginInfo>, Error> {
    let changed = plugins.stop_plugin(&name).await;
    log_change(&name, "stop", changed.as_ref().err());
    changed?;
    Ok(Json(plugins.get(&name)?))
}

async fn reload(
    State(plugins): State<Plugins>,
    Path(name): Path<String>,
) -> Result<Json<PluginInfo>, Error> {
    let changed = plugins.reload(&name).await;
    log_change(&name, "reload", changed.as_ref().err());
    changed?;
    Ok(Json(plugins.get(&name)?))
}

async fn enable(
    State(plugins): State<Plugins>,
    Path(name): Path<String>,
) -> Result<Json<PluginInfo>, Error> {
    let changed = plugins.enable(&name);
    log_change(&name, "enable", changed.as_ref().err());
    changed?;
    Ok(Json(plugins.get(&name)?))
}

async fn check(State(plugins): State<Plugins>, Path(name): Path<String>) -> Result<(), Error> {
    plugins.check(&name).await?;
    Ok(())
}

/// Logs a change by an operator. A plugin whose own stop fails is stopped anyway.
fn log_change(plugin: &str, action: &str, error: Option<&PluginError>) {
    match error {
        None => tracing::info!(plugin, action, "an operator changed a plugin"),
        Some(error) => {
            let problem = error.describe();
            tracing::warn!(
                plugin,
                action,
                problem,
                "a change of a plugin by an operator failed"
            );
        }
    }
}
