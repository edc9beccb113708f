//! Knowledge packs: the facts that a language, a framework or a file format shows about a service.
//!
//! One folder per language, one file per framework. A pack is a [`Pack`] constant, listed by one
//! line in its folder's `mod.rs`. It reads one file at a time and adds facts to the sink.

mod address;
mod container;
mod credential;
mod double;
mod dual_write;
mod exposed;
mod failure;
mod first_element;
mod flags;
mod flow;
mod go;
mod health;
mod java;
mod kubernetes;
mod list;
mod log_only_functions;
mod logged_body;
mod memory;
mod message;
mod node;
mod own_fields;
mod ownership;
mod password;
mod paths;
mod payload;
mod practice;
mod prefetch;
mod python;
mod receiver;
mod record;
mod repeated;
mod repository;
mod request;
mod retry;
mod rust;
mod setting_field;
mod shared_state;
mod signs;
mod start_failures;
mod switch;
mod two_steps;
mod unfinished;
mod unused_field;
mod unused_parameter;

use crate::document::{Instruction, Yaml, instructions};
use crate::model::{FactSink, FactStore};
use crate::repository::{Limits, Role};
use crate::source::{Language, SourceFile};
use crate::syntax::{Code, parse_tree, read_code};
pub(crate) use flow::{FALLIBLE, is_start};
pub(crate) use signs::reads as signs_read;

/// How a pack reads a file.
#[derive(Debug, Clone, Copy)]
pub enum Reader {
    /// Source code in these languages.
    Code(&'static [Language], fn(&Code<'_>, &mut FactSink<'_>)),
    /// Generated source code that the first function selects. Other generated code is not parsed.
    GeneratedCode(fn(&SourceFile) -> bool, fn(&Code<'_>, &mut FactSink<'_>)),
    /// Every YAML file.
    Yaml(fn(&SourceFile, &Yaml, &mut FactSink<'_>)),
    /// Every Dockerfile.
    Containerfile(fn(&SourceFile, &[Instruction], &mut FactSink<'_>)),
    /// Every file, as text.
    Text(fn(&SourceFile, &mut FactSink<'_>)),
}

/// A knowledge pack.
#[derive(Debug, Clone, Copy)]
pub struct Pack {
    /// Name for people.
    pub name: &'static str,
    /// The kind of files that it reads.
    pub reader: Reader,
}

/// Languages whose functions the packs of paths and of records read.
const PATH_LANGUAGES: &[Language] = &[
    Language::Go,
    Language::JavaScript,
    Language::TypeScript,
    Language::Python,
    Language::Java,
];

/// Every pack.
const PACKS: &[&[Pack]] = &[
    container::PACKS,
    credential::PACKS,
    dual_write::PACKS,
    first_element::PACKS,
    flags::PACKS,
    flow::PACKS,
    go::PACKS,
    health::PACKS,
    java::PACKS,
    kubernetes::PACKS,
    list::PACKS,
    logged_body::PACKS,
    node::PACKS,
    log_only_functions::PACKS,
    own_fields::PACKS,
    ownership::PACKS,
    paths::PACKS,
    record::PACKS,
    password::PACKS,
    payload::PACKS,
    prefetch::PACKS,
    python::PACKS,
    repository::PACKS,
    retry::PACKS,
    rust::PACKS,
    shared_state::PACKS,
    start_failures::PACKS,
    switch::PACKS,
    two_steps::PACKS,
    setting_field::PACKS,
    repeated::PACKS,
    unfinished::PACKS,
    unused_field::PACKS,
    unused_parameter::PACKS,
];

/// Reads a file with every pack. The text is the reason if the file could not be read.
pub(crate) fn read(file: &SourceFile, limits: &Limits) -> (FactStore, Option<&'static str>) {
    let mut store = FactStore::default();
    let mut failure = None;
    if file.role == Role::Vendored {
        return (store, None);
    }
    let readers: Vec<Reader> = PACKS
        .iter()
        .chain(signs::PACKS)
        .flat_map(|packs| packs.iter())
        .map(|pack| pack.reader)
        .collect();
    for reader in &readers {
        if let Reader::Text(read) = reader {
            read(file, &mut FactSink::new(file, &mut store));
        }
    }
    if file.role == Role::Generated {
        let failure = read_generated(file, &readers, limits, &mut store);
        return (store, failure);
    }
    // Tests are not part of a service. Their code, the larger half of many repositories, would be
    // parsed for nothing.
    if file.role == Role::Test && file.language.is_code() {
        return (store, None);
    }
    match file.language {
        Language::Yaml => match Yaml::parse(&file.text, limits) {
            Ok(yaml) => {
                for reader in &readers {
                    if let Reader::Yaml(read) = reader {
                        read(file, &yaml, &mut FactSink::new(file, &mut store));
                    }
                }
            }
            Err(_) => failure = Some("parsing took too long"),
        },
        Language::Containerfile => match instructions(&file.text, limits.parse_timeout) {
            Ok(list) => {
                for reader in &readers {
                    if let Reader::Containerfile(read) = reader {
                        read(file, &list, &mut FactSink::new(file, &mut store));
                    }
                }
            }
            Err(_) => failure = Some("parsing took too long"),
        },
        language if language.is_code() => {
            match parse_tree(language, &file.text, limits.parse_timeout) {
                Ok(tree) => {
                    let code = read_code(file, &tree);
                    for reader in &readers {
                        if let Reader::Code(languages, read) = reader
                            && languages.contains(&language)
                        {
                            read(&code, &mut FactSink::new(file, &mut store));
                        }
                    }
                }
                Err(_) => failure = Some("parsing took too long"),
            }
        }
        _ => {}
    }
    (store, failure)
}

/// Reads a generated file that a pack selects.
fn read_generated(
    file: &SourceFile,
    readers: &[Reader],
    limits: &Limits,
    store: &mut FactStore,
) -> Option<&'static str> {
    let wanted: Vec<_> = readers
        .iter()
        .filter_map(|reader| match reader {
            Reader::GeneratedCode(wants, read) if wants(file) => Some(read),
            _ => None,
        })
        .collect();
    if wanted.is_empty() {
        return None;
    }
    let Ok(tree) = parse_tree(file.language, &file.text, limits.parse_timeout) else {
        return Some("parsing took too long");
    };
    let code = read_code(file, &tree);
    for read in wanted {
        read(&code, &mut FactSink::new(file, store));
    }
    None
}
