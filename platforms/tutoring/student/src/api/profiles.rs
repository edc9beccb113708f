//! Handlers of profiles.

use seaworthy::prelude::*;
use tutoring_contract::{
    CallerTerritory, CheckedPage, Json, Path, Query, Reply, Role,
    events::{BusinessEvent, StudentChanged, message},
};
use tutoring_identity::{ProfileEdit, caller, own_or_permitted};

use super::{ExtractResult, HandlerResult, STUDENT_READ, STUDENT_WRITE, State};
use crate::{
    pages::student_view,
    profile::Profile,
    store::{Status, students},
};

/// The maximum length of a searched text, in characters.
const MAX_SEARCH_LENGTH: usize = 100;

#[derive(Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    search: String,
    status: Option<Status>,
}

pub(super) async fn list(
    api: State,
    territory: CallerTerritory,
    page: CheckedPage,
    Query(query): Query<ListQuery>,
) -> HandlerResult {
    let text: String = query
        .search
        .trim()
        .chars()
        // No stored text has it, and PostgreSQL rejects it.
        .filter(|letter| *letter != '\0')
        .take(MAX_SEARCH_LENGTH)
        .collect();
    let (database, status) = (&api.backend.database, query.status);
    let found = match territory.within() {
        Some(within) => students::list(database, &text, status, &within, page).await?,
        None => page.into_page(Vec::new(), 0),
    };
    Reply::ok("students", found.map(|student| student_view(&student)))
}

pub(super) async fn show(
    api: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
) -> HandlerResult {
    let id = own_or_permitted(&id, Role::Student, Some(STUDENT_READ))?;
    let student = students::by_id(&api.backend.database, id).await?;
    let student =
        student.ok_or_else(|| Error::new(Code::NotFound, "NOT_FOUND", "no student has this ID"))?;
    territory.require(Some(&student.territory))?;
    Reply::ok("student", student_view(&student))
}

pub(super) async fn change(
    api: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
    profile: ExtractResult<Json<Profile>>,
) -> HandlerResult {
    let id = own_or_permitted(&id, Role::Student, Some(STUDENT_WRITE))?;
    let Json(profile) = profile?;
    let profile = profile.checked()?;
    let api = &*api;
    let (backend, admin) = (&api.backend, caller().ok().filter(|caller| *caller != id));
    let student = backend
        .database
        .transaction(|tx| {
            let (profile, territory) = (&profile, &territory);
            async move {
                let student = students::lock(&tx, id).await?;
                territory.require(Some(&student.territory))?;
                let merged = profile.merged_into(&student.profile)?;
                if let Some(admin) = admin {
                    let after = &profile.changed()?;
                    let before = |name: &String| student.profile.get(name).cloned();
                    let before = |name: &String| (name.clone(), before(name).unwrap_or_default());
                    let edit = ProfileEdit {
                        admin,
                        permission: STUDENT_WRITE,
                        action: "student.profile",
                        target: ("student", id),
                        before: after.keys().map(before).collect(),
                        after,
                    };
                    edit.record(&tx, &api.audit, &backend.outbox).await?;
                }
                students::set_profile(&tx, &student, &merged).await?;
                let student = students::lock(&tx, id).await?;
                let changed = StudentChanged {
                    student_id: id,
                    version: student.version,
                    snapshot: json!({
                        "fullName": student.profile.get("fullName"),
                        "gender": student.profile.get("gender"),
                        "avatarUrl": student.profile.get("avatarUrl"),
                        "latitude": student.profile.get("latitude"),
                        "longitude": student.profile.get("longitude"),
                    }),
                };
                backend
                    .outbox
                    .store(&tx, message(&BusinessEvent::new(changed)))
                    .await?;
                Ok::<_, Error>(student)
            }
        })
        .await?;
    api.pages.invalidate(id).await;
    Reply::ok("the profile is changed", student_view(&student))
}
