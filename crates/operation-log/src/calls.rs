use std::{collections::HashMap, sync::Arc};

use prost_reflect::{DescriptorPool, MethodDescriptor, Value};

/// The option with the HTTP binding of a method.
const HTTP_OPTION: &str = "google.api.http";

/// The gRPC methods of the contracts, by path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls(Arc<HashMap<String, MethodDescriptor>>);

impl Calls {
    /// Reads the methods that change something: those without a GET binding.
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
        let unsafe_methods = methods.filter(|method| !is_safe(&pool, method));
        let by_path = unsafe_methods.map(|method| {
            let service = method.parent_service().full_name().to_owned();
            (format!("/{service}/{}", method.name()), method)
        });
        Ok(Self(Arc::new(by_path.collect())))
    }

    /// Returns the method of a path, if its calls are stored.
    pub(crate) fn get(&self, path: &str) -> Option<&MethodDescriptor> {
        self.0.get(path)
    }
}

fn is_safe(pool: &DescriptorPool, method: &MethodDescriptor) -> bool {
    let Some(option) = pool.get_extension_by_name(HTTP_OPTION) else {
        return false;
    };
    let options = method.options();
    match options.get_extension(&option).as_ref() {
        Value::Message(rule) => rule.has_field_by_name("get"),
        _ => false,
    }
}
