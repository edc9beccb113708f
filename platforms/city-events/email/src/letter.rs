//! What mail says.

use maud::{Markup, html};
use seaworthy::mail::{Mail, MailError};

/// Verifies an address.
pub(crate) fn verify(to: &str, url: &str) -> Result<Mail, MailError> {
    with_link(
        to,
        "Verify your email",
        "Follow this link to verify your e-mail address. It is good once, for a day.",
        url,
        "Verify my address",
    )
}

/// Replaces a forgotten password.
pub(crate) fn reset(to: &str, url: &str) -> Result<Mail, MailError> {
    with_link(
        to,
        "Reset your password",
        "Follow this link to choose a new password. It is good once, for half an hour. If you have not asked for it, nothing has to be done.",
        url,
        "Choose a new password",
    )
}

/// Tells that an event was canceled.
pub(crate) fn canceled(to: &str, event: &str, reason: &str) -> Result<Mail, MailError> {
    about_event(to, "Event Canceled", "was canceled", event, reason)
}

/// Tells that an event was unpublished.
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
    let page = html! {
        p { (sentence) }
        p { a href=(url) { (label) } }
        p { "Or copy this address: " (url) }
    };
    let mail = Mail::new(to, subject)?.text(format!("{sentence}\n\n{url}\n"));
    Ok(mail.html(framed(subject, &page)))
}

fn about_event(
    to: &str,
    subject: &str,
    what: &str,
    event: &str,
    reason: &str,
) -> Result<Mail, MailError> {
    let sentence = format!("The event {event} {what}.");
    let reason = match reason.trim() {
        "" => "No reason was given.".to_owned(),
        reason => format!("Reason: {reason}"),
    };
    let page = html! {
        p { (sentence) }
        p { (reason) }
    };
    let mail = Mail::new(to, subject)?.text(format!("{sentence}\n\n{reason}\n"));
    Ok(mail.html(framed(subject, &page)))
}

fn framed(title: &str, body: &Markup) -> String {
    let page = html! {
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
    page.into_string()
}
