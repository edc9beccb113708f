use std::{
    env,
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use prost_types::FileDescriptorSet;

use crate::{Access, BuildError, contract::Contract, generate, openapi, source::Source};

/// The crate that generated code calls.
const RUNTIME: &str = "::seaworthy_contract";

/// The file that holds every generated module.
const MODULES: &str = "contract.rs";

/// The OpenAPI document.
const DOCUMENT: &str = "openapi.json";

/// The descriptors, for gRPC reflection.
const DESCRIPTORS: &str = "descriptors.bin";

/// Compiles contracts, from a build script.
///
/// ```no_run
/// // build.rs
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     seaworthy_contract_build::Builder::new("Symbols", "1.0")
///         .write_defaults(true)
///         .compile(&["contract/service/symbols/v1/symbols.proto"], &["contract"])?;
///     Ok(())
/// }
/// ```
///
/// The service includes what was generated with `include!(concat!(env!("OUT_DIR"), "/contract.rs"));` and depends on `prost`,
/// `prost-types`, `tonic` and `tonic-prost` beside `seaworthy-contract`.
#[derive(Debug, Clone)]
pub struct Builder {
    options: generate::Options,
    access: Vec<(String, Access)>,
    out_dir: Option<PathBuf>,
}

impl Builder {
    /// Settings with the name and version of the API, for its document.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            options: generate::Options {
                runtime: RUNTIME.to_owned(),
                contract_names: false,
                write_defaults: false,
                about: openapi::About::new(title.into(), version.into()),
            },
            access: Vec::new(),
            out_dir: None,
        }
    }

    /// Writes JSON with the names of the contract (`project_id`) instead of lowerCamelCase. Both are always read.
    #[must_use]
    pub fn contract_names(mut self, yes: bool) -> Self {
        self.options.contract_names = yes;
        self
    }

    /// Writes fields without presence also when they hold their default value.
    #[must_use]
    pub fn write_defaults(mut self, yes: bool) -> Self {
        self.options.write_defaults = yes;
        self
    }

    /// Whom to ask about the API, for its document.
    #[must_use]
    pub fn contact(mut self, name: impl Into<String>, url: impl Into<String>) -> Self {
        self.options.about.contact = Some((name.into(), url.into()));
        self
    }

    /// Says in the document that the API is for services of the same owner only.
    #[must_use]
    pub fn internal(mut self, yes: bool) -> Self {
        self.options.about.internal = yes;
        self
    }

    /// Says in the document that every operation needs a bearer token. It is the service's layer that asks for one.
    #[must_use]
    pub fn bearer_tokens(mut self, yes: bool) -> Self {
        self.options.about.bearer_tokens = yes;
        self
    }

    /// Says in the document that unsafe operations read an `Idempotency-Key`: for services with an `IdempotencyLayer`.
    #[must_use]
    pub fn idempotency_keys(mut self, yes: bool) -> Self {
        self.options.about.idempotency_keys = yes;
        self
    }

    /// The form of errors in the document, where the service has an `ErrorFormat` of its own: the media type and the JSON Schema.
    #[must_use]
    pub fn error_form(mut self, media_type: impl Into<String>, schema: serde_json::Value) -> Self {
        self.options.about.errors = openapi::ErrorForm {
            media_type: media_type.into(),
            schema,
        };
        self
    }

    /// Declares who may call a method of a `.proto` that you cannot edit. `method` is its full
    /// name, such as `grpc.health.v1.Health.Check`. Your own contracts declare access with the
    /// option `(seaworthy.access)`.
    #[must_use]
    pub fn access(mut self, method: impl Into<String>, access: Access) -> Self {
        self.access.push((method.into(), access));
        self
    }

    /// The path by which the service knows `seaworthy-contract`, where it is re-exported.
    #[must_use]
    pub fn runtime_path(mut self, path: impl Into<String>) -> Self {
        self.options.runtime = path.into();
        self
    }

    /// The folder to write to. By default the one of the build script.
    #[must_use]
    pub fn out_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(path.into());
        self
    }

    /// Compiles the files, searching imports in `includes`.
    ///
    /// # Errors
    /// A file is missing or is not valid proto, or the contract contains something that is not
    /// supported: an unknown rule, a path that names no field, two methods on one route, or a
    /// method without an access declaration. The error lists every location with file, line and
    /// column.
    pub fn compile(
        &self,
        files: &[impl AsRef<Path>],
        includes: &[impl AsRef<Path>],
    ) -> Result<(), BuildError> {
        let out_dir = match &self.out_dir {
            Some(out_dir) => out_dir.clone(),
            None => env::var_os("OUT_DIR")
                .map(PathBuf::from)
                .ok_or(BuildError::NoOutputFolder)?,
        };
        let files: Vec<PathBuf> = files.iter().map(|path| path.as_ref().to_owned()).collect();
        let includes: Vec<PathBuf> = includes.iter().map(|p| p.as_ref().to_owned()).collect();
        let source = Source::read(&files, &includes)?;
        let contract = Contract::read(&source, &self.access)?;
        self.write_messages(&source, &out_dir)?;
        self.write_contract(&source, &contract, &out_dir)?;
        if self.out_dir.is_none() {
            rerun_if_changed(&includes);
        }
        Ok(())
    }

    fn write_messages(&self, source: &Source, out_dir: &Path) -> Result<(), BuildError> {
        let set = FileDescriptorSet {
            file: source
                .files_with_well_known_types()
                .map(|file| file.file_descriptor_proto().clone())
                .collect(),
        };
        prost_build::Config::new()
            .btree_map(["."])
            .out_dir(out_dir)
            .include_file(MODULES)
            .service_generator(Box::new(generate::Transport::new(&self.options.runtime)))
            .compile_fds(set)?;
        Ok(())
    }

    fn write_contract(
        &self,
        source: &Source,
        contract: &Contract,
        out_dir: &Path,
    ) -> Result<(), BuildError> {
        let mut packages: Vec<String> = source
            .files()
            .map(|file| file.package_name().to_owned())
            .collect();
        packages.sort();
        packages.dedup();
        for package in &packages {
            let code = generate::package(contract, &source.pool, package, &self.options)?;
            let name = if package.is_empty() { "_" } else { package };
            let mut file = OpenOptions::new()
                .append(true)
                .create(true)
                .open(out_dir.join(format!("{name}.rs")))?;
            file.write_all(code.as_bytes())?;
        }
        fs::write(out_dir.join(DESCRIPTORS), &source.encoded)?;
        let document = openapi::document(contract, &self.options);
        fs::write(out_dir.join(DOCUMENT), format!("{document:#}\n"))?;
        let mut modules = OpenOptions::new()
            .append(true)
            .open(out_dir.join(MODULES))?;
        modules.write_all(CONSTANTS.as_bytes())?;
        Ok(())
    }
}

const CONSTANTS: &str = r#"
/// The OpenAPI 3.1 document of the HTTP routes.
pub const OPENAPI: &str = include_str!("openapi.json");

/// The descriptors of the contract, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!("descriptors.bin");
"#;

fn rerun_if_changed(includes: &[PathBuf]) {
    let mut output = std::io::stdout();
    for include in includes {
        // A build script that cannot write to cargo has no one left to tell.
        let _ = writeln!(output, "cargo::rerun-if-changed={}", include.display());
    }
}
