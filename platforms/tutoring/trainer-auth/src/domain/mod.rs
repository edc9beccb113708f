//! Applications of trainers, their documents and their review.

mod document;
pub(crate) mod errors;
mod form;
mod review;

pub(crate) use document::{DocumentKind, HEAD_SIZE, is_document, is_document_type};
pub(crate) use form::{Form, Shift};
pub(crate) use review::{Decision, ReviewStatus};
