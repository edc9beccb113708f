use std::{collections::HashMap, sync::Arc};

use prost_reflect::{
    DescriptorPool, MethodDescriptor, Value, prost_types::method_options::IdempotencyLevel,
};

/// The option with the HTTP binding of a method.
const HTTP_OPTION: &str = "google.api.http";

/// A gRPC method.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: MethodDescriptor,
    /// Whether its calls change nothing.
    pub(crate) is_safe: bool,
}

/// The gRPC methods of the contracts, by path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls(Arc<HashMap<String, Call>>);

impl Calls {
    /// Reads the methods.
    ///
    /// # Errors
    /// The bytes are not descriptors.
    pub(crate) fn new(descriptors: &[u8]) -> Result<Self, prost_reflect::DescriptorError> {
        if descriptors.is_empty() {
            return Ok(Self::default());
        }
        let pool = DescriptorPool::decode(descriptors)?;
        let services: Vec<_> = pool.services().collect();
        let methods = services.iter().flat_map(|service| service.methods());
        let by_path = methods.map(|method| {
            let service = method.parent_service().full_name().to_owned();
            let is_safe = is_safe(&pool, &method);
            let path = format!("/{service}/{}", method.name());
            (path, Call { method, is_safe })
        });
        Ok(Self(Arc::new(by_path.collect())))
    }

    /// Returns the method of a path.
    pub(crate) fn get(&self, path: &str) -> Option<&Call> {
        self.0.get(path)
    }
}

/// Whether a method has a GET binding, or the option `idempotency_level = NO_SIDE_EFFECTS`.
fn is_safe(pool: &DescriptorPool, method: &MethodDescriptor) -> bool {
    let options = method.method_descriptor_proto().options.as_ref();
    let level = options.map(|options| options.idempotency_level());
    if level == Some(IdempotencyLevel::NoSideEffects) {
        return true;
    }
    let Some(option) = pool.get_extension_by_name(HTTP_OPTION) else {
        return false;
    };
    let options = method.options();
    match options.get_extension(&option).as_ref() {
        Value::Message(rule) => rule.has_field_by_name("get"),
        _ => false,
    }
}
