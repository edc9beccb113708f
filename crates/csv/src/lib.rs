//! CSV files: typed rows, imports into SQL that survive a crash, safe exports (FILE-1).
//!
//! | Type | Purpose |
//! | --- | --- |
//! | [`CsvReader`] | Parses bytes into typed rows within limits, and reports bad rows |
//! | [`Imports`] | Stores files in the database and imports them in the background |
//! | [`ImportRows`] | The rows of your service: their columns, checks and SQL |
//! | [`CsvWriter`] | Writes CSV that spreadsheets do not execute |
//!
//! An import is a row in the database of your service. Its file is stored next to it, so every
//! replica can continue it. A first pass checks all rows and stores a report of the bad ones. A
//! second pass stores the good rows in transactions, each with the position in the file. A killed
//! process therefore neither loses nor repeats a row.

mod bad_row;
mod batches;
mod check;
mod column;
mod config;
mod decode;
mod delimiter;
mod error;
mod formula;
mod header;
mod import;
mod imports;
mod invalid_column;
mod live;
mod metrics;
mod migrations;
mod new_import;
mod owners;
mod parser;
mod pass;
mod reader;
mod receive;
mod routes;
mod rows;
mod run;
mod store;
mod sweep;
mod writer;

pub use bad_row::{BadRow, RowProblem};
pub use column::Column;
pub use config::{CsvReaderConfig, ImportConfig};
pub use decode::Encoding;
pub use delimiter::Delimiter;
pub use error::{FileError, ImportError, StoreRowsError};
pub use formula::{escape_formula, restore};
pub use import::{CsvImport, ImportFailure, ImportStatus, InvalidImportStatus};
pub use imports::Imports;
pub use migrations::MIGRATIONS;
pub use new_import::{ImportMode, NewImport};
pub use reader::{CsvReader, ParsedRow, Row};
pub use routes::ImportRoutes;
pub use rows::ImportRows;
pub use writer::{Cell, CsvWriter};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
