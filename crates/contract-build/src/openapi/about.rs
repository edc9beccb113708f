use prost_types::method_options::IdempotencyLevel;

use super::ErrorFormat;
use crate::{
    BuildError,
    access::build_script,
    contract::{Contract, Method},
    diagnostic::Diagnostics,
};

/// Properties of the API that the contract does not declare.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// The name of the API.
    pub(crate) title: String,
    /// The version of the API.
    pub(crate) version: String,
    /// The name and the URL of a contact.
    pub(crate) contact: Option<(String, String)>,
    /// The format of errors.
    pub(crate) errors: ErrorFormat,
    /// Whether the API is for services of the same owner only.
    pub(crate) internal: bool,
    /// Whether unsafe operations read an `Idempotency-Key`.
    pub(crate) idempotency_keys: bool,
    /// The full names of methods that do not read one.
    pub(crate) without_idempotency_key: Vec<String>,
}

impl About {
    pub(crate) fn new(title: String, version: String) -> Self {
        Self {
            title,
            version,
            contact: None,
            errors: ErrorFormat::default(),
            internal: false,
            idempotency_keys: false,
            without_idempotency_key: Vec::new(),
        }
    }

    /// Whether an unsafe operation of a method reads an `Idempotency-Key`. A method without side
    /// effects does not.
    pub(super) fn has_key(&self, method: &Method) -> bool {
        let descriptor = method.descriptor.method_descriptor_proto();
        let options = descriptor.options.as_ref();
        let level = options.map(|options| options.idempotency_level());
        if level == Some(IdempotencyLevel::NoSideEffects) {
            return false;
        }
        let mut without = self.without_idempotency_key.iter();
        self.idempotency_keys && !without.any(|name| name == method.descriptor.full_name())
    }

    /// Rejects names that are not methods of the contract.
    pub(crate) fn check(&self, contract: &Contract) -> Result<(), BuildError> {
        let mut diagnostics = Diagnostics::default();
        let services = contract.services.iter();
        let methods: Vec<_> = services.flat_map(|service| &service.methods).collect();
        for name in &self.without_idempotency_key {
            let mut known = methods.iter();
            if !known.any(|method| method.descriptor.full_name() == name) {
                diagnostics.add(
                    build_script(),
                    format!(
                        "Builder::without_idempotency_key names `{name}`, which is not a method of these \
                         files: write it as `package.Service.Method`"
                    ),
                );
            }
        }
        diagnostics.finish()
    }
}
