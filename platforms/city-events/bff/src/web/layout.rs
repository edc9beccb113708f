use maud::{DOCTYPE, Markup, html};

use super::{address::Address, assets::VERSION};

/// Returns a whole page. `active` is the path of the highlighted link.
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
                meta name="description" content="Find, join and host events in your city.";
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
                    p { "City Events, built with " a href="https://www.rust-lang.org/" rel="noreferrer" { "Rust" } " and Seaworthy." }
                }
                nav.tabs aria-label="Main, bottom" {
                    (link("/", "Discover"))
                    (link("/me/joins", "Joins"))
                    (link("/new", "New"))
                    (link("/me/events", "Events"))
                    (link("/profile", "Profile"))
                }
                div #toasts role="status" aria-live="polite" {}
                dialog #ask {
                    form method="dialog" {
                        p #ask-text {}
                        label #ask-reason hidden { "Reason" textarea name="reason" rows="3" maxlength="500" {} }
                        div.row {
                            button.button.quiet value="no" { "Back" }
                            button.button.danger value="yes" { "Yes" }
                        }
                    }
                }
                noscript { p.noscript { "You can browse events without JavaScript. Signing in and joining require it. You can " a href="/plain/imports" { "import events" } " without it." } }
            }
        }
    }
}

/// Returns the heading of a page.
pub(super) fn heading(title: &str, text: &str) -> Markup {
    html! {
        header.heading {
            h1 { (title) }
            @if !text.is_empty() { p { (text) } }
        }
    }
}

/// Returns the placeholder of a fragment that the script loads with the access token.
pub(super) fn private_fragment(address: &Address) -> Markup {
    html! {
        div data-fragment=(address) aria-busy="true" {
            div.only-out {
                (super::components::empty_state("Sign in first", "This page is private.", Some((Address::new("/login"), "Sign in"))))
            }
            div.skeletons.only-unknown aria-hidden="true" { div.skeleton {} div.skeleton {} div.skeleton {} }
        }
    }
}
