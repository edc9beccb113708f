use std::{
    collections::VecDeque,
    fmt,
    num::NonZeroU16,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde::Serialize;

use crate::Mail;

/// A mailbox in memory with the last messages, for development and tests. Cheap to clone. All
/// clones are the same mailbox.
#[derive(Clone)]
pub struct DevelopmentMailbox(Arc<Inner>);

struct Inner {
    size: usize,
    next: AtomicU64,
    kept: Mutex<VecDeque<Arc<CapturedMail>>>,
}

/// A message in the development mailbox.
#[derive(Clone, Serialize)]
pub struct CapturedMail {
    /// The number of the message, from 1.
    pub id: u64,
    /// When the message was captured.
    pub at: DateTime<Utc>,
    /// The recipient.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: Option<String>,
}

impl DevelopmentMailbox {
    /// Creates an empty mailbox for this many messages.
    #[must_use]
    pub fn new(size: NonZeroU16) -> Self {
        Self(Arc::new(Inner {
            size: usize::from(size.get()),
            next: AtomicU64::new(1),
            kept: Mutex::default(),
        }))
    }

    pub(crate) fn push(&self, mail: Mail) {
        let mut kept = self.0.kept.lock();
        let mail = CapturedMail {
            id: self.0.next.fetch_add(1, Ordering::Relaxed),
            at: Utc::now(),
            to: mail.to.address().to_owned(),
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
        };
        kept.push_front(Arc::new(mail));
        kept.truncate(self.0.size);
    }

    /// Returns the messages, the newest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Arc<CapturedMail>> {
        self.0.kept.lock().iter().cloned().collect()
    }

    /// Returns one message, unless newer ones have replaced it.
    #[must_use]
    pub fn message(&self, id: u64) -> Option<Arc<CapturedMail>> {
        let kept = self.0.kept.lock();
        kept.iter().find(|mail| mail.id == id).cloned()
    }
}

impl fmt::Debug for DevelopmentMailbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DevelopmentMailbox")
            .field("size", &self.0.size)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CapturedMail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CapturedMail")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailbox_keeps_only_last_messages_res_3() {
        let mailbox = DevelopmentMailbox::new(NonZeroU16::new(2).unwrap());
        for subject in ["one", "two", "three"] {
            mailbox.push(Mail::new("ada@example.org", subject).unwrap().text("-"));
        }
        let subjects: Vec<_> = mailbox
            .messages()
            .iter()
            .map(|mail| mail.subject.clone())
            .collect();
        assert_eq!(subjects, ["three", "two"]);
        assert!(mailbox.message(1).is_none());
        assert_eq!(mailbox.message(3).unwrap().subject, "three");
    }
}
