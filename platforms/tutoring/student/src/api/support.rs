//! Handlers of support tickets and the welcome offer.

use seaworthy::prelude::*;
use tutoring_contract::{Json, Path, Reply};
use tutoring_identity::{AccountChecks as _, Checks};

use super::{Api, ExtractResult, HandlerResult, State, own::own};
use crate::store::{DEFAULT_PRIORITY, Student, Ticket, students, tickets};

/// Longer descriptions belong in an attachment.
const MAX_DESCRIPTION: usize = 5_000;
const PRIORITIES: [&str; 4] = ["low", "medium", "high", "urgent"];

fn checked(mut ticket: Ticket) -> Result<Ticket, Error> {
    let mut checks = Checks::new();
    for (field, text, min, max) in [
        ("issueType", &ticket.issue_type, 1, 100),
        ("subject", &ticket.subject, 5, 200),
        ("description", &ticket.description, 20, MAX_DESCRIPTION),
    ] {
        checks.length(field, text, min, max);
        checks.storable(field, text);
    }
    let email = checks.email("email", Some(&ticket.email));
    let priority = ticket.priority.as_deref().unwrap_or(DEFAULT_PRIORITY);
    checks.one_of("priority", priority, &PRIORITIES);
    checks.finish()?;
    ticket.email = email;
    Ok(ticket)
}

pub(super) async fn open_ticket(
    api: State,
    Path(id): Path<String>,
    ticket: ExtractResult<Json<Ticket>>,
) -> HandlerResult {
    let student = own(&id)?;
    let Json(ticket) = ticket?;
    let id = tickets::insert(&api.backend.database, student, checked(ticket)?).await?;
    let data = json!({ "ticketId": id, "status": "open" });
    Reply::created("the ticket is open", data)
}

/// Returns the student of a path, who must be the caller.
async fn student(api: &Api, id: &str) -> Result<Student, Error> {
    let id = own(id)?;
    let database = &api.backend.database;
    let locked = database.transaction(|tx| async move { students::lock(&tx, id).await });
    Ok(locked.await?)
}

pub(super) async fn check_deal(api: State, Path(id): Path<String>) -> HandlerResult {
    let claimed_at = student(&api, &id).await?.deal_claimed_at;
    let data = json!({ "canClaim": claimed_at.is_none(), "claimedAt": claimed_at });
    Reply::ok("welcome offer", data)
}

pub(super) async fn claim_deal(api: State, Path(id): Path<String>) -> HandlerResult {
    let id = own(&id)?;
    let database = &api.backend.database;
    let claimed = database.transaction(|tx| async move { students::claim_deal(&tx, id).await });
    if !claimed.await? {
        let message = "you have already claimed the welcome offer";
        return Err(Error::new(Code::Conflict, "CONFLICT", message));
    }
    Reply::ok("welcome offer", json!({ "claimed": true }))
}
