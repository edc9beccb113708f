use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use serde_json::json;
use tutoring_contract::{Reply, Role};
use tutoring_identity::caller;
use uuid::Uuid;

use super::{Given, HandlerResult, State};
use crate::{
    courses::{Courses, DirectPurchase, rejection},
    errors,
    store::{Purchase, Purchases, Structure},
};

/// The permission of administrators to see the purchases of students.
const STUDENT_READ: &str = "student:read";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Upgrade {
    purchase_tier: u8,
}

/// Requires that the caller is the student, or an administrator who reads students.
fn require_reader(student: Uuid) -> Result<(), Error> {
    let grants = context::with_current(|context| context.map(RequestContext::grants));
    let grants = grants.unwrap_or_default();
    if grants.has_role(Role::Admin.as_str()) {
        return grants.require_scope(STUDENT_READ);
    }
    match caller()? == student {
        true => Ok(()),
        false => Err(errors::purchase_not_found()),
    }
}

/// Returns the active purchase that the caller may read.
async fn active(courses: &Courses, student: Uuid, course: Uuid) -> Result<Purchase, Error> {
    require_reader(student)?;
    let active = Purchases::active(&courses.database, student, course).await?;
    active.ok_or_else(errors::purchase_not_found)
}

pub(super) async fn show(
    Extract(courses): State,
    path: Given<Path<(Uuid, Uuid)>>,
) -> HandlerResult {
    let Path((student, course)) = path?;
    let purchase = active(&courses, student, course).await?;
    Ok(Reply::new("purchase", purchase).into_response())
}

pub(super) async fn progress(
    Extract(courses): State,
    path: Given<Path<(Uuid, Uuid)>>,
) -> HandlerResult {
    let Path((student, course)) = path?;
    let purchase = active(&courses, student, course).await?;
    Ok(Reply::new("progress", courses.progress(&purchase).await?).into_response())
}

pub(super) async fn access(
    Extract(courses): State,
    path: Given<Path<(Uuid, Uuid, Uuid)>>,
) -> HandlerResult {
    let Path((student, course, session)) = path?;
    require_reader(student)?;
    let level = Structure::level_of_session(&courses.database, course, session).await?;
    let level = level.ok_or_else(errors::not_found)?;
    let purchase = Purchases::active(&courses.database, student, course).await?;
    let data = match rejection(purchase.as_ref(), level) {
        Some(reason) => json!({ "canAccess": false, "reason": reason }),
        None => json!({ "canAccess": true }),
    };
    Ok(Reply::new("access", data).into_response())
}

pub(super) async fn create(
    Extract(courses): State,
    purchase: Given<Json<DirectPurchase>>,
) -> HandlerResult {
    let Json(purchase) = purchase?;
    let created = courses.open_directly(&purchase).await?;
    Ok(Reply::new("purchase created", created).created())
}

pub(super) async fn upgrade(
    Extract(courses): State,
    id: Given<Path<Uuid>>,
    upgrade: Given<Json<Upgrade>>,
) -> HandlerResult {
    let (Path(id), Json(upgrade)) = (id?, upgrade?);
    let upgraded = courses.upgrade(id, upgrade.purchase_tier).await?;
    Ok(Reply::new("purchase upgraded", upgraded).into_response())
}
