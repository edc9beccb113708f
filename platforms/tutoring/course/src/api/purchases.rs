use seaworthy::prelude::*;
use tutoring_contract::{CallerTerritory, Json, Path, Reply, Role, grants};
use tutoring_identity::caller;

use super::{HandlerResult, State};
use crate::{
    courses::{Courses, DirectPurchase, rejection},
    errors,
    store::{Purchase, purchases, structure},
};

/// The permission of administrators to see the purchases of students.
const STUDENT_READ: &str = "student:read";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Upgrade {
    purchase_tier: u8,
}

/// Requires the student as the caller, or an administrator who reads students of the territory.
async fn require_reader(
    courses: &Courses,
    territory: &CallerTerritory,
    student: Uuid,
) -> Result<(), Error> {
    let grants = grants();
    if grants.has_role(Role::Admin.as_str()) {
        grants.require_scope(STUDENT_READ)?;
        return courses.require_student(territory, student).await;
    }
    match caller()? == student {
        true => Ok(()),
        false => Err(errors::purchase_not_found()),
    }
}

/// Returns the active purchase that the caller may read.
async fn active(
    courses: &Courses,
    territory: &CallerTerritory,
    (student, course): (Uuid, Uuid),
) -> Result<Purchase, Error> {
    require_reader(courses, territory, student).await?;
    let active = purchases::active(&courses.database, student, course).await?;
    active.ok_or_else(errors::purchase_not_found)
}

pub(super) async fn show(
    courses: State,
    territory: CallerTerritory,
    Path(ids): Path<(Uuid, Uuid)>,
) -> HandlerResult {
    Reply::ok("purchase", active(&courses, &territory, ids).await?)
}

pub(super) async fn progress(
    courses: State,
    territory: CallerTerritory,
    Path(ids): Path<(Uuid, Uuid)>,
) -> HandlerResult {
    let purchase = active(&courses, &territory, ids).await?;
    Reply::ok("progress", courses.progress(&purchase).await?)
}

pub(super) async fn access(
    courses: State,
    territory: CallerTerritory,
    Path((student, course, session)): Path<(Uuid, Uuid, Uuid)>,
) -> HandlerResult {
    require_reader(&courses, &territory, student).await?;
    let level = structure::level_of_session(&courses.database, course, session).await?;
    let level = level.ok_or_else(errors::not_found)?;
    let purchase = purchases::active(&courses.database, student, course).await?;
    let data = match rejection(purchase.as_ref(), level) {
        Some(reason) => json!({ "canAccess": false, "reason": reason }),
        None => json!({ "canAccess": true }),
    };
    Reply::ok("access", data)
}

pub(super) async fn create(courses: State, Json(purchase): Json<DirectPurchase>) -> HandlerResult {
    Reply::created("purchase created", courses.open_directly(&purchase).await?)
}

pub(super) async fn upgrade(
    courses: State,
    Path(id): Path<Uuid>,
    Json(upgrade): Json<Upgrade>,
) -> HandlerResult {
    let upgraded = courses.upgrade(id, upgrade.purchase_tier).await?;
    Reply::ok("purchase upgraded", upgraded)
}
