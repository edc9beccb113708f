//! The page of the second factor. The script fills it, because only the script has the token.

use maud::{Markup, html};

use super::{
    components,
    layout::{heading, page as layout},
};

/// Returns the field of a code.
pub(super) fn code() -> Markup {
    html! {
        label {
            span { "Code" }
            input name="totp_code" required maxlength="32" autocomplete="one-time-code" spellcheck="false";
            small { "The six digits of your authenticator application, or a recovery code." }
        }
    }
}

fn password() -> Markup {
    html! { label { span { "Password" } input type="password" name="password" required autocomplete="current-password"; } }
}

pub(super) async fn page() -> Markup {
    let main = html! {
        div.narrow {
            (heading("Two-step sign-in", "Sign in with your password and a code from your phone."))
            div.only-out { (components::empty_state("Sign in first", "This page is private.", Some((components::login_then("/two-step"), "Sign in")))) }
            div.not-out {
                p.hint role="status" data-step="unavailable" hidden { "Two-step sign-in is not available." }
                section.form data-step="off" hidden {
                    p { "You need an application for codes on your phone, and a verified e-mail address." }
                    form data-form="totpBegin" {
                        p.alert role="alert" hidden {}
                        (password())
                        button.button { "Set up" }
                    }
                }
                section.form data-step="setup" hidden {
                    p { "Scan the QR code with your authenticator application, or enter the key." }
                    img.qr data-qr alt="QR code with the key";
                    p { code data-key {} }
                    form data-form="totpConfirm" {
                        p.alert role="alert" hidden {}
                        (code())
                        button.button { "Turn on" }
                    }
                }
                section.form data-step="codes" hidden {
                    h2 { "Your recovery codes" }
                    p { "Each code signs you in once without your phone. Print them or store them in a safe place. You cannot see them again." }
                    ul.codes data-codes {}
                }
                section.form data-step="on" hidden {
                    h2 { "Two-step sign-in is on" }
                    form data-form="totpDisable" {
                        p.alert role="alert" hidden {}
                        (password())
                        (code())
                        button.button.danger { "Turn off" }
                    }
                }
            }
        }
    };
    layout("Two-step sign-in", "/profile", main)
}
