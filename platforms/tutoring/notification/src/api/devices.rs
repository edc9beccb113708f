use seaworthy::prelude::*;
use tutoring_contract::{CheckedPage, Json, Path, Reply};
use tutoring_identity::{Checks, caller};

use super::{ExtractResult, HandlerResult, State};
use crate::{
    errors,
    store::{NewDevice, devices},
};

const PLATFORMS: [&str; 3] = ["ios", "android", "web"];
/// Tokens of Firebase have fewer than 300 characters.
const MAX_TOKEN: usize = 1_024;
const MAX_TEXT: usize = 200;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DeviceRequest {
    token: String,
    platform: String,
    device_id: Option<String>,
    device_name: Option<String>,
    app_version: Option<String>,
}

impl DeviceRequest {
    fn checked(self) -> Result<NewDevice, Error> {
        let mut checks = Checks::new();
        let is_visible = self.token.bytes().all(|byte| byte.is_ascii_graphic());
        let is_token = (1..=MAX_TOKEN).contains(&self.token.len()) && is_visible;
        let problem = format!("must have 1 to {MAX_TOKEN} visible ASCII characters");
        checks.require("token", is_token, problem);
        let known = PLATFORMS.into_iter().find(|name| *name == self.platform);
        checks.require("platform", known.is_some(), "must be ios, android or web");
        for (name, text) in [
            ("deviceId", &self.device_id),
            ("deviceName", &self.device_name),
            ("appVersion", &self.app_version),
        ] {
            let text = text.as_deref().unwrap_or_default();
            checks.length(name, text, 0, MAX_TEXT);
            checks.storable(name, text);
        }
        checks.finish()?;
        Ok(NewDevice {
            token: self.token,
            platform: known.unwrap_or_default(),
            device_id: self.device_id,
            device_name: self.device_name,
            app_version: self.app_version,
        })
    }
}

pub(super) async fn register(
    notifier: State,
    device: ExtractResult<Json<DeviceRequest>>,
) -> HandlerResult {
    let (Json(device), user) = (device?, caller()?);
    let device = &device.checked()?;
    let database = &notifier.backend.database;
    let registered = database.transaction(|tx| async move {
        Ok::<_, Error>(devices::register(&tx, user, device).await?)
    });
    Reply::created("device token registered", registered.await?)
}

pub(super) async fn list(notifier: State, page: CheckedPage) -> HandlerResult {
    // A user has a few devices.
    let devices = devices::of_user(&notifier.backend.database, caller()?).await?;
    Reply::ok("device tokens", page.part(devices))
}

pub(super) async fn deactivate(notifier: State, Path(token): Path<String>) -> HandlerResult {
    match devices::deactivate(&notifier.backend.database, caller()?, &token).await? {
        true => Ok(Reply::message("device token deactivated").into_response()),
        false => Err(errors::device_not_found().into()),
    }
}

pub(super) async fn delete(notifier: State, Path(token): Path<String>) -> HandlerResult {
    match devices::delete(&notifier.backend.database, caller()?, &token).await? {
        true => Ok(Reply::message("device token deleted").into_response()),
        false => Err(errors::device_not_found().into()),
    }
}
