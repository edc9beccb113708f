//! The result of an audit and its printed forms. Each output format is one file here and takes a
//! finished [`Report`].

pub(crate) mod diff;
mod explanation;
mod finding;
pub(crate) mod fingerprint;
mod format;
pub(crate) mod frame;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod narrative;
mod pretty;
mod prose;
mod requirement;
mod rule_document;
#[cfg(test)]
pub(crate) mod sample;
mod sarif;
mod score;
mod summary;

pub use explanation::{explanation, rule_list};
pub use finding::{Finding, Passed, RelatedPlace, Section, SwitchedOff, Unknown};
pub(crate) use finding::{Findings, MAX_RELATED};
pub use format::{Format, RenderError, render};
pub use frame::{Frame, FrameLine};
pub use github::github;
pub use html::html;
pub use json::{JSON_SCHEMA, json};
pub use junit::junit;
pub use markdown::markdown;
pub use pretty::pretty;
pub use rule_document::rule_document;
pub use sarif::sarif;
pub use score::{CategoryScore, Score};
pub use summary::{LeftOut, REVIEW, Report, ServiceSummary, Verdict};
