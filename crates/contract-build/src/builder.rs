use std::{
    env,
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use prost_types::FileDescriptorSet;

use crate::{
    Access, BuildError, access, contract::Contract, generate, openapi, runtime, source::Source,
};

/// The file with every generated module.
const MODULES: &str = "contract.rs";

/// The file with the OpenAPI document.
const DOCUMENT: &str = "openapi.json";

/// The file with the descriptors, for gRPC reflection.
const DESCRIPTORS: &str = "descriptors.bin";

/// Compiles contracts in a build script.
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
/// The service includes the generated code with
/// `include!(concat!(env!("OUT_DIR"), "/contract.rs"));`. It depends on `seaworthy` with the
/// feature `grpc`, or on `seaworthy-contract`. It needs no other dependency.
#[derive(Debug, Clone)]
pub struct Builder {
    options: generate::Options,
    access: Vec<(String, Access)>,
    out_dir: Option<PathBuf>,
}

impl Builder {
    /// Creates a builder with the name and version of the API, for its document.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            options: generate::Options {
                runtime: runtime::path(),
                contract_names: false,
                write_defaults: false,
                client_only: false,
                about: openapi::About::new(title.into(), version.into()),
            },
            access: Vec::new(),
            out_dir: None,
        }
    }

    /// Generates messages and gRPC clients alone, for a service that calls the contract and does
    /// not serve it. The contract then needs no access declarations, and its validation rules are
    /// not read.
    #[must_use]
    pub fn client_only(mut self, yes: bool) -> Self {
        self.options.client_only = yes;
        self
    }

    /// Writes JSON with the names of the contract (`project_id`) instead of lowerCamelCase. Both
    /// are always read.
    #[must_use]
    pub fn contract_names(mut self, yes: bool) -> Self {
        self.options.contract_names = yes;
        self
    }

    /// Writes fields without presence even if they have their default value.
    #[must_use]
    pub fn write_defaults(mut self, yes: bool) -> Self {
        self.options.write_defaults = yes;
        self
    }

    /// Names a contact for the API in the document.
    #[must_use]
    pub fn contact(mut self, name: impl Into<String>, url: impl Into<String>) -> Self {
        self.options.about.contact = Some((name.into(), url.into()));
        self
    }

    /// Marks the API in the document as internal: for services of the same owner only.
    #[must_use]
    pub fn internal(mut self, yes: bool) -> Self {
        self.options.about.internal = yes;
        self
    }

    /// Documents that unsafe operations read an `Idempotency-Key`, for services with an
    /// `IdempotencyLayer`.
    #[must_use]
    pub fn idempotency_keys(mut self, yes: bool) -> Self {
        self.options.about.idempotency_keys = yes;
        self
    }

    /// Omits the header `Idempotency-Key` from the documentation of a method. Call it for each
    /// method with `MethodOptions::without_idempotency_key`. `method` is the full name, such as
    /// `auth.v1.Auth.Login`.
    #[must_use]
    pub fn without_idempotency_key(mut self, method: impl Into<String>) -> Self {
        let without = &mut self.options.about.without_idempotency_key;
        without.push(method.into());
        self
    }

    /// Documents the errors of a service with its own `ErrorFormat`: their media type and JSON
    /// Schema.
    #[must_use]
    pub fn error_format(
        mut self,
        media_type: impl Into<String>,
        schema: serde_json::Value,
    ) -> Self {
        self.options.about.errors = openapi::ErrorFormat {
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

    /// Sets the path of `seaworthy-contract` in the generated code, such as
    /// `::my_framework::contract`. By default it is found in the dependencies of your package.
    #[must_use]
    pub fn runtime_path(mut self, path: impl Into<String>) -> Self {
        self.options.runtime = path.into();
        self
    }

    /// Sets the folder to write to. The default is `OUT_DIR` of the build script.
    #[must_use]
    pub fn out_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(path.into());
        self
    }

    /// Compiles the files. Imports are searched for in `includes`.
    ///
    /// # Errors
    /// A file is missing or is not valid proto, or the contract has an unknown rule. A path
    /// variable does not name a field, two methods have one route, or a method has no access
    /// declaration. The error lists every location with file, line and column.
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
        if self.options.client_only {
            access::reject_in_client(&self.access)?;
            self.write_messages(&source, &out_dir)?;
        } else {
            let contract = Contract::read(&source, &self.access)?;
            self.options.about.check(&contract)?;
            self.write_messages(&source, &out_dir)?;
            self.write_contract(&source, &contract, &out_dir)?;
        }
        self.write_descriptors(&source, &out_dir)?;
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
        let runtime = &self.options.runtime;
        let transport = generate::Transport::new(runtime, self.options.client_only);
        prost_build::Config::new()
            .btree_map(["."])
            .prost_path(format!("{runtime}::prost"))
            .prost_types_path(format!("{runtime}::prost_types"))
            .out_dir(out_dir)
            .include_file(MODULES)
            .service_generator(Box::new(transport))
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
            append(&out_dir.join(format!("{name}.rs")), &code)?;
        }
        let document = openapi::document(contract, &self.options);
        fs::write(out_dir.join(DOCUMENT), format!("{document:#}\n"))?;
        append(&out_dir.join(MODULES), OPENAPI_CONSTANT)
    }

    fn write_descriptors(&self, source: &Source, out_dir: &Path) -> Result<(), BuildError> {
        fs::write(out_dir.join(DESCRIPTORS), &source.encoded)?;
        append(&out_dir.join(MODULES), DESCRIPTORS_CONSTANT)
    }
}

const OPENAPI_CONSTANT: &str = r#"
/// The OpenAPI 3.1 document of the HTTP routes.
#[allow(dead_code)]
pub const OPENAPI: &str = include_str!("openapi.json");
"#;

const DESCRIPTORS_CONSTANT: &str = r#"
/// The descriptors of the contract, for gRPC reflection.
#[allow(dead_code)]
pub const DESCRIPTORS: &[u8] = include_bytes!("descriptors.bin");
"#;

fn append(path: &Path, code: &str) -> Result<(), BuildError> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(code.as_bytes())?;
    Ok(())
}

fn rerun_if_changed(includes: &[PathBuf]) {
    let mut output = std::io::stdout();
    // The manifest determines the path of the runtime crate.
    for path in includes
        .iter()
        .map(PathBuf::as_path)
        .chain([Path::new("Cargo.toml")])
    {
        // A build script that cannot write to Cargo cannot report the failure.
        let _ = writeln!(output, "cargo::rerun-if-changed={}", path.display());
    }
}
