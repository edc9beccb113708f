//! Handlers of admins who review applications.

use std::sync::Arc;

use seaworthy::{auth::token::VerifiedToken, axum::Extension, prelude::*};
use serde_json::{Map, Value, json};
use tutoring_contract::{CallerTerritory, CheckedPage, Json, Path, Query, Reply};
use tutoring_identity::{TextField, caller};

use super::{HandlerResult, State};
use crate::{
    applications::Reviewer,
    domain::{Decision, ReviewStatus, errors},
    store::applications,
};

type Token = Extension<Arc<VerifiedToken>>;

#[derive(Deserialize)]
pub(super) struct StatusQuery {
    status: Option<ReviewStatus>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct DecisionRequest {
    reason: Option<String>,
}

fn reviewer(Extension(token): &Token) -> Result<Reviewer, Error> {
    Ok(Reviewer {
        id: caller()?,
        territory: CallerTerritory::from_token(token)?,
    })
}

/// Parses the ID of an application. An invalid ID gets the same response as an unknown ID.
fn parse_id(text: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(text).map_err(|_| errors::application_not_found())
}

pub(super) async fn list(
    applicants: State,
    token: Token,
    page: CheckedPage,
    Query(query): Query<StatusQuery>,
) -> HandlerResult {
    let found = match reviewer(&token)?.territory.within() {
        Some(within) => {
            applications::list(&applicants.database, &within, query.status, page).await?
        }
        None => page.into_page(Vec::new(), 0),
    };
    Reply::ok("applications", found)
}

pub(super) async fn statistics(applicants: State, token: Token) -> HandlerResult {
    let counts = match reviewer(&token)?.territory.within() {
        Some(within) => applications::counts(&applicants.database, &within).await?,
        None => Vec::new(),
    };
    let of = |status: ReviewStatus| {
        let count = counts.iter().find(|(name, _)| name == status.as_str());
        let count = count.map_or(0, |(_, count)| *count);
        (status.as_str().to_owned(), count.into())
    };
    let data: Map<String, Value> = ReviewStatus::ALL.into_iter().map(of).collect();
    Reply::ok("statistics", data)
}

pub(super) async fn show(applicants: State, token: Token, Path(id): Path<String>) -> HandlerResult {
    let application = applicants
        .for_review(&reviewer(&token)?, parse_id(&id)?)
        .await?;
    let mut documents = Map::new();
    for document in applications::documents(&applicants.database, application.id).await? {
        let signed = applicants.sign_download(&document).await?;
        let url = signed.map(|signed| signed.url().to_string());
        documents.insert(document.kind, json!({ "key": document.key, "url": url }));
    }
    let data = json!({
        "application": application,
        "documents": documents,
    });
    Reply::ok("application", data)
}

async fn decide(
    applicants: State,
    token: Token,
    Path(id): Path<String>,
    decision: Decision,
    reason: Option<&str>,
) -> HandlerResult {
    let (reviewer, id) = (reviewer(&token)?, parse_id(&id)?);
    let application = applicants.decide(&reviewer, id, decision, reason).await?;
    Reply::ok("decided", application)
}

pub(super) async fn approve(applicants: State, token: Token, id: Path<String>) -> HandlerResult {
    decide(applicants, token, id, Decision::Approve, None).await
}

pub(super) async fn reject(
    applicants: State,
    token: Token,
    id: Path<String>,
    Json(body): Json<DecisionRequest>,
) -> HandlerResult {
    let reason = TextField("reason", body.reason.as_deref()).optional()?;
    if reason.is_none() {
        return Err(errors::invalid("reason", "is required"));
    }
    decide(applicants, token, id, Decision::Reject, reason).await
}

pub(super) async fn hold(
    applicants: State,
    token: Token,
    id: Path<String>,
    Json(body): Json<DecisionRequest>,
) -> HandlerResult {
    let reason = TextField("reason", body.reason.as_deref()).optional()?;
    decide(applicants, token, id, Decision::Hold, reason).await
}

pub(super) async fn reopen(applicants: State, token: Token, id: Path<String>) -> HandlerResult {
    decide(applicants, token, id, Decision::Reopen, None).await
}
