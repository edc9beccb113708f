//! The formats of a report.

use std::fmt;
use std::str::FromStr;

use super::{Report, github, html, json, junit, markdown, pretty, sarif};

/// A format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Text for a terminal.
    Pretty,
    /// JSON, see [`super::JSON_SCHEMA`].
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// A document for people, in Markdown.
    Markdown,
    /// The same document as one HTML file.
    Html,
    /// JUnit XML.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::Pretty,
        Self::Json,
        Self::Sarif,
        Self::Markdown,
        Self::Html,
        Self::Junit,
        Self::Github,
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Junit => "junit",
            Self::Github => "github",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The error for a text that is not the name of a format.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a format: use pretty, json, sarif, markdown, html, junit or github")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// A report could not be rendered. This does not happen in practice, because every format is
/// rendered in memory from plain data.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Text.
    #[error(transparent)]
    Text(#[from] fmt::Error),
    /// JSON and SARIF.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// XML.
    #[error(transparent)]
    Xml(#[from] quick_junit::SerializeError),
}

/// Renders a report in a format. The text ends with a line feed.
///
/// # Errors
/// [`RenderError`], never in practice.
pub fn render(report: &Report, format: Format) -> Result<String, RenderError> {
    Ok(match format {
        Format::Pretty => pretty(report)?,
        Format::Json => json(report)? + "\n",
        Format::Sarif => sarif(report)?,
        Format::Markdown => markdown(report)?,
        Format::Html => html(report),
        Format::Junit => junit(report)?,
        Format::Github => github(report)?,
    })
}
