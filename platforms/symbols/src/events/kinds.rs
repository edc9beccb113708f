//! Types and versions of the events.

use seaworthy::messaging::Event;

use super::{SymbolCreated, SymbolDeleted, SymbolUpdated};

impl Event for SymbolCreated {
    const TYPE: &'static str = "symbol.created";
    const VERSION: u32 = 1;
}

impl Event for SymbolUpdated {
    const TYPE: &'static str = "symbol.updated";
    const VERSION: u32 = 1;
}

impl Event for SymbolDeleted {
    const TYPE: &'static str = "symbol.deleted";
    const VERSION: u32 = 1;
}
