//! Configuration documents with places: YAML (JSON too, being YAML), Dockerfiles.

mod containerfile;
mod template;
mod yaml;

pub use containerfile::{Instruction, instructions, words};
pub use template::mask;
pub use yaml::{Yaml, YamlNode};
