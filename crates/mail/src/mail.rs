use std::fmt;

use lettre::{
    Message,
    message::{MultiPart, SinglePart, header::ContentType},
};
use seaworthy_core::new_id;

use crate::{MailAddress, MailError};

/// RFC 5322, section 2.1.1, has 998 for a line; what is longer than this no reader shows.
const LONGEST_SUBJECT: usize = 200;
/// A link in a page is a few kilobytes; what is larger is no message of a service.
const LARGEST_BODY: usize = 512 * 1024;

/// A message to one person: plain text, and the same as a page for readers that show one.
///
/// What an attacker may have had a hand in (an address, a name in the subject) cannot become a header or a second recipient: both are checked here. What goes into the page is to be
/// escaped by whoever writes it.
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
    /// A message without a body.
    ///
    /// # Errors
    /// The address is none, or the subject is empty, too long or not one line.
    pub fn new(to: &str, subject: impl Into<String>) -> Result<Self, MailError> {
        let subject = subject.into();
        let is_line = (1..=LONGEST_SUBJECT).contains(&subject.chars().count())
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

    /// The text.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// The same as a page.
    pub fn html(mut self, html: impl Into<String>) -> Self {
        self.html = Some(html.into());
        self
    }

    /// The left half of its `Message-ID`: the same at each try, so that readers that get it twice show it once. Letters, digits and hyphens; others are left out.
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
            0 => Err(MailError::Message("it is empty")),
            size if size > LARGEST_BODY => Err(MailError::Message("it is larger than 512 KiB")),
            _ => Ok(()),
        }
    }

    /// As SMTP carries it.
    pub(crate) fn written(self, from: &MailAddress) -> Result<Message, MailError> {
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
        written.map_err(|_| MailError::Message("its head cannot be written"))
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
    fn a_subject_cannot_become_a_header_sec_6() {
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
        fn a_message_has_the_headers_that_it_was_given_and_no_other_sec_6(subject in "\\PC{1,200}", id in "\\PC{0,40}", text in "[\\PC\r\n]{0,200}") {
            let from: MailAddress = "City Events <events@example.org>".parse().unwrap();
            // A separator of lines is no control character, and is refused all the same.
            let Ok(mail) = Mail::new("ada@example.org", subject) else {
                return Ok(());
            };
            let mail = mail.message_id(&id).text(text);
            let head = head_of(&mail.written(&from).unwrap());
            let names: Vec<_> = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).map(|line| line.split(':').next().unwrap()).collect();
            prop_assert_eq!(names, ["From", "To", "Subject", "Message-ID", "Date", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"]);
        }
    }

    #[test]
    fn a_repeat_has_the_same_message_id_msg_5() {
        let from: MailAddress = "events@example.org".parse().unwrap();
        let mail = || {
            Mail::new("ada@example.org", "Hi")
                .unwrap()
                .text("Hi")
                .message_id("m-1\r\nX: y")
        };
        let id = "Message-ID: <m-1Xy@example.org>";
        assert!(head_of(&mail().written(&from).unwrap()).contains(id));
    }
}
