use maud::{Markup, html};
use seaworthy::auth::oidc::LocalPath;

use super::layout::{heading, page as whole};
use crate::api::query::Pairs;

/// What the auth service wants at least, in characters.
const PASSWORD: &str = "12";

fn email() -> Markup {
    html! { label { span { "E-mail" } input type="email" name="email" required autocomplete="username" inputmode="email"; } }
}

fn new_password(name: &str) -> Markup {
    html! {
        label {
            span { "New password" }
            input type="password" name=(name) required minlength=(PASSWORD) autocomplete="new-password";
            small { "Twelve characters or more. A sentence is good." }
        }
    }
}

/// Signing in elsewhere. Hidden until the script knows from the auth service that it is set up.
fn providers() -> Markup {
    html! {
        div data-provider="google" hidden {
            p.or { "or" }
            button.button.quiet.wide type="button" { "Continue with Google" }
        }
    }
}

/// A form in the middle of a page.
fn small(title: &str, text: &str, content: Markup) -> Markup {
    let main = html! { div.narrow.centre { (heading(title, text)) (content) } };
    whole(title, "", main)
}

pub(super) async fn login(pairs: Pairs) -> Markup {
    small(
        "Welcome back",
        "",
        html! {
            form.form data-form="login" data-next=(LocalPath::or_root(pairs.get("next"))) {
                p.alert role="alert" hidden {}
                (email())
                label { span { "Password" } input type="password" name="password" required autocomplete="current-password"; }
                button.button.wide { "Sign in" }
                (providers())
                p.hint { a href="/forgot-password" { "Forgot your password?" } " · " a href="/register" { "Register" } }
            }
        },
    )
}

pub(super) async fn register(pairs: Pairs) -> Markup {
    small(
        "Join the city",
        "One account to go places and to invite people to them.",
        html! {
            form.form data-form="register" data-next=(LocalPath::or_root(pairs.get("next"))) {
                p.alert role="alert" hidden {}
                (email())
                (new_password("password"))
                button.button.wide { "Register" }
                (providers())
                p.hint { "Have one already? " a href="/login" { "Sign in" } }
            }
        },
    )
}

pub(super) async fn forgot() -> Markup {
    small(
        "Forgot your password?",
        "We send you a link that is good for half an hour.",
        html! {
            form.form data-form="forgot" {
                p.alert role="alert" hidden {}
                (email())
                button.button.wide { "Send the link" }
            }
        },
    )
}

pub(super) async fn verify(pairs: Pairs) -> Markup {
    small(
        "Your e-mail",
        "",
        html! {
            // A mail program that looks into links must not use this one up: a person has to press the button.
            form.form data-form="verify" data-token=(pairs.get("token")) {
                p.alert role="alert" hidden {}
                p { "Press the button to show that this address is yours." }
                button.button.wide { "Verify my e-mail" }
            }
        },
    )
}

pub(super) async fn reset(pairs: Pairs) -> Markup {
    small(
        "A new password",
        "You are signed out everywhere, and sign in with the new one.",
        html! {
            form.form data-form="reset" data-token=(pairs.get("token")) {
                p.alert role="alert" hidden {}
                (new_password("new_password"))
                button.button.wide { "Set the password" }
            }
        },
    )
}

pub(super) async fn profile() -> Markup {
    let main = html! {
        div.narrow {
            (heading("You", ""))
            div.only-out { (super::words::nothing("Sign in first", "This page is about you.", Some((super::words::login_then("/profile"), "Sign in")))) }
            div.not-out {
                section.form {
                    dl.facts {
                        div { dt { "E-mail" } dd data-user="email" { "…" } }
                        div { dt { "Role" } dd data-user="role" { "…" } }
                        div { dt { "Id" } dd { code data-user="id" { "…" } } }
                    }
                    div data-unverified hidden {
                        (super::words::notice("calm", "Your e-mail is not verified", "Look into your mailbox, or ask for another message."))
                        button.button.quiet data-verify { "Send the message again" }
                    }
                }
                section.form.has-password {
                    h2 { "Change your password" }
                    form data-form="password" {
                        p.alert role="alert" hidden {}
                        label { span { "Old password" } input type="password" name="old_password" required autocomplete="current-password"; }
                        (new_password("new_password"))
                        button.button { "Change it" }
                    }
                }
                section.form {
                    h2 { "Sessions" }
                    div.row {
                        button.button.quiet data-logout { "Sign out" }
                        button.button.danger data-post="/api/auth/sessions/revoke" data-confirm="Sign out on every device?" data-then="logout" data-done="Signed out everywhere." { "Sign out everywhere" }
                    }
                }
            }
        }
    };
    whole("You", "/profile", main)
}
