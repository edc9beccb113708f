//! Handlers of admins who review applications.

use std::sync::Arc;

use seaworthy::{
    auth::token::VerifiedToken,
    axum::{Extension, extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use serde_json::{Map, Value, json};
use tutoring_contract::{AdminRole, PageRequest, Reply, Territory};
use tutoring_identity::caller;
use uuid::Uuid;

use super::{Given, HandlerResult, State, views::ApplicationView};
use crate::{
    applications::{Applicants, Reviewer},
    domain::{Decision, ReviewStatus, errors},
    store::Applications,
};

type Token = Extension<Arc<VerifiedToken>>;

/// The maximum length of a reason, in characters.
const MAX_REASON_LENGTH: usize = 1_000;

#[derive(Deserialize)]
pub(super) struct StatusQuery {
    status: Option<ReviewStatus>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct DecisionRequest {
    reason: Option<String>,
}

impl DecisionRequest {
    /// Returns the trimmed reason.
    fn reason(&self) -> Result<Option<&str>, Error> {
        let reason = self.reason.as_deref().map(str::trim);
        let reason = reason.filter(|reason| !reason.is_empty());
        match reason {
            Some(reason) if reason.chars().count() > MAX_REASON_LENGTH => Err(errors::invalid(
                "reason",
                "must have at most 1000 characters",
            )),
            reason => Ok(reason),
        }
    }
}

fn reviewer(Extension(token): &Token) -> Result<Reviewer, Error> {
    let roles = token.claims().list("roles").map_err(Error::from)?;
    Ok(Reviewer {
        id: caller()?,
        is_super: roles.contains(&AdminRole::SuperAdmin.as_str()),
        territory: Territory::of_token(token)?,
    })
}

/// Parses the ID of an application. Another text has the same response as an unknown ID.
fn parse_id(text: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(text).map_err(|_| errors::application_not_found())
}

pub(super) async fn list(
    Extract(applicants): State,
    token: Token,
    page: Given<Query<PageRequest>>,
    query: Given<Query<StatusQuery>>,
) -> HandlerResult {
    let Query(page) = page?;
    let Query(query) = query?;
    let page = page.checked()?;
    let (items, total) = match reviewer(&token)?.within() {
        Some(within) => {
            let (database, status) = (&applicants.database, query.status);
            Applications::list(database, &within, status, page.limit, page.offset()).await?
        }
        None => (Vec::new(), 0),
    };
    let items = items.iter().map(ApplicationView::of).collect();
    Ok(Reply::new("applications", page.of(items, total)).into_response())
}

pub(super) async fn statistics(Extract(applicants): State, token: Token) -> HandlerResult {
    let counts = match reviewer(&token)?.within() {
        Some(within) => Applications::counts(&applicants.database, &within).await?,
        None => Vec::new(),
    };
    let of = |status: ReviewStatus| {
        let count = counts.iter().find(|(name, _)| name == status.as_str());
        let count = count.map_or(0, |(_, count)| *count);
        (status.as_str().to_owned(), count.into())
    };
    let data: Map<String, Value> = ReviewStatus::ALL.into_iter().map(of).collect();
    Ok(Reply::new("statistics", data).into_response())
}

pub(super) async fn show(
    Extract(applicants): State,
    token: Token,
    Path(id): Path<String>,
) -> HandlerResult {
    let application = applicants
        .for_review(&reviewer(&token)?, parse_id(&id)?)
        .await?;
    let mut documents = Map::new();
    for document in Applications::documents(&applicants.database, application.id).await? {
        let signed = applicants.sign_download(&document).await?;
        let url = signed.map(|signed| signed.url().to_string());
        documents.insert(document.kind, json!({ "key": document.key, "url": url }));
    }
    let data = json!({
        "application": ApplicationView::of(&application),
        "documents": documents,
    });
    Ok(Reply::new("application", data).into_response())
}

async fn decide(
    applicants: &Applicants,
    token: &Token,
    id: &str,
    decision: Decision,
    reason: Option<&str>,
) -> HandlerResult {
    let (reviewer, id) = (reviewer(token)?, parse_id(id)?);
    let application = applicants.decide(&reviewer, id, decision, reason).await?;
    Ok(Reply::new("decided", ApplicationView::of(&application)).into_response())
}

pub(super) async fn approve(
    Extract(applicants): State,
    token: Token,
    Path(id): Path<String>,
) -> HandlerResult {
    decide(&applicants, &token, &id, Decision::Approve, None).await
}

pub(super) async fn reject(
    Extract(applicants): State,
    token: Token,
    Path(id): Path<String>,
    body: Given<Json<DecisionRequest>>,
) -> HandlerResult {
    let Json(body) = body?;
    let reason = body.reason()?;
    if reason.is_none() {
        return Err(errors::invalid("reason", "is required").into());
    }
    decide(&applicants, &token, &id, Decision::Reject, reason).await
}

pub(super) async fn hold(
    Extract(applicants): State,
    token: Token,
    Path(id): Path<String>,
    body: Given<Json<DecisionRequest>>,
) -> HandlerResult {
    let Json(body) = body?;
    decide(&applicants, &token, &id, Decision::Hold, body.reason()?).await
}

pub(super) async fn reopen(
    Extract(applicants): State,
    token: Token,
    Path(id): Path<String>,
) -> HandlerResult {
    decide(&applicants, &token, &id, Decision::Reopen, None).await
}
