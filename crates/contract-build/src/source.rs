//! Reads `.proto` files. The option definitions that contracts import are built in.

use std::path::{Path, PathBuf};

use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};
use protox::file::{
    ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver,
};

use crate::BuildError;

const WELL_KNOWN: &str = "google.protobuf";

/// Packages of option definitions. No code is generated for them.
const OPTION_PACKAGES: [&str; 5] = [
    WELL_KNOWN,
    "google.api",
    "validate",
    "buf.validate",
    "seaworthy",
];

const BUILT_IN: [(&str, &str); 7] = [
    (
        "seaworthy/access.proto",
        include_str!("../proto/seaworthy/access.proto"),
    ),
    (
        "seaworthy/flag.proto",
        include_str!("../proto/seaworthy/flag.proto"),
    ),
    (
        "google/api/annotations.proto",
        include_str!("../proto/google/api/annotations.proto"),
    ),
    (
        "google/api/http.proto",
        include_str!("../proto/google/api/http.proto"),
    ),
    (
        "google/api/field_behavior.proto",
        include_str!("../proto/google/api/field_behavior.proto"),
    ),
    (
        "validate/validate.proto",
        include_str!("../proto/validate/validate.proto"),
    ),
    (
        "buf/validate/validate.proto",
        include_str!("../proto/buf/validate/validate.proto"),
    ),
];

/// The compiled descriptors of a contract.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) pool: DescriptorPool,
    /// The encoded descriptors, for reflection.
    pub(crate) encoded: Vec<u8>,
}

impl Source {
    pub(crate) fn read(files: &[PathBuf], includes: &[PathBuf]) -> Result<Self, BuildError> {
        let mut resolver = ChainFileResolver::new();
        resolver.add(BuiltIn);
        resolver.add(GoogleFileResolver::new());
        for include in includes {
            resolver.add(IncludeFileResolver::new(include.clone()));
        }
        let mut compiler = protox::Compiler::with_file_resolver(resolver);
        compiler.include_imports(true).include_source_info(true);
        compiler
            .open_files(files)
            // Only the `Debug` output contains file, line and column.
            .map_err(|error| BuildError::Proto(format!("{error:?}")))?;
        let pool = compiler.descriptor_pool();
        // Reflection clients do not need comments.
        let encoded = compiler
            .include_source_info(false)
            .encode_file_descriptor_set();
        Ok(Self { pool, encoded })
    }

    /// Returns the files that code is generated for.
    pub(crate) fn files(&self) -> impl Iterator<Item = FileDescriptor> + '_ {
        self.pool
            .files()
            .filter(|file| !OPTION_PACKAGES.contains(&file.package_name()))
    }

    /// Returns these files and those of the well-known types, which `prost-build` reads.
    pub(crate) fn files_with_well_known_types(&self) -> impl Iterator<Item = FileDescriptor> + '_ {
        self.pool.files().filter(|file| {
            file.package_name() == WELL_KNOWN || !OPTION_PACKAGES.contains(&file.package_name())
        })
    }

    /// Returns the messages that code is generated for, including nested ones.
    pub(crate) fn messages(&self) -> impl Iterator<Item = MessageDescriptor> + '_ {
        self.pool.all_messages().filter(|message| {
            !message.is_map_entry() && !OPTION_PACKAGES.contains(&message.package_name())
        })
    }
}

struct BuiltIn;

impl FileResolver for BuiltIn {
    fn resolve_path(&self, _path: &Path) -> Option<String> {
        None
    }

    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        BUILT_IN
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| protox::Error::file_not_found(name))
            .and_then(|(name, source)| File::from_source(name, source))
    }
}
