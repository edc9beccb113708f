use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use maud::{DOCTYPE, Markup, html};
use seaworthy_core::{Code, Error};
use seaworthy_http::{Access, Json, Path, RouteOptions, Routes};

use crate::{CapturedMail, DevelopmentMailbox};

/// The `Content-Security-Policy` of the pages: inline styles, and nothing from other origins.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);
const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}\
table{width:100%;border-collapse:collapse}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:1rem;background:color-mix(in srgb,currentColor 6%,transparent);border-radius:.5rem}";

impl DevelopmentMailbox {
    /// Returns routes that show the messages: `/mailbox` and `/mailbox/{id}` as pages,
    /// `/mailbox.json` and `/mailbox/{id}/json` for programs. Every client of the listener can read
    /// them, so preflight rejects the mailbox in production.
    pub fn routes(&self) -> Routes {
        let [list, one, list_json, one_json] = std::array::from_fn(|_| self.clone());
        Routes::new()
            .get("/mailbox", async move || page("Mailbox", &listing(&list)))
            .get("/mailbox.json", async move || {
                // Render after the lock is released.
                let messages = list_json.messages();
                Json(
                    messages
                        .iter()
                        .map(|mail| CapturedMail::clone(mail))
                        .collect::<Vec<_>>(),
                )
            })
            .get("/mailbox/{id}", async move |Path(id): Path<u64>| {
                let mail = found(&one, id)?;
                Ok::<_, Error>(page(&mail.subject, &shown(&mail)))
            })
            .get("/mailbox/{id}/json", async move |Path(id): Path<u64>| {
                Ok::<_, Error>(Json(found(&one_json, id)?))
            })
            .with_options(|options: RouteOptions| options.access(Access::Public))
    }
}

fn found(mailbox: &DevelopmentMailbox, id: u64) -> Result<CapturedMail, Error> {
    let mail = mailbox.message(id);
    mail.map(|mail| CapturedMail::clone(&mail)).ok_or_else(|| {
        Error::new(
            Code::NotFound,
            "MAIL_NOT_FOUND",
            "the message does not exist, or newer ones replaced it",
        )
    })
}

fn page(title: &str, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body { main { (body) } }
        }
    };
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, page.into_string()).into_response()
}

fn listing(mailbox: &DevelopmentMailbox) -> Markup {
    let messages = mailbox.messages();
    html! {
        h1 { "Mailbox" }
        p { "Mail that would have been sent. It is kept in memory, the newest first." }
        @if messages.is_empty() {
            p { "Nothing yet." }
        } @else {
            table {
                thead { tr { th { "When" } th { "To" } th { "Subject" } } }
                tbody {
                    @for mail in &messages {
                        tr {
                            td { (mail.at.format("%H:%M:%S")) }
                            td { (mail.to) }
                            td { a href=(format!("/mailbox/{}", mail.id)) { (mail.subject) } }
                        }
                    }
                }
            }
        }
    }
}

fn shown(mail: &CapturedMail) -> Markup {
    html! {
        p { a href="/mailbox" { "Mailbox" } }
        h1 { (mail.subject) }
        p { "To " (mail.to) ", " (mail.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)) }
        pre { (linked(&mail.text)) }
        @if let Some(page) = &mail.html {
            details { summary { "As a page (its source)" } pre { (page) } }
        }
    }
}

/// Renders the text with links. Only `http://` and `https://` addresses become links.
fn linked(text: &str) -> Markup {
    html! {
        @for piece in text.split_inclusive(char::is_whitespace) {
            @let link = piece.trim_end();
            @if link.starts_with("https://") || link.starts_with("http://") {
                a href=(link) rel="noreferrer" { (link) } (&piece[link.len()..])
            } @else {
                (piece)
            }
        }
    }
}
