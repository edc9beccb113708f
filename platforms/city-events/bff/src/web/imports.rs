//! Pages with which an organizer imports events from a CSV file.

use city_events_contract::event::v1::{BadRow, EventImport};
use maud::{Markup, html};
use seaworthy::axum::{
    extract::{Path, State},
    http::StatusCode,
};
use tonic::{Code, Status};
use uuid::Uuid;

use super::{
    Pages,
    address::{Address, stored_id},
    components,
    layout::{heading, page as layout, private_fragment},
};
use crate::{caller::Caller, timestamp};

/// An example of a file.
const EXAMPLE: &str = "title,description,city,category,start_time,end_time,capacity,publish
Jazz in the park,Bring a blanket.,Berlin,Music,2027-06-01 18:00,2027-06-01 22:00,50,yes";

/// The page with the form and the latest imports.
pub(super) async fn page() -> Markup {
    let main = html! {
        div.narrow {
            (heading("Import events", "Create many events from a CSV file. The file is checked first."))
            div.only-out { (components::empty_state("Sign in first", "You need an account to host events.", Some((components::login_then("/me/imports"), "Sign in")))) }
            div.not-out {
                form.form data-form="import" {
                    p.alert role="alert" hidden {}
                    (file_field())
                    button.button { "Check the file" }
                }
                (columns())
            }
            noscript { p { a.button href="/plain/imports" { "Import without JavaScript" } } }
            (private_fragment(&Address::new("/fragments/me/imports")))
        }
    };
    layout("Import events", "/me/events", main)
}

pub(super) fn file_field() -> Markup {
    html! {
        label { span { "CSV file" } input type="file" name="file" accept=".csv,text/csv" required; small { "At most 1 MB and 5,000 events. Save spreadsheets as CSV with UTF-8." } }
    }
}

/// The description of the columns.
pub(super) fn columns() -> Markup {
    html! {
        section.form {
            h2 { "Columns" }
            pre.example { (EXAMPLE) }
            p.hint { "Times are in UTC. Events are drafts unless the column publish says yes. The columns capacity and publish may be absent." }
        }
    }
}

/// The page with the progress and the report of an import.
pub(super) async fn progress_page(Path(id): Path<String>) -> (StatusCode, Markup) {
    let Ok(id) = Uuid::try_parse(&id) else {
        return (
            StatusCode::NOT_FOUND,
            layout("Not found", "", unknown_import()),
        );
    };
    let fragment = Address::new("/fragments/me/imports").id(id);
    let main = html! {
        div.narrow {
            (heading("Import", ""))
            div data-fragment=(fragment) data-poll="1000" aria-busy="true" {
                div.only-out { (components::empty_state("Sign in first", "This page is private.", Some((Address::new("/login"), "Sign in")))) }
            }
            p { a href="/me/imports" { "All imports" } }
        }
    };
    (StatusCode::OK, layout("Import", "/me/events", main))
}

/// The latest imports.
pub(super) async fn list_fragment(
    State(pages): State<Pages>,
    caller: Caller,
) -> (StatusCode, Markup) {
    let imports = match pages.upstreams.imports(&caller).await {
        Ok(imports) => imports,
        Err(status) => return error_page(&status),
    };
    (StatusCode::OK, list(&imports, "/me/imports"))
}

/// The imports, each with a link to its page below `base`.
pub(super) fn list(imports: &[EventImport], base: &'static str) -> Markup {
    html! {
        @if !imports.is_empty() { h2 { "Your imports" } }
        ul.rows role="list" {
            @for import in imports {
                li.row-card {
                    div {
                        h3 {
                            @if let Some(id) = stored_id(&import.id) { a href=(Address::new(base).id(id)) { (file_name(import)) } }
                            @else { (file_name(import)) }
                        }
                        p.hint { (label(import)) " · " (components::time(timestamp::from_proto(import.created_at.as_ref()), "card")) }
                    }
                }
            }
        }
    }
}

/// The progress and the report of an import.
pub(super) async fn fragment(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<String>,
) -> (StatusCode, Markup) {
    let Ok(id) = Uuid::try_parse(&id) else {
        return (StatusCode::NOT_FOUND, unknown_import());
    };
    match pages.upstreams.import(&caller, id.to_string()).await {
        Ok(found) => {
            let import = found.import.unwrap_or_default();
            (
                StatusCode::OK,
                content(id, &import, &found.bad_rows, Buttons::Script),
            )
        }
        Err(status) => error_page(&status),
    }
}

