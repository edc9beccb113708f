//! `google.api.http`: the HTTP routes of a method.

mod read;
mod template;
#[cfg(test)]
mod tests;

pub(crate) use read::{is_text, read_bindings};
pub(crate) use template::{Segment, Template};

/// One HTTP route of a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding {
    /// `GET`, `POST` or the name of a custom pattern.
    pub(crate) method: String,
    pub(crate) template: Template,
    pub(crate) body: Body,
    /// The field that is the whole response.
    pub(crate) response_body: Option<String>,
}

/// The content of the request body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    None,
    Message,
    Field(String),
}
