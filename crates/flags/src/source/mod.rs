//! The files that define flags.

mod document;
mod files;
mod start;
