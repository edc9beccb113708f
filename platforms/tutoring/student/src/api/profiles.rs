//! Handlers of profiles.

use seaworthy::{
    audit_log::{AuditEntry, members_detail},
    axum::extract::State as Extract,
    data::Transaction,
    prelude::*,
};
use serde_json::{Map, Value, json};
use tutoring_contract::{
    CallerTerritory, CheckedPage, Json, Path, Query, Reply, Role,
    events::{AdminOverride, BusinessEvent, StudentChanged, message},
};
use tutoring_identity::{caller, own_or_permitted};
use uuid::Uuid;

use super::{Api, Given, HandlerResult, STUDENT_READ, STUDENT_WRITE, State};
use crate::{pages::student_view, profile::Profile, store::students};

/// The maximum length of a searched text, in characters.
const MAX_SEARCH_LENGTH: usize = 100;

#[derive(Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    search: String,
    status: Option<Status>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Unverified,
    Verified,
    Disabled,
}

impl Status {
    /// Returns whether the account is disabled, and whether it is verified, if that matters.
    const fn flags(self) -> (bool, Option<bool>) {
        match self {
            Self::Unverified => (false, Some(false)),
            Self::Verified => (false, Some(true)),
            Self::Disabled => (true, None),
        }
    }
}

pub(super) async fn list(
    Extract(api): State,
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
    let status = query.status.map(Status::flags);
    let found = match territory.within() {
        Some(within) => students::list(&api.backend.database, &text, status, &within, page).await?,
        None => page.into_page(Vec::new(), 0),
    };
    Ok(Reply::new("students", found.map(|student| student_view(&student))).into_response())
}

pub(super) async fn show(
    Extract(api): State,
    territory: CallerTerritory,
    Path(id): Path<String>,
) -> HandlerResult {
    let id = own_or_permitted(&id, Role::Student, Some(STUDENT_READ))?;
    let student = students::by_id(&api.backend.database, id).await?;
    let student =
        student.ok_or_else(|| Error::new(Code::NotFound, "NOT_FOUND", "no student has this ID"))?;
    territory.require(Some(&student.territory))?;
    Ok(Reply::new("student", student_view(&student)).into_response())
}

pub(super) async fn change(
    Extract(api): State,
    territory: CallerTerritory,
    Path(id): Path<String>,
    profile: Given<Json<Profile>>,
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
                let mut student = students::lock(&tx, id).await?;
                territory.require(Some(&student.territory))?;
                let merged = profile.merged_into(&student.profile)?;
                if let Some(admin) = admin {
                    let changed = profile.changed()?;
                    record(api, &tx, (admin, id), (&student.profile, &changed)).await?;
                }
                students::set_profile(&tx, &student, &merged).await?;
                student.profile = merged;
                let changed = StudentChanged {
                    student_id: id,
                    version: student.version + 1,
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
    api.pages.forget(id).await;
    Ok(Reply::new("the profile is changed", student_view(&student)).into_response())
}

/// The action in the audit log and in the event.
const ACTION: &str = "student.profile";

/// Stores the audit entry and the event of an administrator's change. The event has no values of the
/// profile.
async fn record(
    api: &Api,
    tx: &Transaction,
    (admin, student): (Uuid, Uuid),
    (before, after): (&Value, &Map<String, Value>),
) -> Result<(), Error> {
    let before: Map<_, _> = after
        .keys()
        .map(|name| (name.clone(), before.get(name).cloned().unwrap_or_default()))
        .collect();
    let entry = AuditEntry::new(ACTION)
        .target("student", student.to_string())
        .detail("permission", STUDENT_WRITE)
        .detail("before", members_detail(&before))
        .detail("after", members_detail(after));
    api.audit.append(tx, entry).await?;
    let names: Vec<_> = after.keys().collect();
    let done = AdminOverride {
        action: ACTION.to_owned(),
        target_id: student.to_string(),
        target_type: "student".to_owned(),
        changes: json!({ "members": names }),
        reason: String::new(),
    };
    let event = BusinessEvent::new(done).by(admin, Role::Admin);
    Ok(api.backend.outbox.store(tx, message(&event)).await?)
}
