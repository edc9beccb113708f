//! Rules without I/O.

mod certificate;
mod exam;
mod media;
mod question;

pub(crate) use certificate::{CertificateText, unknown_certificate};
pub(crate) use exam::{
    CertificateType, MAX_ATTEMPTS, MAX_SCORE, QUESTIONS, Score, next_attempt, next_attempt_date,
};
pub(crate) use media::{HEAD_SIZE, MediaKind};
pub(crate) use question::{Answer, NewQuestion, Question, check_answers, check_questions, is_text};
