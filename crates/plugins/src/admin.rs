use axum::extract::State;
use seaworthy_core::Error;
use seaworthy_http::{Json, Path, Routes};

use crate::{PluginInfo, Plugins};

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
    let info = plugins.load(&name).await?;
    log_change(&name, "load");
    Ok(Json(info))
}

async fn unload(State(plugins): State<Plugins>, Path(name): Path<String>) -> Result<(), Error> {
    plugins.unload(&name).await?;
    log_change(&name, "unload");
    Ok(())
}

async fn start(
    State(plugins): State<Plugins>,
    Path(name): Path<String>,
) -> Result<Json<PluginInfo>, Error> {
    plugins.start_plugin(&name).await?;
    log_change(&name, "start");
    Ok(Json(plugins.get(&name)?))
}

async fn stop(
    State(plugins): State<Plugins>,
    Path(name): Path<String>,
) -> Result<Json<PluginInfo>, Error> {
    plugins.stop_plugin(&name).await?;
    log_change(&name, "stop");
    Ok(Json(plugins.get(&name)?))
}

async fn reload(
    State(plugins): State<Plugins>,
    Path(name): Path<String>,
) -> Result<Json<PluginInfo>, Error> {
    plugins.reload(&name).await?;
    log_change(&name, "reload");
    Ok(Json(plugins.get(&name)?))
}

async fn enable(
    State(plugins): State<Plugins>,
    Path(name): Path<String>,
) -> Result<Json<PluginInfo>, Error> {
    plugins.enable(&name)?;
    log_change(&name, "enable");
    Ok(Json(plugins.get(&name)?))
}

async fn check(State(plugins): State<Plugins>, Path(name): Path<String>) -> Result<(), Error> {
    plugins.check(&name).await?;
    Ok(())
}

fn log_change(plugin: &str, action: &str) {
    tracing::info!(plugin, action, "an operator changed a plugin");
}
