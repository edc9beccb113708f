//! One representation of code for all languages: imports, calls, bindings, functions. One walk
//! of the tree collects them, and packs read the lists. Then the tree is dropped.

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
