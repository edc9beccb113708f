//! Domain types, independent of transport and store.

mod error;
mod page;
mod symbol;

pub(crate) use error::SymbolError;
pub(crate) use page::{Filter, Listed, Page};
pub(crate) use symbol::{Attributes, Symbol};
