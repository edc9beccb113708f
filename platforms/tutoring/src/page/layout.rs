//! The layout of all pages, and forms with one button.

use maud::{DOCTYPE, Markup, html};
use seaworthy::axum::response::{IntoResponse as _, Response};

use super::visitor::Role;

/// Returns a whole page. `active` is its path.
pub(super) fn page(title: &str, active: &str, main: &Markup) -> Response {
    let link = |path: &'static str, label: &str| {
        html! { a href=(path) aria-current=[(path == active).then_some("page")] { (label) } }
    };
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Tutoring" }
                link rel="stylesheet" href="/page.css";
            }
            body {
                header {
                    nav aria-label="Main" {
                        (link("/", "Start"))
                        @for role in Role::ALL {
                            (link(role.home(), role.label()))
                        }
                    }
                }
                main { h1 { (title) } (main) }
            }
        }
    };
    markup.into_response()
}

/// A form with one button, and with values that the visitor does not see.
pub(super) fn action(path: &str, label: &str, hidden: &[(&str, &str)], fields: &Markup) -> Markup {
    html! {
        form.inline method="post" action=(path) {
            @for (name, value) in hidden { input type="hidden" name=(name) value=(value); }
            (fields)
            button { (label) }
        }
    }
}

/// A required field of a form.
pub(super) fn field(name: &str, label: &str, kind: &str, value: &str) -> Markup {
    html! {
        label { (label) input type=(kind) name=(name) value=(value) required; }
    }
}
