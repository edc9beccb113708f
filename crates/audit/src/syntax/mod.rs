//! Code in one shape for every language: imports, calls, bindings, functions. One walk of the tree
//! fills it; packs then look at lists instead of walking again. Trees are dropped when a file's
//! packs are done.

mod around;
mod code;
mod go;
mod java;
mod javascript;
mod kotlin;
mod parse;
mod python;
mod rust;
mod value;

pub use around::count_word;
pub use code::{Argument, Call, Code, ImportedPath};
pub use parse::{ParseFailure, parse_tree, read_code};
