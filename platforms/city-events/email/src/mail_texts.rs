//! The texts of mails.

use maud::{Markup, html};
use seaworthy::mail::{Mail, MailError};

/// Returns the mail that verifies an e-mail address.
pub(crate) fn verify(to: &str, url: &str) -> Result<Mail, MailError> {
    with_link(
        to,
        "Verify your email",
        "Open this link within 24 hours to verify your e-mail address.",
        url,
        "Verify my address",
    )
}

/// Returns the mail that resets a password.
pub(crate) fn reset(to: &str, url: &str) -> Result<Mail, MailError> {
    with_link(
        to,
        "Reset your password",
        "Open this link to set a new password. It is valid once, for 30 minutes. If you did not request it, ignore this message.",
        url,
        "Set a new password",
    )
}

/// Returns the mail about a canceled event.
pub(crate) fn canceled(to: &str, event: &str, reason: &str) -> Result<Mail, MailError> {
    about_event(to, "Event Canceled", "was canceled", event, reason)
}

/// Returns the mail about an unpublished event.
pub(crate) fn unpublished(to: &str, event: &str, reason: &str) -> Result<Mail, MailError> {
    about_event(to, "Event Unpublished", "was unpublished", event, reason)
}

fn with_link(
    to: &str,
    subject: &str,
    sentence: &str,
    url: &str,
    label: &str,
) -> Result<Mail, MailError> {
    let body = html! {
        p { (sentence) }
        p { a href=(url) { (label) } }
        p { "Or copy this URL: " (url) }
    };
    let mail = Mail::new(to, subject)?.text(format!("{sentence}\n\n{url}\n"));
    Ok(mail.html(page(subject, &body)))
}

fn about_event(
    to: &str,
    subject: &str,
    change: &str,
    event: &str,
    reason: &str,
) -> Result<Mail, MailError> {
    let sentence = format!("The event {event} {change}.");
    let reason = match reason.trim() {
        "" => "No reason was given.".to_owned(),
        reason => format!("Reason: {reason}"),
    };
    let body = html! {
        p { (sentence) }
        p { (reason) }
    };
    let mail = Mail::new(to, subject)?.text(format!("{sentence}\n\n{reason}\n"));
    Ok(mail.html(page(subject, &body)))
}

fn page(title: &str, body: &Markup) -> String {
    let html = html! {
        (maud::DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (title) } }
            body style="font:16px/1.5 sans-serif" {
                h1 style="font-size:20px" { (title) }
                (body)
                p style="color:#666" { "City Events" }
            }
        }
    };
    html.into_string()
}
