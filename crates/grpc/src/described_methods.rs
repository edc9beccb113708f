use std::collections::HashSet;

use prost::Message as _;
use prost_types::{FileDescriptorSet, MethodDescriptorProto, method_options::IdempotencyLevel};

/// Returns the methods with `idempotency_level = NO_SIDE_EFFECTS`, as `/package.Service/Method`.
/// Returns an empty set if the descriptors cannot be read.
pub(crate) fn safe_methods(descriptors: &[u8]) -> HashSet<String> {
    methods(descriptors, |method| {
        let options = method.options.as_ref();
        let level = options.map(|options| options.idempotency_level());
        level == Some(IdempotencyLevel::NoSideEffects)
    })
}

/// Returns the methods whose response is a stream, as `/package.Service/Method`. Returns an empty
/// set if the descriptors cannot be read.
pub(crate) fn streaming_methods(descriptors: &[u8]) -> HashSet<String> {
    methods(descriptors, MethodDescriptorProto::server_streaming)
}

fn methods(descriptors: &[u8], is_one: fn(&MethodDescriptorProto) -> bool) -> HashSet<String> {
    let files = FileDescriptorSet::decode(descriptors).unwrap_or_default();
    let mut found = HashSet::new();
    for file in &files.file {
        let package = match file.package() {
            "" => String::new(),
            package => format!("{package}."),
        };
        for service in &file.service {
            let methods = service.method.iter().filter(|method| is_one(method));
            found.extend(
                methods.map(|method| format!("/{package}{}/{}", service.name(), method.name())),
            );
        }
    }
    found
}
