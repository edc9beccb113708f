use std::collections::HashSet;

use prost::Message as _;
use prost_types::{FileDescriptorSet, method_options::IdempotencyLevel};

/// Returns the methods with `idempotency_level = NO_SIDE_EFFECTS`, as `/package.Service/Method`.
/// Descriptors that cannot be read have none.
pub(crate) fn safe_methods(descriptors: &[u8]) -> HashSet<String> {
    let files = FileDescriptorSet::decode(descriptors).unwrap_or_default();
    let mut safe = HashSet::new();
    for file in &files.file {
        let package = match file.package() {
            "" => String::new(),
            package => format!("{package}."),
        };
        for service in &file.service {
            let methods = service.method.iter().filter(|method| {
                let options = method.options.as_ref();
                let level = options.map(|options| options.idempotency_level());
                level == Some(IdempotencyLevel::NoSideEffects)
            });
            safe.extend(
                methods.map(|method| format!("/{package}{}/{}", service.name(), method.name())),
            );
        }
    }
    safe
}
