use std::fmt;

use prost_reflect::FileDescriptor;
use thiserror::Error;

/// A place in a `.proto`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file as imported, such as `service/symbols/v1/symbols.proto`.
    pub file: String,
    /// The line, from 1; 0 where it is not known.
    pub line: usize,
    /// The column, from 1; 0 where it is not known.
    pub column: usize,
}

impl Location {
    /// The place of a definition, by its path in the file's descriptor.
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

/// One thing that is wrong with a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub location: Location,
    /// What, and what to write instead.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.location, self.message)
    }
}

/// Why a contract was not compiled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A `.proto` is missing or is not proto.
    #[error("{0}")]
    Proto(String),
    /// The contract asks for something that cannot be promised.
    #[error("the contract cannot be compiled:\n{}", list(.0))]
    Contract(Vec<Diagnostic>),
    /// The generated code could not be made or written.
    #[error("the generated code could not be written: {0}")]
    Output(#[from] std::io::Error),
    /// A fault of this compiler: what it generated is not Rust.
    #[error("the generated code is not Rust, which is a fault of seaworthy-contract-build: {0}")]
    Generated(#[from] syn::Error),
    /// A build script's environment is missing.
    #[error("OUT_DIR is not set: call this from a build script or set an output folder")]
    NoOutputFolder,
}

fn list(diagnostics: &[Diagnostic]) -> String {
    let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Gathers everything that is wrong, so that one build names it all.
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
