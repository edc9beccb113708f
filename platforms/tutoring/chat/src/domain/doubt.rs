use seaworthy::prelude::*;
use tutoring_contract::Role;
use tutoring_identity::{Checks, invalid};

use super::{AttachmentRequest, MediaKind, contact_data};

/// Maximum length of a subject, in characters: one line of a list.
const MAX_SUBJECT: usize = 200;
const MAX_TOPIC: usize = 200;
const MAX_QUESTION: usize = 5_000;
/// Maximum length of a reply, in characters.
const MAX_REPLY: usize = 5_000;
/// Maximum number of attachments, such as the pages of an exercise.
const MAX_ATTACHMENTS: usize = 10;

named! {
    /// The state of a doubt. It only moves forward.
    #[derive(PartialOrd)]
    pub(crate) enum DoubtStatus {
        Pending = "pending",
        InProgress = "in_progress",
        Answered = "answered",
        Closed = "closed",
    }
}

impl DoubtStatus {
    /// Whether the next state may follow this one.
    pub(crate) const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Pending, Self::InProgress)
                | (Self::InProgress, Self::Answered)
                | (Self::Answered, Self::Closed)
        )
    }

    /// Whether callers with this role set the state. A student only closes a doubt.
    pub(crate) fn is_set_by(self, role: Role) -> bool {
        role != Role::Student || self == Self::Closed
    }
}

named! {
    /// The kind of a question.
    #[derive(Default)]
    pub(crate) enum DoubtKind {
        #[default]
        Text = "text",
        Image = "image",
        Voice = "voice",
    }
}

impl DoubtKind {
    /// Whether questions of this kind have attachments of that kind.
    fn accepts(self, media: MediaKind) -> bool {
        match self {
            Self::Text => false,
            Self::Image => media == MediaKind::Image,
            Self::Voice => media == MediaKind::Audio,
        }
    }
}

/// A question of a student.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DoubtRequest {
    pub(crate) course_id: Option<Uuid>,
    pub(crate) subject: String,
    pub(crate) topic: Option<String>,
    pub(crate) question: String,
    pub(crate) r#type: DoubtKind,
    pub(crate) attachments: Vec<AttachmentRequest>,
}

impl DoubtRequest {
    /// Checks the fields, and trims the texts.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with every invalid field.
    pub(crate) fn checked(mut self, allow_contact_data: bool) -> Result<Self, Error> {
        let mut checks = Checks::new();
        let topic = self.topic.take().map(|topic| topic.trim().to_owned());
        self.topic = topic.filter(|topic| !topic.is_empty());
        self.subject = self.subject.trim().to_owned();
        self.question = self.question.trim().to_owned();
        let question = problem(&self.question, MAX_QUESTION, true);
        let contact = || contact_problem(&self.question, allow_contact_data);
        let texts = [
            ("subject", problem(&self.subject, MAX_SUBJECT, false)),
            (
                "topic",
                self.topic
                    .as_deref()
                    .and_then(|topic| problem(topic, MAX_TOPIC, false)),
            ),
            ("question", question.or_else(contact)),
        ];
        for (field, problem) in texts {
            if let Some(problem) = problem {
                checks.reject(field, problem);
            }
        }
        let is_short = self.attachments.len() <= MAX_ATTACHMENTS;
        let problem = format!("must be at most {MAX_ATTACHMENTS}");
        checks.require("attachments", is_short, problem);
        let kind = self.r#type;
        for (index, attachment) in self.attachments.iter().enumerate() {
            checks.require(
                format!("attachments[{index}].type"),
                kind.accepts(attachment.r#type),
                format!("does not belong to a doubt of the type {}", kind.as_str()),
            );
        }
        checks.finish()?;
        Ok(self)
    }
}

/// Returns the trimmed text of a reply.
///
/// # Errors
/// `VALIDATION_ERROR`.
pub(crate) fn checked_reply(text: &str, allow_contact_data: bool) -> Result<String, Error> {
    let text = text.trim();
    let contact = || contact_problem(text, allow_contact_data);
    match problem(text, MAX_REPLY, true).or_else(contact) {
        None => Ok(text.to_owned()),
        Some(problem) => Err(invalid("reply", problem)),
    }
}

/// Returns why a text is not valid.
fn problem(text: &str, max: usize, has_lines: bool) -> Option<String> {
    if !(1..=max).contains(&text.chars().count()) {
        return Some(format!("must have 1 to {max} characters"));
    }
    let is_wrong = |letter: char| letter.is_control() && !(has_lines && letter.is_whitespace());
    if text.contains(is_wrong) {
        return Some("must not contain control characters".to_owned());
    }
    None
}

/// Returns the kind of contact data in a question or a reply, without the data.
fn contact_problem(text: &str, allow_contact_data: bool) -> Option<String> {
    if allow_contact_data {
        return None;
    }
    let kind = contact_data(text)?;
    Some(format!("must not contain {}", kind.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_follow_each_other_in_one_order_api_3() {
        for (index, status) in DoubtStatus::ALL.into_iter().enumerate() {
            for (after, next) in DoubtStatus::ALL.into_iter().enumerate() {
                assert_eq!(status.may_become(next), after == index + 1);
            }
            assert_eq!(DoubtStatus::from_name(status.as_str()), Some(status));
        }
        assert!(DoubtStatus::Closed.is_set_by(Role::Student));
        assert!(!DoubtStatus::Answered.is_set_by(Role::Student));
    }

    #[test]
    fn every_invalid_field_of_a_doubt_is_named_api_3() {
        let request = DoubtRequest {
            subject: "s".repeat(MAX_SUBJECT + 1),
            topic: Some("t".repeat(MAX_TOPIC + 1)),
            question: " ".to_owned(),
            ..DoubtRequest::default()
        };
        let error = request.checked(false).unwrap_err();
        let fields: Vec<_> = error.fields().iter().map(|field| &*field.field).collect();
        assert_eq!(fields, ["subject", "topic", "question"]);
        let request = DoubtRequest {
            subject: "s".repeat(MAX_SUBJECT),
            topic: Some("call 98470 12345".to_owned()),
            question: "Why?\n".repeat(MAX_QUESTION / 5),
            ..DoubtRequest::default()
        };
        assert!(request.checked(false).is_ok());
        assert!(checked_reply("a\0b", true).is_err());
    }
}
