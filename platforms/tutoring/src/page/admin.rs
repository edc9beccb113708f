//! The page of an administrator: applications, allocations and the audit log.

use maud::{Markup, html};
use seaworthy::{
    axum::{Form, extract::State, http::HeaderMap},
    prelude::*,
};
use serde_json::{Value, json};

use super::{
    Page, PageResult,
    gateway::{items, text},
    layout::{action, page},
    visitor::Role,
};

#[derive(Deserialize)]
pub(super) struct Application {
    application: Uuid,
}

pub(super) async fn show(State(state): State<Page>, headers: HeaderMap) -> PageResult {
    let (gateway, visitor) = (state.gateway()?, Role::Admin.visitor(&headers)?);
    let applications = "/admin/trainers/approvals?status=PENDING";
    let applications = gateway.get(&visitor, applications).await?;
    let allocations = gateway.get(&visitor, "/admin/allocations").await?;
    let log = gateway.get(&visitor, "/admin/audit-log").await?;
    let main = html! {
        (reviews(items(&applications, "/items")))
        (assignments(items(&allocations, "/items")))
        h2 { "Audit log" }
        table {
            thead { tr { th scope="col" { "Time" } th scope="col" { "Action" } } }
            tbody {
                @for entry in items(&log, "/items") {
                    tr { td { (text(entry, "/time")) } td { (text(entry, "/action")) } }
                }
            }
        }
    };
    Ok(page("Administration", Role::Admin.home(), &main))
}

fn reviews(applications: &[Value]) -> Markup {
    html! {
        h2 { "Applications of trainers" }
        @if applications.is_empty() { p { "No application is pending." } }
        @for application in applications {
            @let (id, name) = (text(application, "/applicationId"), text(application, "/fullName"));
            div.card {
                h3 { (name) }
                p { (text(application, "/qualification")) }
                (action("/admin/approve", &format!("Approve {name}"), &[("application", &id)], &html! {}))
            }
        }
    }
}

fn assignments(allocations: &[Value]) -> Markup {
    let is_pending = |one: &&Value| text(one, "/status") == "pending";
    html! {
        h2 { "Allocations" }
        p { (allocations.iter().filter(is_pending).count()) " of " (allocations.len()) " purchases have no trainer." }
        (action("/admin/allocate", "Look for trainers again", &[], &html! {}))
        table {
            thead { tr { th scope="col" { "First day" } th scope="col" { "Sessions" } th scope="col" { "State" } } }
            tbody {
                @for allocation in allocations {
                    tr {
                        td { (text(allocation, "/startDate")) }
                        td { (text(allocation, "/sessionCount")) }
                        td { (text(allocation, "/status")) }
                    }
                }
            }
        }
    }
}

pub(super) async fn approve(
    State(state): State<Page>,
    headers: HeaderMap,
    Form(form): Form<Application>,
) -> PageResult {
    let path = format!("/admin/trainers/approvals/{}/approve", form.application);
    state.act(Role::Admin, &headers, &path, &json!({})).await
}

/// Retries the pending allocations.
pub(super) async fn allocate(State(state): State<Page>, headers: HeaderMap) -> PageResult {
    let path = "/admin/allocations/retry-auto-assign";
    state.act(Role::Admin, &headers, path, &json!({})).await
}
