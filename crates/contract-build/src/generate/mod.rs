//! Generates the Rust code of a contract beyond the code of `prost-build` and `tonic`.

mod comment;
mod enumeration;
mod field;
mod footprint;
mod json;
mod methods;
mod rule_checks;
mod service;
mod transport;
mod validation;

use prost_reflect::{DescriptorPool, MessageDescriptor};

pub(crate) use comment::comment;
pub(crate) use json::in_order;
pub(crate) use transport::Transport;

use crate::{BuildError, contract::Contract, names};

/// Generates the code of one package, for the end of the package's module.
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

/// Options of the generated code.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The path of the runtime crate.
    pub(crate) runtime: String,
    /// Writes JSON with the names of the contract.
    pub(crate) contract_names: bool,
    /// Writes fields without presence even if they have their default value.
    pub(crate) write_defaults: bool,
    /// Generates messages and clients alone.
    pub(crate) client_only: bool,
    /// Properties of the API, for the OpenAPI document.
    pub(crate) about: crate::openapi::About,
}

/// The package that code is generated for, with the options.
pub(crate) struct Scope<'a> {
    pub(crate) package: &'a str,
    pub(crate) options: &'a Options,
    pub(crate) contract: &'a Contract,
}

impl Scope<'_> {
    pub(crate) fn runtime(&self) -> &str {
        &self.options.runtime
    }

    /// Returns the path of a message's type.
    pub(crate) fn message_path(&self, message: &MessageDescriptor) -> String {
        names::message_path(message, self.package, self.runtime())
    }

    /// Returns the path of the type of text.
    pub(crate) fn string_path(&self) -> String {
        format!("{}::prost::alloc::string::String", self.runtime())
    }

    /// Returns the path of the type of bytes.
    pub(crate) fn bytes_path(&self) -> String {
        format!("{}::prost::alloc::vec::Vec<u8>", self.runtime())
    }

    /// Returns the name of a field in JSON output.
    pub(crate) fn json_name(&self, field: &prost_reflect::FieldDescriptor) -> String {
        if self.options.contract_names {
            field.name().to_owned()
        } else {
            field.json_name().to_owned()
        }
    }

    /// Generates a constant with the names of a field.
    pub(crate) fn field_constant(&self, field: &prost_reflect::FieldDescriptor) -> String {
        format!(
            "{}::Field {{ proto: {:?}, json: {:?} }}",
            self.runtime(),
            field.name(),
            self.json_name(field)
        )
    }
}
