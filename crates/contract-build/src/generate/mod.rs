//! Writes the Rust code that goes beside what `prost-build` and `tonic` write.

mod comment;
mod enumeration;
mod field;
mod footprint;
mod json;
mod methods;
mod service;
mod transport;
mod validation;

use prost_reflect::{DescriptorPool, MessageDescriptor};

pub(crate) use comment::comment;
pub(crate) use transport::Transport;

use crate::{BuildError, contract::Contract};

/// Everything for one package: added to the end of the package's module.
pub(crate) fn package(
    contract: &Contract,
    pool: &DescriptorPool,
    package: &str,
    options: &Options,
) -> Result<String, BuildError> {
    let scope = Scope {
        package,
        options,
        contract,
    };
    let mut code = String::new();
    let of_package = |message: &MessageDescriptor| message.package_name() == package;
    for message in contract
        .messages
        .iter()
        .filter(|message| of_package(message))
    {
        if contract.has_json(message) {
            code.push_str(&json::message(&scope, message));
        }
        code.push_str(&validation::message(&scope, message));
        code.push_str(&footprint::message(&scope, message));
    }
    for definition in pool.all_enums().filter(|e| e.package_name() == package) {
        code.push_str(&enumeration::implementation(&scope, &definition));
    }
    for service in contract.services.iter().filter(|s| s.package() == package) {
        code.push_str(&service::service(&scope, service));
    }
    Ok(prettyplease::unparse(&syn::parse_file(&code)?))
}

/// What generated code looks like and refers to.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The path of the run-time crate.
    pub(crate) runtime: String,
    /// JSON is written with the names of the contract.
    pub(crate) contract_names: bool,
    /// Fields without presence are written when they have their default value too.
    pub(crate) write_defaults: bool,
    /// What the document says.
    pub(crate) about: crate::openapi::About,
}

/// Where code is being written.
pub(crate) struct Scope<'a> {
    pub(crate) package: &'a str,
    pub(crate) options: &'a Options,
    pub(crate) contract: &'a Contract,
}

impl Scope<'_> {
    pub(crate) fn runtime(&self) -> &str {
        &self.options.runtime
    }

    /// The name of a field in JSON that is written.
    pub(crate) fn json_name(&self, field: &prost_reflect::FieldDescriptor) -> String {
        if self.options.contract_names {
            field.name().to_owned()
        } else {
            field.json_name().to_owned()
        }
    }

    /// A constant that names a field.
    pub(crate) fn field_constant(&self, field: &prost_reflect::FieldDescriptor) -> String {
        format!(
            "{}::Field {{ proto: {:?}, json: {:?} }}",
            self.runtime(),
            field.name(),
            self.json_name(field)
        )
    }
}
