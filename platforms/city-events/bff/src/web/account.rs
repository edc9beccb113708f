use maud::{Markup, html};
use seaworthy::{auth::oidc::LocalPath, axum::extract::State};

use super::{
    Pages, components,
    layout::{heading, page as layout},
    two_step,
};
use crate::api::query::QueryPairs;

/// The minimum length of a password, in characters.
const MIN_PASSWORD_LENGTH: &str = "12";

fn email() -> Markup {
    html! { label { span { "E-mail" } input type="email" name="email" required autocomplete="username" inputmode="email"; } }
}

fn new_password(name: &str) -> Markup {
    html! {
        label {
            span { "New password" }
            input type="password" name=(name) required minlength=(MIN_PASSWORD_LENGTH) autocomplete="new-password";
            small { "At least 12 characters. Use a sentence." }
        }
    }
}

/// Buttons for OAuth logins. The script shows them if the auth service offers the provider.
fn providers() -> Markup {
    html! {
        div data-provider="google" hidden {
            p.or { "or" }
            button.button.quiet.wide type="button" { "Continue with Google" }
        }
    }
}

/// Returns a page with one centered form.
fn form_page(title: &str, text: &str, content: Markup) -> Markup {
    let main = html! { div.narrow.centre { (heading(title, text)) (content) } };
    layout(title, "", main)
}

pub(super) async fn login(pairs: QueryPairs) -> Markup {
    form_page(
        "Welcome back",
        "",
        html! {
            form.form data-form="login" data-next=(LocalPath::parse_or_root(pairs.get("next"))) {
                p.alert role="alert" hidden {}
                (email())
                label { span { "Password" } input type="password" name="password" required autocomplete="current-password"; }
                // The script shows it if the account has a second factor.
                fieldset.plain data-second-factor hidden disabled { (two_step::code()) }
                button.button.wide { "Sign in" }
                (providers())
                p.hint { a href="/forgot-password" { "Forgot your password?" } " · " a href="/register" { "Register" } }
            }
        },
    )
}

pub(super) async fn register(pairs: QueryPairs) -> Markup {
    form_page(
        "Join the city",
        "Create an account to join and host events.",
        html! {
            form.form data-form="register" data-next=(LocalPath::parse_or_root(pairs.get("next"))) {
                p.alert role="alert" hidden {}
                (email())
                (new_password("password"))
                button.button.wide { "Register" }
                (providers())
                p.hint { "Do you have an account? " a href="/login" { "Sign in" } }
            }
        },
    )
}

pub(super) async fn forgot() -> Markup {
    form_page(
        "Forgot your password?",
        "We send you a link that is valid for 30 minutes.",
        html! {
            form.form data-form="forgot" {
                p.alert role="alert" hidden {}
                (email())
                button.button.wide { "Send the link" }
            }
        },
    )
}

pub(super) async fn verify(pairs: QueryPairs) -> Markup {
    form_page(
        "Verify your e-mail",
        "",
        html! {
            // Mail scanners open links, so the user must press a button.
            form.form data-form="verify" data-token=(pairs.get("token")) {
                p.alert role="alert" hidden {}
                p { "Press the button to verify your e-mail address." }
                button.button.wide { "Verify my e-mail" }
            }
        },
    )
}

pub(super) async fn reset(pairs: QueryPairs) -> Markup {
    form_page(
        "Set a new password",
        "This signs you out on all devices.",
        html! {
            form.form data-form="reset" data-token=(pairs.get("token")) {
                p.alert role="alert" hidden {}
                (new_password("new_password"))
                button.button.wide { "Set the password" }
            }
        },
    )
}

pub(super) async fn profile(State(pages): State<Pages>) -> Markup {
    let main = html! {
        div.narrow {
            (heading("Your profile", ""))
            div.only-out { (components::empty_state("Sign in first", "Your profile is private.", Some((components::login_then("/profile"), "Sign in")))) }
            div.not-out {
                section.form {
                    dl.facts {
                        div { dt { "E-mail" } dd data-user="email" { "…" } }
                        div { dt { "Role" } dd data-user="role" { "…" } }
                        div { dt { "ID" } dd { code data-user="id" { "…" } } }
                    }
                    div data-unverified hidden {
                        (components::notice("calm", "Your e-mail is not verified", "Open the link in the message that we sent you, or request another one."))
                        button.button.quiet data-verify { "Resend the message" }
                    }
                }
                @if pages.pictures.accepts_uploads() {
                    section.form {
                        h2 { "Your picture" }
                        form data-form="avatar" {
                            p.alert role="alert" hidden {}
                            (components::picture_field("avatar", "Picture", None, None))
                            button.button { "Save the picture" }
                        }
                    }
                }
                section.form.has-password {
                    h2 { "Change your password" }
                    form data-form="password" {
                        p.alert role="alert" hidden {}
                        label { span { "Old password" } input type="password" name="old_password" required autocomplete="current-password"; }
                        (new_password("new_password"))
                        button.button { "Change password" }
                    }
                }
                section.form.has-password {
                    h2 { "Two-step sign-in" }
                    p { "A code from your phone protects your account if others learn your password." }
                    div.row { a.button.quiet href="/two-step" { "Set up two-step sign-in" } }
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
    layout("Your profile", "/profile", main)
}