fn unknown_import() -> Markup {
    components::empty_state(
        "Import not found",
        "It does not exist, or belongs to another user.",
        Some((Address::new("/me/imports"), "Your imports")),
    )
}

fn error_page(status: &Status) -> (StatusCode, Markup) {
    match status.code() {
        Code::NotFound => (StatusCode::NOT_FOUND, unknown_import()),
        Code::Unauthenticated => (
            StatusCode::UNAUTHORIZED,
            components::empty_state(
                "Sign in first",
                "This page is private.",
                Some((Address::new("/login"), "Sign in")),
            ),
        ),
        _ => (
            StatusCode::BAD_GATEWAY,
            components::empty_state(
                "Temporarily unavailable",
                "A required service does not respond. Try again shortly.",
                None,
            ),
        ),
    }
}

fn file_name(import: &EventImport) -> &str {
    match import.name.as_str() {
        "" => "CSV file",
        name => name,
    }
}

/// Returns the status for users.
fn label(import: &EventImport) -> String {
    let good = import.rows_checked.saturating_sub(import.rows_bad);
    match import.status.as_str() {
        "receiving" | "checking" => "Checking the rows".to_owned(),
        "checked" => format!("{good} of {} events can be imported", import.rows_checked),
        "storing" => format!("{} of {good} events imported", import.rows_stored),
        "done" => format!("{} events imported", import.rows_stored),
        "canceled" => format!("Canceled, {} events imported", import.rows_stored),
        "undoing" => format!("Undoing, {} events left", import.rows_stored),
        "undone" => "Undone".to_owned(),
        _ => "Failed".to_owned(),
    }
}

/// Returns whether a worker works on an import.
pub(super) fn is_running(import: &EventImport) -> bool {
    matches!(
        import.status.as_str(),
        "receiving" | "checking" | "storing" | "undoing"
    )
}

/// How the buttons of a page send their requests.
#[derive(Debug, Clone, Copy)]
pub(super) enum Buttons {
    /// By the script, after a confirmation.
    Script,
    /// By forms.
    Forms,
}

impl Buttons {
    fn button(self, id: Uuid, action: &'static str, class: &str, label: &str) -> Markup {
        let question =
            "Undo this import? Its drafts are deleted, and its published events are canceled.";
        let question = (action == "undo").then_some(question);
        let done = (action == "cancel").then_some("The import is canceled.");
        match self {
            Self::Script => html! {
                button class={ "button " (class) } data-post=(Address::new("/api/imports").id(id).segment(action)) data-confirm=[question] data-done=[done] { (label) }
            },
            Self::Forms => html! {
                form method="post" action=(Address::new("/plain/imports").id(id).segment(action)) { button class={ "button " (class) } { (label) } }
            },
        }
    }
}

/// The progress and the report of an import.
pub(super) fn content(
    id: Uuid,
    import: &EventImport,
    bad_rows: &[BadRow],
    buttons: Buttons,
) -> Markup {
    let status = import.status.as_str();
    let is_running = is_running(import);
    html! {
        section.form {
            h2 { (file_name(import)) }
            p role="status" { (label(import)) }
            @if is_running { progress max="100" value=(import.percent) aria-label="Progress" {} }
            @if !import.error.is_empty() { (components::notice("warn", "The import failed", &import.error)) }
            div.row {
                @if status == "checked" {
                    (buttons.button(id, "confirm", "", "Import the events"))
                }
                @if matches!(status, "checking" | "checked" | "storing") {
                    (buttons.button(id, "cancel", "quiet", "Cancel"))
                }
                @if matches!(status, "done" | "canceled" | "failed") && import.rows_stored > 0 {
                    a.button href="/me/events" { "My events" }
                    (buttons.button(id, "undo", "danger", "Undo the import"))
                }
            }
        }
        @if !bad_rows.is_empty() {
            section.form {
                h2 { "Rows that cannot be imported" }
                ul.rows role="list" {
                    @for row in bad_rows {
                        li.row-card { div {
                            h3 { "Line " (row.line) @if !row.column.is_empty() { ", " (row.column) } }
                            p.hint { (row.message) @if !row.value.is_empty() { " · " code { (row.value) } } }
                        } }
                    }
                }
            }
        }
    }
}
