use std::fmt;

use prost_reflect::FileDescriptor;
use thiserror::Error;

/// A location in a `.proto`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file as imported, such as `service/symbols/v1/symbols.proto`.
    pub file: String,
    /// The line, from 1. 0 if it is unknown.
    pub line: usize,
    /// The column, from 1. 0 if it is unknown.
    pub column: usize,
}

impl Location {
    /// Returns the location of a definition, by its path in the file's descriptor.
    pub(crate) fn of(file: &FileDescriptor, path: &[i32]) -> Self {
        let span = file
            .file_descriptor_proto()
            .source_code_info
            .as_ref()
            .and_then(|info| info.location.iter().find(|place| place.path == path))
            .map(|place| place.span.as_slice());
        let at = |index: usize| {
            span.and_then(|span| span.get(index))
                .and_then(|value| usize::try_from(*value).ok())
                .map_or(0, |value| value + 1)
        };
        Self {
            file: file.name().to_owned(),
            line: at(0),
            column: at(1),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file)?;
        if self.line > 0 {
            write!(formatter, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}

/// One problem of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The position of the problem.
    pub location: Location,
    /// The problem, and its correction.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.location, self.message)
    }
}

/// Errors returned by [`Builder::compile`](crate::Builder::compile).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A `.proto` is missing or malformed.
    #[error("{0}")]
    Proto(String),
    /// The contract contains something that is not supported.
    #[error("the contract cannot be compiled:\n{}", list(.0))]
    Contract(Vec<Diagnostic>),
    /// The generated code could not be written.
    #[error("the generated code could not be written: {0}")]
    Output(#[from] std::io::Error),
    /// The generated code is not valid Rust. This is a defect of the compiler.
    #[error(
        "the generated code is not valid Rust, which is a defect of seaworthy-contract-build: {0}"
    )]
    Generated(#[from] syn::Error),
    /// `OUT_DIR` is not set.
    #[error("OUT_DIR is not set: call compile() from a build script, or set Builder::out_dir")]
    NoOutputFolder,
}

fn list(diagnostics: &[Diagnostic]) -> String {
    let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Collects all problems, so that one build reports them.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    pub(crate) fn add(&mut self, location: Location, message: impl Into<String>) {
        self.0.push(Diagnostic {
            location,
            message: message.into(),
        });
    }

    pub(crate) fn finish(self) -> Result<(), BuildError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(BuildError::Contract(self.0))
        }
    }
}
