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

fn check(device: &NewDevice) -> Result<(), Error> {
    let mut checks = Checks::new();
    let is_visible = device.token.bytes().all(|byte| byte.is_ascii_graphic());
    let is_token = (1..=MAX_TOKEN).contains(&device.token.len()) && is_visible;
    let problem = format!("must have 1 to {MAX_TOKEN} visible ASCII characters");
    checks.require("token", is_token, problem);
    checks.one_of("platform", device.platform.as_str(), &PLATFORMS);
    for (name, text) in [
        ("deviceId", &device.device_id),
        ("deviceName", &device.device_name),
        ("appVersion", &device.app_version),
    ] {
        let text = text.as_deref().unwrap_or_default();
        checks.length(name, text, 0, MAX_TEXT);
        checks.storable(name, text);
    }
    checks.finish()
}

pub(super) async fn register(
    notifier: State,
    device: ExtractResult<Json<NewDevice>>,
) -> HandlerResult {
    let (Json(device), user) = (device?, caller()?);
    check(&device)?;
    let device = &device;
    let database = &notifier.backend.database;
    let registered = database.transaction(|tx| async move {
        Ok::<_, Error>(devices::register(&tx, user, device).await?)
    });
    Reply::created("device token registered", registered.await?)
}

pub(super) async fn list(notifier: State, page: CheckedPage) -> HandlerResult {
    // A user has a few devices.
    let devices = devices::of_user(&notifier.backend.database, caller()?).await?;
    Reply::ok("device tokens", page.paginate(devices))
}

pub(super) async fn deactivate(notifier: State, Path(token): Path<String>) -> HandlerResult {
    match devices::deactivate(&notifier.backend.database, caller()?, &token).await? {
        true => Ok(Reply::message("device token deactivated").into_response()),
        false => Err(errors::device_not_found()),
    }
}

pub(super) async fn delete(notifier: State, Path(token): Path<String>) -> HandlerResult {
    match devices::delete(&notifier.backend.database, caller()?, &token).await? {
        true => Ok(Reply::message("device token deleted").into_response()),
        false => Err(errors::device_not_found()),
    }
}
