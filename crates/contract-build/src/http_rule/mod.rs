//! `google.api.http`: how a method is called over HTTP.

mod read;
mod template;
#[cfg(test)]
mod tests;

pub(crate) use read::{is_text, read_bindings};
pub(crate) use template::{Segment, Template};

/// One way to call a method over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding {
    /// `GET`, `POST` or whatever a custom pattern names.
    pub(crate) method: String,
    pub(crate) template: Template,
    pub(crate) body: Body,
    /// The field that is the whole answer.
    pub(crate) response_body: Option<String>,
}

/// What the body of the request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    Nothing,
    Message,
    Field(String),
}
