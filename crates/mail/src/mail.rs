use std::fmt;

use lettre::{
    Message,
    message::{MultiPart, SinglePart, header::ContentType},
};
use seaworthy_core::new_id;

use crate::{MailAddress, MailError};

/// Maximum length of a subject, below the 998 characters of a line (RFC 5322, section 2.1.1).
const MAX_SUBJECT_LENGTH: usize = 200;
/// Maximum size of a body, in bytes. A page with a link has a few kilobytes.
const MAX_BODY_SIZE: usize = 512 * 1024;

/// A message to one recipient, as plain text and optionally as HTML.
///
/// The address and the subject are validated, so text of an attacker never adds a header or a
/// recipient. Escape the values that you insert into the HTML.
///
/// ```
/// use seaworthy_mail::Mail;
///
/// let mail = Mail::new("ada@example.org", "Welcome")?
///     .text("Your account is ready.")
///     .html("<p>Your account is ready.</p>")
///     .message_id("welcome-7");
/// # drop(mail);
/// # Ok::<_, seaworthy_mail::MailError>(())
/// ```
#[derive(Clone)]
#[must_use = "a message does nothing until it is sent"]
pub struct Mail {
    pub(crate) to: MailAddress,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
    id: String,
}

impl Mail {
    /// Creates a message without a body.
    ///
    /// # Errors
    /// The address is invalid, or the subject is empty, longer than 200 characters or not one line.
    pub fn new(to: &str, subject: impl Into<String>) -> Result<Self, MailError> {
        let subject = subject.into();
        let is_line = (1..=MAX_SUBJECT_LENGTH).contains(&subject.chars().count())
            && !subject
                .chars()
                .any(|one| one.is_control() || matches!(one, '\u{2028}' | '\u{2029}'));
        if !is_line {
            return Err(MailError::Subject);
        }
        Ok(Self {
            to: to.parse()?,
            subject,
            text: String::new(),
            html: None,
            id: new_id().to_string(),
        })
    }

    /// Sets the plain text.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// Sets the HTML.
    pub fn html(mut self, html: impl Into<String>) -> Self {
        self.html = Some(html.into());
        self
    }

    /// Sets the left part of the `Message-ID`. Use the same value for each attempt, so that mail
    /// clients show a duplicate once. Characters other than ASCII letters, digits and hyphens are
    /// removed.
    pub fn message_id(mut self, id: &str) -> Self {
        let plain: String = id
            .chars()
            .filter(|one| one.is_ascii_alphanumeric() || *one == '-')
            .collect();
        if !plain.is_empty() {
            self.id = plain;
        }
        self
    }

    pub(crate) fn check(&self) -> Result<(), MailError> {
        let size = self.text.len() + self.html.as_ref().map_or(0, String::len);
        match size {
            0 => Err(MailError::Message("it has no text")),
            size if size > MAX_BODY_SIZE => Err(MailError::Message("it is larger than 512 KiB")),
            _ => Ok(()),
        }
    }

    /// Encodes the message for SMTP.
    pub(crate) fn encode(self, from: &MailAddress) -> Result<Message, MailError> {
        let head = Message::builder()
            .from(from.mailbox())
            .to(self.to.mailbox())
            .subject(self.subject)
            .message_id(Some(format!("<{}@{}>", self.id, from.domain())))
            .date_now();
        let plain = SinglePart::builder()
            .header(ContentType::TEXT_PLAIN)
            .body(self.text);
        let written = match self.html {
            Some(html) => head.multipart(
                MultiPart::alternative()
                    .singlepart(plain)
                    .singlepart(SinglePart::html(html)),
            ),
            None => head.singlepart(plain),
        };
        written.map_err(|_| MailError::Message("its headers cannot be encoded"))
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Mail")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head_of(message: &Message) -> String {
        let text = String::from_utf8_lossy(&message.formatted()).into_owned();
        text.split_once("\r\n\r\n").unwrap().0.to_owned()
    }

    #[test]
    fn subject_with_line_break_is_rejected_sec_6() {
        for subject in [
            "",
            "Hi\r\nBcc: eve@example.org",
            "Hi\nBcc: eve@example.org",
            "Hi\rBcc: eve@example.org",
            "Hi\0",
            "Hi\u{2028}there",
        ] {
            let refused = Mail::new("ada@example.org", subject);
            assert!(matches!(refused, Err(MailError::Subject)), "{subject:?}");
        }
        assert!(matches!(
            Mail::new("ada@example.org", "a".repeat(201)),
            Err(MailError::Subject)
        ));
    }

    proptest! {
        #[test]
        fn message_has_no_injected_headers_sec_6(subject in "\\PC{1,200}", id in "\\PC{0,40}", text in "[\\PC\r\n]{0,200}") {
            let from: MailAddress = "City Events <events@example.org>".parse().unwrap();
            // A line separator is not a control character, and is rejected too.
            let Ok(mail) = Mail::new("ada@example.org", subject) else {
                return Ok(());
            };
            let mail = mail.message_id(&id).text(text);
            let head = head_of(&mail.encode(&from).unwrap());
            let names: Vec<_> = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).map(|line| line.split(':').next().unwrap()).collect();
            prop_assert_eq!(names, ["From", "To", "Subject", "Message-ID", "Date", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"]);
        }
    }

    #[test]
    fn retry_has_same_message_id_msg_5() {
        let from: MailAddress = "events@example.org".parse().unwrap();
        let mail = || {
            Mail::new("ada@example.org", "Hi")
                .unwrap()
                .text("Hi")
                .message_id("m-1\r\nX: y")
        };
        let id = "Message-ID: <m-1Xy@example.org>";
        assert!(head_of(&mail().encode(&from).unwrap()).contains(id));
    }
}
