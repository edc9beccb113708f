use maud::{DOCTYPE, Markup, html};

use super::{address::Address, assets::VERSION};

/// What every page has around it.
pub(super) fn page(title: &str, active: &str, main: Markup) -> Markup {
    let link = |address: &str, label: &str| {
        html! { a href=(address) aria-current=[(active == address).then_some("page")] { (label) } }
    };
    html! {
        (DOCTYPE)
        html lang="en" data-session="unknown" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="color-scheme" content="light dark";
                meta name="description" content="Find what happens in your city, join it, or make it happen.";
                meta name="theme-color" media="(prefers-color-scheme: light)" content="#fbfaf8";
                meta name="theme-color" media="(prefers-color-scheme: dark)" content="#12111a";
                title { (title) " · City Events" }
                link rel="icon" type="image/svg+xml" href=(format!("/assets/icon.svg?{VERSION:x}"));
                link rel="stylesheet" href=(format!("/assets/app.css?{VERSION:x}"));
                script src=(format!("/assets/app.js?{VERSION:x}")) defer {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    div.top-inner {
                        a.brand href="/" aria-label="City Events, home" {
                            span.brand-mark aria-hidden="true" {}
                            span { "City " b { "Events" } }
                        }
                        nav.links aria-label="Main" {
                            (link("/", "Discover"))
                            span.only-in { (link("/me/joins", "My joins")) }
                            span.only-in { (link("/me/events", "My events")) }
                            span.only-moderator { (link("/moderation", "Moderation")) }
                        }
                        div.who {
                            span.only-out { a href="/login" { "Sign in" } }
                            span.only-out { a.button.small href="/register" { "Register" } }
                            span.only-in { a.button.small href="/new" { span aria-hidden="true" { "+ " } "New event" } }
                            span.only-in {
                                a.avatar href="/profile" aria-label="Your profile" { span data-user="initial" aria-hidden="true" { "·" } }
                            }
                        }
                    }
                }
                main #main tabindex="-1" { (main) }
                footer.foot {
                    p { "City Events, on " a href="https://www.rust-lang.org/" rel="noreferrer" { "Rust" } " and Seaworthy. Small services, one door." }
                }
                nav.tabs aria-label="Main, below" {
                    (link("/", "Discover"))
                    (link("/me/joins", "Joins"))
                    (link("/new", "New"))
                    (link("/me/events", "Mine"))
                    (link("/profile", "You"))
                }
                div #toasts role="status" aria-live="polite" {}
                dialog #ask {
                    form method="dialog" {
                        p #ask-text {}
                        label #ask-reason hidden { "Reason" textarea name="reason" rows="3" maxlength="500" {} }
                        div.row {
                            button.button.quiet value="no" { "Keep it" }
                            button.button.danger value="yes" { "Yes" }
                        }
                    }
                }
                noscript { p.noscript { "You can look at everything without JavaScript. Signing in and joining need it." } }
            }
        }
    }
}

/// The head of a page.
pub(super) fn heading(title: &str, text: &str) -> Markup {
    html! {
        header.heading {
            h1 { (title) }
            @if !text.is_empty() { p { (text) } }
        }
    }
}

/// A piece that the script asks for once it knows who is there. Until then it says why it is empty.
pub(super) fn private_piece(address: &Address) -> Markup {
    html! {
        div data-fragment=(address) aria-busy="true" {
            div.only-out {
                (super::words::nothing("Sign in first", "This page is about you.", Some((Address::new("/login"), "Sign in"))))
            }
            div.skeletons.only-unknown aria-hidden="true" { div.skeleton {} div.skeleton {} div.skeleton {} }
        }
    }
}
