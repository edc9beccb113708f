use std::{collections::HashMap, sync::Arc};

use prost_reflect::{
    DescriptorPool, MethodDescriptor, Value, prost_types::method_options::IdempotencyLevel,
};

/// The option with the HTTP binding of a method.
const HTTP_OPTION: &str = "google.api.http";

/// A gRPC method.
#[derive(Debug, Clone)]
pub(crate) struct Method {
    pub(crate) descriptor: MethodDescriptor,
    /// Whether its calls change nothing.
    pub(crate) is_safe: bool,
}

/// The gRPC methods of the contracts, by path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Methods(Arc<HashMap<String, Method>>);

impl Methods {
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
        let by_path = methods.map(|descriptor| {
            let service = descriptor.parent_service().full_name().to_owned();
            let is_safe = is_safe(&pool, &descriptor);
            let path = format!("/{service}/{}", descriptor.name());
            let method = Method {
                descriptor,
                is_safe,
            };
            (path, method)
        });
        Ok(Self(Arc::new(by_path.collect())))
    }

    /// Returns the method of a path.
    pub(crate) fn get(&self, path: &str) -> Option<&Method> {
        self.0.get(path)
    }
}

/// Whether all HTTP bindings of a method are GET, or it has the option
/// `idempotency_level = NO_SIDE_EFFECTS`.
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
        Value::Message(rule) => {
            let additional = rule.get_field_by_name("additional_bindings");
            let additional = additional.as_deref().and_then(Value::as_list);
            rule.has_field_by_name("get") && additional.unwrap_or_default().iter().all(is_get)
        }
        _ => false,
    }
}

fn is_get(binding: &Value) -> bool {
    let binding = binding.as_message();
    binding.is_some_and(|binding| binding.has_field_by_name("get"))
}

#[cfg(test)]
mod tests {
    use prost_reflect::{
        prost::{Message as _, encoding::bytes},
        prost_types::{
            DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
            MethodDescriptorProto,
            field_descriptor_proto::{Label, Type},
        },
    };

    use super::*;

    const GET: i32 = 2;
    const POST: i32 = 4;
    const ADDITIONAL_BINDINGS: i32 = 11;
    const HTTP: i32 = 72_295_728;

    fn field(name: &str, number: i32, is_text: bool) -> FieldDescriptorProto {
        let (kind, label) = match is_text {
            true => (Type::String, Label::Optional),
            false => (Type::Message, Label::Repeated),
        };
        FieldDescriptorProto {
            name: Some(name.to_owned()),
            number: Some(number),
            label: Some(label.into()),
            r#type: Some(kind.into()),
            type_name: (!is_text).then(|| ".google.api.HttpRule".to_owned()),
            ..FieldDescriptorProto::default()
        }
    }

    /// Returns the files that the file of the service imports.
    fn imports() -> Vec<FileDescriptorProto> {
        let options = "google/protobuf/descriptor.proto";
        let file = DescriptorPool::global().get_file_by_name(options).unwrap();
        let rule = DescriptorProto {
            name: Some("HttpRule".to_owned()),
            field: vec![
                field("get", GET, true),
                field("post", POST, true),
                field("additional_bindings", ADDITIONAL_BINDINGS, false),
            ],
            ..DescriptorProto::default()
        };
        let extension = FieldDescriptorProto {
            label: Some(Label::Optional.into()),
            extendee: Some(".google.protobuf.MethodOptions".to_owned()),
            ..field("http", HTTP, false)
        };
        let annotations = FileDescriptorProto {
            name: Some("google/api/annotations.proto".to_owned()),
            package: Some("google.api".to_owned()),
            dependency: vec![options.to_owned()],
            message_type: vec![rule],
            extension: vec![extension],
            syntax: Some("proto3".to_owned()),
            ..FileDescriptorProto::default()
        };
        vec![file.file_descriptor_proto().clone(), annotations]
    }

    /// Adds a field to a message.
    fn with(mut message: Vec<u8>, number: i32, value: Vec<u8>) -> Vec<u8> {
        bytes::encode(number.try_into().unwrap(), &value, &mut message);
        message
    }

    /// Returns whether a method is safe whose rule has a binding and perhaps an additional one.
    /// The messages are encoded by hand, because the types have no fields for extensions.
    fn is_safe_with(binding: i32, additional: Option<i32>) -> bool {
        let mut rule = with(Vec::new(), binding, b"/x".to_vec());
        if let Some(additional) = additional {
            let additional = with(Vec::new(), additional, b"/y".to_vec());
            rule = with(rule, ADDITIONAL_BINDINGS, additional);
        }
        let method = MethodDescriptorProto {
            name: Some("Get".to_owned()),
            input_type: Some(".google.api.HttpRule".to_owned()),
            output_type: Some(".google.api.HttpRule".to_owned()),
            ..MethodDescriptorProto::default()
        };
        let method = with(method.encode_to_vec(), 4, with(Vec::new(), HTTP, rule));
        let service = with(with(Vec::new(), 1, b"Things".to_vec()), 2, method);
        let file = FileDescriptorProto {
            name: Some("things.proto".to_owned()),
            package: Some("things.v1".to_owned()),
            dependency: vec!["google/api/annotations.proto".to_owned()],
            syntax: Some("proto3".to_owned()),
            ..FileDescriptorProto::default()
        };
        let file = with(file.encode_to_vec(), 6, service);
        let files = FileDescriptorSet { file: imports() };
        let methods = Methods::new(&with(files.encode_to_vec(), 1, file)).unwrap();
        methods.get("/things.v1.Things/Get").unwrap().is_safe
    }

    #[test]
    fn method_with_a_writing_binding_is_unsafe_obs_11() {
        assert!(is_safe_with(GET, None));
        assert!(is_safe_with(GET, Some(GET)));
        assert!(!is_safe_with(GET, Some(POST)));
        assert!(!is_safe_with(POST, Some(GET)));
        assert!(!is_safe_with(POST, None));
    }
}
